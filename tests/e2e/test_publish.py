"""Releases on real PostgreSQL: what members see, what stops one, what a withdrawal leaves.

One warehouse of invented records of four agencies; a test that changes it puts it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest

from anonymize.extracts.budget import Spend
from schemas.contract import Contract
from schemas.errors import PrivacyError
from schemas.release import release_options
from tests.contracts import contract
from tests.fixtures_warehouse import emptied, rows
from warehouse.agreements import record_all
from warehouse.database import Warehouse
from warehouse.publish import store
from warehouse.publish.budget import reserver
from warehouse.publish.products import products
from warehouse.publish.publish import Published, publish
from warehouse.roles import Role, analyst
from warehouse.server import EmbeddedServer

pytestmark = pytest.mark.e2e

NOW = datetime(2026, 7, 1, tzinfo=UTC)
SHERIFF, POLICE, SHELTER, NGO = "county_sheriff", "harbor_police", "county_coc", "safe_passage"
SECTORS = {
    SHERIFF: "law_enforcement",
    POLICE: "law_enforcement",
    SHELTER: "social_service",
    NGO: "nonprofit",
}
KINDS = {"law_enforcement": "incident", "social_service": "enrollment", "nonprofit": "case"}
#: Persons each agency knows; the last of them it shares with another agency.
PERSONS = {SHERIFF: 360, POLICE: 330, SHELTER: 240, NGO: 210}
SHARED = 60
CUBE_MADE = [name for name, one in products().items() if one.source == "cubes"]
COUNTS = {"count", "incidents", "denominator"}

#: One event and one person of it for each number from %(first)s to %(last)s.
_FILL = """
INSERT INTO core.event (event_key, stale, event_type, event_month, state, county_fips, h3_cell,
    venue, trafficking_status, trafficking_flagged_not_64x, victim_count, agency, feed, delivery_id)
SELECT md5(%(agency)s || ' event ' || n)::uuid, false, %(kind)s,
    make_date(2026, 1 + n %% 6, 1), 'XX', (ARRAY['99001', '99003'])[1 + n %% 2],
    (ARRAY['86261d417ffffff', '86261d407ffffff'])[1 + n %% 2],
    (ARRAY['hotel_motel', 'residence', 'street'])[1 + n %% 3],
    CASE WHEN n %% 3 < 2 THEN 'actual' END, (n %% 3 = 1)::int, 1,
    %(agency)s, 'feed', %(delivery)s
FROM generate_series(%(first)s::int, %(last)s::int) AS n;

INSERT INTO core.victim (victim_key, stale, victim_role, gender, "ageBroad", citizenship,
    "isSexualExploit", "isForcedLabour", "meansThreats", "meansFalsePromises",
    "recruiterRelationFriend", "recruiterRelationFamily", agency, feed, delivery_id)
SELECT md5(%(agency)s || ' victim ' || n)::uuid, false, 'victim',
    (ARRAY['Woman', 'Man'])[1 + n %% 2], (ARRAY['9--17', '18--20'])[1 + n / 2 %% 2],
    (ARRAY['USA', 'MEX', 'PHL'])[1 + n %% 3], (n %% 2 = 0)::int, (n %% 4 = 1)::int,
    (n %% 2 = 0)::int, (n %% 3 > 0)::int, (n %% 3 = 0)::int, (n %% 3 = 1)::int,
    %(agency)s, 'feed', %(delivery)s
FROM generate_series(%(first)s::int, %(last)s::int) AS n;

INSERT INTO core.victim_event (victim_key, event_key, role, agency, feed, delivery_id)
SELECT md5(%(agency)s || ' victim ' || n)::uuid, md5(%(agency)s || ' event ' || n)::uuid, 'victim',
    %(agency)s, 'feed', %(delivery)s
FROM generate_series(%(first)s::int, %(last)s::int) AS n;

