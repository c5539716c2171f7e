"""What goes with an expunged record, and what keeps it out (issue: one trace, and only for intake).

The tables below are real PostgreSQL; every case logs in as the role it is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from anonymize.outputs import output_schema
from anonymize.requests import ExpungeRequest
from schemas.contract import Contract, Table
from tests.contracts import field as one_field
from tests.fixtures_warehouse import (
    MAPPING,
    Delivery,
    Loads,
    feed_contract,
    no_orphans,
    rows,
    token,
)
from warehouse.database import Warehouse
from warehouse.expunge import Expunged, expunge
from warehouse.load import load
from warehouse.models import Base
from warehouse.roles import Role

#: Ten clients with an enrolment each, in March; client 1 has a second one.
TEN = Delivery(
    clients=dict.fromkeys(range(1, 11), "Woman"),
    enrolments={**{n + 100: (n, "2026-03-01") for n in range(1, 11)}, 201: (1, "2026-04-01")},
    services=[(101, 1, "legal"), (102, 2, "legal")],
)
AGAIN = replace(TEN, name="delivery-2", full_refresh=True)
DOMAINS = {"victim": "client", "event": "enrollment"}


def request(unit: str, numbers: Sequence[int], **given: Any) -> ExpungeRequest:
    made = ExpungeRequest.of(
        feed_contract(), "node", unit, [token(DOMAINS[unit], number) for number in numbers]
    )
    return made.model_copy(update=given)


def expunged(loads: Loads, unit: str, *numbers: int) -> Expunged:
    return expunge(loads.warehouse, request(unit, numbers))


@pytest.fixture(autouse=True)
def parts_have_their_units(loads: Loads) -> object:
    yield
    no_orphans(loads.warehouse)


def everything(warehouse: Warehouse) -> str:
    """Every row of every schema of the project, as text: what a dump holds."""
    found = []
    with warehouse.connect(Role.OWNER) as connection, connection.transaction(force_rollback=True):
        names = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert len(names) >= len(Base.metadata.sorted_tables)
        for (name,) in names:
            connection.execute(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY")
            found += connection.execute(f"SELECT t::text FROM {name} t").fetchall()
        found += connection.execute(
            "SELECT s::text FROM pg_stats s WHERE schemaname IN ('core', 'linkage', 'linked')"
        ).fetchall()
    return "\n".join(text for (text,) in found)


# --- what goes ------------------------------------------------------------------------------------


def test_a_person_goes_with_her_enrolments_and_services(loads: Loads) -> None:
    loads(TEN)
    done = expunged(loads, "victim", 1)
    assert (done.status, done.asked, done.found) == ("done", 1, 1)
    assert {table: n for table, n in done.removed.items() if n} == {
        "victim": 1,
        "event": 2,
        "victim_event": 2,
        "service": 1,
        "source_token": 3,
    }
    assert loads.victims().keys() == set(range(2, 11))
    assert not {101, 201} & loads.events().keys()
    assert loads.services() == [(102, "legal")]


def test_an_event_goes_with_its_parts_and_its_lone_person(loads: Loads) -> None:
    loads(TEN)
    done = expunged(loads, "event", 102)
    assert done.removed["event"] == done.removed["victim"] == done.removed["service"] == 1
    assert 2 not in loads.victims() and 102 not in loads.events()


def test_a_person_with_another_event_stays(loads: Loads) -> None:
    loads(TEN)
    expunged(loads, "event", 101)
    assert 1 in loads.victims() and 201 in loads.events() and 101 not in loads.events()


#: Two persons in each incident, of whom something was told.
INCIDENT = """
CREATE VIEW core.event_text AS
SELECT enrollment_token AS event_token, 'narrative' AS kind, 1 AS number,
       '<PERSON_1> told of <PERSON_2>.' AS redacted FROM source."Enrollment";
