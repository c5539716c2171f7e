"""Which cells a margin may have, as far as that is known without a look at the records.

A table that lists the values found in the records tells of each that somebody has it. What is
listed here comes from code lists, from the calendar and from the terms of the contracts, which
every member knows: the months a contract lets anybody keep, the places where agencies answer, their
sectors. A record with other values is in no cell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from itertools import combinations, product

import yaml

from schemas.contract import Contract
from warehouse.publish.cubes import cubes, regions

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Group:
    """Values that go together: each of ``rows`` has one for each of ``columns``."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def groups(contracts: Collection[Contract], today: date) -> tuple[Group, ...]:
    """All that is listed; each dimension stands in one group, or in none (``h3_cell``)."""
    sectors = sorted({one.sector for one in contracts})
    systems = (
        " + ".join(chosen)
        for size in range(1, len(sectors) + 1)
        for chosen in combinations(sectors, size)
    )
    places = {(one.publication.state, one.publication.county) for one in contracts}
    states = {(state, "") for state, _ in places}
    known = [(state or UNKNOWN, county or UNKNOWN) for state, county in places | states]
    countries = sorted({region for region in regions().values() if region})
    return (
        *_fixed(),
        Group(("year", "quarter", "month", "fiscal_year"), tuple(_periods(contracts, today))),
        Group(("period",), tuple(_reporting_periods(contracts, today))),
        Group(("state", "county"), tuple(sorted({*known, (UNKNOWN, UNKNOWN)}))),
        Group(("origin",), tuple((one,) for one in ("USA", *countries, UNKNOWN))),
        Group(("systems",), tuple((one,) for one in systems)),
        Group(("first_system",), tuple((one,) for one in sectors)),
        *map(_told, ("means_told", "recruiter_told")),
    )


def _told(name: str) -> Group:
    """Whether anything of its kind was told, and each thing of that kind."""
    within = (pair for cube in cubes().values() for pair in cube.within)
    things = tuple(first for first, second in within if second == name)
    answers = product(("yes", "no"), repeat=len(things))
    nothing = ("no", *["not told"] * len(things))
    return Group((name, *things), (nothing, *(("yes", *one) for one in answers)))


def cells(margin: Sequence[str], listed: Iterable[Group]) -> list[dict[str, str]] | None:
    """Every cell of a margin; None where a dimension of it has no list."""
    used = [group for group in listed if set(group.columns) & set(margin)]
    if set(margin) - {name for group in used for name in group.columns}:
        return None
    parts = [
        # once each: several months are in one year
        list(dict.fromkeys(tuple(_of(group, row, margin)) for row in group.rows))
        for group in used
    ]
    return [dict(pair for part in chosen for pair in part) for chosen in product(*parts)]


def _of(group: Group, row: Sequence[str], margin: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name, value in zip(group.columns, row, strict=True):
        if name in margin:
            yield name, value


def _periods(contracts: Iterable[Contract], today: date) -> Iterator[tuple[str, ...]]:
    """Year, quarter, month and federal fiscal year (it begins in October), from the oldest month
    that any contract still keeps."""
    kept = max((one.retention.core_days for one in contracts), default=0)
    month = (today - timedelta(days=kept)).replace(day=1)
    while month <= today:
        quarter = f"{month:%Y}-Q{(month.month + 2) // 3}"
        yield f"{month:%Y}", quarter, f"{month:%Y-%m}", f"FY{month.year + (month.month > 9)}"
        month = (month + timedelta(days=31)).replace(day=1)
    yield (UNKNOWN,) * 4


def _reporting_periods(contracts: Iterable[Contract], today: date) -> Iterator[tuple[str]]:
    """Quarters and months, of which agencies that count themselves report the one or the other."""
    for _, quarter, month, _ in _periods(contracts, today):
        if month != UNKNOWN:
            yield (quarter,)
            yield (month,)


@cache
def _fixed() -> tuple[Group, ...]:
    said = yaml.safe_load((files("warehouse.cubes") / "values.yaml").read_text("utf-8"))
    return tuple(Group(tuple(one["columns"]), tuple(map(tuple, one["rows"]))) for one in said)