INSERT INTO core.offense (event_key, offense_code, agency, feed, delivery_id)
SELECT md5(%(agency)s || ' event ' || n)::uuid, '64A', %(agency)s, 'feed', %(delivery)s
FROM generate_series(%(first)s::int, %(last)s::int) AS n WHERE n %% 3 = 0 AND %(kind)s = 'incident';
"""
#: Counts of the agencies that count themselves: a total and the women among them.
_COUNT = """
INSERT INTO core.reported_count (agency, feed, period_start, months, measure, age, gender,
    citizenship, exploitation, service, count, delivery_id)
SELECT %(agency)s, 'feed', '2026-01-01', 3, 'new', 'all', gender, 'all', 'all', 'all', count,
    %(agency)s || '-1'
FROM (VALUES ('all', 70), ('Woman', 41), ('Man', 29)) AS counted (gender, count)
"""
_SHARE = """
INSERT INTO linked.person_record (record_key, person_key, agency)
SELECT md5(agency || ' victim ' || n)::uuid, md5('person ' || n)::uuid, agency
FROM generate_series(1, %s) AS n, unnest(%s::text[]) AS agency
"""


def fill(warehouse: Warehouse, agency: str, first: int, last: int) -> None:
    with warehouse.connect(Role.LOADER) as loader, loader.transaction():
        given = {"agency": agency, "kind": KINDS[SECTORS[agency]], "delivery": f"{agency}-1",
                 "first": first, "last": last}  # fmt: skip
        for statement in _FILL.split(";\n"):
            if statement.strip():
                loader.execute(statement, given)


def terms(**release: Mapping[str, Any]) -> dict[str, Contract]:
    """The contracts of the four agencies; ``release`` is what one of them asks for."""
    return {
        f"{agency}.feed": contract(
            name=f"{agency}.feed", agency=agency, sector=sector,
            release=release_options(release.get(agency)),
        )
        for agency, sector in SECTORS.items()
    }  # fmt: skip


@pytest.fixture(scope="module")
def filled(server: EmbeddedServer) -> Warehouse:
    found = emptied(server)
    record_all(found, terms().values())
    with found.connect(Role.LOADER) as loader:
        for agency, sector in SECTORS.items():
            loader.execute(
                "INSERT INTO core.reporting_entity VALUES (%s, %s, %s, '{feed}')",
                [agency, agency, sector],
            )
    for agency, last in PERSONS.items():
        fill(found, agency, 1, last)
    with found.connect(Role.LOADER) as loader:
        for agency in (SHELTER, POLICE):
            loader.execute(_COUNT, {"agency": agency})
    with found.connect(Role.OWNER) as owner:
        owner.execute(_SHARE, [SHARED, [POLICE, SHELTER]])
    return found


def released(warehouse: Warehouse, **given: Any) -> Published:
    return publish(warehouse, given.pop("contracts", terms()), NOW, **given)


@pytest.fixture(scope="module")
def first(filled: Warehouse) -> Published:
    """The first release; those after it are held against it."""
    return released(filled)


@pytest.fixture
def fresh(filled: Warehouse) -> Warehouse:
    forget(filled)
    return filled


def forget(warehouse: Warehouse) -> None:
    """Make it as if nothing had been published."""
    tables = ", ".join(f"mart.{name}" for name in (*products(), "release"))
    with warehouse.connect(Role.OWNER) as owner:
        owner.execute(f"TRUNCATE {tables}, ops.release, ops.privacy_spend, linked.release_cell")


def standing(warehouse: Warehouse) -> list[int]:
    found = rows(warehouse, "SELECT release_id FROM mart.release WHERE status = 'published'",
                 role=Role.PARTNER)  # fmt: skip
    return [number for (number,) in found]


def marts(warehouse: Warehouse, who: str = Role.PARTNER) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of every product made from records, without the number of their release."""
    with warehouse.connect(who) as connection:
        return {
            name: [row[1:] for row in connection.execute(f"SELECT * FROM mart.{name} ORDER BY row")]
            for name in CUBE_MADE
        }


