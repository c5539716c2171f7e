"""k, l and the best generalisation, against slow references that share no code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymize.extracts.classes import check, coded, rows_of
from anonymize.extracts.extract import ExtractRequest, extract
from anonymize.extracts.hierarchy import parse
from anonymize.extracts.lattice import Lattice, ladder
from schemas.errors import PrivacyError

Row = tuple[str | None, ...]

#: Coarser forms of the values below, as a file and as the reference reads them.
HIERARCHIES = parse(
    """
    - columns: [a]
      levels:
      - {name: pair, values: {low: [0, 1], high: [2, 3]}}
    - columns: [b]
      levels:
      - {name: first, prefix: 2}
      - {name: one, prefix: 1}
    """,
    "test",
)
LEVELS = {
    "a": [
        lambda v: v,
        lambda v: v and {"0": "low", "1": "low", "2": "high", "3": "high"}.get(v, "other"),
        lambda v: "*",
    ],
    "b": [lambda v: v, lambda v: v and v[:2], lambda v: v and v[:1], lambda v: "*"],
    "c": [lambda v: v, lambda v: "*"],
}

values = {
    "a": st.sampled_from(["0", "1", "2", "3", "9", None]),
    "b": st.sampled_from(["xxa", "xxb", "xya", "yya", None]),
    "c": st.sampled_from(["m", "w", None]),
    "s": st.sampled_from(["p", "q", "r", None]),
    "agency": st.sampled_from(["police", "shelter", "county"]),
}
tables = st.lists(st.tuples(*values.values()), max_size=60).map(
    lambda rows: pa.table(
        {name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(values)}
    )
)


def remaining(group: Sequence[dict[str, str | None]], agency: bool) -> tuple[int, int]:
    """k and l of one class, counted the slow way, for whoever knows least to his disadvantage."""
    views = [list(group)]
    if agency:
        views = [
            [row for row in group if row["agency"] != one] for one in {r["agency"] for r in group}
        ]
    return (
        min(len(view) for view in views),
        min(len({row["s"] for row in view} - {None}) for view in views),
    )


def grouped(table: pa.Table, names: Sequence[str]) -> dict[Row, list[dict[str, str | None]]]:
    found = defaultdict(list)
    for row in table.to_pylist():
        found[tuple(row[name] for name in names)].append(row)
    return found


@given(tables, st.booleans(), st.integers(1, 6))
def test_k_and_l_are_those_of_the_least_class(table: pa.Table, agency: bool, k: int) -> None:
    found = check(table, ["a", "b", "c"], ["s"], k=k, agency="agency" if agency else None)
    groups = list(grouped(table, ["a", "b", "c"]).values())
    seen = [remaining(group, agency) for group in groups]
    assert found.classes == len(groups)
    assert found.k == min((k for k, _ in seen), default=0)
    assert found.l == min((distinct for _, distinct in seen), default=0)
    assert found.rows_below_k == sum(
        len(group) for group, (mine, _) in zip(groups, seen, strict=True) if mine < k
    )


def reference(
    table: pa.Table,
    node: Sequence[int],
    k: int,
    ell: int,
    agency: bool,
) -> tuple[int, float]:
    """Suppressed rows and LM of a node: every row generalised for itself."""
    names = ("a", "b", "c")
    rows, distinct = table.to_pylist(), {n: set(table[n].to_pylist()) for n in names}

    def coarse(name: str, value: str | None) -> str | None:
        return LEVELS[name][node[names.index(name)]](value)

    groups = defaultdict(list)
    for row in rows:
        groups[tuple(coarse(name, row[name]) for name in names)].append(row)
    suppressed, loss = 0, 0.0
    for group in groups.values():
        mine = remaining(group, agency)
        if mine[0] < k or mine[1] < ell:
            suppressed += len(group)
            loss += len(group)
            continue
        for row in group:
            for name in names:
                same = [v for v in distinct[name] if coarse(name, v) == coarse(name, row[name])]
                loss += (len(same) - 1) / max(len(distinct[name]) - 1, 1) / len(names)
    return suppressed, loss / max(len(rows), 1)


@settings(max_examples=60)
@given(tables, st.integers(2, 6), st.integers(1, 3), st.booleans(), st.integers(0, 12))
def test_the_best_node_is_that_of_trying_them_all(
    table: pa.Table,
    k: int,
    ell: int,
    agency: bool,
    most: int,
) -> None:
    names = ("a", "b", "c")
    tried = {
        node: reference(table, node, k, ell, agency)
        for node in product(*(range(len(LEVELS[name])) for name in names))
    }
    lattice = Lattice(
        tuple(ladder(n, coded(table[n], n), HIERARCHIES.get(n, ())) for n in names),
        rows_of(table, ["s"], "agency" if agency else None),
        k,
        ell,
    )
    best = lattice.reduced().search(most).best
    feasible = [loss for suppressed, loss in tried.values() if suppressed <= most]
    assert (best is None) == (not feasible)
    if best is not None:
        assert best.loss == pytest.approx(min(feasible))
        # The loss and the suppressed rows of the node itself, by the names of its levels.
        again = lattice.measure(best.levels)
        assert (again.suppressed, again.loss) == (best.suppressed, pytest.approx(best.loss))
        assert again.suppressed <= most


@settings(max_examples=60)
@given(tables, st.integers(2, 6), st.integers(1, 2), st.booleans())
def test_what_is_published_holds_or_nothing_is(
    table: pa.Table,
    k: int,
    ell: int,
    agency: bool,
) -> None:
    request = ExtractRequest(
        *(("a", "b", "c"), ("s",), k, ell, 0.3),
        agency="agency" if agency else None,
        hierarchies=HIERARCHIES,
    )
    try:
        found = extract(table, request)
    except PrivacyError:
        return
    assert found.table.num_rows + found.suppressed == table.num_rows
    for group in grouped(found.table, ["a", "b", "c"]).values():
        assert len(group) >= k
        assert len({row["s"] for row in group} - {None}) >= ell
    # Every published row is a row of the table, coarser; no row is made up or doubled.
    steps = {"value": 0, "pair": 1, "first": 1, "one": 2}
    node = {n: steps.get(at, len(LEVELS[n]) - 1) for n, at in found.levels.items()}
    possible = defaultdict(int)
    for row in table.to_pylist():
        possible[tuple(LEVELS[n][node[n]](row[n]) for n in ("a", "b", "c"))] += 1
    for group, rows in grouped(found.table, ["a", "b", "c"]).items():
        assert len(rows) == possible[group]
