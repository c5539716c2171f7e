"""How the counts of a cube are made fit to be published: which method, and what each may show."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from anonymize.disclosure.release import Released
from anonymize.extracts.budget import Spend
from anonymize.extracts.noise import Noise
from schemas.contract import Contract, Publication
from schemas.errors import PrivacyError, SettingsError
from schemas.release import ReleaseOptions, release_options
from tests.contracts import contract
from tests.releases import AGENCIES, invented
from warehouse.publish.cubes import Cube, cubes
from warehouse.publish.domains import cells, groups
from warehouse.publish.methods import Made, Terms, made, options, with_noise

NOW = datetime(2026, 7, 1, tzinfo=UTC)
SECRET = bytes(range(32))
CELL_KEY = {"method": "cell_key", "variance": 4, "maxNoise": 12}
DP = {"method": "dp", "epsilon": 0.5, "maxCells": 2}
#: Small enough for many releases in a test.
CUBE = Cube("incidents", "incidents", (("year", "gender"), ("venue", "age")), (), "")


def of(agency: str, release: dict[str, Any] | None = None, **given: Any) -> Contract:
    return contract(name=f"{agency}.feed", agency=agency, release=release_options(release), **given)


class Ledger:
    """Spends, kept in memory; ``most`` of them are allowed."""

    def __init__(self, most: int = 100) -> None:
        self.spends: list[Spend] = []
        self.most = most

    def __call__(self, wanted: Spend) -> None:
        if len(self.spends) == self.most:
            raise PrivacyError("the budget is spent")
        self.spends.append(wanted)


def terms(*asked: dict[str, Any] | None, ledger: Ledger | None = None, **given: Any) -> Terms:
    """Terms of a release of the invented agencies, of which the first ask for something."""
    wanted = [*asked, *[None] * len(AGENCIES)]
    contracts = tuple(of(agency, wanted[at]) for at, agency in enumerate(AGENCIES))
    return replace(Terms(contracts, None, ledger or Ledger(), NOW), **given)


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "release.secret"
    path.write_bytes(SECRET)
    path.chmod(0o600)
    return path


def shown(released: Released) -> list[int]:
    return released.cells["count"].drop_null().to_pylist()


# --- which method ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "method"),
    [
        ([None, None], "suppress"),
        ([None, CELL_KEY], "cell_key"),
        ([DP, CELL_KEY], "dp"),
        ([CELL_KEY, None, DP], "dp"),
    ],
)
def test_the_strictest_method_of_any_contributor_holds(asked: list[Any], method: str) -> None:
    contracts = [of(agency, one) for agency, one in zip(AGENCIES, asked, strict=False)]
    assert options(contracts, set(AGENCIES)).method == method


def test_an_agency_without_records_has_no_say() -> None:
    assert options([of("first"), of("second", DP)], {"first"}).method == "suppress"


def test_the_strictest_of_each_option_holds() -> None:
    weak, strong = DP | {"epsilon": 1.0, "maxCells": 9}, DP | {"epsilon": 0.25, "maxCells": 3}
    both = [of("first", weak), of("second", strong), of("third", {"method": "suppress",
                                                                  "minCell": 25})]  # fmt: skip
    assert options(both, set(AGENCIES)) == ReleaseOptions("dp", 25, epsilon=0.25, max_cells=3)
    noisy = [of("first", CELL_KEY), of("second", CELL_KEY | {"variance": 9, "maxNoise": 20})]
    assert options(noisy, set(AGENCIES)) == ReleaseOptions("cell_key", 11, 9, 20)


# --- keyed noise -------------------------------------------------------------------------------


def counted(records: pa.Table) -> Released:
    """Exact counts, 1 to 10 and their like hidden: what ``release`` hands to ``with_noise``."""
    rows: list[dict[str, Any]] = []
    for margin in CUBE.margins:
        groups = records.group_by(list(margin)).aggregate([([], "count_all")]).to_pylist()
        for row in groups:
            cell = {name: row.get(name, "*") or "unknown" for name in CUBE.dimensions}
            rows.append({**cell, "true_count": row["count_all"]})
    rows.append({**dict.fromkeys(CUBE.dimensions, "*"), "year": "1999", "gender": "Man",
                 "true_count": 0})  # fmt: skip
    audit = pa.Table.from_pylist(rows)
    true = audit["true_count"]
    hidden = pc.and_(pc.greater(true, 0), pc.less(true, 11))
    zero = pc.if_else(pc.equal(true, 0), "zero", "published")
    cells = audit.drop_columns(["true_count"])
    cells = cells.append_column("count", pc.if_else(hidden, pa.scalar(None, pa.int64()), true))
    cells = cells.append_column("status", pc.if_else(hidden, "suppressed", zero))
    return Released(cells, audit, MappingProxyType({}))


def test_noise_changes_published_counts_and_makes_no_small_one() -> None:
    records = invented(CUBE, 300, 1)
    exact = counted(records)
    noisy = with_noise(CUBE, records, exact, Noise(4.0, 12), SECRET)
    before, after = exact.cells.to_pylist(), noisy.cells.to_pylist()
    assert any(one["status"] == "suppressed" for one in before)
    for old, new in zip(before, after, strict=True):
        if old["status"] != "published":
            assert new == old
        else:
            assert abs(new["count"] - old["count"]) <= 12
            assert new["status"] == ("published" if new["count"] else "zero")
    changed = [new["count"] - old["count"] for old, new in zip(before, after, strict=True)
               if old["status"] == "published"]  # fmt: skip
    assert len(set(changed)) > 3
    assert not [count for count in shown(noisy) if 0 < count < 11]
    assert noisy.audit["true_count"] == exact.audit["true_count"]
    assert noisy.audit["decided"] == exact.cells["count"]


def test_the_same_records_get_the_same_noise_in_each_release() -> None:
    records = invented(CUBE, 2_000, 1)
    exact = counted(records)
    noise = Noise(4.0, 12)
    first = with_noise(CUBE, records, exact, noise, SECRET)
    again = with_noise(CUBE, records.take(list(reversed(range(2_000)))), exact, noise, SECRET)
    assert again.cells == first.cells
    other = with_noise(CUBE, records, exact, noise, SECRET[::-1])
    assert other.cells != first.cells
    # other records behind the same count: other noise, so a stable count does not tell itself
    renamed = records.set_column(
        records.column_names.index("unit"), "unit", pa.array([f"x{at}" for at in range(2_000)])
    )
    assert with_noise(CUBE, renamed, exact, noise, SECRET).cells != first.cells


def test_a_count_that_is_held_back_shows_what_it_showed() -> None:
    """Disclosure control gave it its former count: new noise would say that somebody came."""
    records, noise = invented(CUBE, 2_000, 1), Noise(4.0, 12)
    exact = counted(records)
    first = with_noise(CUBE, records, exact, noise, SECRET)
    audit = first.audit.append_column("shown", first.cells["count"])
    before = Released(exact.cells, audit, exact.summary)
    # three more records, which ``exact`` does not show
    more = pa.concat_tables([records, invented(CUBE, 3, 77)])
    assert with_noise(CUBE, more, exact, noise, SECRET).cells != first.cells
    assert with_noise(CUBE, more, exact, noise, SECRET, (before,)).cells == first.cells


def test_noise_without_a_secret_stops_the_release() -> None:
    with pytest.raises(SettingsError, match="TRIBUTARY_RELEASE_SECRET_FILE"):
        made(CUBE, invented(CUBE, 300, 1), terms(CELL_KEY), ())


def test_a_whole_release_with_cell_noise(secret_file: Path) -> None:
    records = invented(CUBE, 1_500, 2)
    quiet = made(CUBE, records, terms(), ())
    noisy = made(CUBE, records, terms(CELL_KEY, secret_file=secret_file), ())
    assert (quiet.notes["method"], noisy.notes["method"]) == ("suppress", "cell_key")
    assert shown(noisy.released) != shown(quiet.released)
    hidden = pc.equal(quiet.released.cells["status"], "suppressed")
    assert pc.equal(noisy.released.cells["status"], "suppressed") == hidden
    assert not [count for count in shown(noisy.released) if 0 < count < 11]


# --- differential privacy ------------------------------------------------------------------------


def private(records: pa.Table, ledger: Ledger | None = None, cube: Cube = CUBE) -> Made:
    return made(cube, records, terms(DP, ledger=ledger), ())


def keys(made: Made, cube: Cube = CUBE) -> list[tuple[str, ...]]:
    rows = made.released.cells.select(list(cube.dimensions)).to_pylist()
    return [tuple(row.values()) for row in rows]


def test_private_cells_do_not_depend_on_the_records() -> None:
    some = keys(private(invented(CUBE, 500, 1)))
    assert keys(private(invented(CUBE, 30, 9))) == some
    assert len(set(some)) == len(some)


def test_no_private_count_is_small_or_said_to_be_zero() -> None:
    one = private(invented(CUBE, 2_000, 1))
    assert set(one.released.cells["status"].to_pylist()) == {"published", "suppressed"}
    assert min(shown(one.released)) >= 11


def test_private_counts_differ_each_time_and_lie_near_the_truth() -> None:
    records = invented(CUBE, 4_000, 1)
    first, second = private(records).released, private(records).released
    assert shown(first) != shown(second)
    assert first.audit["true_count"] == second.audit["true_count"]
    rows = zip(first.cells["count"].to_pylist(), first.audit["true_count"].to_pylist(), strict=True)
    # two cells at most for epsilon 0.5: Laplace of scale 4, of which 60 is 1 in 3 million
    assert all(abs(count - true) < 60 for count, true in rows if count is not None)


def test_a_person_is_in_max_cells_cells_at_most() -> None:
    cube = Cube("wide", "persons", tuple((name, "identified") for name in
                ("age", "gender", "minors", "exploitation")), (), "")  # fmt: skip
    records = invented(cube, 5_000, 1)
    one = private(records, cube=cube).released
    published = sum(count or 0 for count in one.cells["count"].to_pylist())
    # 2 of 4 margins for each of 5,000; noise and what is hidden change little of it
    assert abs(published - 10_000) < 1_000


def test_a_margin_without_agreed_values_is_not_published() -> None:
    cube = Cube(
        "places", "incidents", (("h3_cell", "trafficking"), ("venue", "trafficking")), (), ""
    )
    one = private(invented(cube, 500, 1), cube=cube)
    assert set(one.released.cells["h3_cell"].to_pylist()) == {"*"}
    assert "hotel_motel" in one.released.cells["venue"].to_pylist()


def test_a_release_spends_once_for_all_its_margins_and_nothing_when_refused() -> None:
    ledger, records = Ledger(most=1), invented(CUBE, 300, 1)
    one = private(records, ledger)
    assert ledger.spends == [Spend("core", 2026, 0.5, "incidents 2026-07-01T00:00:00Z")]
    assert (one.notes["epsilon"], one.notes["spend"]) == (0.5, ledger.spends[0].release)
    with pytest.raises(PrivacyError, match="budget"):
        private(records, ledger)


# --- domains -------------------------------------------------------------------------------------

CONTRACTS = [
    of("police", sector="law_enforcement", publication=Publication("TX", "48001")),
    of("shelter", sector="social_service"),
]


def of_margin(*margin: str, today: date = date(2026, 7, 15)) -> list[tuple[str, ...]] | None:
    found = cells(margin, groups(CONTRACTS, today))
    return found and [tuple(cell[name] for name in margin) for cell in found]


def test_cells_follow_from_terms_and_calendar() -> None:
    years = of_margin("year")
    assert years == [(str(year),) for year in range(2021, 2027)] + [("unknown",)]
    assert of_margin("quarter", "year")[-2:] == [("2026-Q3", "2026"), ("unknown", "unknown")]
    assert ("FY2027",) not in of_margin("fiscal_year")
    assert ("FY2027",) in of_margin("fiscal_year", today=date(2026, 10, 1))
    assert of_margin("state", "county") == [
        ("TX", "48001"),
        ("TX", "unknown"),
        ("unknown", "unknown"),
    ]
    both = ("law_enforcement + social_service",)
    assert of_margin("systems") == [("law_enforcement",), ("social_service",), both]
    assert len(of_margin("first_system", "age")) == 2 * 3


def test_no_cell_contradicts_itself() -> None:
    for cube in cubes().values():
        for one, other in cube.within:
            found = of_margin(one, other)
            decided = {value for value, _ in found}
            assert len(found) == len(decided) or other == "state", (one, other)
    assert ("2021-08", "2021-Q3", "2021") in of_margin("month", "quarter", "year")
    assert ("none", "yes") not in of_margin("coding", "trafficking")


def test_every_dimension_but_the_grid_has_its_values() -> None:
    wanted = {name for cube in cubes().values() for name in cube.dimensions}
    assert {name for name in wanted if of_margin(name) is None} == {"h3_cell"}
