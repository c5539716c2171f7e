"""An agency's analysts see its own rows; how they try to see others', and what they learn.

``harbor_police`` attacks; ``county_sheriff`` has a few rows that must not be found, nor counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from tests.fixtures_warehouse import emptied, feed_contract
from warehouse.agreements import record_all
from warehouse.database import Warehouse
from warehouse.roles import Role, analyst
from warehouse.server import EmbeddedServer

pytestmark = pytest.mark.e2e

ME, OTHER = "harbor_police", "county_sheriff"
DENIED = psycopg.errors.InsufficientPrivilege
#: A place only the other agency has events in.
RARE = "48999"
#: Rows of each core table an agency has: value columns and values, one event and victim each.
PARTS = {
    "event_indicator": ("kind, code, rule, confidence", "'means', 'meansThreats', 'T1', 0.9"),
    "event_text": ("kind, number, redacted", "'narrative', 1, '<PERSON_1> left.'"),
    "offense": ("offense_code", "'64A'"),
    "perpetrator_count": ("role, count", "'offender', 1"),
    "service": ("service_code, direction", "'legal', 'provided'"),
}
TABLES = (
    *("reporting_entity", "event", "victim", "victim_event", "filing"),
    *PARTS,
)


def fill(warehouse: Warehouse, agency: str, county: str, events: int) -> None:
    """Rows of one agency in every table of ``core``."""
    origin = f"'{agency}', 'f', 'd'"
    with warehouse.connect(Role.LOADER) as loader, loader.transaction():
        loader.execute(
            "INSERT INTO core.reporting_entity VALUES (%s, %s, 'law_enforcement', '{f}') "
            "ON CONFLICT DO NOTHING",
            [agency, agency],
        )
        loader.execute(
            f"INSERT INTO core.event (event_key, stale, event_type, county_fips, agency, feed, "
            f"delivery_id) SELECT gen_random_uuid(), false, 'incident', '{county}', {origin} "
            f"FROM generate_series(1, {events})"
        )
        keys = f"SELECT event_key, {origin} FROM core.event WHERE agency = '{agency}'"
        loader.execute(
            f"INSERT INTO core.victim (victim_key, stale, victim_role, agency, feed, delivery_id) "
            f"{keys}".replace("event_key, '", "event_key, false, 'victim', '")
            + " ON CONFLICT DO NOTHING"
        )
        loader.execute(
            "INSERT INTO core.victim_event (victim_key, event_key, role, agency, feed, "
            f"delivery_id) SELECT event_key, event_key, 'victim', {origin} FROM core.event "
            f"WHERE agency = '{agency}' ON CONFLICT DO NOTHING"
        )
        loader.execute(
            f"INSERT INTO core.filing VALUES ('{agency}', 'f', 'u', '2026-01-01', 'reported', 'd') "
            "ON CONFLICT DO NOTHING"
        )
        for table, (columns, values) in PARTS.items():
            loader.execute(
                f"INSERT INTO core.{table} (event_key, agency, feed, delivery_id, {columns}) "
                f"SELECT k.*, {values} FROM ({keys}) AS k ON CONFLICT DO NOTHING"
            )
    contract = feed_contract(name=f"{agency}.f", agency=agency)
    record_all(warehouse, [contract])
    with warehouse.connect(Role.OWNER) as owner:
        owner.execute("ANALYZE core.event, core.victim, core.offense, core.event_indicator")


@pytest.fixture(scope="module")
def filled(server: EmbeddedServer) -> Warehouse:
    """Both agencies' rows, the same for all tests here; emptying takes longer than they do."""
    found = emptied(server)
    fill(found, ME, "48001", 20)
    fill(found, OTHER, "48001", 30)
    fill(found, OTHER, RARE, 4)
    return found


@pytest.fixture
def mine(filled: Warehouse) -> Iterator[psycopg.Connection[Any]]:
    with filled.connect(analyst(ME)) as connection:
        yield connection


def agencies(connection: psycopg.Connection[Any], table: str = "event") -> set[str]:
    found = connection.execute(f"SELECT DISTINCT agency FROM own.{table}")
    return {agency for (agency,) in found.fetchall()}


# --- what they see --------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_each_agency_sees_its_own_rows(filled: Warehouse, table: str) -> None:
    for agency in (ME, OTHER, "safe_passage"):
        with filled.connect(analyst(agency)) as connection:
            assert agencies(connection, table) == ({agency} & {ME, OTHER})
            # the function behind the view is no way around it
            found = connection.execute(f"SELECT DISTINCT agency FROM own.{table}_rows()")
            assert {one for (one,) in found.fetchall()} == ({agency} & {ME, OTHER})
            with pytest.raises(DENIED):
                connection.execute(f"SELECT FROM core.{table}")


