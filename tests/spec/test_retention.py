"""What may be kept no longer, and what an ended agreement hides and then removes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from schemas.contract import Agreement, Contract, Retention
from tests.fixtures_warehouse import Delivery, Loads, feed_contract, no_orphans, rows
from warehouse.agreements import record_all
from warehouse.retention import Retired, retain
from warehouse.roles import OWN_ROWS, Role

TODAY = datetime.now(UTC).date()
#: An enrolment now, one of ten years ago, one begun then and ended now, one without any month.
STAYS = Delivery(
    clients=dict.fromkeys(range(1, 5), "Woman"),
    enrolments={
        101: (1, "2026-03-01"),
        102: (2, "2016-03-01"),
        103: (1, "2016-03-01"),
        104: (4, None),
    },
    services=[(101, 1, "legal"), (102, 2, "legal")],
)
FOREVER = Retention(0, 90, 36_500)


def kept(days: int = 36_500, **agreement: Any) -> Contract:
    terms = Agreement("test-1", date(2030, 1, 1))
    return feed_contract(
        retention=replace(FOREVER, core_days=days), agreement=replace(terms, **agreement)
    )


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture(autouse=True)
def parts_have_their_units(loads: Loads) -> object:
    yield
    no_orphans(loads.warehouse)


@pytest.fixture
def retained(loads: Loads) -> Callable[..., Retired]:
    """Loads the stays under a contract that keeps everything, then retains under another."""
    loads(STAYS, kept())

    def run(contract: Contract, **given: Any) -> Retired:
        return retain(loads.warehouse, [contract], given.pop("today", TODAY), **given)

    return run


# --- age ------------------------------------------------------------------------------------------


def test_what_is_older_than_the_contract_keeps_goes_with_its_lone_person(
    loads: Loads, retained: Callable[..., Retired]
) -> None:
    done = retained(kept(1825))
    assert loads.events().keys() == {101, 104}
    assert loads.victims().keys() == {1, 3, 4}  # 3 has no enrolment, and came just now
    assert loads.services() == [(101, "legal")]
    [counts] = done.expired.values()
    assert (counts["event"], counts["victim"], counts["source_token"]) == (2, 1, 3)
    assert done.ended == {}


def test_it_goes_the_day_after_its_last_day(loads: Loads, retained: Callable[..., Retired]) -> None:
    month_end = date(2016, 4, 1)  # the first day after it
    days = (TODAY - month_end).days
    retained(kept(days + 1))
    assert 102 in loads.events()
    retained(kept(days))
    assert 102 not in loads.events()


def test_without_a_month_it_counts_from_the_last_delivery(
    loads: Loads, retained: Callable[..., Retired]
) -> None:
    received = date(2026, 7, 1)
    retained(kept(1825), today=received + timedelta(days=1824))
    assert loads.events().keys() == {104}
    retained(kept(1825), today=received + timedelta(days=1826))
    assert loads.events() == {} and loads.victims() == {}


def test_on_trial_nothing_changes(loads: Loads, retained: Callable[..., Retired]) -> None:
    done = retained(kept(1825), trial=True)
    assert done.expired == {"test_agency.feed": {"event": 2, "victim": 0}}
    assert len(loads.events()) == 4
    assert rows(loads.warehouse, "SELECT * FROM ops.erasure", role=Role.STEWARD) == []


def test_the_next_delivery_does_not_bring_it_back(
    loads: Loads, retained: Callable[..., Retired]
) -> None:
    retained(kept(1825))
    loads(replace(STAYS, name="delivery-2"), kept(1825))
    assert loads.events().keys() == {101, 104}
    assert loads.victims().keys() == {1, 3, 4}
    assert loads.notes("delivery-2") == {"LOAD-RETENTION": 3}


def test_the_ledger_says_what_went_and_nothing_is_withdrawn(
    loads: Loads, retained: Callable[..., Retired]
) -> None:
    retained(kept(1825))
    retained(kept(1825))
    query = "SELECT agency, feed, reason, found FROM ops.erasure"
    assert rows(loads.warehouse, query, role=Role.AUDITOR) == [
        ("test_agency", "feed", "retention", 3)
    ]
    assert rows(loads.warehouse, "SELECT * FROM ops.release_withdrawal", role=Role.STEWARD) == []


# --- agreements -----------------------------------------------------------------------------------


TERMS: tuple[tuple[dict[str, date], bool], ...] = (
    ({}, True),
    ({"expires": TODAY}, True),
    ({"expires": ago(1)}, False),
    ({"terminated": TODAY + timedelta(days=1)}, True),
    ({"terminated": TODAY}, False),
    ({"terminated": ago(400)}, False),
    ({"expires": ago(1), "terminated": TODAY + timedelta(days=9)}, False),
)


def test_an_ended_agreement_hides_every_row_of_its_feed_at_once(loads: Loads) -> None:
    loads(STAYS, kept())
    for terms, seen in TERMS:
        record_all(loads.warehouse, [kept(**terms)])
        for table in ("event", "victim", "victim_event", "service"):
            query = f"SELECT count(*) > 0 FROM core.{table}"
            assert rows(loads.warehouse, query, role=Role.PUBLISHER) == [(seen,)], (terms, table)
            assert rows(loads.warehouse, query, role=Role.STEWARD) == [(True,)], (terms, table)


def test_other_feeds_of_the_agency_are_seen_still(loads: Loads) -> None:
    loads(STAYS, kept())
    other = replace(kept(terminated=TODAY), name="test_agency.other")
    record_all(loads.warehouse, [other])
    found = rows(loads.warehouse, "SELECT count(*) FROM core.event", role=Role.PUBLISHER)
    assert found == [(4,)]


def test_without_a_recorded_agreement_nothing_is_seen(loads: Loads) -> None:
    loads(STAYS, kept())
    with loads.warehouse.connect(Role.OWNER) as connection:
        connection.execute("TRUNCATE ops.agreement")
    query = "SELECT count(*) FROM core.event"
    assert rows(loads.warehouse, query, role=Role.PUBLISHER) == [(0,)]


def test_analysts_and_the_publisher_are_bound_in_every_table_of_feeds(loads: Loads) -> None:
    query = (
        "SELECT relname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'feed' "
        "WHERE c.relnamespace = 'core'::regnamespace AND NOT p.polpermissive "
        f"AND p.polroles @> ARRAY['{OWN_ROWS}'::regrole::oid, '{Role.PUBLISHER}'::regrole::oid]"
    )
    tables = (
        "SELECT relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relnamespace = 'core'::regnamespace AND c.relkind = 'r' AND a.attname = 'feed'"
    )
    with loads.warehouse.connect(Role.OWNER) as connection:
        bound = connection.execute(query).fetchall()
        assert sorted(bound) == sorted(connection.execute(tables).fetchall())
        assert len(bound) == 10


def test_within_its_days_of_grace_the_feed_stays(
    loads: Loads, retained: Callable[..., Retired]
) -> None:
    for terms in (
        {"expires": ago(30)},
        {"expires": TODAY, "grace_days": 0},
        {"terminated": ago(29)},
    ):
        assert retained(kept(**terms)).ended == {}, terms
    assert len(loads.events()) == 4


@pytest.mark.parametrize(
    "terms",
    [{"expires": ago(31)}, {"expires": ago(1), "grace_days": 0}, {"terminated": ago(30)}],
)
def test_after_its_days_of_grace_the_feed_is_removed(
    loads: Loads, retained: Callable[..., Retired], terms: dict[str, Any]
) -> None:
    loads(replace(STAYS, name="other"), other := _other_feed())
    assert retained(kept(**terms)).ended.keys() == {"test_agency.feed"}
    for table in ("event", "victim", "victim_event", "service"):
        query = f"SELECT count(*) FROM core.{table} WHERE agency = '{{}}'"
        assert rows(loads.warehouse, query.format("test_agency")) == [(0,)], table
        assert rows(loads.warehouse, query.format(other.agency)) != [(0,)], table
    with loads.warehouse.connect(Role.OWNER) as connection:
        tokens = "SELECT count(*) FROM linkage.source_token WHERE agency = 'test_agency'"
        assert connection.execute(tokens).fetchone() == (0,)


def _other_feed() -> Contract:
    return replace(kept(), agency="other_agency", name="other_agency.feed")


def test_a_feed_in_force_cannot_be_purged_by_anybody(loads: Loads) -> None:
    loads(STAYS, kept())
    with (
        loads.warehouse.connect(Role.EXPUNGER) as connection,
        pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState),
    ):
        connection.execute("SELECT suppression.purge('test_agency', 'feed', false)")
    assert len(loads.events()) == 4
