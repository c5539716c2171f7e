"""What a delivery does to the rows of earlier ones (DESIGN.md rule 8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fixtures_warehouse import (
    MAPPING,
    Delivery,
    Loads,
    dump,
    feed_contract,
    no_orphans,
    rows,
)

FIRST = Delivery(
    clients={1: "Woman", 2: "Man"},
    enrolments={10: (1, "2026-03-01"), 11: (1, "2026-04-01"), 12: (2, "2026-04-01")},
    services=[(10, 1, "legal"), (12, 2, "housing")],
)
D1, D2 = ("delivery-1", False), ("delivery-2", False)
STALE = ("delivery-1", True)


def test_a_first_delivery_fills_core_and_the_ledger(loads: Loads) -> None:
    loaded = loads(FIRST)
    assert loaded.status == "accepted"
    assert loads.events() == {10: D1, 11: D1, 12: D1}
    assert loads.victims() == {1: D1, 2: D1}
    assert loads.links() == {(1, 10), (1, 11), (2, 12)}
    assert loads.services() == [(10, "legal"), (12, "housing")]
    counts = rows(loads.warehouse, "SELECT table_name, accepted, loaded FROM ops.delivery_table")
    assert sorted(counts) == [("Client", 2, 2), ("Enrollment", 3, 3), ("Services", 2, 2)]
    entity = rows(loads.warehouse, "SELECT agency, name, feeds FROM core.reporting_entity")
    assert entity == [("test_agency", "Test Agency", ["feed"])]


def test_the_same_delivery_again_changes_nothing(loads: Loads) -> None:
    loads(FIRST)
    before = dump(loads.warehouse)
    again = loads(FIRST)
    assert (again.status, again.changes) == ("duplicate", {})
    assert dump(loads.warehouse) == before


def test_keys_stay_and_values_follow_the_newest_delivery(loads: Loads) -> None:
    loads(FIRST)
    query = "SELECT victim_key, gender FROM core.victim ORDER BY victim_key"
    before = dict(rows(loads.warehouse, query))
    loads(replace(FIRST, name="delivery-2", clients={1: "Man", 2: None}))
    after = dict(rows(loads.warehouse, query))
    assert before.keys() == after.keys()
    assert sorted(after.values(), key=str) == ["Man", None]


def test_a_corrected_delivery_replaces_exactly_its_own_rows(loads: Loads) -> None:
    loads(FIRST)
    loads(
        Delivery(
            clients={1: "Woman"},
            enrolments={10: (1, "2026-05-01")},
            services=[(10, 1, "medical")],
            name="delivery-2",
        )
    )
    assert loads.events() == {10: D2, 11: D1, 12: D1}
    assert loads.victims() == {1: D2, 2: D1}
    assert loads.links() == {(1, 10), (1, 11), (2, 12)}
    assert loads.services() == [(10, "medical"), (12, "housing")]


def test_an_event_moved_to_another_client_leaves_no_trace_at_the_first(loads: Loads) -> None:
    loads(Delivery(clients={1: "Woman"}, enrolments={10: (1, "2026-03-01")}))
    loads(
        Delivery(clients={2: "Woman"}, enrolments={10: (2, "2026-03-01")}, name="delivery-2"),
    )
    assert loads.links() == {(2, 10)}
    assert loads.victims() == {2: D2}


def test_a_changed_contract_takes_back_what_it_no_longer_delivers(loads: Loads) -> None:
    loads(replace(FIRST, plaintext="same bytes"))
    loads(Delivery(clients={3: "Man"}, enrolments={13: (3, "2026-05-01")}, name="other"))
    narrower = feed_contract(digest="1" * 64, version="2.0.0")
    again = Delivery(
        clients={1: "Woman"},
        enrolments={10: (1, "2026-03-01")},
        name="delivery-2",
        plaintext="same bytes",
    )
    loads(again, narrower)
    assert loads.events() == {10: D2, 13: ("other", False)}
    assert loads.victims() == {1: D2, 3: ("other", False)}
    assert loads.services() == []


def test_another_feeds_rows_are_never_touched(loads: Loads) -> None:
    loads(FIRST)
    before = dump(loads.warehouse)
    other = feed_contract(name="other_agency.feed", agency="other_agency")
    # The same tokens at another agency are other units.
    loads(replace(FIRST, name="elsewhere", full_refresh=True), other)
    after = dump(loads.warehouse)
    for table in ("event", "victim", "victim_event", "service"):
        assert set(before[table]) < set(after[table])
        assert len(after[table]) == 2 * len(before[table])
    keys = rows(loads.warehouse, "SELECT count(DISTINCT victim_key) FROM core.victim")
    assert keys == [(4,)]


def test_quarantined_now_keeps_its_last_accepted_version_as_stale(loads: Loads) -> None:
    loads(FIRST)
    loads(
        Delivery(
            clients={2: "Man"},
            enrolments={12: (2, "2026-04-01")},
            quarantined_clients=[1],
            quarantined_enrolments=[10, 11],
            name="delivery-2",
            full_refresh=True,
        )
    )
    assert loads.events() == {10: STALE, 11: STALE, 12: D2}
    assert loads.victims() == {1: STALE, 2: D2}
    assert loads.links() == {(1, 10), (1, 11), (2, 12)}
    assert (10, "legal") in loads.services()


def test_accepted_again_is_no_longer_stale(loads: Loads) -> None:
    loads(FIRST)
    loads(Delivery(quarantined_clients=[1], quarantined_enrolments=[10], name="delivery-2"))
    assert loads.events()[10] == STALE
    loads(replace(FIRST, name="delivery-3"))
    assert set(loads.events().values()) | set(loads.victims().values()) == {("delivery-3", False)}


def test_quarantined_without_an_accepted_version_stays_out(loads: Loads) -> None:
    loads(Delivery(quarantined_clients=[1], quarantined_enrolments=[10]))
    assert loads.events() == {} and loads.victims() == {}
    assert rows(loads.warehouse, "SELECT count(*) FROM core.victim_event") == [(0,)]


def test_a_client_quarantined_while_his_enrolment_is_accepted_keeps_his_link(loads: Loads) -> None:
    loads(FIRST)
    loads(Delivery(enrolments={12: (2, "2026-06-01")}, quarantined_clients=[2], name="delivery-2"))
    assert loads.victims()[2] == STALE
    assert (2, 12) in loads.links()


def test_two_feeds_of_one_agency_may_not_claim_one_unit(loads: Loads) -> None:
    loads(FIRST)
    before = dump(loads.warehouse)
    second = feed_contract(name="test_agency.second")
    with pytest.raises(Exception, match="belong to another feed"):
        loads(replace(FIRST, name="second"), second)
    assert dump(loads.warehouse) == before


@pytest.mark.parametrize("kind", ["legal", 'a "quoted", {list}', "back\\slash"])
def test_text_arrives_as_it_was(loads: Loads, kind: str) -> None:
    with_codes = feed_contract(
        mapping_sql=MAPPING
        + """
        CREATE VIEW core.offense AS SELECT enrollment_token AS event_token, '64A' AS offense_code,
        [TypeProvided, NULL, ''] AS criminal_activity FROM source."Services";
        """
    )
    loads(
        Delivery(clients={1: None}, enrolments={10: (1, None)}, services=[(10, 1, kind)]),
        with_codes,
    )
    assert loads.services() == [(10, kind)]
    assert rows(loads.warehouse, "SELECT criminal_activity FROM core.offense") == [([kind, ""],)]


@pytest.fixture(autouse=True)
def parts_have_their_units(loads: Loads) -> object:
    yield
    no_orphans(loads.warehouse)