def test_they_see_every_row_of_their_own(filled: Warehouse) -> None:
    with filled.connect(Role.STEWARD) as steward:
        for agency in (ME, OTHER):
            with filled.connect(analyst(agency)) as connection:
                for table in TABLES:
                    query = f"SELECT count(*) FROM core.{table} WHERE agency = '{agency}'"
                    found = connection.execute(f"SELECT count(*) FROM own.{table}").fetchone()
                    assert found == steward.execute(query).fetchone() != (0,), table


def test_an_agreement_that_ended_hides_the_rows(filled: Warehouse) -> None:
    from schemas.contract import Agreement

    ended = Agreement("test-1", date(2020, 1, 1))
    contract = feed_contract(name=f"{ME}.f", agency=ME, agreement=ended)
    record_all(filled, [contract])
    with filled.connect(analyst(ME)) as connection:
        for table in ("event", "event_text", "victim"):
            assert agencies(connection, table) == set()
        record_all(filled, [feed_contract(name=f"{ME}.f", agency=ME)])
        assert agencies(connection, "event_text") == {ME}


def test_a_view_shows_every_column(filled: Warehouse) -> None:
    """A migration that adds a column to a table calls ``rights.show_own_rows``."""
    with filled.connect(Role.STEWARD) as connection:
        differing = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_proc p ON p.proname = c.relname || '_rows' "
            "JOIN pg_class t ON t.reltype = p.prorettype "
            "WHERE c.relnamespace = 'own'::regnamespace AND c.relkind = 'v' AND "
            "(SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid "
            "AND attnum > 0 AND NOT attisdropped) IS DISTINCT FROM "
            "(SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = t.oid "
            "AND attnum > 0 AND NOT attisdropped)"
        ).fetchall()
    assert differing == []


# --- being somebody else --------------------------------------------------------------------------

BECOME = [
    "SET ROLE tributary_steward",
    "SET ROLE tributary_analyst",
    "SET ROLE tributary_own_rows",
    f"SET ROLE {analyst(OTHER)}",
    f"SET SESSION AUTHORIZATION {analyst(OTHER)}",
    "SET SESSION AUTHORIZATION postgres",
    f"SELECT set_config('role', '{analyst(OTHER)}', false)",
    f"SELECT set_config('session_authorization', '{analyst(OTHER)}', false)",
    f"ALTER ROLE {analyst(OTHER)} RENAME TO somebody",
    f"ALTER ROLE {analyst(OTHER)} PASSWORD 'x'",
    f"GRANT {analyst(OTHER)} TO CURRENT_USER",
    "GRANT tributary_own_rows TO CURRENT_USER",
    "GRANT pg_read_all_data TO CURRENT_USER",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE CURRENT_USER BYPASSRLS",
    "CREATE ROLE tributary_analyst_x",
    "REASSIGN OWNED BY tributary_owner TO CURRENT_USER",
    "ALTER FUNCTION ops.session_agency() OWNER TO CURRENT_USER",
    "ALTER FUNCTION own.event_rows() SECURITY INVOKER",
    "CREATE OR REPLACE VIEW own.event AS SELECT * FROM core.event",
    "SELECT ops.session_agency()",
]


@pytest.mark.parametrize("attempt", BECOME)
def test_nobody_becomes_somebody_else(mine: psycopg.Connection[Any], attempt: str) -> None:
    with pytest.raises(DENIED):
        mine.execute(attempt)
    assert agencies(mine) == {ME}


@pytest.mark.parametrize(
    "setting",
    [
        "row_security = off",
        "search_path = pg_temp, own, core, pg_catalog",
        "debug_parallel_query = on",
        "plan_cache_mode = force_generic_plan",
        "tributary.agency = 'county_sheriff'",
        "check_function_bodies = off",
        "default_transaction_isolation = serializable",
    ],
)
def test_no_setting_shows_more(mine: psycopg.Connection[Any], setting: str) -> None:
    mine.execute(f"SET {setting}")
    mine.execute("SET parallel_setup_cost = 0; SET min_parallel_table_scan_size = 0")
    try:
        assert agencies(mine) == {ME}
    except psycopg.Error:
        assert setting == "row_security = off"


def test_no_option_of_the_connection_shows_more(filled: Warehouse) -> None:
    for option in ("role=tributary_steward", f"session_authorization={analyst(OTHER)}"):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(filled.conninfo(analyst(ME)), options=f"-c {option}")