CREATE VIEW core.event_indicator AS
SELECT enrollment_token AS event_token, 'means' AS kind, 'meansThreats' AS code,
       'T1' AS rule, 0.9 AS confidence FROM source."Enrollment";
"""
INCIDENTS = MAPPING.replace(
    "'enrollment' AS event_type", "'incident' AS event_type, 2 AS victim_count"
)


def incidents() -> Contract:
    return feed_contract(mapping_sql=INCIDENTS + INCIDENT)


def state(loads: Loads) -> tuple[Any, ...]:
    query = (
        "SELECT (SELECT array_agg(victim_count ORDER BY event_month) FROM core.event), "
        "(SELECT count(*) FROM core.event_text), (SELECT count(*) FROM core.event_indicator)"
    )
    return rows(loads.warehouse, query)[0]


def test_an_incident_stands_without_the_person_and_without_what_was_told(loads: Loads) -> None:
    two = Delivery(
        clients={1: "Woman", 2: "Man"},
        enrolments={101: (1, "2026-03-01"), 102: (2, "2026-04-01")},
    )
    loads(two, incidents())
    assert state(loads) == ([2, 2], 2, 2)
    expunged(loads, "victim", 1)
    assert loads.events().keys() == {101, 102} and loads.victims().keys() == {2}
    assert state(loads) == ([1, 2], 1, 1)
    # and what the source says again of the incident is cut in the same way
    loads(replace(two, name="delivery-2"), incidents())
    assert loads.events()[101] == ("delivery-2", False) and loads.victims().keys() == {2}
    assert state(loads) == ([1, 2], 1, 1)


def test_nobody_else_s_record_of_the_same_token_goes(loads: Loads) -> None:
    other = feed_contract(agency="other_agency", name="other_agency.feed")
    loads(TEN)
    loads(replace(TEN, name="other-1"), other)
    expunged(loads, "victim", 1)
    found = rows(loads.warehouse, "SELECT agency, count(*) FROM core.victim GROUP BY 1 ORDER BY 1")
    assert found == [("other_agency", 10), ("test_agency", 9)]


def test_what_was_never_loaded_leaves_a_mark_alone(loads: Loads) -> None:
    loads(TEN)
    done = expunged(loads, "victim", 77)
    assert (done.asked, done.found, sum(done.removed.values())) == (1, 0, 0)
    assert rows(loads.warehouse, "SELECT * FROM ops.release_withdrawal", role=Role.STEWARD) == []
    loads(replace(TEN, clients={77: "Man"}, enrolments={177: (77, "2026-05-01")}, services=[],
                  name="delivery-2"))  # fmt: skip
    assert 77 not in loads.victims() and 177 not in loads.events()


PERSON, OTHER = "0000000a-0000-4000-8000-000000000001", "0000000b-0000-4000-8000-000000000002"
ENCODED = "c0ffee" * 20
#: What linking leaves of a record: compared with another one, and merged into one person with it.
LINKED = f"""
INSERT INTO linkage.encoding (record_key, space_id, batch_id, alias, content)
    SELECT record_key, 1, 1, 0, '\\x{ENCODED}' FROM pg_temp.hers;
INSERT INTO linkage.pending (record_key, space_id) SELECT record_key, 1 FROM pg_temp.hers;
INSERT INTO linkage.pair (space_id, left_key, right_key, score)
    SELECT 1, '00000000-0000-4000-8000-000000000000', record_key, 9 FROM pg_temp.hers;
INSERT INTO linkage.crosswalk (record_key, person_key) SELECT record_key, '{PERSON}' FROM pg_temp.hers;
INSERT INTO linked.person_record (record_key, person_key, agency)
    SELECT record_key, '{PERSON}', 'test_agency' FROM pg_temp.hers;
INSERT INTO linked.person_change (kind, person_key, into_key, run_id)
    VALUES ('merge', '{OTHER}', '{PERSON}', 1);
