"""Releases on real PostgreSQL: what members see, what stops one, what a withdrawal leaves.

One warehouse of invented records of four agencies; a test that changes it puts it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from schemas.contract import Contract
from schemas.errors import PrivacyError
from schemas.release import release_options
from tests.contracts import contract
from tests.fixtures_warehouse import emptied, rows
from warehouse.agreements import record_all
from warehouse.database import Warehouse
from warehouse.publish import store
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
    "isSexualExploit", "isForcedLabour", "meansThreats", "recruiterRelationFriend", agency, feed,
    delivery_id)
SELECT md5(%(agency)s || ' victim ' || n)::uuid, false, 'victim',
    (ARRAY['Woman', 'Man'])[1 + n %% 2], (ARRAY['9--17', '18--20'])[1 + n / 2 %% 2],
    (ARRAY['USA', 'MEX', 'PHL'])[1 + n %% 3], (n %% 2 = 0)::int, (n %% 4 = 1)::int,
    (n %% 2 = 0)::int, (n %% 3 = 0)::int, %(agency)s, 'feed', %(delivery)s
FROM generate_series(%(first)s::int, %(last)s::int) AS n;

INSERT INTO core.victim_event (victim_key, event_key, role, agency, feed, delivery_id)
SELECT md5(%(agency)s || ' victim ' || n)::uuid, md5(%(agency)s || ' event ' || n)::uuid, 'victim',
    %(agency)s, 'feed', %(delivery)s
FROM generate_series(%(first)s::int, %(last)s::int) AS n;

INSERT INTO core.offense (event_key, offense_code, agency, feed, delivery_id)
SELECT md5(%(agency)s || ' event ' || n)::uuid, '64A', %(agency)s, 'feed', %(delivery)s
FROM generate_series(%(first)s::int, %(last)s::int) AS n WHERE n %% 3 = 0 AND %(kind)s = 'incident';
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
    with found.connect(Role.OWNER) as owner:
        owner.execute(_SHARE, [SHARED, [POLICE, SHELTER]])
    return found


def released(warehouse: Warehouse, **given: Any) -> Published:
    return publish(warehouse, given.pop("contracts", terms()), NOW, **given)


@pytest.fixture(scope="module")
def published(filled: Warehouse) -> Published:
    """The first release; the ones after it are held against it."""
    return released(filled)


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
def lost(warehouse: Warehouse, agency: str, beyond: int) -> Iterator[None]:
    """Records of an agency beyond a number are gone, for a while."""
    keys = (f"SELECT md5('{agency} {{0}} ' || n)::uuid "
            f"FROM generate_series({beyond + 1}, {PERSONS[agency]}) AS n")  # fmt: skip
    with warehouse.connect(Role.LOADER) as loader, loader.transaction():
        loader.execute(f"DELETE FROM core.event WHERE event_key IN ({keys.format('event')})")
        loader.execute(f"DELETE FROM core.victim WHERE victim_key IN ({keys.format('victim')})")
    yield
    fill(warehouse, agency, beyond + 1, PERSONS[agency])


# --- what members see -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", CUBE_MADE)
def test_every_product_has_rows_and_no_small_count(
    filled: Warehouse, published: Published, name: str
) -> None:
    assert published.status == "published"
    with filled.connect(analyst(SHELTER)) as connection:
        cursor = connection.execute(f"SELECT * FROM mart.{name}")
        columns = [column.name for column in cursor.description or ()]
        found = cursor.fetchall()
    assert len(found) == published.rows[name] > 0
    if name != "suppression":  # counts of cells
        shown = [row[at] for row in found for at, one in enumerate(columns) if one in COUNTS]
        assert not [count for count in shown if count is not None and 0 < count < 11]
        assert any(count for count in shown)


def test_partners_and_analysts_see_the_same(filled: Warehouse, published: Published) -> None:
    assert marts(filled, analyst(POLICE)) == marts(filled)
    assert standing(filled) == [published.release_id]


def test_the_cells_behind_a_release_are_for_steward_and_publisher(
    filled: Warehouse, published: Published
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


def test_the_ledger_says_what_a_release_was_made_of(
    filled: Warehouse, published: Published
) -> None:
    [(_, contracts, deliveries, cubes)] = rows(
        filled,
        "SELECT status, contracts, deliveries, cubes FROM ops.release "
        f"WHERE release_id = {published.release_id}",
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


def test_a_new_release_takes_the_place_of_the_last(filled: Warehouse, published: Published) -> None:
    before, granted = trend(filled, "incidents"), rights(filled)
    assert not any(revised for _, revised in before.values())
    for agency in (SHERIFF, POLICE):
        fill(filled, agency, 1001, 1090)
    try:
        second = released(filled)
        assert second.status == "published"
        assert standing(filled) == [second.release_id]
        status = "SELECT status FROM ops.release WHERE release_id = "
        assert rows(filled, f"{status}{published.release_id}", role=Role.AUDITOR) == [
            ("superseded",)
        ]
        for name in CUBE_MADE:
            [(number,)] = rows(
                filled, f"SELECT DISTINCT release_id FROM mart.{name}", role=Role.PARTNER
            )
            assert number == second.release_id
        after = trend(filled, "incidents")
        both = [(before[key][0], *after[key]) for key in before if key in after]
        compared = [(old, new, revised) for old, new, revised in both if old and new]
        assert any(new > old for old, new, _ in compared)
        assert all(revised == (new != old) for old, new, revised in compared)
        assert rights(filled) == granted
    finally:
        with filled.connect(Role.LOADER) as loader:
            for agency in (SHERIFF, POLICE):
                keys = (
                    f"SELECT md5('{agency} {{0}} ' || n)::uuid FROM generate_series(1001, 1090) n"
                )
                for table in ("event", "victim"):
                    loader.execute(
                        f"DELETE FROM core.{table} WHERE {table}_key IN ({keys.format(table)})"
                    )


def test_the_same_records_give_the_same_release(filled: Warehouse, published: Published) -> None:
    released(filled)
    before = marts(filled)
    released(filled)
    assert marts(filled) == before
    assert not any(revised for _, revised in trend(filled, "persons").values())


def test_a_member_sees_the_old_release_or_the_new_one_whole(
    filled: Warehouse, published: Published
) -> None:
    """Each look is at all products; while releases come and go, none is mixed or empty."""
    tables = " UNION ".join(
        f"SELECT '{name}', release_id, count(*) FROM mart.{name} GROUP BY release_id"
        for name in CUBE_MADE
    )
    done = False

    def look() -> set[int]:
        seen = set()
        with filled.connect(analyst(NGO)) as member:
            while not done:
                found = member.execute(tables).fetchall()
                assert len(found) == len(CUBE_MADE)
                [number] = {number for _, number, _ in found}
                seen.add(number)
        return seen

    with ThreadPoolExecutor(1) as pool:
        looks = pool.submit(look)
        made = released(filled).release_id
        done = True
        assert looks.result() - {made}


def test_two_publishers_come_one_after_the_other(filled: Warehouse, published: Published) -> None:
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: released(filled), range(2)))
    assert {one.status for one in made} == {"published"}
    assert standing(filled) == [max(one.release_id for one in made)]


# --- what stops a release -------------------------------------------------------------------------


def test_an_agency_that_is_gone_stops_a_release(filled: Warehouse, published: Published) -> None:
    last, before = standing(filled), marts(filled)
    with lost(filled, NGO, beyond=0):
        refused = released(filled)
        assert refused.status == "refused"
        assert [one.code for one in refused.gate if one.stops] == ["RELEASE-AGENCY"]
        assert (standing(filled), marts(filled)) == (last, before)
        [(status,)] = rows(
            filled,
            f"SELECT status FROM ops.release WHERE release_id = {refused.release_id}",
            role=Role.AUDITOR,
        )
        assert status == "refused"
        allowed = released(filled, allow_loss=True)
        assert allowed.status == "published"
        assert standing(filled) == [allowed.release_id]


def test_many_records_that_are_gone_stop_a_release(filled: Warehouse, published: Published) -> None:
    released(filled)
    with lost(filled, SHERIFF, beyond=60):
        refused = released(filled)
        stops = [one for one in refused.gate if one.stops]
        assert {one.code for one in stops} == {"RELEASE-LOSS"}
        assert "incidents" in " ".join(one.says for one in stops)
    assert released(filled).status == "published"


def test_a_release_that_fails_leaves_the_last_one(
    filled: Warehouse, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    last, before = standing(filled), marts(filled)

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(store, "keep_cells", fail)
    with pytest.raises(MemoryError):
        released(filled)
    assert (standing(filled), marts(filled)) == (last, before)


# --- withdrawal -----------------------------------------------------------------------------------


def test_a_withdrawal_empties_what_was_made_of_records_until_the_next_release(
    filled: Warehouse, published: Published
) -> None:
    last = released(filled)
    with filled.connect(Role.EXPUNGER) as expunger:
        [(withdrawn,)] = expunger.execute("SELECT mart.withdraw(%s)", [SHELTER]).fetchall()
    assert withdrawn >= 1
    assert standing(filled) == []
    assert not any(marts(filled).values())
    states = rows(
        filled,
        "SELECT o.status, m.status, m.withdrawn_at IS NOT NULL FROM ops.release o "
        f"JOIN mart.release m USING (release_id) WHERE release_id = {last.release_id}",
        role=Role.STEWARD,
    )
    assert states == [("withdrawn", "withdrawn", True)]
    assert len(rows(filled, "SELECT FROM mart.coverage", role=Role.PARTNER)) > 0
    again = released(filled)
    assert standing(filled) == [again.release_id]
    assert all(marts(filled).values())


def test_nobody_but_expunger_and_publisher_withdraws(
    filled: Warehouse, published: Published
) -> None:
    for role in (Role.LOADER, Role.STEWARD, Role.PARTNER, analyst(POLICE)):
        denied = pytest.raises(psycopg.errors.InsufficientPrivilege)
        with filled.connect(role) as connection, denied:
            connection.execute("SELECT mart.withdraw(%s)", [SHELTER])


# --- noise ----------------------------------------------------------------------------------------


def test_cell_noise_stays_the_same_from_release_to_release(
    filled: Warehouse, published: Published, tmp_path: Path
) -> None:
    secret = tmp_path / "release.secret"
    secret.write_bytes(bytes(range(32)))
    secret.chmod(0o600)
    asked = terms(county_coc={"method": "cell_key", "variance": 4, "maxNoise": 12})
    released(filled)
    exact = marts(filled)
    noisy = released(filled, contracts=asked, secret_file=secret)
    first = marts(filled)
    assert noisy.cubes["persons"]["method"] == "cell_key"
    # the shelter has no part in the incidents
    assert noisy.cubes["incidents"]["method"] == "suppress"
    assert first["minors"] != exact["minors"]
    assert first["flagged"] == exact["flagged"]
    released(filled, contracts=asked, secret_file=secret)
    assert marts(filled)["minors"] == first["minors"]
    assert not any(revised for _, revised in trend(filled, "persons").values())
    # the next release without noise is held against true counts: nothing changed
    released(filled)
    assert marts(filled)["minors"] == exact["minors"]


def test_private_counts_stop_when_the_budget_of_the_year_is_spent(
    filled: Warehouse, published: Published
) -> None:
    asked = terms(safe_passage={"method": "dp", "epsilon": 1.0, "maxCells": 4})
    made = released(filled, contracts=asked)
    assert made.cubes["persons"]["method"] == "dp"
    spent = "SELECT release, epsilon FROM ops.privacy_spend"
    assert rows(filled, spent, role=Role.AUDITOR) == [(made.cubes["persons"]["spend"], 1.0)]
    assert "zero" not in {row[-1] for row in marts(filled)["minors"]}
    # a release that is refused before noise is drawn costs nothing
    with lost(filled, NGO, beyond=20):
        kept = replace(asked["county_coc.feed"], agency="elsewhere")
        assert released(filled, contracts={**asked, "x": kept}).status == "refused"
    assert len(rows(filled, spent, role=Role.AUDITOR)) == 1
    for _ in range(3):
        released(filled, contracts=asked)
    last, before = standing(filled), marts(filled)
    with pytest.raises(PrivacyError, match="beyond the 4"):
        released(filled, contracts=asked)
    assert (standing(filled), marts(filled)) == (last, before)
