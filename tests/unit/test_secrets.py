"""The node's secrets: made once, and never again in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.zones.secret import read_secret
from schemas.errors import SettingsError
from tributary.secrets import ensure_secrets
from tributary.settings import Settings, settings


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    return settings({"TRIBUTARY_HOME": str(tmp_path / "home")})


def secrets_of(found: Settings) -> list[Path]:
    node = found.node
    return [node.kek_file, node.secret_file, node.linkage_secret_file, node.signing_file]


def test_a_first_run_makes_each_secret_once(here: Settings) -> None:
    assert ensure_secrets(here)
    made = [read_secret(path) for path in secrets_of(here)]
    assert len(set(made)) == 4
    assert not ensure_secrets(here)
    assert [read_secret(path) for path in secrets_of(here)] == made
    assert {path.stat().st_mode & 0o777 for path in secrets_of(here)} == {0o600}


def test_a_lost_linkage_secret_is_an_error_where_it_was_used(here: Settings) -> None:
    """Another one would link everybody to nobody."""
    ensure_secrets(here)
    here.node.vault.mkdir(parents=True)
    here.node.linkage_secret_file.unlink()
    with pytest.raises(SettingsError, match=r"linkage\.secret"):
        ensure_secrets(here)
    assert not here.node.linkage_secret_file.exists()


def test_a_deployment_brings_its_own(tmp_path: Path) -> None:
    found = settings(
        {
            "TRIBUTARY_HOME": str(tmp_path / "home"),
            "TRIBUTARY_WAREHOUSE_URL": "postgresql://db.example:5432/tributary",
            "TRIBUTARY_LINKAGE_SECRET_FILE": str(tmp_path / "agreed.secret"),
        }
    )
    assert found.node.linkage_secret_file == tmp_path / "agreed.secret"
    with pytest.raises(SettingsError, match=r"agreed\.secret"):
        ensure_secrets(found)
    assert list(tmp_path.iterdir()) == []
