"""Of a table of counts that is taken, nothing from 1 to 10 can be had by taking counts away.

The reader here sums and subtracts in his own way: he takes any count and any set of the counts of
one table that are part of it.
"""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.formats.counts_rules import faults
from schemas.counts import CountsShape
from tests.counts import TODAY, Row, row

SHAPE = CountsShape(3, 11, ("new",), {"age": ("adult", "minor"), "gender": ("Woman", "Man")},
                    frozenset())  # fmt: skip
CELLS = list(product(("all", "adult", "minor"), ("all", "Woman", "Man")))
SIZES = st.sampled_from((0, 4, 11, 12, 30))


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    """True counts of four kinds of persons, of which an agency sends some cells."""
    kinds = {cell: draw(SIZES) for cell in CELLS if "all" not in cell}
    sent = draw(st.sets(st.sampled_from(CELLS), min_size=1))
    rows = []
    for number, cell in enumerate(sorted(sent), 1):
        inside = [n for kind, n in kinds.items() if _part(kind, cell)]
        given_row = row(str(sum(inside)), age=cell[0], gender=cell[1])
        rows.append({**given_row, "_row": number})
    return rows


def _part(one: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    return all(w in ("all", o) for o, w in zip(one, whole, strict=True))


@settings(max_examples=150, deadline=None)
@given(tables())
def test_what_is_left_of_any_count_is_nobody_or_enough(rows: list[Row]) -> None:
    if faults(rows, SHAPE, TODAY):
        return
    counts = {(one["age"], one["gender"]): int(one["count"]) for one in rows}
    assert all(count == 0 or count >= 11 for count in counts.values())
    for whole, total in counts.items():
        for broken in ((0,), (1,), (0, 1)):
            finer = [
                count
                for cell, count in counts.items()
                if cell != whole
                and _part(cell, whole)
                and tuple(at for at in (0, 1) if cell[at] != whole[at]) == broken
                and all(cell[at] != "all" for at in broken)
            ]
            rest = total - sum(finer)
            assert not finer or rest == 0 or rest >= 11


@settings(max_examples=150, deadline=None)
@given(tables())
def test_a_true_table_never_fails_to_add_up(rows: list[Row]) -> None:
    """Refused for what is small or missing, but not for its sums."""
    codes = {fault.code for fault in faults(rows, SHAPE, TODAY)}
    assert codes <= {"COUNTS-SMALL", "COUNTS-TOTAL", "COUNTS-REMAINDER"}
