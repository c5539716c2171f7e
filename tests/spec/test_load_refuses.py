"""What the loader refuses, and that a refusal leaves the old state and says no value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from schemas.errors import ContractError, PackageError, PermanentError
from tests.fixtures_warehouse import MAPPING, Delivery, Loads, dump, feed_contract, rows
from warehouse.load import load
from warehouse.receipt import receipt

FIRST = Delivery(
    clients={1: "Woman"}, enrolments={10: (1, "2026-03-01")}, services=[(10, 1, "legal")]
)
VICTIM = "client_token AS victim_token, 'client'"
REFERRAL = "ReferralSource AS referral_source"
CANARY = "Zebedee Quillfeather 078-05-1120"


def refused(loads: Loads, delivery: Delivery, error: type[Exception], **given: Any) -> str:
    """Load and expect ``error``; nothing may have changed. Returns the message and its chain."""
    before = dump(loads.warehouse)
    with pytest.raises(error) as caught:
        loads(delivery, feed_contract(**given))
    assert dump(loads.warehouse) == before
    assert caught.value.__cause__ is None
    return str(caught.value)


# --- rows that would be lost ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("WHERE NOT coalesce(DateDeleted, false);", "WHERE ReferralSource IS NOT NULL;"),
        ("WHERE NOT coalesce(DateDeleted, false);", "JOIN (VALUES (1), (2)) AS v(n) ON true;"),
    ],
    ids=["lost", "doubled"],
)
def test_a_mapping_that_loses_or_doubles_rows(loads: Loads, old: str, new: str) -> None:
    message = refused(loads, FIRST, ContractError, mapping_sql=MAPPING.replace(old, new, 1))
    assert "1 rows of Enrollment were accepted" in message and "core.event" in message


def test_a_mapping_that_gives_one_unit_twice(loads: Loads) -> None:
    once = MAPPING.replace(VICTIM, "min(client_token) OVER () AS victim_token, 'client'")
    two = Delivery(clients={1: "Woman", 2: "Man"})
    message = refused(loads, two, ContractError, mapping_sql=once)
    assert "more than one row for a unit of core.victim" in message
    # The same where the unit is known already.
    loads(Delivery(clients={1: "Woman", 2: "Man"}, name="before"))
    refused(loads, two, ContractError, mapping_sql=once)


def test_rows_of_unknown_records_are_left_out_and_reported(loads: Loads) -> None:
    loads(
        Delivery(
            clients={1: "Woman"},
            enrolments={10: (1, "2026-03-01"), 11: (7, "2026-03-01")},
            services=[(10, 1, "legal"), (99, 1, "lost"), (98, 1, "lost")],
        )
    )
    assert loads.links() == {(1, 10)}
    assert loads.services() == [(10, "legal")]
    found = rows(
        loads.warehouse,
        "SELECT table_name, count FROM ops.delivery_rule WHERE code = 'LOAD-ORPHAN'",
    )
    assert dict(found) == {"victim_event": 1, "service": 2}


# --- what does not fit ----------------------------------------------------------------------------


def test_a_package_of_another_contract_version(loads: Loads) -> None:
    package: Any = FIRST.package(loads.contract)
    with pytest.raises(PackageError, match="another version"):
        load(package, feed_contract(digest="f" * 64), loads.warehouse, loads.workspace)


def test_a_column_the_contract_does_not_let_out(loads: Loads) -> None:
    package: Any = FIRST.package(loads.contract)
    table = package.tables["Client"]
    package.tables["Client"] = table.append_column("FirstName", pa.array([CANARY]))
    with pytest.raises(Exception) as caught:
        load(package, loads.contract, loads.warehouse, loads.workspace)
    assert CANARY not in str(caught.value)
    assert loads.victims() == {}


@pytest.mark.parametrize(
    ("what", "old", "new"),
    [
        ("closed vocabulary", "Gender AS gender", f"'{CANARY}' AS gender"),
        ("flag", "Gender AS gender", '7 AS "isForcedLabour"'),
        ("fixed length", "EntryDate AS event_month", f"'{CANARY}' AS county_fips"),
        ("free text", REFERRAL, f"repeat('{CANARY}', 9) AS referral_source"),
        ("month", "EntryDate AS event_month", "DATE '2026-03-02' AS event_month"),
        ("no token", VICTIM, f"'{CANARY}' AS victim_token, 'client'"),
        ("short token", VICTIM, "'00ff' AS victim_token, 'client'"),
        ("not null", "'client' AS victim_role", "NULL AS victim_role"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_not_quoted(
    loads: Loads, what: str, old: str, new: str
) -> None:
    assert old in MAPPING, what
    message = refused(loads, FIRST, PermanentError, mapping_sql=MAPPING.replace(old, new, 1))
    assert "SQLSTATE" in message
    assert "Zebedee" not in message and "078" not in message


def test_a_value_of_the_wrong_type_is_not_quoted(loads: Loads) -> None:
    wrong = MAPPING.replace("Gender AS gender", 'Gender AS "yearOfRegistration"')
    message = refused(loads, replace(FIRST, clients={1: CANARY}), ContractError, mapping_sql=wrong)
    assert "core.victim" in message and "Zebedee" not in message


def test_nothing_of_a_refused_value_is_in_the_servers_log(loads: Loads, server: Any) -> None:
    for old, new in (
        ("Gender AS gender", f"'{CANARY}' AS gender"),
        (VICTIM, f"'{CANARY}' AS victim_token, 'client'"),
        (REFERRAL, f"repeat('{CANARY}', 9) AS referral_source"),
    ):
        refused(loads, FIRST, PermanentError, mapping_sql=MAPPING.replace(old, new, 1))
    log = server.log.read_text(encoding="utf-8", errors="replace")
    assert "ready to accept connections" in log
    assert "Zebedee" not in log and "078-05" not in log


# --- refused deliveries ---------------------------------------------------------------------------

RULE = {
    "code": "QUARANTINE-SHARE",
    "tier": "high_priority",
    "table": "Client",
    "field": None,
    "count": 3,
    "rows": [1, 2, 3],
}


def test_a_refused_delivery_stands_in_the_ledger_alone(loads: Loads) -> None:
    loads(FIRST)
    loaded = loads(Delivery(name="bad", status="refused", quarantined_clients=[1], rules=[RULE]))
    assert loaded.status == "refused"
    assert loads.victims() == {1: ("delivery-1", False)}
    found = receipt(loads.warehouse, "bad")
    assert found["status"] == "refused"
    assert found["tables"]["Client"] == {
        "rows_in": 1,
        "accepted": 0,
        "quarantined": 1,
        "refused": 0,
        "loaded": 0,
    }
    assert found["rules"][0]["code"] == "QUARANTINE-SHARE"
    assert found["rules"][0]["rows"] == [1, 2, 3]
    assert found["rules"][0]["says"] and found["rules"][0]["fix"]


def test_refused_twice_is_still_refused_and_changes_nothing(loads: Loads) -> None:
    loads(Delivery(name="bad", status="refused"))
    before = dump(loads.warehouse)
    assert loads(Delivery(name="bad", status="refused")).status == "refused"
    assert dump(loads.warehouse) == before


def test_refused_by_older_code_and_accepted_now(loads: Loads) -> None:
    loads(replace(FIRST, status="refused"))
    assert loads(FIRST).status == "accepted"
    assert receipt(loads.warehouse, "delivery-1")["status"] == "accepted"
    assert len(loads.events()) == 1


def test_a_receipt_of_an_unknown_delivery(loads: Loads) -> None:
    with pytest.raises(PermanentError, match="the ledger has no delivery"):
        receipt(loads.warehouse, "never")


def test_a_receipt_says_duplicate_with_the_first_counts(loads: Loads) -> None:
    loads(FIRST)
    first = receipt(loads.warehouse, "delivery-1")
    again = receipt(loads.warehouse, "delivery-1", duplicate=True)
    assert again == {**first, "status": "duplicate"}
    assert first["tables"]["Client"]["loaded"] == 1
    assert first["changes"]["victim"] == {"inserted": 1, "replaced": 0, "deleted": 0, "stale": 0}


CHANGES = Delivery(
    clients={1: None}, enrolments={10: (1, "2026-03-01")}, name="delivery-2", changes_only=True
)


def test_changes_alone_load_where_nothing_is_replaced(loads: Loads) -> None:
    assert loads(CHANGES).status == "accepted"
    assert set(loads.events()) == {10}


def test_changes_alone_never_blank_what_is_known(loads: Loads) -> None:
    loads(Delivery(clients={1: "Woman"}, enrolments={10: (1, "2026-03-01")}))
    before = rows(loads.warehouse, "SELECT t::text FROM core.victim t")
    for _ in range(2):
        assert loads(CHANGES).status == "refused"
        assert rows(loads.warehouse, "SELECT t::text FROM core.victim t") == before
    query = "SELECT code FROM ops.delivery_rule WHERE delivery_id = 'delivery-2'"
    assert rows(loads.warehouse, query) == [("LOAD-CHANGES-ONLY",)]