@contextmanager
def gained(warehouse: Warehouse, first: int, last: int) -> Iterator[None]:
    """The police agencies have more records for a while: those of the numbers given."""
    for agency in (SHERIFF, POLICE):
        fill(warehouse, agency, first, last)
    try:
        yield
    finally:
        for agency in (SHERIFF, POLICE):
            remove(warehouse, agency, first, last)


@contextmanager
def lost(warehouse: Warehouse, agency: str, beyond: int) -> Iterator[None]:
    """Records of an agency beyond a number are gone for a while."""
    remove(warehouse, agency, beyond + 1, PERSONS[agency])
    try:
        yield
    finally:
        fill(warehouse, agency, beyond + 1, PERSONS[agency])


def remove(warehouse: Warehouse, agency: str, first: int, last: int) -> None:
    with warehouse.connect(Role.LOADER) as loader, loader.transaction():
        for unit in ("event", "victim"):
            loader.execute(
                f"DELETE FROM core.{unit} WHERE {unit}_key IN (SELECT "
                f"md5('{agency} {unit} ' || n)::uuid FROM generate_series({first}, {last}) AS n)"
            )


# --- what members see -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", CUBE_MADE)
def test_every_product_has_rows_and_no_small_count(
    filled: Warehouse, first: Published, name: str
) -> None:
    assert first.status == "published"
    with filled.connect(analyst(SHELTER)) as connection:
        cursor = connection.execute(f"SELECT * FROM mart.{name}")
        columns = [column.name for column in cursor.description or ()]
        found = cursor.fetchall()
    assert len(found) == first.rows[name] > 0
    if name != "suppression":  # counts of cells
        shown = [row[at] for row in found for at, one in enumerate(columns) if one in COUNTS]
        assert not [count for count in shown if count is not None and 0 < count < 11]
        assert any(count for count in shown)


def test_partners_and_analysts_see_the_same(filled: Warehouse, first: Published) -> None:
    assert marts(filled, analyst(POLICE)) == marts(filled)
    assert standing(filled) == [first.release_id]


def test_the_cells_behind_a_release_are_for_steward_and_publisher(
    filled: Warehouse, first: Published
) -> None:
    count = "SELECT count(*) FROM linked.release_cell"
    for role in (*Role, *map(analyst, SECTORS)):
        if role == Role.AIRFLOW:
            continue
        if role in (Role.STEWARD, Role.PUBLISHER):
            assert rows(filled, count, role=role)[0][0] > 100
            continue
        with filled.connect(role) as connection:
            if role == Role.OWNER:  # the rows are not his, though the table is
                assert connection.execute(count).fetchall() == [(0,)]
            else:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(count)


def test_the_ledger_says_what_a_release_was_made_of(filled: Warehouse, first: Published) -> None:
    [(_, contracts, deliveries, cubes)] = rows(
        filled,
        "SELECT status, contracts, deliveries, cubes FROM ops.release "
        f"WHERE release_id = {first.release_id}",
        role=Role.AUDITOR,
    )
    assert contracts["county_coc.feed"] == {"version": "1.0.0", "digest": "0" * 64}
    assert deliveries == sorted(f"{agency}-1" for agency in SECTORS)
    assert cubes["persons"]["units"] == sum(PERSONS.values()) - SHARED
    assert cubes["incidents"]["units"] == PERSONS[SHERIFF] + PERSONS[POLICE]
    assert cubes["persons"]["method"] == "suppress"
    [agencies] = rows(filled, "SELECT agencies FROM mart.release", role=Role.PARTNER)
    assert sorted(agencies[0]) == sorted(SECTORS)


# --- one release after the other ------------------------------------------------------------------


