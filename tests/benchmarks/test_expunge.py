"""What it costs to expunge out of a large warehouse: ``pytest -s -m benchmark -k expunge``."""

from __future__ import annotations

import os
import time

import pytest

from anonymize.requests import ExpungeRequest
from tests.fixtures_warehouse import feed_contract, rows
from warehouse.database import Warehouse
from warehouse.expunge import expunge, forget_dead_rows
from warehouse.roles import Role

pytestmark = pytest.mark.benchmark

VICTIMS = int(os.environ.get("BENCH_VICTIMS", "1000000"))
#: Bytes of an encoding: eight filters, twelve block tokens, two rarity classes.
CONTENT = 8 * 32 + 12 * 8 + 2

#: A key is 16 bytes either way: those of a victim and her one event, and their tokens.
TOKENS = """
INSERT INTO linkage.source_token (agency, unit, token, record_key, key_epoch, first_delivery)
SELECT 'test_agency', unit, decode(md5(unit || 'token' || n), 'hex'), md5(unit || n)::uuid,
       'test', 'd' FROM generate_series(1, {n}) AS n, unnest(ARRAY['event', 'victim']) AS unit
"""
CORE = (
    """INSERT INTO core.event (event_key, stale, event_type, event_month, agency, feed, delivery_id)
    SELECT md5('event' || n)::uuid, false, 'enrollment', '2026-03-01', 'test_agency', 'feed', 'd'
    FROM generate_series(1, {n}) AS n""",
    """INSERT INTO core.victim (victim_key, stale, victim_role, agency, feed, delivery_id)
    SELECT md5('victim' || n)::uuid, false, 'client', 'test_agency', 'feed', 'd'
    FROM generate_series(1, {n}) AS n""",
    """INSERT INTO core.victim_event (victim_key, event_key, role, agency, feed, delivery_id)
    SELECT md5('victim' || n)::uuid, md5('event' || n)::uuid, 'client', 'test_agency', 'feed', 'd'
    FROM generate_series(1, {n}) AS n""",
    """INSERT INTO core.service
        (event_key, victim_key, service_code, direction, agency, feed, delivery_id)
    SELECT md5('event' || n)::uuid, md5('victim' || n)::uuid, 'legal', 'provided', 'test_agency',
           'feed', 'd' FROM generate_series(1, {n}) AS n""",
)
LINKAGE = (
    """INSERT INTO linkage.encoding (record_key, space_id, batch_id, alias, content)
    SELECT md5('victim' || n)::uuid, 1, 1, 0, decode(repeat('ab', {width}), 'hex')
    FROM generate_series(1, {n}) AS n""",
    """INSERT INTO linkage.crosswalk (record_key, person_key)
    SELECT md5('victim' || n)::uuid, md5('person' || n / 2)::uuid
    FROM generate_series(1, {n}) AS n""",
    """INSERT INTO linked.person_record (record_key, person_key, agency)
    SELECT record_key, person_key, 'test_agency' FROM linkage.crosswalk""",
)


def test_expunging_one_and_a_thousand_out_of_a_million(warehouse: Warehouse) -> None:
    started = time.perf_counter()
    with warehouse.connect(Role.OWNER) as owner, warehouse.connect(Role.LOADER) as loader:
        owner.execute(TOKENS.format(n=VICTIMS))
        for statement in CORE:
            loader.execute(statement.format(n=VICTIMS))
        for statement in LINKAGE:
            owner.execute(statement.format(n=VICTIMS, width=CONTENT))
    forget_dead_rows(warehouse)
    print(
        f"\n{VICTIMS:,} victims, events, services, encodings: {time.perf_counter() - started:.0f} s"
    )
    gone = 0
    for count in (1, 1_000):
        with warehouse.connect(Role.OWNER) as owner:
            tokens = [
                token
                for (token,) in owner.execute(
                    "SELECT md5('victimtoken' || n) FROM generate_series(%s::int, %s::int) n",
                    [gone + 1, gone + count],
                )
            ]
        request = ExpungeRequest.of(feed_contract(), "node", "victim", tokens)
        started = time.perf_counter()
        done = expunge(warehouse, request)
        seconds = time.perf_counter() - started
        gone += count
        clearing = time.perf_counter()
        forget_dead_rows(warehouse)
        clearing = time.perf_counter() - clearing
        print(
            f"  expunged {done.found:>5,} in {seconds:.1f} s, of which clearing dead rows away, as "
            f"measured again: {clearing:.1f} s"
        )
        assert done.found == count and done.removed["event"] == count
        assert seconds < 60
    [(left,)] = rows(warehouse, "SELECT count(*) FROM core.victim")
    assert left == VICTIMS - gone
