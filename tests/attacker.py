"""A reader of a released table who tries to find people: written apart from what it attacks.

He knows the columns and their values, how cells are made of the finest ones, and, as a member, the
records of his own agency. He writes down every finest cell as an unknown and bounds every hidden
row by linear programs over them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa
from scipy.optimize import linprog

Key = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """What is published, as rows, and the finest cells that can be."""

    dimensions: Key
    base: list[Key]
    rows: list[tuple[Key, int | None]]

    def members(self, key: Key) -> np.ndarray:
        return np.array(
            [all(k in ("*", v) for k, v in zip(key, one, strict=True)) for one in self.base], float
        )


def table(cells: pa.Table, records: pa.Table, dimensions: Key, can_be: Callable) -> Table:
    """``can_be``: whether a finest cell is possible at all (a county in its own state)."""
    values = [
        sorted({v or "unknown" for v in records[name].to_pylist()}, key=str) for name in dimensions
    ]
    base = [key for key in product(*values) if can_be(dict(zip(dimensions, key, strict=True)))]
    columns = [cells[name].to_pylist() for name in dimensions]
    keys = list(zip(*columns, strict=True))
    counts = cells["count"].to_pylist()
    return Table(dimensions, base, list(zip(keys, counts, strict=True)))


def truth(records: pa.Table, known: Table, mine: Callable[[dict], bool] | None = None) -> np.ndarray:
    """Records in every finest cell; of them only those that ``mine`` takes."""
    place = {key: number for number, key in enumerate(known.base)}
    counts = np.zeros(len(known.base))
    for row in records.to_pylist():
        if mine is None or mine(row):
            counts[place[tuple(row[name] or "unknown" for name in known.dimensions)]] += 1
    return counts


def intervals(
    known: Table,
    own: np.ndarray | None = None,
    not_empty: Iterable[Key] = (),
) -> dict[Key, tuple[float, float]]:
    """Bounds on every hidden row.

    Args:
        own: of each finest cell the records the reader knows.
        not_empty: hidden rows he guesses to count somebody.
    """
    size = len(known.base)
    shown = [(known.members(key), count) for key, count in known.rows if count is not None]
    guessed = [known.members(key) for key in not_empty]
    equal = {"A_eq": np.array([m for m, _c in shown]), "b_eq": np.array([c for _m, c in shown])}
    if not shown:
        equal = {}
    above = {"A_ub": -np.array(guessed), "b_ub": -np.ones(len(guessed))} if guessed else {}
    least = np.zeros(size) if own is None else own
    bounds = [(low, None) for low in least]
    found = {}
    for key, count in known.rows:
        if count is None:
            ends = []
            for sign in (1.0, -1.0):
                goal = sign * known.members(key)
                answer = linprog(goal, bounds=bounds, method="highs", **equal, **above)
                if answer.status == 0:
                    ends.append(sign * answer.fun)
                elif sign < 0:
                    ends.append(float("inf"))
                else:
                    raise AssertionError(f"the published table cannot be: {answer.message}")
            found[key] = (ends[0], ends[1])
    return found
