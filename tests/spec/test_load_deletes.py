"""When a delivery deletes (DESIGN.md rule 8): named deletions cascade, absence must be trusted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.errors import ContractError
from tests.fixtures_warehouse import MAPPING, Delivery, Loads, feed_contract, no_orphans, rows

#: Ten enrolments of ten clients, all in March.
TEN = Delivery(
    clients=dict.fromkeys(range(1, 11), "Woman"),
    enrolments={n + 100: (n, "2026-03-01") for n in range(1, 11)},
    services=[(101, 1, "legal")],
)
D1, D2 = ("delivery-1", False), ("delivery-2", False)


def without(*numbers: int, **given: object) -> Delivery:
    """The ten again as a full refresh of the year, without some clients and their enrolments."""
    return replace(
        TEN,
        **{  # type: ignore[arg-type]
            "clients": {n: g for n, g in TEN.clients.items() if n not in numbers},
            "enrolments": {n: e for n, e in TEN.enrolments.items() if n - 100 not in numbers},
            "services": [s for s in TEN.services if s[1] not in numbers],
            "name": "delivery-2",
            "full_refresh": True,
            **given,
        },
    )


@pytest.fixture(autouse=True)
def parts_have_their_units(loads: Loads) -> object:
    yield
    no_orphans(loads.warehouse)


# --- deletions the source names -------------------------------------------------------------------


def test_a_deleted_enrolment_goes_with_its_parts_and_its_lone_client(loads: Loads) -> None:
    loads(TEN)
    loads(Delivery(deleted_enrolments=[101], name="delivery-2"))
    assert 101 not in loads.events() and len(loads.events()) == 9
    assert 1 not in loads.victims() and len(loads.victims()) == 9
    assert loads.services() == []


def test_a_client_with_another_enrolment_stays(loads: Loads) -> None:
    loads(replace(TEN, enrolments={**TEN.enrolments, 111: (1, "2026-04-01")}))
    loads(Delivery(deleted_enrolments=[101], name="delivery-2"))
    assert loads.victims()[1] == D1
    assert (1, 111) in loads.links()


def test_a_client_delivered_without_any_enrolment_stays(loads: Loads) -> None:
    loads(TEN)
    loads(Delivery(clients={1: "Woman"}, deleted_enrolments=[101], name="delivery-2"))
    assert loads.victims()[1] == D2


def test_a_deleted_client_takes_his_enrolments_along(loads: Loads) -> None:
    loads(replace(TEN, enrolments={**TEN.enrolments, 111: (1, "2026-04-01")}))
    loads(Delivery(deleted_clients=[1], name="delivery-2"))
    assert 1 not in loads.victims()
    assert not {101, 111} & loads.events().keys() and len(loads.events()) == 9
    assert loads.services() == []


def test_a_deleted_clients_enrolment_does_not_come_in_beside_the_deletion(loads: Loads) -> None:
    loads(TEN)
    loads(Delivery(enrolments={101: (1, "2026-03-01")}, deleted_clients=[1], name="delivery-2"))
    assert 1 not in loads.victims() and 101 not in loads.events()


def test_an_incident_outlives_its_victims(loads: Loads) -> None:
    incidents = feed_contract(mapping_sql=MAPPING.replace("'enrollment'", "'incident'"))
    loads(TEN, incidents)
    loads(Delivery(deleted_clients=[1], name="delivery-2"), incidents)
    assert 101 in loads.events() and 1 not in loads.victims()


def test_deleting_what_was_never_loaded_does_nothing(loads: Loads) -> None:
    loads(TEN)
    loaded = loads(Delivery(deleted_enrolments=[900], deleted_clients=[901], name="delivery-2"))
    assert loaded.status == "accepted"
    assert len(loads.events()) == len(loads.victims()) == 10


#: Deletions come out of another table, too, the way withdrawn consents do.
WITHDRAWING = MAPPING.replace(
    "CREATE VIEW core.deleted AS",
    "CREATE VIEW core.deleted AS SELECT 'event' AS unit, enrollment_token AS token "
    'FROM source."Services" UNION ALL',
)


def test_deletions_out_of_another_table_need_no_row_of_the_unit(loads: Loads) -> None:
    loads(TEN)
    loads(
        Delivery(
            clients={2: "Man"},
            enrolments={102: (2, "2026-06-01")},
            services=[(101, 1, "withdrawn")],
            name="delivery-2",
        ),
        feed_contract(mapping_sql=WITHDRAWING),
    )
    assert 101 not in loads.events() and 1 not in loads.victims()
    assert loads.events()[102] == D2


def test_deleted_and_delivered_in_one_delivery_is_a_fault_of_the_mapping(loads: Loads) -> None:
    """Which of the two is meant, the rules and the mapping of a format must say."""
    loads(TEN)
    again = Delivery(
        clients={1: "Man"},
        enrolments={101: (1, "2026-06-01")},
        services=[(101, 1, "medical")],
        name="delivery-2",
    )
    with pytest.raises(ContractError, match="nothing was loaded"):
        loads(again, feed_contract(mapping_sql=WITHDRAWING))
    assert loads.events()[101] == D1


def test_counts_of_deletions_stand_in_the_ledger(loads: Loads) -> None:
    loads(TEN)
    loads(Delivery(deleted_clients=[1], name="delivery-2"))
    found = rows(
        loads.warehouse,
        "SELECT table_name, deleted FROM ops.delivery_change "
        "WHERE delivery_id = 'delivery-2' AND deleted > 0",
    )
    assert dict(found) == {"victim": 1, "event": 1}


# --- absence --------------------------------------------------------------------------------------


def test_absent_from_a_trusted_full_refresh_is_deleted(loads: Loads) -> None:
    loads(TEN)
    loads(without(1))
    assert loads.events() == {n + 100: D2 for n in range(2, 11)}
    assert loads.victims() == dict.fromkeys(range(2, 11), D2)
    assert loads.services() == []


@pytest.mark.parametrize(
    ("reason", "given"),
    [
        ("not a full refresh", {"full_refresh": False}),
        ("contradicts itself", {"trusted": False}),
        ("no period", {"start": None}),
        ("no end", {"end": None}),
        ("before the period", {"start": "2026-04-01"}),
        ("period starts inside the month", {"start": "2026-03-02"}),
        ("period ends inside the month", {"end": "2026-03-30"}),
        ("after the period", {"end": "2026-02-28"}),
    ],
)
def test_absence_proves_nothing(loads: Loads, reason: str, given: dict[str, object]) -> None:
    loads(TEN)
    loads(without(1, **given))
    assert loads.events()[101] == D1, reason
    assert loads.victims()[1] == D1
    assert loads.services() == [(101, "legal")]


@pytest.mark.parametrize("given", [{"end": "2026-03-31"}, {"start": "2026-03-01"}])
def test_a_period_that_just_holds_the_month_deletes(loads: Loads, given: dict[str, str]) -> None:
    loads(TEN)
    loads(without(1, **given))
    assert 101 not in loads.events()


def test_an_event_without_a_month_is_never_deleted_for_absence(loads: Loads) -> None:
    loads(replace(TEN, enrolments={**TEN.enrolments, 101: (1, None)}))
    loads(without(1))
    assert loads.events()[101] == D1


def test_more_than_the_allowed_share_deletes_none_and_says_so(loads: Loads) -> None:
    loads(TEN)
    loads(without(1, 2))
    assert len(loads.events()) == len(loads.victims()) == 10
    assert loads.notes("delivery-2") == {"DELETE-SHARE": 2}
    assert loads.services() == [(101, "legal")]


def test_a_row_that_could_not_be_read_might_be_the_missing_one(loads: Loads) -> None:
    loads(TEN)
    loads(without(1, unread_enrolments=1))
    assert loads.events()[101] == D1
    assert loads.notes("delivery-2") == {"ABSENCE-UNSURE": 1}


def test_quarantined_is_not_absent(loads: Loads) -> None:
    loads(TEN)
    loads(without(1, quarantined_enrolments=[101], quarantined_clients=[1]))
    assert loads.events()[101] == ("delivery-1", True)
    assert loads.victims()[1] == ("delivery-1", True)


def test_named_deletions_do_not_count_as_absent(loads: Loads) -> None:
    loads(TEN)
    loads(without(1, 2, deleted_enrolments=[101]))
    assert not {101, 102} & loads.events().keys()
    assert "DELETE-SHARE" not in loads.notes("delivery-2")
