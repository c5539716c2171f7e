"""A server of one's own: an administrator founds the warehouse once, then nobody needs one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from schemas.errors import SettingsError
from tests.fixtures_warehouse import stopping
from warehouse import roles
from warehouse.bootstrap import found, prepare
from warehouse.credentials import Credentials
from warehouse.database import Warehouse, libpq_url
from warehouse.roles import Role, analyst
from warehouse.server import SUPERUSER, EmbeddedServer

pytestmark = pytest.mark.e2e

ADMIN, MIGHTY = "some_admin", "some_superuser"
PASSWORD = "only-for-this-test"


class ForeignServer(EmbeddedServer):
    """A PostgreSQL that knows nothing of Tributary but an administrator, who is no superuser."""

    def _founding(self) -> dict[str, list[str]]:
        return {
            SUPERUSER: [
                f"CREATE ROLE {ADMIN} LOGIN CREATEROLE CREATEDB PASSWORD '{PASSWORD}'",
                f"CREATE ROLE {MIGHTY} LOGIN SUPERUSER PASSWORD '{PASSWORD}'",
            ]
        }

    def _prove_closed(self) -> None:
        pass

    @property
    def admin_url(self) -> str:
        return self.url_of(ADMIN)

    def url_of(self, role: str) -> str:
        host = self.warehouse().place["host"]
        return f"postgresql+psycopg://{role}:{PASSWORD}@/postgres?host={host}"


@pytest.fixture
def foreign(home_of_servers: Path) -> Iterator[ForeignServer]:
    server = ForeignServer(home_of_servers / "foreign", home_of_servers / "foreign-secrets")
    with stopping(server):
        server.start()
        yield server


def test_founded_once_prepared_often(foreign: ForeignServer, tmp_path: Path) -> None:
    credentials = Credentials(tmp_path / "secrets")
    found(foreign.admin_url, credentials)
    host = foreign.warehouse().place["host"]
    url = f"postgresql+psycopg://ignored:ignored@/tributary?host={host}"
    warehouse = Warehouse.at(url, credentials)
    prepare(warehouse)
    prepare(warehouse)
    with warehouse.connect(Role.LOADER) as connection:
        assert connection.execute("SELECT count(*) FROM core.event").fetchone() == (0,)
    warehouse.connect(Role.AIRFLOW, roles.AIRFLOW).close()
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(warehouse.conninfo(Role.AIRFLOW))

    # Founding again repairs a lost password, and leaves the data alone.
    (credentials.directory / Role.OWNER).unlink()
    found(foreign.admin_url, credentials)
    prepare(warehouse)

    with psycopg.connect(libpq_url(foreign.admin_url)) as admin:
        member = "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member "
        usable = f"{member} WHERE r.rolname = %s AND (m.set_option OR m.inherit_option)"
        assert admin.execute(usable, [ADMIN]).fetchone() == (0,)

    # A superuser also takes the counters and advisory locks from everybody, before or after.
    member, counter = analyst("harbor_police"), "SELECT pg_relation_size('own.event')"
    with warehouse.connect(member) as connection:
        connection.execute(counter)
        found(foreign.url_of(MIGHTY), credentials)
        prepare(warehouse)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(counter)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT pg_advisory_xact_lock(1)")
    with warehouse.connect(Role.LOADER) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(1)")


@pytest.mark.parametrize("url", ["mysql://host/db", "nonsense"])
def test_a_url_that_is_none(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="postgresql://"):
        Warehouse.at(url, Credentials(tmp_path))


def test_a_urls_own_user_and_password_are_not_used(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path)
    credentials.ensure([Role.LOADER])
    url = "postgresql+psycopg://me:secret@db.example:5433/mine?sslmode=verify-full"
    info = Warehouse.at(url, credentials).conninfo(Role.LOADER)
    assert "secret" not in info and "user=tributary_loader" in info
    assert "host=db.example" in info and "port=5433" in info
    assert "dbname=mine" in info and "sslmode=verify-full" in info
