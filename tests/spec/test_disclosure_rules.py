"""What may be told of a cell: the rules of a released table, each with the least that shows it."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest

from anonymize.disclosure.release import Released, Request, release

Cell = tuple[str, ...]


def table(counts: dict[Cell, int], names: Sequence[str], **columns: dict[Cell, object]) -> pa.Table:
    rows = [key for key, count in counts.items() for _ in range(count)]
    built = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    for name, values in columns.items():
        built[name] = [values[row] for row in rows]
    return pa.table(built)


def cell(released: Released, key: Cell, column: str = "count") -> object:
    names = released.cells.column_names[: len(key)]
    keys = list(zip(*(released.cells[name].to_pylist() for name in names), strict=True))
    return released.audit[column].to_pylist()[keys.index(key)]


GRID = {(a, b): 40 for a in "pqrs" for b in "xyz"}


@pytest.mark.parametrize(
    ("count", "status", "reason"),
    [
        (0, "zero", ""),
        (1, "suppressed", "small"),
        (10, "suppressed", "small"),
        (11, "published", ""),
    ],
)
def test_counts_of_1_to_10_are_hidden(count: int, status: str, reason: str) -> None:
    released = release(table(GRID | {("p", "x"): count}, "ab"), Request(("a", "b")))
    assert cell(released, ("p", "x"), "status") == status
    assert cell(released, ("p", "x"), "reason") == reason
    assert cell(released, ("*", "*")) == 440 + count


def test_a_hidden_cell_is_not_the_only_one_in_its_row_or_column() -> None:
    released = release(table(GRID | {("p", "x"): 3}, "ab"), Request(("a", "b")))
    hidden = [
        key
        for key, status in zip(
            zip(released.cells["a"].to_pylist(), released.cells["b"].to_pylist(), strict=True),
            released.cells["status"].to_pylist(),
            strict=True,
        )
        if status == "suppressed"
    ]
    assert len(hidden) == 4
    assert released.summary["complementary"] == 3
    assert released.summary["narrowest_interval"] >= 11


def test_a_margin_that_is_not_released_needs_no_protection() -> None:
    records = table(GRID | {("p", "x"): 3}, "ab")
    released = release(records, Request(("a", "b"), margins=(("a", "b"),)))
    assert released.summary["suppressed"] == 1
    assert released.cells.num_rows == 12


# --- attribute disclosure ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        ({"x": 40, "y": 0, "z": 0}, "attribute"),  # all of p are x
        ({"x": 40, "y": 11, "z": 0}, ""),  # two kinds: a zero tells nobody's kind
        ({None: 40, "y": 0, "z": 0}, ""),  # all unknown: nothing is told
        ({"x": 5, "y": 0, "z": 0}, "small"),  # hidden anyway
    ],
)
def test_a_group_that_is_all_of_one_kind_is_not_shown_as_such(
    kinds: dict[str | None, int], reason: str
) -> None:
    counts = {key: count for key, count in GRID.items() if key[0] != "p"}
    released = release(
        table(counts | {("p", kind): count for kind, count in kinds.items()}, "ab"),
        Request(("a", "b")),
    )
    first = next(iter(kinds)) or "unknown"
    assert cell(released, ("p", first), "reason") == reason


def test_a_county_is_in_its_state_as_everybody_knows() -> None:
    counts = {(f"{s}{n}", s): 60 + n for s in "vw" for n in range(4)}
    released = release(table(counts, ("county", "state")), Request(("county", "state")))
    assert released.summary["suppressed"] == 0
    assert released.cells.num_rows == 1 + 2 + 8 + 8  # no county in the other state


def test_a_county_is_hidden_in_its_state_as_well() -> None:
    counts = {(f"{s}{n}", s): 60 + n for s in "vw" for n in range(4)} | {("v0", "v"): 4}
    released = release(table(counts, ("county", "state")), Request(("county", "state")))
    for key in (("v0", "*"), ("v0", "v")):
        assert cell(released, key) is None
    assert cell(released, ("*", "v")) == 61 + 62 + 63 + 4


def test_few_records_do_not_make_a_hierarchy() -> None:
    """Twelve people, all of one kind by county: chance, and it would tell their kind."""
    counts = {("k", "f"): 12, ("l", "f"): 12, ("m", "g"): 3}
    request = Request(("county", "sex"))
    assert cell(release(table(counts, request.dimensions), request), ("k", "f")) is None


# --- contributors ------------------------------------------------------------------------------

SHARED = ["A", "B"]


@pytest.mark.parametrize(
    ("cell_of", "public", "status"),
    [
        ({"A": 40}, "", "suppressed"),  # one agency's own figure
        ({"A": 40, "B": 3}, "", "suppressed"),  # A subtracts its own and finds 3
        ({"A": 40, "B": 11}, "", "published"),
        ({"AB": 40}, "", "published"),  # both know them all: nobody is left
        ({"AB": 40, "B": 10}, "", "suppressed"),
        ({"A": 40}, "A", "published"),  # public anyway
        ({"A": 40, "B": 3}, "A", "suppressed"),  # everybody subtracts what is public
        ({"A": 40, "B": 11}, "A", "published"),
        ({"A": 3}, "A", "suppressed"),  # small all the same
    ],
)
def test_whoever_subtracts_his_own_is_left_with_nobody_or_eleven(
    cell_of: dict[str, int], public: str, status: str
) -> None:
    rows = [(a, b, SHARED) for a, b in GRID if (a, b) != ("p", "x") for _ in range(40)]
    rows += [("p", "x", list(who)) for who, count in cell_of.items() for _ in range(count)]
    columns = dict(zip(("a", "b", "who"), map(list, zip(*rows, strict=True)), strict=True))
    request = Request(("a", "b"), contributors="who", public=frozenset(public))
    assert cell(release(pa.table(columns), request), ("p", "x"), "status") == status


# --- earlier releases --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("then", "now", "shown"),
    [
        (40, 40, 40),
        (40, 41, 40),  # one person came: nobody sees it
        (40, 50, 40),
        (40, 51, 51),
        (40, 39, 40),  # one was taken out
        (40, 29, 29),
        (40, 4, None),  # small now
        (4, 40, None),  # beside it, and all that did not change, the 4 could be worked out
        (12, 9, None),
    ],
)
def test_a_count_that_moves_by_few_keeps_its_value(then: int, now: int, shown: int | None) -> None:
    request = Request(("a", "b"))
    large = dict.fromkeys(GRID, 400)
    first = release(table(large | {("p", "x"): then}, "ab"), request)
    second = release(table(large | {("p", "x"): now}, "ab"), request, [first])
    assert cell(second, ("p", "x")) == shown


def test_what_is_held_back_cannot_be_subtracted_from_the_rest() -> None:
    """p grew by 15: 12 of y, 3 of x. With p and py as they are, px could be worked out."""
    request = Request(("a", "b"))
    first = release(table(GRID, "ab"), request)
    counts = {key: count for key, count in GRID.items() if key != ("p", "z")}
    first = release(table(counts, "ab"), request)
    second = release(table(counts | {("p", "y"): 52, ("p", "x"): 43}, "ab"), request, [first])
    assert cell(second, ("p", "x"), "reason") == "difference"
    assert {cell(second, ("p", "y")), cell(second, ("p", "*"))} != {52, 95}


# --- rounding ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "shown"), [(11, 15), (12, 15), (17, 15), (18, 20), (0, 0)])
def test_counts_are_rounded_but_never_below_the_smallest(count: int, shown: int) -> None:
    records = table(GRID | {("p", "x"): count}, "ab")
    released = release(records, Request(("a", "b"), round_to=5))
    assert cell(released, ("p", "x")) == shown
    assert cell(released, ("p", "x"), "true_count") == count


# --- sums --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([10.0] * 40, True),
        ([1000.0] + [1.0] * 39, False),  # the second largest knows the largest to within 10 %
        ([1000.0, 900.0] + [3.0] * 38, True),  # the others make up 114 > 100
        ([1000.0, 900.0] + [2.0] * 38, False),
    ],
)
def test_a_sum_that_one_record_makes_up_is_hidden(values: list[float], shown: bool) -> None:
    rows = [(a, b, 10.0) for a, b in GRID if (a, b) != ("p", "x") for _ in range(40)]
    rows += [("p", "x", value) for value in values]
    columns = dict(zip(("a", "b", "pay"), map(list, zip(*rows, strict=True)), strict=True))
    released = release(pa.table(columns), Request(("a", "b"), measure="pay"))
    assert cell(released, ("p", "x")) == 40
    assert (cell(released, ("p", "x"), "pay") is not None) == shown
    # nor is it left as the rest of its row
    row = [cell(released, ("p", b), "pay") for b in "xyz*"]
    assert row.count(None) != 1
