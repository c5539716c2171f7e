"""Tables laid beside each other: what two coarser forms of one dimension tell of the finer one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pyarrow as pa
import pytest

from anonymize.disclosure import cells as counted
from anonymize.disclosure.release import Request, release
from tests.attacker import WIDE, intervals, table

#: The fiscal year ends with the third quarter.
FISCAL = {
    **dict.fromkeys(("2025-Q1", "2025-Q2", "2025-Q3"), "FY25"),
    **dict.fromkeys(("2025-Q4", "2026-Q1", "2026-Q2"), "FY26"),
}
#: Of the rare kind, by quarter: in each calendar and fiscal year many, in one quarter few.
RARE = (30, 30, 30, 5, 40, 40)
DIMENSIONS = ("quarter", "year", "fiscal_year", "kind")


def records() -> pa.Table:
    """Six quarters of two kinds."""
    many = {
        (quarter, kind): 60 if kind == "common" else few
        for (quarter, few), kind in product(zip(FISCAL, RARE, strict=True), ("common", "rare"))
    }
    rows = [key for key, count in many.items() for _ in range(count)]
    return pa.table(
        {
            "quarter": [quarter for quarter, _ in rows],
            "year": [quarter[:4] for quarter, _ in rows],
            "fiscal_year": [FISCAL[quarter] for quarter, _ in rows],
            "kind": [kind for _, kind in rows],
        }
    )


REQUEST = Request(
    DIMENSIONS,
    margins=(("year", "kind"), ("quarter", "kind"), ("fiscal_year", "kind")),
    within=(("quarter", "year"), ("quarter", "fiscal_year")),
)


def narrowest() -> float:
    """What a reader of the three tables can narrow a hidden cell to."""
    shown = release(records(), REQUEST).cells
    known = table(
        shown,
        records(),
        DIMENSIONS,
        lambda at: (at["year"], at["fiscal_year"]) == (at["quarter"][:4], FISCAL[at["quarter"]]),
    )
    hidden = [key for key, count in known.rows if count is None]
    assert hidden
    bounds = intervals(known, not_empty=hidden)
    return min(high - low for low, high in bounds.values())


@pytest.mark.parametrize("finest", [0, counted.FINEST])
def test_a_quarter_is_not_the_calendar_year_less_the_fiscal_one(
    finest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted, "FINEST", finest)
    assert narrowest() >= WIDE - 1e-6


def test_without_the_link_it_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test can fail: margins that do not know what decides what give the cell away."""
    monkeypatch.setattr(counted, "FINEST", 0)
    monkeypatch.setattr(counted, "_with_decided", lambda margin, _within: list(margin))
    assert np.isclose(narrowest(), 0)
