"""Texts and indicators in ``core``: parts of their event, whole or not at all, readable by few."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from schemas.errors import TributaryError
from tests.fixtures_warehouse import MAPPING, Delivery, Loads, feed_contract, no_orphans, rows
from warehouse.models.base import TEXT_LENGTH
from warehouse.roles import Role

TEXTS = """
CREATE VIEW core.event_text AS
SELECT enrollment_token AS event_token, 'narrative' AS kind, 1 AS number,
       'Came "alone",\n in ' || EntryDate || '; <PERSON_1> {waits}.' AS redacted
FROM source."Enrollment" WHERE EntryDate IS NOT NULL;
CREATE VIEW core.event_indicator AS
SELECT enrollment_token AS event_token, 'means' AS kind, 'meansThreats' AS code,
       'threat-1' AS rule, 0.9 AS confidence
FROM source."Enrollment" WHERE EntryDate IS NOT NULL;
"""
FIRST = Delivery(
    clients={1: "Woman", 2: "Man"},
    enrolments={10: (1, "2026-03-01"), 11: (1, "2026-04-01"), 12: (2, None)},
)


def with_texts(more: str = TEXTS) -> Any:
    return feed_contract(mapping_sql=MAPPING + more)


def texts(loads: Loads) -> list[tuple[Any, ...]]:
    query = "SELECT delivery_id, redacted FROM core.event_text ORDER BY redacted"
    return rows(loads.warehouse, query)


def told(month: str) -> str:
    return f'Came "alone",\n in {month}; <PERSON_1> {{waits}}.'


def test_texts_and_indicators_come_with_their_events_letter_by_letter(loads: Loads) -> None:
    loads(FIRST, with_texts())
    assert texts(loads) == [
        ("delivery-1", told("2026-03-01")),
        ("delivery-1", told("2026-04-01")),
    ]
    query = "SELECT DISTINCT kind, code, rule, confidence FROM core.event_indicator"
    assert rows(loads.warehouse, query) == [("means", "meansThreats", "threat-1", 0.9)]
    no_orphans(loads.warehouse)


def test_they_are_replaced_with_their_event_and_go_with_it(loads: Loads) -> None:
    loads(FIRST, with_texts())
    newer = Delivery(
        name="delivery-2",
        clients={1: "Woman"},
        enrolments={10: (1, "2026-05-01")},
        deleted_enrolments=[11],
    )
    loads(newer, with_texts())
    assert texts(loads) == [("delivery-2", told("2026-05-01"))]
    assert rows(loads.warehouse, "SELECT delivery_id FROM core.event_indicator") == [
        ("delivery-2",)
    ]
    loads(replace(newer, name="delivery-3"), feed_contract())
    assert texts(loads) == [], "a mapping that gives no texts leaves none"
    no_orphans(loads.warehouse)


@pytest.mark.parametrize(
    ("sound", "wrong"),
    [
        ("'narrative'", "'diary'"),
        ("'means'", "'hunch'"),
        ("0.9", "1.1"),
        ("1 AS number", "-1 AS number"),
        ("'threat-1'", "repeat('x', 65)"),
        ("'Came", f"repeat('x', {TEXT_LENGTH}) || 'Came"),
    ],
)
def test_what_is_no_text_or_indicator_stops_the_load(loads: Loads, sound: str, wrong: str) -> None:
    assert TEXTS.count(sound) == 1
    with pytest.raises(TributaryError) as caught:
        loads(FIRST, with_texts(TEXTS.replace(sound, wrong)))
    assert "PERSON_1" not in str(caught.value)
    assert rows(loads.warehouse, "SELECT count(*) FROM core.event") == [(0,)]


@pytest.mark.parametrize("table", ["event_text", "event_indicator"])
def test_stewards_read_them_and_nobody_else(loads: Loads, table: str) -> None:
    loads(FIRST, with_texts())
    query = f"SELECT count(*) FROM core.{table}"
    assert rows(loads.warehouse, query, role=Role.STEWARD) == [(2,)]
    assert rows(loads.warehouse, query, role=Role.OWNER) == [(0,)], "no policy, no rows"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(loads.warehouse, query, role=Role.AUDITOR)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(loads.warehouse, f"DELETE FROM core.{table}", role=Role.STEWARD)
