"""The deployment keeps node and hub apart, and no secret stands in it."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from schemas.odcs import contracts
from tests.conftest import ROOT
from tributary import deploy

NODE, HUB = "worker-node", "worker-hub"
#: What both sides see: sealed packages, and logs without values.
SHARED = {"inbox", "logs"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def _sources(service: dict[str, Any]) -> set[str]:
    """Volumes and host directories; ``${NAME:-default}`` as its default."""
    texts = [re.sub(r"\$\{\w+:-(.*?)\}", r"\1", volume) for volume in service["volumes"]]
    return {text.split(":")[0] for text in texts}


def test_it_holds_every_part_of_a_deployment(compose):
    assert set(compose["services"]) == {
        "host",
        "databases",
        "postgres",
        "redis",
        "airflow-apiserver",
        "airflow-scheduler",
        "airflow-dag-processor",
        "airflow-triggerer",
        NODE,
        HUB,
    }


def test_the_sides_share_the_inbox_and_the_logs_and_nothing_else(compose):
    node, hub = (compose["services"][name] for name in (NODE, HUB))
    assert _sources(node) & _sources(hub) == SHARED
    assert set(node["secrets"]) & set(hub["secrets"]) == {"broker_url"}
    assert node["user"] != hub["user"]


def test_the_node_has_no_way_to_the_databases_and_no_signing_key(compose):
    node = compose["services"][NODE]
    assert "databases" not in node["networks"]
    assert not {"jwt_secret", "metadata_url", "tributary_loader"} & set(node["secrets"])
    assert not [name for name in node["environment"] if "SQL_ALCHEMY" in name or "JWT" in name]


def test_the_hub_sees_of_the_drop_folders_the_receipts_alone(compose):
    hub = compose["services"][HUB]
    drops = {source for source in _sources(hub) if source.startswith("./drop")}
    assert drops == {f"./drop/{name.replace('.', '/')}/receipts" for name in contracts()}
    keys = {"node_kek", "node_secret", "node_linkage", "node_signing"}
    assert not keys & set(hub["secrets"])


def test_nothing_of_airflow_itself_sees_a_zone(compose):
    for name, service in compose["services"].items():
        if name.startswith("airflow-"):
            assert _sources(service) == {"logs"}
            assert service["user"] == "airflow"


def test_every_queue_of_the_dags_has_its_worker(compose):
    commands = " ".join(compose["services"][name]["command"] for name in (NODE, HUB))
    assert set(re.findall(r"--queues (\S+)", commands)) == {"node", "hub"}


def test_secrets_are_files_and_every_one_is_made_by_the_setup(compose, tmp_path, monkeypatch):
    monkeypatch.setattr(deploy.os, "chown", lambda *_: None)
    made = tmp_path / "secrets"
    deploy.host(made, tmp_path / "drop")
    for secret in compose["secrets"].values():
        path = tmp_path / secret["file"]
        assert path.is_file()
        assert path.stat().st_mode & 0o007 == 0
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    deploy.host(made, tmp_path / "drop")
    assert before == {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    whole = (ROOT / "docker-compose.yml").read_text() + (ROOT / "Dockerfile").read_text()
    assert not [path for path, content in before.items() if content.decode("latin-1") in whole]


def test_what_the_setup_makes_is_what_the_steps_read(tmp_path, monkeypatch):
    from anonymize.package import public_key, signing_key
    from connectors.zones.secret import read_secret

    monkeypatch.setattr(deploy.os, "chown", lambda *_: None)
    deploy.host(tmp_path / "secrets", tmp_path / "drop")
    node = tmp_path / "secrets" / "node"
    names = ("kek", "secret", "linkage", "signing")
    assert len({read_secret(node / name) for name in names}) == 4
    trusted = (tmp_path / "secrets" / "trusted" / "node.pub").read_bytes()
    assert trusted == public_key(signing_key(node / "signing"))
    for name in contracts():
        folder = tmp_path.joinpath("drop", *name.split("."))
        assert {path.name for path in folder.iterdir()} == {"incoming", "taken", "receipts"}


def test_users_have_the_same_numbers_in_the_image_and_in_the_setup():
    image = (ROOT / "Dockerfile").read_text()
    users = dict(re.findall(r"useradd --uid (\d+) .* (\w+)\s", image))
    assert {name: int(number) for number, name in users.items()} == {
        "node": deploy.NODE,
        "hub": deploy.HUB,
        "airflow": deploy.AIRFLOW,
    }


def test_every_long_running_service_is_watched_and_every_image_is_pinned(compose):
    for name, service in compose["services"].items():
        assert ":" in service["image"]
        assert not service["image"].endswith(":latest")
        if service["restart"] == "unless-stopped":
            assert service["healthcheck"]["test"], name


def test_the_databases_log_holds_no_value(compose):
    command = compose["services"]["postgres"]["command"]
    given = dict(word.split("=", 1) for word in command if "=" in word)
    assert given["log_min_messages"] == "log"
    assert given["log_min_error_statement"] == "panic"
    assert given["pgaudit.log_statement"] == given["pgaudit.log_parameter"] == "off"
    assert "log_statement" not in given


def test_the_page_on_the_log_says_what_the_deployment_does(compose):
    page = (ROOT / "docs" / "audit.md").read_text("utf-8")
    said = dict(re.findall(r"^([a-z_.]+) = '?([^'\n]*)'?$", page, re.MULTILINE))
    command = compose["services"]["postgres"]["command"]
    given = dict(word.split("=", 1) for word in command if "=" in word)
    settings = {name: value.replace(", ", ",") for name, value in said.items()}
    defaults = {"log_statement": "none", "log_min_duration_statement": "-1"}
    assert settings == {name: given.get(name, defaults.get(name)) for name in settings}


def test_only_the_setup_sees_every_password(compose):
    services = compose["services"].items()
    open_to = {
        name
        for name, one in services
        if "volumes" in one and _sources(one) & {"./secrets", "./secrets/database"}
    }
    assert open_to == {"host", "databases"}


def test_docker_compose_finds_it_clean():
    commands = (["docker-compose"], ["docker", "compose"])
    for command in commands:
        if (
            shutil.which(command[0])
            and not subprocess.run(
                [*command, "version"], capture_output=True, check=False
            ).returncode
        ):
            checked = subprocess.run(
                [*command, "config", "-q"], cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert (checked.returncode, checked.stderr) == (0, "")
            return
    pytest.skip("neither docker-compose nor docker compose is on this machine")
