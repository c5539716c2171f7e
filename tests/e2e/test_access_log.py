"""Who did what: deeds in ``ops.access_log``, connections in the server's log, values in neither."""

from __future__ import annotations

import psycopg
import pytest

from tests.conftest import ROOT
from tests.fixtures_warehouse import rows
from warehouse.bootstrap import member_agencies
from warehouse.database import Warehouse
from warehouse.roles import Role, analyst
from warehouse.server import EmbeddedServer
from warehouse.sweep import sweep

pytestmark = pytest.mark.e2e

DENIED = psycopg.errors.InsufficientPrivilege
NOTE = "SELECT ops.log_access('release.publish', 'release-7')"
DOERS = [Role.LOADER, Role.LINKER, Role.PUBLISHER, Role.EXPUNGER, Role.STEWARD]
READ = "SELECT role, action, object FROM ops.access_log ORDER BY access_id"


@pytest.fixture(scope="module")
def warehouse(server: EmbeddedServer) -> Warehouse:
    """The warehouse as others left it: every test adds to the log, none takes away."""
    return server.warehouse()


def noted(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return rows(warehouse, READ, role=Role.AUDITOR)


@pytest.mark.parametrize("role", DOERS)
def test_a_deed_is_noted_under_the_name_of_the_login(warehouse: Warehouse, role: Role) -> None:
    before = noted(warehouse)
    with warehouse.connect(role) as connection:
        connection.execute(NOTE)
    assert noted(warehouse) == [*before, (role, "release.publish", "release-7")]
    last = "SELECT extract(epoch FROM clock_timestamp() - max(at)) FROM ops.access_log"
    [(ago,)] = rows(warehouse, last, role=Role.AUDITOR)
    assert 0 <= ago < 60


def test_the_time_is_the_clocks_and_not_the_transactions(warehouse: Warehouse) -> None:
    with warehouse.connect(Role.PUBLISHER) as connection, connection.transaction():
        connection.execute(NOTE)
        connection.execute("SELECT pg_sleep(0.01)")
        connection.execute(NOTE)
    last = "SELECT at FROM ops.access_log ORDER BY access_id DESC LIMIT 2"
    later, earlier = rows(warehouse, last, role=Role.AUDITOR)
    assert later > earlier


@pytest.mark.parametrize("role", [*DOERS, Role.AUDITOR, Role.OWNER])
@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE ops.access_log SET role = 'nobody'",
        "DELETE FROM ops.access_log",
        "INSERT INTO ops.access_log (role, action, object) VALUES ('x', 'a', 'b')",
    ],
)
def test_nobody_changes_removes_or_forges_an_entry(
    warehouse: Warehouse, role: Role, attempt: str
) -> None:
    with warehouse.connect(Role.PUBLISHER) as connection:
        connection.execute(NOTE)
    before = noted(warehouse)
    with warehouse.connect(role) as connection, pytest.raises(DENIED):
        connection.execute(attempt)
    assert noted(warehouse) == before != []


@pytest.mark.parametrize(
    ("action", "thing"),
    [
        ("release.publish", "Jane Doe"),
        ("release.publish", "id with words"),
        ("release.publish", "x" * 201),
        ("release.publish", ""),
        ("release.publish", None),
        ("Release", "release-7"),
        ("published for Jane", "release-7"),
        (None, "release-7"),
    ],
)
def test_it_takes_ids_and_no_free_text(
    warehouse: Warehouse, action: str | None, thing: str | None
) -> None:
    with warehouse.connect(Role.STEWARD) as connection, pytest.raises(psycopg.IntegrityError):
        connection.execute("SELECT ops.log_access(%s, %s)", [action, thing])


def test_a_sweep_over_all_records_is_noted(warehouse: Warehouse) -> None:
    list(sweep(warehouse))
    assert noted(warehouse)[-1] == (Role.STEWARD, "audit.sweep", "warehouse")


# --- the server's log -----------------------------------------------------------------------------


def test_the_log_says_who_came_and_nothing_they_looked_for(server: EmbeddedServer) -> None:
    login = analyst(min(member_agencies()))
    before = server.log.stat().st_size
    with server.warehouse().connect(login) as connection:
        connection.execute("SELECT FROM own.event WHERE county_fips = 'sentinel-1'")
        connection.execute("SELECT FROM own.event WHERE county_fips = %s", ["sentinel-2"])
        for wrong in ("'sentinel-3'::int", "sentinel_4", "ops.log_access('sentinel.five', 'x')"):
            with pytest.raises(psycopg.Error):
                connection.execute(f"SELECT {wrong}")
        with (
            pytest.raises(psycopg.Error),
            connection.cursor().copy("COPY own.event FROM STDIN") as copy,
        ):
            copy.write("sentinel-6")
    with server.log.open("rb") as log:
        log.seek(before)
        written = log.read().decode()
    assert f"connection authorized: user={login} database=tributary" in written
    assert "sentinel" not in written


def test_the_page_on_the_log_says_what_this_server_does(server: EmbeddedServer) -> None:
    page = (ROOT / "docs" / "audit.md").read_text("utf-8")
    block = page.split("```")[1]
    said = dict(line.split(" = ") for line in block.strip().splitlines())
    with server.warehouse().connect(Role.AUDITOR) as connection:
        found = {}
        for name in said:
            row = connection.execute(f"SHOW {name}").fetchone()
            assert row is not None
            # since PostgreSQL 18 it says which of its lines are wanted
            found[name] = "on" if row[0] == "authorization" else row[0]
        extensions = connection.execute(
            "SELECT name FROM pg_available_extensions WHERE name = 'pgaudit'"
        ).fetchall()
    assert found == said
    assert extensions == [], "the embedded server has it now: switch it on as the page says"
