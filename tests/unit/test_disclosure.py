"""Parts of disclosure control by themselves: levels, bounds, hierarchies, contributors."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import sparse

from anonymize.disclosure.audit import View, audit
from anonymize.disclosure.cells import cells
from anonymize.disclosure.release import Request
from anonymize.disclosure.rollup import roll_up
from schemas.errors import DeliveryError


def months(counts: list[int]) -> pa.Table:
    rows = [month for month, count in enumerate(counts) for _ in range(count)]
    return pa.table(
        {
            "month": [f"{month:02}" for month in rows],
            "quarter": [f"Q{month // 3}" for month in rows],
            "kind": ["ab"[place % 2] for place in range(len(rows))],
        }
    )


@pytest.mark.parametrize(
    ("counts", "level"), [([90] * 12, "month"), ([15] * 12, "quarter"), ([2] * 12, "quarter")]
)
def test_the_finest_level_that_hides_few(counts: list[int], level: str) -> None:
    rolled = roll_up(months(counts), Request(("month", "kind")), [("month", "quarter")])
    assert rolled.levels == (level, "kind")
    assert rolled.released.cells.column_names[0] == level


def test_a_level_that_is_no_dimension() -> None:
    with pytest.raises(DeliveryError, match="RELEASE-DIMENSIONS at quarter"):
        roll_up(months([9]), Request(("month",)), [("quarter", "month")])


#: whole = a + b + c
ONE_ROW = sparse.csr_array(np.array([[1.0, -1.0, -1.0, -1.0]]))
TRUTH = np.array([30.0, 2.0, 5.0, 23.0])


@pytest.mark.parametrize(
    ("hidden", "floor", "lower", "upper"),
    [
        ([1, 2], [0, 0, 0, 0], [0, 0], [7, 7]),
        ([1, 2], [0, 1, 1, 0], [1, 1], [6, 6]),
        ([1], [0, 0, 0, 0], [2], [2]),
    ],
)
def test_bounds_by_hand(
    hidden: list[int], floor: list[int], lower: list[float], upper: list[float]
) -> None:
    mask = np.isin(np.arange(4), hidden)
    view = View(TRUTH, np.array(floor, float), np.full(4, 1000.0))
    found = audit(ONE_ROW, mask, view.asked(mask))
    assert found.lower[mask] == pytest.approx(lower)
    assert found.upper[mask] == pytest.approx(upper)
    for cut in found.cuts:
        # what is hidden cannot leave more than was found, and hiding anything else would help
        assert cut.coefficient[mask].sum() == pytest.approx(cut.width)
        assert (cut.coefficient[~mask] > 0).all()


def test_a_ceiling_bounds_too() -> None:
    mask = np.array([True, True, False, False])
    view = View(TRUTH, TRUTH - 2, np.full(4, 9.0), TRUTH + 1)
    assert {cut.width for cut in audit(ONE_ROW, mask, view.asked(mask)).cuts} == {3.0}


def test_hierarchies_are_seen_and_can_be_declared() -> None:
    table = pa.table({"c": [f"{n % 8}" for n in range(400)], "s": [f"{n % 2}" for n in range(400)]})
    seen = cells(table, ("c", "s"), [("c", "s")])
    assert seen.within == (("c", "s"),)
    assert len(seen.of_margin(("c", "s"))) == 8
    assert len(cells(table, ("c", "s"), [("c", "s")], within=()).of_margin(("c", "s"))) == 16


@pytest.mark.parametrize("who", [["A;B", "A", "B;B"], [["A", "B"], ["A"], ["B", "B"]]])
def test_contributors_as_text_or_list(who: list) -> None:
    found = cells(pa.table({"x": ["u", "u", "v"], "who": who}), ("x",), [("x",)], "who")
    assert found.contributors == ("A", "B")
    at = found.of_margin(("x",))
    assert found.count[at].tolist() == [2, 1]
    assert found.own[:, at].tolist() == [[2, 0], [1, 1]]


def test_everybody_knows_what_is_public() -> None:
    table = pa.table({"x": ["u", "u", "v"], "who": ["A;B", "A", "B"]})
    found = cells(table, ("x",), [("x",)], "who", frozenset("B"))
    at = found.of_margin(("x",))
    assert found.known[:, at].tolist() == [[2, 1], [1, 1]]  # A with B's; anybody
