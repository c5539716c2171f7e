"""Roles, databases, and the functions on tokens; every case logs in as the role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest

from tests.fixtures_warehouse import Delivery, Loads, token
from warehouse import roles
from warehouse.database import Warehouse
from warehouse.models import Base
from warehouse.roles import Role
from warehouse.server import EmbeddedServer

pytestmark = pytest.mark.e2e

TABLES = {f'{t.schema}."{t.name}"': str(t.schema) for t in Base.metadata.sorted_tables}
#: Everybody who works with the warehouse; what an agency's analysts try stands in
#: ``test_warehouse_analysts``, what each may do on which table in ``test_warehouse_rights``.
READERS: list[Role] = [role for role in Role if role not in (Role.OWNER, Role.AIRFLOW)]
FIRST = Delivery(clients={1: "Woman"}, enrolments={10: (1, "2026-03-01")})
DENIED = psycopg.errors.InsufficientPrivilege


@pytest.mark.parametrize("role", [Role.LOADER, Role.STEWARD])
def test_readers_see_the_rows_they_may_read(loads: Loads, role: Role) -> None:
    loads(FIRST)
    with loads.warehouse.connect(role) as connection:
        assert connection.execute("SELECT count(*) FROM core.victim").fetchone() == (1,)


def test_row_level_security_binds_even_the_owner(loads: Loads) -> None:
    loads(FIRST)
    with loads.warehouse.connect(Role.OWNER) as connection:
        for table, schema in TABLES.items():
            if schema == "core":
                query = f"SELECT count(*) FROM {table}"
                assert connection.execute(query).fetchone() == (0,), table


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize(
    "attempt",
    [
        "SELECT * FROM linkage.source_token",
        "COPY linkage.source_token TO STDOUT",
        "EXPLAIN ANALYZE SELECT * FROM linkage.source_token",
        "CREATE TABLE core.mine (x int)",
        "CREATE VIEW public.mine AS SELECT 1",
        "CREATE SCHEMA mine",
        "SET ROLE tributary_owner",
        "SET SESSION AUTHORIZATION postgres",
        "GRANT tributary_owner TO CURRENT_USER",
        "ALTER TABLE core.event DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE core.event DISABLE TRIGGER ALL",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "ALTER ROLE tributary_owner PASSWORD 'x'",
        "SET session_replication_role = replica",
        "SET log_min_messages = debug5",
        "SET log_statement = 'all'",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "COPY (SELECT 1) TO '/tmp/tributary-escape'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT * FROM pg_authid",
        "CREATE FUNCTION linkage.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP TABLE ops.delivery",
        "UPDATE ops.delivery SET status = 'accepted'",
        "UPDATE ops.access_log SET role = 'nobody'",
        "DELETE FROM ops.access_log",
        "SET ROLE tributary_analyst",
        "SET ROLE tributary_own_rows",
    ],
)
def test_ways_around_are_closed(
    connections: Mapping[Role, psycopg.Connection[Any]], role: Role, attempt: str
) -> None:
    with pytest.raises(DENIED):
        connections[role].execute(attempt)
        connections[role].execute("SELECT 1")


@pytest.fixture(scope="module")
def connections(server: EmbeddedServer) -> Iterator[Mapping[Role, psycopg.Connection[Any]]]:
    """One connection for each role, logged in as it."""
    opened: dict[Role, Any] = {role: server.warehouse().connect(role) for role in READERS}
    yield opened
    for connection in opened.values():
        connection.close()


def test_statistics_give_the_tokens_to_nobody(loads: Loads) -> None:
    loads(FIRST)
    with loads.warehouse.connect(Role.OWNER) as connection:
        connection.execute("ANALYZE linkage.source_token")
    for role in set(READERS) - {Role.LINKER}:
        with loads.warehouse.connect(role) as connection:
            found = connection.execute("SELECT * FROM pg_stats WHERE schemaname = 'linkage'")
            assert found.fetchall() == []


# --- databases ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("database", ["tributary", "airflow", "postgres", "template1"])
def test_who_may_connect_to_which_database(warehouse: Warehouse, role: Role, database: str) -> None:
    mine = roles.AIRFLOW if role is Role.AIRFLOW else roles.WAREHOUSE
    if database == mine:
        warehouse.connect(role, database).close()
        return
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(warehouse.conninfo(role, database))


def test_airflow_owns_its_database_and_can_fill_it(warehouse: Warehouse) -> None:
    with warehouse.connect(Role.AIRFLOW, roles.AIRFLOW) as connection:
        connection.execute("CREATE TABLE proof (x int)")
        connection.execute("DROP TABLE proof")


def test_the_owner_may_make_roles_but_not_take_power(warehouse: Warehouse) -> None:
    with warehouse.connect(Role.OWNER) as connection:
        for attempt in (
            "CREATE ROLE mighty SUPERUSER",
            "CREATE ROLE mighty BYPASSRLS",
            "GRANT pg_read_all_data TO tributary_owner",
            "GRANT pg_execute_server_program TO tributary_owner",
            "GRANT tributary_airflow TO tributary_owner",
            "ALTER ROLE postgres PASSWORD 'x'",
        ):
            with pytest.raises(DENIED):
                connection.execute(attempt)


# --- the linkage functions ------------------------------------------------------------------------


def keys(connection: psycopg.Connection[Any], function: str, *tokens: str) -> dict[str, Any]:
    extra = "'2026', 'd', NULL, " if function == "record_keys" else ""
    found = connection.execute(
        f"SELECT encode(token, 'hex'), record_key FROM linkage.{function}('a', 'event', {extra}%s)",
        [[bytes.fromhex(one) for one in tokens]],
    )
    return dict(found.fetchall())


@pytest.fixture
def loader(warehouse: Warehouse) -> Iterator[psycopg.Connection[Any]]:
    with warehouse.connect(Role.LOADER) as connection:
        yield connection


def test_a_token_keeps_its_key(loader: psycopg.Connection[Any]) -> None:
    one, two = token("x", 1), token("x", 2)
    first = keys(loader, "record_keys", one)
    again = keys(loader, "record_keys", two, one)
    assert again[one] == first[one] and again[two] != first[one]
    assert keys(loader, "known_keys", one, two, token("x", 3)) == again


def test_looking_up_makes_no_key(loader: psycopg.Connection[Any]) -> None:
    assert keys(loader, "known_keys", token("x", 1)) == {}
    assert keys(loader, "known_keys", token("x", 1)) == {}


def test_keys_are_random(loader: psycopg.Connection[Any]) -> None:
    found = keys(loader, "record_keys", *(token("x", n) for n in range(500)))
    assert len(set(found.values())) == 500
    assert {key.version for key in found.values()} == {4}


def test_the_same_token_is_another_unit_elsewhere(loader: psycopg.Connection[Any]) -> None:
    call = "SELECT record_key FROM linkage.record_keys(%s, %s, '1', 'd', NULL, %s)"
    one = [bytes.fromhex(token("x", 1))]
    found = {
        loader.execute(call, [agency, unit, one]).fetchone()
        for agency in ("a", "b")
        for unit in ("event", "victim")
    }
    assert len(found) == 4


@pytest.mark.parametrize("bad", [b"", b"short", b"x" * 17])
def test_what_is_no_token_gets_no_key(loader: psycopg.Connection[Any], bad: bytes) -> None:
    call = "SELECT * FROM linkage.record_keys('a', 'event', '1', 'd', NULL, %s)"
    with pytest.raises(psycopg.errors.CheckViolation):
        loader.execute(call, [[bad]])


def test_a_hostile_search_path_does_not_fool_it(loader: psycopg.Connection[Any]) -> None:
    one = token("x", 1)
    first = keys(loader, "record_keys", one)
    loader.execute(
        "CREATE TEMPORARY TABLE source_token (agency text, unit text, token bytea, "
        "record_key uuid, key_epoch text, first_delivery text, deleted_as_of date)"
    )
    loader.execute(
        "INSERT INTO pg_temp.source_token VALUES "
        f"('a', 'event', '\\x{one}', '00000000-0000-0000-0000-000000000000', '', '', NULL)"
    )
    # Functions cannot be made in the temporary schema's name without the right to call them there.
    loader.execute(
        "CREATE FUNCTION pg_temp.unnest(bytea[]) RETURNS SETOF bytea LANGUAGE sql "
        "AS $$ SELECT NULL::bytea $$"
    )
    loader.execute(
        "CREATE FUNCTION pg_temp.same(bytea, bytea) RETURNS boolean LANGUAGE sql "
        "AS $$ SELECT true $$"
    )
    loader.execute(
        "CREATE OPERATOR pg_temp.= (LEFTARG = bytea, RIGHTARG = bytea, FUNCTION = pg_temp.same)"
    )
    loader.execute("SET search_path = pg_temp, linkage, pg_catalog")
    assert keys(loader, "record_keys", one) == first
    assert keys(loader, "known_keys", one) == first
    assert loader.execute("SELECT count(*) FROM pg_temp.source_token").fetchone() == (1,)


def test_core_holds_no_token(loads: Loads) -> None:
    loads(FIRST)
    planted = [token("client", 1), token("enrollment", 10)]
    with loads.warehouse.connect(Role.STEWARD) as connection:
        for table, schema in TABLES.items():
            if schema not in ("linkage", "suppression"):
                text = str(connection.execute(f"SELECT t::text FROM {table} t").fetchall())
                assert not any(one in text for one in planted), table