def test_a_setting_kept_for_the_next_login_shows_no_more(filled: Warehouse) -> None:
    with filled.connect(analyst(ME)) as connection:
        connection.execute("ALTER ROLE CURRENT_USER SET search_path = core, own")
        try:
            with filled.connect(analyst(ME)) as again:
                assert agencies(again) == {ME}
                with pytest.raises(DENIED):
                    again.execute("TABLE core.event")
        finally:
            connection.execute("ALTER ROLE CURRENT_USER RESET ALL")


# --- what others' rows would say without being shown ----------------------------------------------


def plans(connection: psycopg.Connection[Any], table: str) -> list[str]:
    """Everything EXPLAIN tells about others' rows: estimates, and what filters removed."""
    found = []
    for where in (
        "true",
        f"county_fips = '{RARE}'",
        f"county_fips >= '{RARE}'",
        f"agency = '{OTHER}'",
        f"agency <> '{ME}' AND county_fips = '{RARE}'",
    ):
        for options in ("", "ANALYZE, TIMING OFF, SUMMARY OFF, BUFFERS OFF,", "GENERIC_PLAN,"):
            # multiplied, an estimate shows its fractions
            query = f"SELECT 1 FROM {table}, generate_series(1, 1000) WHERE {where}"
            row = connection.execute(f"EXPLAIN ({options} FORMAT JSON) {query}").fetchone()
            assert row is not None
            found.append(json.dumps(row[0], sort_keys=True))
    return found


def test_explain_tells_nothing_of_others_rows(
    mine: psycopg.Connection[Any], filled: Warehouse
) -> None:
    before = plans(mine, "own.event")
    fill(filled, OTHER, RARE, 300)
    assert plans(mine, "own.event") == before


def test_a_policy_alone_would_tell_it(filled: Warehouse) -> None:
    """Why analysts have no right on the tables themselves: the same attack, on the table."""
    with filled.connect(Role.OWNER) as owner:
        owner.execute("SET ROLE tributary_own_rows")
        before = plans(owner, "core.event")
        fill(filled, OTHER, RARE, 300)
        assert owner.execute("SELECT count(*) FROM core.event").fetchone() == (0,)
        assert plans(owner, "core.event") != before


@pytest.mark.parametrize("catalogue", ["pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"])
def test_statistics_on_values_are_shown_to_nobody(
    mine: psycopg.Connection[Any], catalogue: str
) -> None:
    query = f"SELECT * FROM {catalogue} WHERE schemaname !~ '^(pg_|information_schema)'"
    found = mine.execute(query).fetchall()
    assert [row for row in found if row[0] != "mart"] == []


@pytest.mark.parametrize(
    "where",
    [
        # an error would tell that the condition was tried on a row of somebody else
        f"1 / (CASE WHEN agency = '{OTHER}' THEN 0 ELSE 1 END) = 1",
        f"(CASE WHEN county_fips = '{RARE}' THEN 'x' ELSE '1' END)::int = 1",
        f"1 / (CASE WHEN event::text LIKE '%{RARE}%' THEN 0 ELSE 1 END) = 1",
    ],
)
def test_conditions_are_not_tried_on_others_rows(mine: psycopg.Connection[Any], where: str) -> None:
    count = mine.execute(f"SELECT count(*) FROM own.event WHERE {where}").fetchone()
    assert count == (20,)


def test_a_block_of_code_sees_what_its_caller_sees(mine: psycopg.Connection[Any]) -> None:
    told: list[str] = []
    mine.add_notice_handler(lambda notice: told.append(str(notice.message_primary)))
    mine.execute(
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT DISTINCT agency FROM own.event LOOP "
        "RAISE NOTICE '%', r.agency; END LOOP; END $$"
    )
    assert told == [ME]
    with pytest.raises(DENIED):
        mine.execute("DO $$ BEGIN PERFORM FROM core.event; END $$")


def test_cursors_and_prepared_statements_see_no_more(
    mine: psycopg.Connection[Any], filled: Warehouse
) -> None:
    mine.execute("PREPARE p AS SELECT DISTINCT agency FROM own.event")
    mine.execute("BEGIN")
    mine.execute("DECLARE c CURSOR WITH HOLD FOR SELECT DISTINCT agency FROM own.event")
    mine.execute("COMMIT")
    assert mine.execute("FETCH ALL FROM c").fetchall() == [(ME,)]
    assert mine.execute("EXECUTE p").fetchall() == [(ME,)]
    # another session's are its own
    with filled.connect(analyst(OTHER)) as other, pytest.raises(psycopg.errors.InvalidCursorName):
        other.execute("FETCH ALL FROM c")


