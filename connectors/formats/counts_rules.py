"""What must hold of a table of counts.

The agency's own suppression is checked, too. A count is 0 or at least the agreement's minimum, and
so is whatever counts leave of a total they are part of: 60 in all and 52 adults would be 8 minors.
Each total is held against each table that breaks it down further; what several totals of unlike
dimensions tell together is left to disclosure control at publication.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from math import prod
from typing import Any, NamedTuple

from connectors.formats.base import ROW
from schemas.counts import ALL, COUNT, COUNT_PATTERN, END, MADE, MEASURE, START, CountsShape

_COUNT = re.compile(COUNT_PATTERN)

#: A row by column, all but ``ROW`` as text; blanks are None.
Row = Mapping[str, Any]
#: A value in each dimension, in their order.
Cell = tuple[str, ...]


class Fault(NamedTuple):
    """A rule that is broken, by the field it speaks of and the numbers of the rows."""

    code: str
    field: str | None
    rows: list[int]


class _Counted(NamedTuple):
    persons: int
    row: int


def faults(rows: list[Row], shape: CountsShape, today: date) -> list[Fault]:
    """Every rule that is broken; sums are looked at where all single rows are sound."""
    of_rows = [one for one in _row_faults(rows, shape, today) if one.rows]
    return of_rows or [one for one in _table_faults(rows, shape) if one.rows]


# --- rows -----------------------------------------------------------------------------------------


def _row_faults(rows: list[Row], shape: CountsShape, today: date) -> Iterator[Fault]:
    """What is wrong with single rows. A blank is no code, no date and no number."""

    def where(code: str, field: str, bad: Callable[[Row], bool]) -> Fault:
        return Fault(code, field, [row[ROW] for row in rows if bad(row)])

    yield where("COUNTS-CODE", MEASURE, lambda row: row[MEASURE] not in shape.measures)
    for name, codes in shape.dimensions.items():
        known = {ALL, *codes}
        yield where("COUNTS-CODE", name, lambda row, n=name, k=known: row[n] not in k)  # type: ignore[misc]
    yield where("COUNTS-PERIOD", START, lambda row: not _is_period(row, shape.months, today))
    made, last = rows[0][MADE], max(_day(row[END]) or date.min for row in rows)
    after = _day(made) is not None and last < date.fromisoformat(made) <= today
    yield where("COUNTS-MADE", MADE, lambda row: not after or row[MADE] != made)
    yield where("COUNTS-NUMBER", COUNT, lambda row: not _COUNT.match(row[COUNT] or ""))
    small = {str(count) for count in range(1, shape.minimum)}
    yield where("COUNTS-SMALL", COUNT, lambda row: row[COUNT] in small)


def _is_period(row: Row, months: int, today: date) -> bool:
    """Whether it is one whole month or quarter, and over: a running one would be told by its
    growth."""
    start, end = _day(row[START]), _day(row[END])
    if start is None or end is None:
        return False
    return (
        start.day == 1 and (start.month - 1) % months == 0 and end == _last(start, months) < today
    )


def _last(start: date, months: int) -> date:
    after = start.month - 1 + months
    return date(start.year + after // 12, after % 12 + 1, 1) - timedelta(days=1)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


# --- tables ---------------------------------------------------------------------------------------


def _table_faults(rows: list[Row], shape: CountsShape) -> Iterator[Fault]:
    """What is wrong with the rows of each period and measure together."""
    tables: dict[tuple[str, str], dict[Cell, _Counted]] = defaultdict(dict)
    twice: list[int] = []
    for row in rows:
        table = tables[row[START], row[MEASURE]]
        cell = tuple(row[name] for name in shape.dimensions)
        if cell in table:
            twice.append(row[ROW])
        table[cell] = _Counted(int(row[COUNT]), row[ROW])
    yield Fault("COUNTS-TWICE", None, twice)
    untold = [_totals(table, shape) for table in tables.values()]
    yield Fault("COUNTS-TOTAL", None, sorted(row for rows in untold for row in rows))
    if not any((*twice, *(row for rows in untold for row in rows))):
        for code, broken in _sums(tables.values(), shape).items():
            yield Fault(code, COUNT, sorted(set(broken)))


def _totals(table: Mapping[Cell, _Counted], shape: CountsShape) -> list[int]:
    """The first row of a table that has no count of the whole."""
    if (ALL,) * len(shape.dimensions) in table:
        return []
    return [min(counted.row for counted in table.values())]


def _sums(tables: Iterable[Mapping[Cell, _Counted]], shape: CountsShape) -> dict[str, list[int]]:
    """Rows of totals that do not add up, and of those of which the rest is small."""
    found: dict[str, list[int]] = {"COUNTS-MARGIN": [], "COUNTS-REMAINDER": []}
    for table in tables:
        for total, rest, whole in _rests(table, shape):
            if rest < 0 or (whole and rest):
                found["COUNTS-MARGIN"].append(total.row)
            elif 0 < rest < shape.minimum:
                found["COUNTS-REMAINDER"].append(total.row)
    return found


def _rests(
    table: Mapping[Cell, _Counted], shape: CountsShape
) -> Iterator[tuple[_Counted, int, bool]]:
    """Each total with what the cells of one finer table leave of it, and whether all are there.

    Of a dimension in which one person may have several values each value is held against the
    total by itself.
    """
    margins = {_broken_down(cell) for cell in table}
    for coarse in margins:
        for fine in margins:
            if set(coarse) < set(fine):
                yield from _rests_of(table, shape, coarse, fine)


def _rests_of(
    table: Mapping[Cell, _Counted],
    shape: CountsShape,
    coarse: tuple[int, ...],
    fine: tuple[int, ...],
) -> Iterator[tuple[_Counted, int, bool]]:
    names = list(shape.dimensions)
    several = {place for place, name in enumerate(names) if name in shape.multiple}
    summed = [place for place in fine if place not in coarse and place not in several]
    cells = prod(len(shape.dimensions[names[place]]) for place in summed)
    parts: dict[tuple[Cell, Cell], list[int]] = defaultdict(list)
    for cell, counted in table.items():
        if _broken_down(cell) == fine:
            total = tuple(value if at in coarse else ALL for at, value in enumerate(cell))
            each = tuple(cell[at] for at in fine if at not in coarse and at in several)
            parts[total, each].append(counted.persons)
    for (total, each), counts in parts.items():
        if total in table:
            # who has one value of several may have any other, too: that is never all there is
            whole = not each and len(counts) == cells
            yield table[total], table[total].persons - sum(counts), whole


def _broken_down(cell: Cell) -> tuple[int, ...]:
    """Places of the dimensions by which a count is broken down."""
    return tuple(place for place, value in enumerate(cell) if value != ALL)
