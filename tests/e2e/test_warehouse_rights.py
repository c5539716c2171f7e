"""The matrix of rights: declared, granted, written down, and tried out cell by cell.

Every case logs in as the role, none only says SET ROLE.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest

from tests.conftest import ROOT
from warehouse import rights, roles
from warehouse.bootstrap import member_agencies
from warehouse.database import Warehouse
from warehouse.models import Base
from warehouse.rights_page import as_json, page
from warehouse.roles import Role
from warehouse.server import EmbeddedServer

pytestmark = pytest.mark.e2e

DENIED = psycopg.errors.InsufficientPrivilege
DECLARED = rights.declared()
AGENCIES = sorted(member_agencies())
#: Role in the matrix -> login role that tries it. All analysts have their rights from one group.
LOGINS = {role: f"tributary_{role}" for role in rights.ROLES if role != "own_rows"} | {
    "analyst": roles.analyst(AGENCIES[0])
}
TABLES = sorted(
    {f"{t.schema}.{t.name}" for t in Base.metadata.sorted_tables}
    | {place for place, _ in DECLARED if place.startswith("own.") and not place.endswith("()")}
)

Connections = Mapping[str, psycopg.Connection[Any]]


@pytest.fixture(scope="module")
def connections(server: EmbeddedServer) -> Iterator[Connections]:
    """One connection for each role, logged in as it."""
    warehouse = server.warehouse()
    opened = {who: warehouse.connect(login) for who, login in LOGINS.items()}
    yield opened
    for connection in opened.values():
        connection.close()


def given(place: str, who: str) -> frozenset[str]:
    return DECLARED.get((place, who), frozenset())


# --- declared, granted, written down --------------------------------------------------------------


def test_the_database_grants_what_is_declared_and_nothing_else(server: EmbeddedServer) -> None:
    with server.warehouse().connect(Role.AUDITOR) as connection:
        found = dict(rights.granted(connection))
    assert found == dict(DECLARED)


def test_row_level_security_is_forced_on_every_table(server: EmbeddedServer) -> None:
    with server.warehouse().connect(Role.AUDITOR) as connection:
        assert rights.unsecured(connection) == frozenset()
        assert set(rights.tables(connection)) - rights.UNSECURED == set(TABLES)


def test_the_page_is_the_databases(server: EmbeddedServer) -> None:
    with server.warehouse().connect(Role.AUDITOR) as connection:
        written = (ROOT / "docs" / "rights.md").read_text("utf-8")
        assert written == page(connection), "tributary warehouse rights > docs/rights.md"
        assert as_json(rights.granted(connection))["core.event"]["own_rows"] == ["own select"]


def test_a_right_nobody_declared_is_found(warehouse: Warehouse) -> None:
    """The comparison sees grants to anybody, on columns, without a policy, and to PUBLIC."""
    with warehouse.connect(Role.OWNER) as owner, owner.transaction(force_rollback=True):
        owner.execute("GRANT SELECT (agency, feed) ON core.event TO tributary_linker")
        owner.execute("GRANT SELECT ON core.event TO tributary_airflow")
        owner.execute("GRANT EXECUTE ON FUNCTION ops.session_agency() TO PUBLIC")
        owner.execute("GRANT CREATE ON SCHEMA mart TO tributary_publisher")
        owner.execute("ALTER TABLE core.victim NO FORCE ROW LEVEL SECURITY")
        found = rights.granted(owner)
        assert rights.unsecured(owner) == {"core.victim"}
    new = {key: found[key] - DECLARED.get(key, frozenset()) for key in found}
    assert {key: rest for key, rest in new.items() if rest} == {
        ("core.event", "linker"): {"no select(agency,feed)"},
        ("core.event", "airflow"): {"no select"},
        ("ops.session_agency()", "PUBLIC"): {"execute"},
        ("mart", "publisher"): {"create"},
    }


# --- the cells ------------------------------------------------------------------------------------

#: None of these reads a column it does not change, so each asks for one right alone.
ATTEMPTS = {
    "select": "SELECT * FROM {table} LIMIT 1",
    "any column": "SELECT count(*) FROM {table} WHERE false",
    "insert": "INSERT INTO {table} DEFAULT VALUES",
    "update": 'UPDATE {table} SET "{column}" = DEFAULT WHERE false',
    "delete": "DELETE FROM {table} WHERE false",
    "truncate": "TRUNCATE {table} CASCADE",
    "lock": "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE NOWAIT",
    "trigger": "CREATE TRIGGER t AFTER INSERT ON {table} EXECUTE FUNCTION pg_catalog.now()",
    "index": 'CREATE INDEX ON {table} ("{column}")',
    "alter": "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    "policy": "CREATE POLICY p ON {table} USING (true)",
    "copy to": "COPY {table} TO STDOUT",
}
#: How a view says that it is none of a table's.
OF_A_VIEW = (psycopg.errors.ObjectNotInPrerequisiteState, psycopg.errors.WrongObjectType)
#: A view has no rows of its own to lock, index or secure.
OF_VIEWS = ("select", "any column", "insert", "update", "delete", "truncate")


def allowed(attempt: str, place: str, who: str) -> bool:
    verbs = given(place, who)
    if attempt in ("select", "copy to"):
        return "select" in verbs
    if attempt == "any column":
        return any(verb.startswith("select") for verb in verbs)
    # who may change rows may lock the table against others
    if attempt == "lock":
        return bool(verbs & {"update", "delete"})
    return attempt in verbs


@pytest.mark.parametrize("who", LOGINS)
@pytest.mark.parametrize("table", TABLES)
def test_each_verb_on_each_table(connections: Connections, who: str, table: str) -> None:
    connection = connections[who]
    schema, _, name = table.partition(".")
    is_view = schema == "own"
    columns = Base.metadata.tables[f"{schema}.{name}"].columns.keys() if not is_view else ["agency"]
    for attempt in OF_VIEWS if is_view else ATTEMPTS:
        statement = ATTEMPTS[attempt].format(table=f'{schema}."{name}"', column=columns[0])
        assert is_refused(connection, statement) != allowed(attempt, table, who), attempt


def is_refused(connection: psycopg.Connection[Any], statement: str) -> bool:
    """Whether the right is missing; what fails for any other reason came past that check."""
    try:
        with connection.transaction(force_rollback=True), connection.cursor() as cursor:
            if statement.startswith("COPY"):
                with cursor.copy(statement) as out:
                    list(out)
            else:
                cursor.execute(statement)
    except (DENIED, *OF_A_VIEW):
        return True
    except psycopg.IntegrityError:
        return False
    return False


@pytest.mark.parametrize("who", LOGINS)
def test_each_function(connections: Connections, server: EmbeddedServer, who: str) -> None:
    """Called with nulls: a refused call fails before its body, an allowed one may fail in it."""
    connection = connections[who]
    for schema, name, types in functions(server.warehouse()):
        # triggers are called by nobody; to read as own_rows is tried by the tables above
        arguments = ", ".join(f"NULL::{one}" for one in types)
        right = given(f"{schema}.{name}()", who)
        is_mine = any(one.startswith("execute") for one in right)
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(f"SELECT {schema}.{name}({arguments})")
        except DENIED as error:
            # its own refusal comes out of the body, and in other words than PostgreSQL's
            told = str(error.diag.message_primary)
            in_body = bool(error.diag.context) and not told.startswith("permission denied")
            assert is_mine == in_body, (name, told)
        except psycopg.Error:
            assert is_mine, name
        else:
            assert is_mine, name


def functions(warehouse: Warehouse) -> list[tuple[str, str, list[str]]]:
    with warehouse.connect(Role.AUDITOR) as connection:
        return connection.execute(
            "SELECT n.nspname, p.proname, ARRAY(SELECT t::regtype::text "
            "FROM unnest(p.proargtypes) t) FROM pg_proc p JOIN pg_namespace n "
            "ON n.oid = p.pronamespace WHERE n.nspname !~ '^pg_' "
            "AND n.nspname <> 'information_schema' AND p.prorettype <> 'trigger'::regtype"
        ).fetchall()


@pytest.mark.parametrize("who", LOGINS)
def test_nobody_makes_objects(connections: Connections, who: str) -> None:
    connection = connections[who]
    places = {schema for schema, _ in (place.split(".", 1) for place in TABLES)} | {"public"}
    for schema in places:
        for statement in (
            "CREATE TABLE {}.mine (x int)",
            "CREATE VIEW {}.mine AS SELECT 1",
            "CREATE FUNCTION {}.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE SEQUENCE {}.mine",
            "CREATE TYPE {}.mine AS (x int)",
            "CREATE OPERATOR {}.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
        ):
            assert is_refused(connection, statement.format(schema)), statement
    for statement in ("CREATE SCHEMA mine", "CREATE EXTENSION vector SCHEMA own"):
        assert is_refused(connection, statement), statement
    may_stage = who in ("loader", "linker")
    assert is_refused(connection, "CREATE TEMPORARY TABLE mine (x int)") != may_stage


def test_nobody_can_become_anybody_else(warehouse: Warehouse) -> None:
    """Attributes and memberships of every role, whoever made it."""
    with warehouse.connect(Role.AUDITOR) as connection:
        attributes = connection.execute(
            "SELECT rolname, rolsuper OR rolbypassrls OR rolreplication OR rolcreatedb, "
            "rolcreaterole, rolcanlogin FROM pg_roles WHERE rolname LIKE 'tributary%'"
        ).fetchall()
        members = connection.execute(
            "SELECT m.member::regrole::text, m.roleid::regrole::text, m.inherit_option, "
            "m.set_option FROM pg_auth_members m "
            "WHERE (m.inherit_option OR m.set_option) AND m.member::regrole::text ~ '^tributary'"
        ).fetchall()
    assert not [name for name, mighty, *_ in attributes if mighty]
    assert {name for name, _, creates, _ in attributes if creates} == {str(Role.OWNER)}
    analysts = {roles.analyst(agency) for agency in AGENCIES}
    logins = {name for name, *_, can_log_in in attributes if can_log_in}
    assert logins == {str(role) for role in Role} | analysts
    assert set(members) == {
        *((analyst, roles.ANALYSTS, True, False) for analyst in analysts),
        (str(Role.OWNER), roles.OWN_ROWS, False, True),
    }