def test_copy_gives_their_own_rows(mine: psycopg.Connection[Any]) -> None:
    with mine.cursor().copy("COPY (SELECT agency FROM own.event) TO STDOUT") as out:
        assert {bytes(line) for line in out} == {f"{ME}\n".encode()}


# --- other ways out of the database ---------------------------------------------------------------

REFUSED = [
    # objects to lure others with, or to shadow names
    "CREATE TEMPORARY TABLE event (x int)",
    "CREATE TEMPORARY VIEW v AS SELECT 1",
    "CREATE VIEW own.mine AS SELECT * FROM own.event",
    "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "SELECT * INTO TEMPORARY t FROM own.event",
    "CREATE RULE r AS ON SELECT TO own.event DO INSTEAD SELECT 1",
    "COMMENT ON VIEW own.event IS 'x'",
    # rows by another road
    "COPY core.event TO STDOUT",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/tributary-escape'",
    "COPY own.event FROM '/etc/passwd'",
    "SELECT query_to_xml('SELECT * FROM core.event', true, true, '')",
    "SELECT table_to_xml('core.event', true, true, '')",
    "SELECT ts_stat('SELECT to_tsvector(redacted) FROM core.event_text')",
    "SELECT currtid2('core.event', '(0,1)')",
    "SELECT FROM own.event FOR UPDATE",
    "MERGE INTO core.event e USING (VALUES (1)) v ON false WHEN NOT MATCHED THEN DO NOTHING",
    "EXPLAIN SELECT * FROM core.event",
    "EXPLAIN ANALYZE SELECT * FROM linkage.source_token",
    "ANALYZE core.event",
    "VACUUM core.event",
    "SELECT * FROM pg_statistic",
    "SELECT * FROM pg_statistic_ext_data",
    "CREATE STATISTICS s ON agency, feed FROM core.event",
    # keys and counts of others through sequences
    "SELECT nextval('ops.access_log_access_id_seq')",
    "SELECT last_value FROM ops.access_log_access_id_seq",
    # files, programs, other databases
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT pg_ls_dir('.')",
    "SELECT pg_stat_file('.')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/tributary-escape')",
    "LOAD 'plpgsql'",
    "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw",
    "CREATE EXTENSION vector SCHEMA own",
    "SELECT * FROM pg_hba_file_rules",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_file_settings",
    # the log and the write-ahead log
    "SELECT pg_create_logical_replication_slot('s', 'pgoutput')",
    "SELECT pg_current_logfile()",
    "SET log_statement = 'all'",
    "SET log_min_messages = debug5",
    "SET session_replication_role = replica",
    "ALTER SYSTEM SET log_statement = 'all'",
]


@pytest.mark.parametrize("attempt", REFUSED)
def test_ways_out_are_closed(mine: psycopg.Connection[Any], attempt: str) -> None:
    with pytest.raises((DENIED, psycopg.errors.UndefinedObject)) as caught:
        if attempt.startswith("COPY") and attempt.endswith("STDOUT"):
            with mine.cursor().copy(attempt) as out:
                list(out)
        mine.execute(attempt)
    # the wrapper is not installed; with it, CREATE SERVER needs a right on it
    assert isinstance(caught.value, DENIED) or "postgres_fdw" in attempt


def test_two_phase_transactions_are_off(mine: psycopg.Connection[Any]) -> None:
    mine.execute("BEGIN")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        mine.execute("PREPARE TRANSACTION 'kept'")


def test_sequences_tell_no_count(mine: psycopg.Connection[Any], filled: Warehouse) -> None:
    with filled.connect(Role.STEWARD) as steward:
        steward.execute("SELECT ops.log_access('audit.open', 'release-1')")
    found = mine.execute("SELECT DISTINCT last_value FROM pg_sequences").fetchall()
    assert found == [(None,)]