def rights(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """Every policy and grant on the tables of ``mart``."""
    return rows(
        warehouse,
        "SELECT c.relname, c.relacl::text, c.relrowsecurity, c.relforcerowsecurity, "
        "(SELECT array_agg(p.polname::text || p.polroles::text ORDER BY 1) FROM pg_policy p "
        "WHERE p.polrelid = c.oid) FROM pg_class c WHERE c.relnamespace = 'mart'::regnamespace "
        "ORDER BY 1",
        role=Role.OWNER,
    )


def trend(warehouse: Warehouse, measure: str) -> dict[tuple[str, str], tuple[int | None, bool]]:
    found = rows(
        warehouse,
        f"SELECT period, exploitation, count, revised FROM mart.trend WHERE measure = '{measure}'",
        role=Role.PARTNER,
    )
    return {(period, kind): (count, revised) for period, kind, count, revised in found}


def test_the_same_records_give_the_same_release(filled: Warehouse, first: Published) -> None:
    before = marts(filled)
    again = released(filled)
    assert again.release_id > first.release_id
    assert marts(filled) == before


def test_a_new_release_takes_the_place_of_the_last(filled: Warehouse, first: Published) -> None:
    before, granted = trend(filled, "incidents"), rights(filled)
    assert not any(revised for _, revised in before.values())
    with gained(filled, 1001, 1050):
        new = released(filled)
    assert standing(filled) == [new.release_id]
    status = f"SELECT status FROM ops.release WHERE release_id = {first.release_id}"
    assert rows(filled, status, role=Role.AUDITOR) == [("superseded",)]
    for name in CUBE_MADE:
        numbers = f"SELECT DISTINCT release_id FROM mart.{name}"
        assert rows(filled, numbers, role=Role.PARTNER) == [(new.release_id,)], name
    after = trend(filled, "incidents")
    pairs = [(before[key][0], *after[key]) for key in before]
    compared = [(old, count, revised) for old, count, revised in pairs if old and count]
    assert any(count > old for old, count, _ in compared)
    assert all(revised == (count != old) for old, count, revised in compared)
    assert rights(filled) == granted


def test_a_member_sees_the_old_release_or_the_new_one_whole(
    filled: Warehouse, first: Published
) -> None:
    """Each look is at all products; while releases come and go, none is mixed or empty."""
    tables = " UNION ".join(
        f"SELECT '{name}', release_id, count(*) FROM mart.{name} GROUP BY release_id"
        for name in CUBE_MADE
    )
    looking, done = Event(), Event()

    def look() -> set[int]:
        seen = set()
        with filled.connect(analyst(NGO)) as member:
            while not done.is_set() or not seen:
                found = member.execute(tables).fetchall()
                assert len(found) == len(CUBE_MADE)
                [number] = {number for _, number, _ in found}
                seen.add(number)
                looking.set()
        return seen

    with ThreadPoolExecutor(1) as pool:
        looks = pool.submit(look)
        looking.wait(30)
        made = released(filled).release_id
        done.set()
        assert looks.result() - {made}


def test_two_publishers_come_one_after_the_other(filled: Warehouse, first: Published) -> None:
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: released(filled), range(2)))
    assert {one.status for one in made} == {"published"}
    assert standing(filled) == [max(one.release_id for one in made)]


# --- what stops a release -------------------------------------------------------------------------


def test_an_agency_that_is_gone_stops_a_release(fresh: Warehouse) -> None:
    released(fresh)
    last, before = standing(fresh), marts(fresh)
    with lost(fresh, NGO, beyond=0):
        refused = released(fresh)
        assert refused.status == "refused"
        assert [one.code for one in refused.gate if one.stops] == ["RELEASE-AGENCY"]
        assert (standing(fresh), marts(fresh)) == (last, before)
        [(status,)] = rows(
            fresh,
            f"SELECT status FROM ops.release WHERE release_id = {refused.release_id}",
            role=Role.AUDITOR,
        )
        assert status == "refused"
        allowed = released(fresh, allow_loss=True)
        assert allowed.status == "published"
        assert standing(fresh) == [allowed.release_id]


def test_many_records_that_are_gone_stop_a_release(fresh: Warehouse) -> None:
    released(fresh)
    with lost(fresh, SHERIFF, beyond=60):
        refused = released(fresh)
        stops = [one for one in refused.gate if one.stops]
        assert {one.code for one in stops} == {"RELEASE-LOSS"}
        assert "incidents" in " ".join(one.says for one in stops)
    assert released(fresh).status == "published"