"""  # noqa: E501


def test_a_dump_of_every_schema_holds_no_trace(loads: Loads) -> None:
    loads(TEN)
    keys = "SELECT record_key::text FROM linkage.source_token WHERE token = ANY (%s)"
    gone = [token("client", 1), token("enrollment", 101), token("enrollment", 201)]
    with loads.warehouse.connect(Role.OWNER) as connection:
        found = connection.execute(keys, [[bytes.fromhex(one) for one in gone]]).fetchall()
        hers = "CREATE TEMPORARY TABLE hers AS SELECT record_key FROM linkage.source_token "
        connection.execute(f"{hers} WHERE token = '\\x{gone[0]}'")
        connection.execute(LINKED)
        connection.execute("ANALYZE core.victim, core.event, linkage.source_token")
    traces = [*gone, *(key for (key,) in found), PERSON, ENCODED]
    assert len(traces) == 8
    before = everything(loads.warehouse)
    assert all(trace in before for trace in traces)
    expunged(loads, "victim", 1)
    after = everything(loads.warehouse)
    assert not [trace for trace in traces if trace in after]
    assert token("client", 2) in after


# --- what keeps it out ----------------------------------------------------------------------------


def test_the_next_full_refresh_does_not_bring_her_back(loads: Loads) -> None:
    loads(TEN)
    expunged(loads, "victim", 1)
    loaded = loads(AGAIN)
    assert loaded.status == "accepted"
    assert loads.victims() == dict.fromkeys(range(2, 11), ("delivery-2", False))
    assert not {101, 201} & loads.events().keys() and len(loads.events()) == 9
    assert loads.services() == [(102, "legal")]
    assert loads.notes("delivery-2") == {"LOAD-SUPPRESSED": 3}
    left = rows(
        loads.warehouse,
        "SELECT table_name, field, count, rows FROM ops.delivery_rule ORDER BY position",
    )
    assert left == [("event", None, 2, []), ("victim", None, 1, [])]
    told = "SELECT table_name, accepted - loaded FROM ops.delivery_table WHERE delivery_id = '{}'"
    assert dict(rows(loads.warehouse, told.format("delivery-2"))) == {
        "Client": 1, "Enrollment": 2, "Services": 0,
    }  # fmt: skip


def test_a_refresh_without_her_is_no_loss_of_others(loads: Loads) -> None:
    loads(TEN)
    expunged(loads, "victim", 1)
    loads(AGAIN)
    loads(replace(AGAIN, name="delivery-3"))
    assert len(loads.victims()) == len(loads.events()) == 9


def test_quarantined_or_deleted_in_the_source_she_stays_away(loads: Loads) -> None:
    loads(TEN)
    expunged(loads, "victim", 1)
    loads(Delivery(quarantined_clients=[1], name="delivery-2"))
    loads(Delivery(deleted_clients=[1], name="delivery-3"))
    assert 1 not in loads.victims()


def test_an_expunged_event_keeps_out_its_lone_person_too(loads: Loads) -> None:
    loads(TEN)
    expunged(loads, "event", 102)
    loads(AGAIN)
    assert 2 not in loads.victims() and 102 not in loads.events()
    assert loads.notes("delivery-2") == {"LOAD-SUPPRESSED": 2}


def test_a_new_key_epoch_does_not_bring_her_back(loads: Loads) -> None:
    """Under new keys every token is another; the node tells which of them are of her."""
    loads(TEN)
    expunged(loads, "victim", 1)
    renamed = replace(
        TEN,
        clients={n + 500: g for n, g in TEN.clients.items()},
        enrolments={n + 500: (c + 500, m) for n, (c, m) in TEN.enrolments.items()},
        services=[],
        name="delivery-2",
    )
    package: Any = renamed.package(loads.contract)
    package.manifest = package.manifest.model_copy(
        update={"suppressed": {"victim": (token("client", 501),)}}
    )
    load(package, loads.contract, loads.warehouse, loads.workspace)
    assert 501 not in loads.victims() and 502 in loads.victims()
    # from now on the hub knows her under the new keys by itself
    loads(replace(renamed, name="delivery-3"))
    assert 501 not in loads.victims() and not {601, 701} & loads.events().keys()


def test_a_backup_that_brought_her_back_is_undone_by_the_next_delivery(loads: Loads) -> None:
    loads(TEN)
    with loads.warehouse.connect(Role.LOADER) as connection:
        connection.execute(
            "SELECT suppression.remember('test_agency', 'victim', ARRAY[decode(%s, 'hex')])",
            [token("client", 1)],
        )
    assert 1 in loads.victims()
    loads(replace(AGAIN, full_refresh=False))
    assert 1 not in loads.victims() and not {101, 201} & loads.events().keys()


# --- once, whole, and by whom ---------------------------------------------------------------------


def test_the_same_request_twice_changes_nothing(loads: Loads) -> None:
    loads(TEN)
    asked = request("victim", [1])
    first = expunge(loads.warehouse, asked)
    again = expunge(loads.warehouse, asked)
    assert (again.status, again.found, again.removed) == ("duplicate", 1, first.removed)
    assert len(rows(loads.warehouse, "SELECT FROM ops.erasure", role=Role.STEWARD)) == 1


def test_stopped_in_the_middle_it_has_not_begun_and_done_again_it_is_whole(loads: Loads) -> None:
    loads(TEN)
    asked = request("victim", [1])
    call = "SELECT * FROM suppression.expunge(%s, 'test_agency', 'feed', 'victim', %s)"
    given = [asked.request_id, [bytes.fromhex(one) for one in asked.tokens]]
    with (
        loads.warehouse.connect(Role.EXPUNGER) as connection,
        connection.transaction(force_rollback=True),
    ):
        connection.execute(call, given)
    assert 1 in loads.victims()
    assert rows(loads.warehouse, "SELECT * FROM ops.erasure", role=Role.STEWARD) == []
    assert expunge(loads.warehouse, asked).status == "done"
    assert 1 not in loads.victims()


RELEASE = (
    "INSERT INTO mart.release "
    "(release_id, published_at, status, code_version, agencies, deliveries) "
    "VALUES (1, now(), 'published', '1', '{test_agency,other_agency}', 2), "
    "(2, now(), 'published', '1', '{other_agency}', 1)"
)


def test_releases_are_withdrawn_at_once_and_the_ledger_counts(loads: Loads) -> None:
    loads(TEN)
    with loads.warehouse.connect(Role.PUBLISHER) as connection:
        connection.execute(RELEASE)
    done = expunged(loads, "victim", 1, 2)
    assert done.withdrawn == 1
    releases = "SELECT release_id, status FROM mart.release ORDER BY 1"
    assert rows(loads.warehouse, releases, role=Role.STEWARD) == [
        (1, "withdrawn"),
        (2, "published"),
    ]
    withdrawn = "SELECT agency, feed, reason FROM ops.release_withdrawal"
    assert rows(loads.warehouse, withdrawn, role=Role.PUBLISHER) == [
        ("test_agency", "feed", "expungement")
    ]
    erased = "SELECT erasure_id, agency, feed, reason, asked, found FROM ops.erasure"
    assert rows(loads.warehouse, erased, role=Role.AUDITOR) == [
        (done.request_id, "test_agency", "feed", "expungement", 2, 2)
    ]
    noted = "SELECT action, object, role FROM ops.access_log"
    assert ("expunge", done.request_id, "tributary_expunger") in rows(
        loads.warehouse, noted, role=Role.AUDITOR
    )


def test_ordinary_deletes_withdraw_no_release(loads: Loads) -> None:
    loads(TEN)
    loads(Delivery(deleted_clients=[1], name="delivery-2"))
    assert rows(loads.warehouse, "SELECT * FROM ops.release_withdrawal", role=Role.STEWARD) == []


#: Withdrawn consents come as rows of a table of their own, as readers make them.
WITHDRAWAL = Table(
    "Withdrawal",
    (one_field("EnrollmentID", "pseudonym", domain="enrollment", output="enrollment_token"),),
    presence="optional",
)
WITHDRAWING = MAPPING.replace(
    "CREATE VIEW core.deleted AS",
    "CREATE VIEW core.deleted AS SELECT 'event' AS unit, enrollment_token AS token "
    'FROM source."Withdrawal" UNION ALL',
)


def withdrawing(loads: Loads, delivery: Delivery, *enrolments: int) -> None:
    contract = replace(
        feed_contract(mapping_sql=WITHDRAWING), tables=(*loads.contract.tables, WITHDRAWAL)
    )
    package: Any = delivery.package(loads.contract)
    given = [token("enrollment", number) for number in enrolments]
    package.tables["Withdrawal"] = pa.table([given], schema=output_schema(WITHDRAWAL))
    load(package, contract, loads.warehouse, loads.workspace)


def test_a_withdrawn_consent_withdraws_releases_once(loads: Loads) -> None:
    withdrawing(loads, TEN)
    withdrawn = "SELECT feed, reason FROM ops.release_withdrawal"
    without = {n: e for n, e in TEN.enrolments.items() if n != 102}
    for name in ("delivery-2", "delivery-3"):  # sheets repeat a withdrawal in every export
        withdrawing(loads, replace(TEN, enrolments=without, services=[], name=name), 102)
        assert 102 not in loads.events()
        found = rows(loads.warehouse, withdrawn, role=Role.PUBLISHER)
        assert found == [("feed", "consent_withdrawn")], name


DENIED = psycopg.errors.InsufficientPrivilege


OUT_OF_REACH = (
    "SELECT * FROM core.victim",
    "DELETE FROM core.victim",
    "SELECT * FROM linkage.source_token",
    "SELECT * FROM suppression.mark",
    "DELETE FROM suppression.mark",
    "INSERT INTO ops.erasure VALUES ('x', now(), 'a', 'f', 'expungement', 0, 0, '{}')",
    "INSERT INTO ops.release_withdrawal (agency, feed, reason) VALUES ('a', 'f', 'expungement')",
    "SELECT suppression.erase('{}', '{}')",
    "SELECT suppression.beyond('test_agency', 'feed', '2999-01-01')",
    "SELECT * FROM suppression.among('test_agency', 'victim', ARRAY['\\x00'::bytea])",
)


def test_the_expunger_reaches_nothing_but_its_functions(loads: Loads) -> None:
    loads(TEN)
    with loads.warehouse.connect(Role.EXPUNGER) as connection:
        for attempt in OUT_OF_REACH:
            with pytest.raises(DENIED):
                connection.execute(attempt)


def test_nobody_reads_the_marks_or_takes_one_back(loads: Loads) -> None:
    expunged(loads, "victim", 1)
    for role in set(Role) - {Role.OWNER, Role.AIRFLOW}:
        with loads.warehouse.connect(role) as connection:
            for attempt in (
                "SELECT * FROM suppression.mark",
                "COPY suppression.mark TO STDOUT",
                "DELETE FROM suppression.mark",
            ):
                with pytest.raises(DENIED):
                    connection.execute(attempt)
            found = "SELECT * FROM pg_stats WHERE schemaname = 'suppression'"
            assert connection.execute(found).fetchall() == []


def test_intake_learns_of_tokens_it_holds_and_of_no_others(loads: Loads) -> None:
    expunged(loads, "victim", 1)
    asked = [bytes.fromhex(token("client", number)) for number in (1, 2)]
    call = "SELECT among FROM suppression.among('test_agency', 'victim', %s)"
    with loads.warehouse.connect(Role.LOADER) as connection:
        assert connection.execute(call, [asked]).fetchall() == [(asked[0],)]
        assert connection.execute(call, [[]]).fetchall() == []