@pytest.mark.parametrize("role", [analyst(ME), Role.PARTNER, Role.STEWARD, Role.AUDITOR])
@pytest.mark.parametrize(
    "query",
    [
        # exact and up to the moment: did the person I just loaded meet another agency's?
        "SELECT n_tup_ins FROM pg_stat_all_tables WHERE relname = 'person_change'",
        "SELECT tup_inserted FROM pg_stat_database",
        "SELECT idx_tup_read FROM pg_stat_all_indexes",
        "SELECT pg_stat_get_live_tuples(c.oid) FROM pg_class c WHERE relname = 'pair'",
        "SELECT pg_relation_size(c.oid) FROM pg_class c WHERE relname = 'pair'",
        "SELECT pg_total_relation_size(c.oid) FROM pg_class c WHERE relname = 'pair'",
        # held, they would stop another agency's loads, and the expungement of a person
        "SELECT pg_advisory_lock(hashtextextended('tributary county_sheriff', 0))",
        "SELECT pg_try_advisory_xact_lock_shared(1)",
    ],
)
def test_counters_and_advisory_locks_are_closed(filled: Warehouse, role: str, query: str) -> None:
    with filled.connect(role) as connection, pytest.raises(DENIED):
        connection.execute(query)


# --- other sessions -------------------------------------------------------------------------------


def test_statements_of_other_agencies_are_hidden(
    mine: psycopg.Connection[Any], filled: Warehouse
) -> None:
    with filled.connect(analyst(OTHER)) as other:
        other.execute("SELECT 'sentinel', count(*) FROM own.event")
        seen = mine.execute("SELECT usename, a::text FROM pg_stat_activity a").fetchall()
        assert analyst(OTHER) in {user for user, _ in seen}
        assert not any("sentinel" in row for user, row in seen if user != analyst(ME))
        pid = other.info.backend_pid
        for function in ("pg_cancel_backend", "pg_terminate_backend"):
            with pytest.raises(DENIED):
                mine.execute(f"SELECT {function}({pid})")


def test_no_notification_tells_of_a_load(mine: psycopg.Connection[Any], filled: Warehouse) -> None:
    with filled.connect(Role.STEWARD) as connection:
        channels = connection.execute(
            "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE n.nspname !~ '^pg_|^information_schema$' AND prosrc ~* 'notify'"
        ).fetchall()
    assert channels == []
    mine.execute("LISTEN everything")
    fill(filled, OTHER, RARE, 1)
    assert list(mine.notifies(timeout=0)) == []


def test_large_objects_are_their_makers(mine: psycopg.Connection[Any], filled: Warehouse) -> None:
    with filled.connect(analyst(OTHER)) as other:
        made = other.execute("SELECT lo_from_bytea(0, 'sentinel'::bytea)").fetchone()
        assert made is not None
        try:
            with pytest.raises(DENIED):
                mine.execute("SELECT lo_get(%s)", made)
            with pytest.raises(DENIED):
                mine.execute("SELECT lo_unlink(%s)", made)
        finally:
            other.execute("SELECT lo_unlink(%s)", made)


# --- the functions that run as somebody else ------------------------------------------------------


def test_every_function_that_runs_as_its_owner_has_a_fixed_path(filled: Warehouse) -> None:
    """First the catalogue, last the caller's own temporary schema: nothing there is found first."""
    with filled.connect(Role.AUDITOR) as connection:
        paths = connection.execute(
            "SELECT n.nspname || '.' || proname, "
            "(SELECT c FROM unnest(proconfig) c WHERE c ~ '^search_path=') "
            "FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE prosecdef AND n.nspname !~ '^pg_|^information_schema$'"
        ).fetchall()
        owners = connection.execute(
            "SELECT DISTINCT p.proowner::regrole::text, p.pronamespace::regnamespace::text = 'own' "
            "FROM pg_proc p WHERE prosecdef AND pronamespace::regnamespace::text !~ '^pg_'"
        ).fetchall()
    assert len(paths) > 10
    for name, path in paths:
        words = (path or "").removeprefix("search_path=").replace('"', "").split(", ")
        assert (words[0], words[-1]) == ("pg_catalog", "pg_temp"), name
    assert sorted(owners) == [("tributary_own_rows", True), ("tributary_owner", False)]


def test_a_shadow_of_the_tables_fools_no_function(filled: Warehouse) -> None:
    """The loader may make temporary tables: with the names of all tables, first in the path."""
    with filled.connect(Role.LOADER) as loader:
        loader.execute("CREATE TEMPORARY TABLE event AS SELECT * FROM core.event LIMIT 0")
        loader.execute(
            "CREATE TEMPORARY TABLE access_log (access_id int, action text, object text)"
        )
        loader.execute("SET search_path = pg_temp, core, ops, pg_catalog")
        loader.execute("SELECT ops.log_access('load.note', 'x')")
        assert loader.execute("SELECT count(*) FROM pg_temp.access_log").fetchone() == (0,)
    with filled.connect(Role.AUDITOR) as auditor:
        found = auditor.execute("SELECT role, action, object FROM ops.access_log").fetchall()
    assert ("tributary_loader", "load.note", "x") in found
