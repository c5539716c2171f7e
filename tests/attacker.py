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
WIDE = 3.0


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


def truth(
    records: pa.Table, known: Table, mine: Callable[[dict], bool] | None = None
) -> np.ndarray:
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
    """Bounds on every hidden row; of one that is wider than ``WIDE`` not all that is possible.

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
    hidden = {key: known.members(key) for key, count in known.rows if count is None}
    seen = dict.fromkeys(hidden, (np.inf, -np.inf))
    for key, members in hidden.items():
        for sign in (1.0, -1.0):
            if seen[key][1] - seen[key][0] >= WIDE:
                continue  # tables found for other cells differ enough in this one
            answer = linprog(sign * members, bounds=bounds, method="highs", **equal, **above)
            if answer.status == 3:
                seen[key] = (seen[key][0], np.inf)
                continue
            assert answer.status == 0, "the published table cannot be"
            for other, its in hidden.items():
                at = float(its @ answer.x)
                seen[other] = (min(seen[other][0], at), max(seen[other][1], at))
    return seen


@dataclass(frozen=True)
class Both:
    """Two releases of one table side by side, over the finest cells of both."""

    former: Table
    new: Table

    def widths(
        self,
        asked: dict[str, list[Key]],
        shown_then: dict[Key, float],
        shown_now: dict[Key, float],
        lag: dict[Key, float],
        own: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> dict[tuple[str, Key], float]:
        """Widths of intervals of a reader who knows that nobody was taken out.

        Args:
            asked: ``then``, ``now`` or ``change`` -> rows to bound.
            shown_then, shown_now: exact counts.
            lag: rows that changed by so many at most.
            own: of each finest cell the records he knew, and those he knows to have come.
        """
        size = len(self.new.base)
        none = np.zeros(size)

        def row(key: Key, then: float, change: float) -> np.ndarray:
            members = self.new.members(key)
            return np.concatenate([then * members, change * members])

        equal = [(row(key, 1, 0), count) for key, count in shown_then.items()]
        equal += [(row(key, 1, 1), count) for key, count in shown_now.items()]
        below = [(row(key, 0, 1), most) for key, most in lag.items()]
        constraints = {
            "A_eq": np.array([m for m, _c in equal] or [np.concatenate([none, none])]),
            "b_eq": np.array([c for _m, c in equal] or [0.0]),
        }
        if below:
            constraints |= {
                "A_ub": np.array([m for m, _c in below]),
                "b_ub": np.array([c for _m, c in below]),
            }
        parts = {"then": (1, 0), "now": (1, 1), "change": (0, 1)}
        goals = {(kind, key): row(key, *parts[kind]) for kind in asked for key in asked[kind]}
        least = np.concatenate(own) if own is not None else np.zeros(2 * size)
        constraints["bounds"] = [(low, None) for low in least]
        seen = dict.fromkeys(goals, (np.inf, -np.inf))
        for one, goal in goals.items():
            for sign in (1.0, -1.0):
                if seen[one][1] - seen[one][0] >= WIDE:
                    continue
                answer = linprog(sign * goal, method="highs", **constraints)
                if answer.status == 3:
                    seen[one] = (-np.inf, np.inf)
                    continue
                assert answer.status == 0, "the two tables cannot be"
                for other, its in goals.items():
                    at = float(its @ answer.x)
                    seen[other] = (min(seen[other][0], at), max(seen[other][1], at))
        return {one: high - low for one, (low, high) in seen.items()}
