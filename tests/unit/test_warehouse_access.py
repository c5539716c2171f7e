"""Names of analysts' roles, what rights.yaml may say, and how a client finds the warehouse."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from schemas.errors import SettingsError
from tributary.cli import app
from warehouse import rights
from warehouse.bootstrap import member_agencies
from warehouse.migrations.rights import may
from warehouse.roles import ANALYSTS, OWN_ROWS, Role, analyst

# --- names ----------------------------------------------------------------------------------------


def test_every_member_agency_can_have_analysts() -> None:
    names = {analyst(agency) for agency in member_agencies()}
    assert len(names) == len(member_agencies()) >= 4
    assert not names & {*Role, ANALYSTS, OWN_ROWS}


@pytest.mark.parametrize("length", [1, 44])
def test_a_name_fits_where_postgresql_would_cut_it(length: int) -> None:
    assert len(analyst("a" * length)) <= 63


@pytest.mark.parametrize(
    "agency", ["", "a" * 45, "A", "1a", "a b", "a-b", 'a"b', "a;b", "é", "a\n", "_a"]
)
def test_other_names_are_refused(agency: str) -> None:
    with pytest.raises(SettingsError):
        analyst(agency)


# --- rights.yaml ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def given() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(
        files("warehouse").joinpath("rights.yaml").read_text("utf-8")
    )
    return found


def test_no_table_or_function_stands_twice(given: dict[str, Any]) -> None:
    for kind in ("tables", "functions"):
        names = Counter(name for block in given[kind] for name in block["names"])
        assert [name for name, times in names.items() if times > 1] == []


def test_every_role_and_right_is_known(given: dict[str, Any]) -> None:
    for (place, role), words in rights.declared().items():
        assert role in rights.ROLES, place
        verbs = {word.partition("(")[0].removeprefix("own ") for word in words}
        known = {*rights.VERBS, "usage", "connect", "temporary", "execute"}
        assert {verb.split(" as ")[0] for verb in verbs} <= known, place


def test_linkage_is_read_by_the_linker_alone() -> None:
    readers = {
        role
        for (place, role), words in rights.declared().items()
        if place.startswith("linkage.") and any("select" in word for word in words)
    }
    assert readers == {"linker"}


def test_no_reader_of_records_of_one_agency_reads_anothers() -> None:
    """Analysts and partners: nothing in core, linked, linkage, ops or suppression."""
    for (place, role), words in rights.declared().items():
        if role in ("analyst", "partner") and place != "database":
            assert place.split(".")[0] in ("mart", "own"), (place, words)


@pytest.mark.parametrize("verb", ["TRUNCATE", "REFERENCES", "TRIGGER", "ALL"])
def test_what_no_policy_binds_cannot_be_granted(verb: str) -> None:
    with pytest.raises(ValueError, match="may"):
        may(Role.LOADER, "core.event", verb)


# --- the command line -----------------------------------------------------------------------------


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRIBUTARY_HOME", str(tmp_path))
    url = "postgresql://hub.example:5433/tributary?sslmode=verify-full"
    monkeypatch.setenv("TRIBUTARY_WAREHOUSE_URL", url)
    login = tmp_path / "secrets" / "database" / analyst("harbor_police")
    login.parent.mkdir(parents=True)
    login.write_text("sentinel-password")
    login.chmod(0o600)
    return login


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_connection_says_all_but_the_password(installation: Path, form: list[str]) -> None:
    command = ["warehouse", "connection", "--agency", "harbor_police", *form]
    found = CliRunner().invoke(app, command)
    assert found.exit_code == 0
    assert "sentinel-password" not in found.output
    for word in ("hub.example", "5433", "verify-full", "tributary_analyst_harbor_police"):
        assert word in found.output
    assert str(installation) in found.output


@pytest.mark.parametrize(
    "arguments", [["--role", "analyst"], ["--role", "steward", "--agency", "harbor_police"]]
)
def test_an_agency_goes_with_analysts(installation: Path, arguments: list[str]) -> None:
    found = CliRunner().invoke(app, ["warehouse", "connection", *arguments])
    assert isinstance(found.exception, SettingsError)
