"""The best full-domain generalisation of a table: one level for each quasi-identifier.

Every choice of levels is a node of a lattice. A node is feasible where the rows in classes that are
not k-anonymous or not l-diverse, which are suppressed, stay within a limit. Its loss is Iyengar's
LM (KDD 2002; ARX's default model): a value's loss is (m - 1) / (M - 1), where its coarse form
stands for m of the column's M distinct values; a row's is the mean over its columns, a suppressed
row's is 1, and the node's is the mean over rows. 0 is the table as it came, 1 is nothing at all.

The search is exact. Going up, classes merge, so that suppressed rows only become fewer (k and l are
monotone) and the loss without suppression only grows. Hence a node that is not feasible rules out
all below it, the rows it suppresses are suppressed by all below it, and no node loses less than it
would without suppression; nodes whose bound reaches the best loss found are never measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt

from anonymize.extracts.classes import Coded, Codes, Rows, class_ids, packed, strength
from anonymize.extracts.hierarchy import ALL, OTHER, Hierarchy
from schemas.errors import ContractError

Reals = npt.NDArray[np.float64]
#: Nodes a lattice may have; the search keeps a few numbers for each.
MOST_NODES = 200_000


@dataclass(frozen=True)
class Step:
    """A level of one column: its name, and what it makes of each of the column's values.

    Attributes:
        codes: (values,) place of the coarse form in ``labels``.
        loss: (values,) LM of each value, 0 to 1.
    """

    name: str
    codes: Codes
    labels: tuple[str | None, ...]
    loss: Reals


@dataclass(frozen=True)
class Ladder:
    """A quasi-identifier with its levels, finest first, ``*`` last."""

    name: str
    column: Coded
    steps: tuple[Step, ...]


def ladder(name: str, column: Coded, hierarchy: Hierarchy) -> Ladder:
    """The levels that make a difference among the column's values.

    Raises:
        ContractError: a level is not coarser than the one before it: two values that are one there
            are two here.
    """
    steps = [_step("value", column.values, column.values)]
    for level in hierarchy:
        coarse = [None if value is None else level.of(value) or OTHER for value in column.values]
        step = _step(level.name, column.values, coarse)
        pairs = len(set(zip(steps[-1].codes.tolist(), step.codes.tolist(), strict=True)))
        if pairs > len(steps[-1].labels):
            raise ContractError(
                f"hierarchy of {name}: level {level.name} divides what {steps[-1].name} has "
                "made one; put coarser levels later and give every value a group"
            )
        steps.append(step)
    steps.append(_step(ALL, column.values, [ALL] * len(column.values)))
    useful = [two for one, two in pairwise(steps) if len(two.labels) < len(one.labels)]
    return Ladder(name, column, (steps[0], *useful))


def _step(name: str, values: Sequence[str | None], coarse: Sequence[str | None]) -> Step:
    labels = tuple(dict.fromkeys(coarse))
    places = {label: place for place, label in enumerate(labels)}
    codes = np.array([places[label] for label in coarse], np.int64)
    members = np.bincount(codes, minlength=len(labels))
    return Step(name, codes, labels, (members[codes] - 1) / max(len(values) - 1, 1))


@dataclass(frozen=True)
class Found:
    """What a node is worth: levels of each column, rows suppressed, loss (0 to 1)."""

    levels: tuple[int, ...]
    suppressed: int
    loss: float


@dataclass(frozen=True)
class Search:
    """The best node, None where no node is feasible; nodes in all, and measured ones."""

    best: Found | None
    nodes: int
    measured: int


@dataclass(frozen=True)
class Lattice:
    """A table's generalisations.

    Attributes:
        ladders: quasi-identifiers; their columns have the length of ``rows``.
        k, l: what every class of an extract must reach.
    """

    ladders: tuple[Ladder, ...]
    rows: Rows
    k: int
    l: int  # noqa: E741

    @cached_property
    def table_rows(self) -> int:
        return int(self.rows.weight.sum())

    def nodes(self) -> Iterator[tuple[int, ...]]:
        """Levels of every node."""
        return product(*(range(len(one.steps)) for one in self.ladders))

    def reduced(self) -> Lattice:
        """The same lattice over distinct combinations of values instead of rows."""
        columns = [one.column for one in self.ladders] + list(self.rows.sensitive)
        columns += [self.rows.agency] if self.rows.agency else []
        count = len(self.rows.weight)
        keys, _ = packed([(one.codes, len(one.values)) for one in columns], count)
        order = np.argsort(keys)
        starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
        chosen = order[starts]
        weight = np.add.reduceat(self.rows.weight[order], starts) if count else self.rows.weight

        def taken(column: Coded) -> Coded:
            return replace(column, codes=column.codes[chosen])

        return replace(
            self,
            ladders=tuple(replace(one, column=taken(one.column)) for one in self.ladders),
            rows=Rows(
                tuple(map(taken, self.rows.sensitive)),
                taken(self.rows.agency) if self.rows.agency else None,
                weight,
            ),
        )

    def safe(self, levels: Sequence[int]) -> npt.NDArray[np.bool_]:
        """(rows,) Which rows a node may publish."""
        columns = [
            (one.steps[level].codes[one.column.codes], len(one.steps[level].labels))
            for one, level in zip(self.ladders, levels, strict=True)
        ]
        ids, classes = class_ids(columns, len(self.rows.weight))
        return strength(ids, classes, self.rows).holds(self.k, self.l)[ids]

    def measure(self, levels: Sequence[int]) -> Found:
        """Rows suppressed by a node, and its loss."""
        hidden = ~self.safe(levels)
        weight = self.rows.weight[hidden]
        own = np.zeros(len(weight))
        for one, level in zip(self.ladders, levels, strict=True):
            own += one.steps[level].loss[one.column.codes[hidden]]
        beyond = float((weight * (1 - own / len(self.ladders))).sum())
        general = sum(self._general[c][level] for c, level in enumerate(levels))
        loss = general + beyond / max(self.table_rows, 1)
        return Found(tuple(levels), int(weight.sum()), float(loss))

    @cached_property
    def _general(self) -> tuple[Reals, ...]:
        """Share of the loss without suppression that each level of each column has."""
        return tuple(
            np.array(
                [
                    float((step.loss[one.column.codes] * self.rows.weight).sum())
                    / max(self.table_rows, 1)
                    / len(self.ladders)
                    for step in one.steps
                ]
            )
            for one in self.ladders
        )

    def search(self, most_suppressed: int) -> Search:
        """The feasible node of least loss.

        Args:
            most_suppressed: rows that may be suppressed.
        """
        levels, general, worst = self._bounds()
        bound, alive = general.copy(), np.ones(len(levels), bool)
        best, measured = None, 0
        while (left := np.flatnonzero(alive)).size:
            # The middle one: if it is feasible it rules out the costly half, if not most below it.
            node = int(left[len(left) // 2])
            found, alive[node] = self.measure(levels[node].tolist()), False
            measured += 1
            below = (levels <= levels[node]).all(axis=1)
            if found.suppressed > most_suppressed:
                alive &= ~below
            else:
                share = found.suppressed / max(self.table_rows, 1)
                bound[below] = np.maximum(bound[below], (general + share * (1 - worst))[below])
                if best is None or found.loss < best.loss:
                    best = found
            if best is not None:
                alive &= bound < best.loss
        return Search(best, len(levels), measured)

    def _bounds(self) -> tuple[Codes, Reals, Reals]:
        """Every node by its loss without suppression: levels, that loss, and that of the row which
        loses most."""
        count = int(np.prod([len(one.steps) for one in self.ladders]))
        if count > MOST_NODES:
            raise ContractError(
                f"{count:,} combinations of levels are beyond {MOST_NODES:,}; "
                "name fewer quasi-identifiers or give them fewer levels"
            )
        levels = np.array(list(self.nodes()), np.int64)
        general, worst = np.zeros(count), np.zeros(count)
        for c, one in enumerate(self.ladders):
            general += self._general[c][levels[:, c]]
            most = np.array([step.loss.max(initial=0) for step in one.steps])
            worst += most[levels[:, c]] / len(self.ladders)
        order = np.argsort(general, kind="stable")
        return levels[order], general[order], worst[order]