def test_a_release_that_fails_leaves_the_last_one(
    fresh: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(fresh)
    last, before = standing(fresh), marts(fresh)

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(store, "keep_cells", fail)
    with pytest.raises(MemoryError):
        released(fresh)
    assert (standing(fresh), marts(fresh)) == (last, before)


# --- withdrawal -----------------------------------------------------------------------------------


def test_a_withdrawal_empties_what_was_made_of_records_until_the_next_release(
    fresh: Warehouse,
) -> None:
    last = released(fresh)
    with fresh.connect(Role.EXPUNGER) as expunger:
        [(withdrawn,)] = expunger.execute("SELECT mart.withdraw(%s)", [SHELTER]).fetchall()
    assert withdrawn >= 1
    assert standing(fresh) == []
    assert not any(marts(fresh).values())
    states = rows(
        fresh,
        "SELECT o.status, m.status, m.withdrawn_at IS NOT NULL FROM ops.release o "
        f"JOIN mart.release m USING (release_id) WHERE release_id = {last.release_id}",
        role=Role.STEWARD,
    )
    assert states == [("withdrawn", "withdrawn", True)]
    assert len(rows(fresh, "SELECT FROM mart.coverage", role=Role.PARTNER)) > 0
    again = released(fresh)
    assert standing(fresh) == [again.release_id]
    assert all(marts(fresh).values())


def test_nobody_but_expunger_and_publisher_withdraws(fresh: Warehouse) -> None:
    for role in (Role.LOADER, Role.STEWARD, Role.PARTNER, analyst(POLICE)):
        denied = pytest.raises(psycopg.errors.InsufficientPrivilege)
        with fresh.connect(role) as connection, denied:
            connection.execute("SELECT mart.withdraw(%s)", [SHELTER])


# --- noise ----------------------------------------------------------------------------------------


def test_cell_noise_stays_the_same_from_release_to_release(
    fresh: Warehouse, tmp_path: Path
) -> None:
    secret = tmp_path / "release.secret"
    secret.write_bytes(bytes(range(32)))
    secret.chmod(0o600)
    asked = terms(county_coc={"method": "cell_key", "variance": 4, "maxNoise": 12})
    released(fresh)
    exact = marts(fresh)
    forget(fresh)
    noisy = released(fresh, contracts=asked, secret_file=secret)
    shown = marts(fresh)
    assert noisy.cubes["persons"]["method"] == "cell_key"
    # the shelter has no part in the incidents
    assert noisy.cubes["incidents"]["method"] == "suppress"
    assert shown["minors"] != exact["minors"]
    assert shown["flagged"] == exact["flagged"]
    # three more of each are held back, and noise does not tell
    with gained(fresh, 1001, 1003):
        released(fresh, contracts=asked, secret_file=secret)
    assert marts(fresh)["minors"] == shown["minors"]
    assert marts(fresh)["grantee_count"] == shown["grantee_count"]


def test_private_counts_stop_when_the_budget_of_the_year_is_spent(fresh: Warehouse) -> None:
    asked = terms(safe_passage={"method": "dp", "epsilon": 1.0, "maxCells": 4})
    made = released(fresh, contracts=asked)
    assert made.cubes["persons"]["method"] == "dp"
    spent = "SELECT release, epsilon FROM ops.privacy_spend"
    assert rows(fresh, spent, role=Role.AUDITOR) == [(made.cubes["persons"]["spend"], 1.0)]
    assert "zero" not in {row[-1] for row in marts(fresh)["minors"]}
    # a release that is refused before noise is drawn costs nothing
    with lost(fresh, SHERIFF, beyond=0):
        assert released(fresh, contracts=asked).status == "refused"
    assert len(rows(fresh, spent, role=Role.AUDITOR)) == 1
    for number in range(3):
        reserver(fresh)(Spend("core", NOW.year, 1.0, f"another {number}"))
    last, before = standing(fresh), marts(fresh)
    with pytest.raises(PrivacyError, match="beyond the 4"):
        released(fresh, contracts=asked)
    assert (standing(fresh), marts(fresh)) == (last, before)
