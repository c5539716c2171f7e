"""What a release costs in a large warehouse: ``pytest -s -m benchmark -k publish``."""

from __future__ import annotations

import os
import resource
import time
from datetime import UTC, datetime

import pytest

from schemas.odcs import contracts
from warehouse.agreements import record_all
from warehouse.database import Warehouse
from warehouse.publish.products import products
from warehouse.publish.publish import publish
from warehouse.roles import Role

pytestmark = pytest.mark.benchmark

VICTIMS = int(os.environ.get("BENCH_VICTIMS", "1000000"))
#: A number of 0 to 2^28 from any text, the same every time.
_DRAW = "('x' || left(md5('{salt}' || n), 7))::bit(28)::int"
_AGENCIES = "(ARRAY['county_coc', 'county_sheriff', 'harbor_police', 'safe_passage'])"


def _pick(salt: str, *values: str) -> str:
    """One of some SQL values, the first ones more often."""
    weights = [value for place, value in enumerate(values) for _ in range(len(values) - place)]
    return f"(ARRAY[{', '.join(weights)}])[1 + {_DRAW.format(salt=salt)} % {len(weights)}]"


AGENCY = f"{_AGENCIES}[1 + {_DRAW.format(salt='agency')} % 4]"
FEED = f"(ARRAY['hmis', 'nibrs', 'rms', 'htcds'])[1 + {_DRAW.format(salt='agency')} % 4]"
MONTH = f"(date '2023-01-01' + {_DRAW.format(salt='month')} % 36 * interval '1 month')::date"
STATUS = _pick("status", "NULL", "NULL", "'possible'", "'actual'")
EVENTS = f"""
    INSERT INTO core.event (event_key, stale, event_type, event_month, state, county_fips, venue,
        trafficking_status, victim_count, agency, feed, delivery_id)
    SELECT md5('event' || n)::uuid, false,
        CASE WHEN a IN ('county_sheriff', 'harbor_police') THEN 'incident' ELSE 'case' END,
        {MONTH}, 'XX', lpad((99000 + {_DRAW.format(salt="county")} % 100)::text, 5, '0'),
        {_pick("venue", "'residence'", "'street'", "'hotel_motel'", "'cyberspace'")},
        {STATUS}, 1, a, {FEED}, 'd-' || a
    FROM (SELECT n, {AGENCY} AS a FROM generate_series(1, {{n}}) AS n) AS drawn
"""
MISSED = _pick("means", "NULL", "1")
VICTIM = f"""
    INSERT INTO core.victim (victim_key, stale, victim_role, gender, "ageBroad", citizenship,
        "isSexualExploit", "isForcedLabour", "meansThreats", "meansDrugsAlcohol",
        "recruiterRelationFriend", agency, feed, delivery_id)
    SELECT md5('victim' || n)::uuid, false, 'client', {_pick("gender", "'Woman'", "'Man'")},
        {_pick("age", "'21--23'", "'9--17'", "'30--38'")},
        {_pick("from", "'USA'", "'MEX'", "NULL")},
        {_pick("sex", "1", "NULL")}, {_pick("labour", "NULL", "1")}, {MISSED},
        {_pick("drugs", "NULL", "1")}, {_pick("friend", "NULL", "1")}, {AGENCY}, {FEED},
        'd-' || {AGENCY}
    FROM generate_series(1, {{n}}) AS n
"""
LINK = f"""
    INSERT INTO core.victim_event (victim_key, event_key, role, agency, feed, delivery_id)
    SELECT md5('victim' || n)::uuid, md5('event' || n)::uuid, 'client', {AGENCY},
        {FEED}, 'd'
    FROM generate_series(1, {{n}}) AS n
"""
SERVICE = f"""
    INSERT INTO core.service
        (event_key, victim_key, service_code, direction, agency, feed, delivery_id)
    SELECT md5('event' || n)::uuid, md5('victim' || n)::uuid, 'legal',
        {_pick("direction", "'provided'", "'referred_out'")}, {AGENCY}, {FEED}, 'd'
    FROM generate_series(1, {{n}}) AS n
"""
ENTITIES = """
    INSERT INTO core.reporting_entity (agency, name, sector, feeds) VALUES
        ('county_coc', 'c', 'social_service', '{feed}'),
        ('county_sheriff', 's', 'law_enforcement', '{feed}'),
        ('harbor_police', 'h', 'law_enforcement', '{feed}'),
        ('safe_passage', 'p', 'nonprofit', '{feed}')
"""
#: Every tenth person stands at two agencies.
PERSONS = f"""
    INSERT INTO linked.person_record (record_key, person_key, agency)
    SELECT md5('victim' || n)::uuid,
        md5('person' || CASE WHEN n % 10 = 0 THEN n - 1 ELSE n END)::uuid, {AGENCY}
    FROM generate_series(1, {{n}}) AS n
"""


def test_publishing_a_million_records(warehouse: Warehouse) -> None:
    record_all(warehouse, contracts().values())
    started = time.perf_counter()
    with warehouse.connect(Role.LOADER) as loader, warehouse.connect(Role.OWNER) as owner:
        loader.execute(ENTITIES)
        for statement in (EVENTS, VICTIM, LINK, SERVICE):
            loader.execute(statement.format(n=VICTIMS))
        owner.execute(PERSONS.format(n=VICTIMS))
    print(f"\n{VICTIMS:,} victims and events in {time.perf_counter() - started:.0f} s")
    for release in ("first", "second"):
        steps: list[tuple[str, float]] = []
        started = time.perf_counter()
        made = publish(
            warehouse,
            contracts(),
            datetime.now(UTC),
            progress=lambda step, steps=steps: steps.append((step, time.perf_counter())),
        )
        seconds = time.perf_counter() - started
        ends = [*(at for _, at in steps[1:]), time.perf_counter()]
        spent = ", ".join(
            f"{step} {end - at:.1f} s" for (step, at), end in zip(steps, ends, strict=True)
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        cells = {name: (one["cells"], one["suppressed"]) for name, one in made.cubes.items()}
        print(f"  {release} release: {seconds:.0f} s ({spent}); peak {peak:,} MiB; {cells}")
        assert made.status == "published"
        assert seconds < 600
    _query_as_a_member(warehouse)


def _query_as_a_member(warehouse: Warehouse) -> None:
    slowest = 0.0
    with warehouse.connect(Role.PARTNER) as member:
        for name, product in products().items():
            if not product.own_agency:
                started = time.perf_counter()
                member.execute(f"SELECT * FROM mart.{name}").fetchall()
                slowest = max(slowest, time.perf_counter() - started)
    print(f"  slowest whole product: {slowest * 1000:.0f} ms")
    assert slowest < 0.1
