"""A set of NIBRS segments of one level, as columns, and the helpers that fill them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tributary.county.nibrs_layout import Cells
from tributary.county.seeds import Ints

Fields = dict[str, npt.ArrayLike]


@dataclass
class Segments:
    """Segments of one level: incident index and order within it, person (-1: none), fields."""

    level: int
    incident: Ints
    order: Ints
    fields: dict[str, Cells]
    person: Ints
    action: str = "I"

    def __len__(self) -> int:
        return len(self.incident)

    def drop(self, rows: Ints) -> Segments:
        keep = np.ones(len(self), np.bool_)
        keep[rows] = False
        fields = {name: cells[keep] for name, cells in self.fields.items()}
        return Segments(
            self.level,
            self.incident[keep],
            self.order[keep],
            fields,
            self.person[keep],
            self.action,
        )


def made(
    level: int, incident: Ints, order: Ints, person: Ints, fields: Fields, action: str = "I"
) -> Segments:
    """Segments of one level; a value that is not an array stands in all of them."""
    cells = {
        name: np.array(np.broadcast_to(_bytes(value), len(incident)))
        for name, value in fields.items()
    }
    return Segments(level, incident, order, cells, person, action)


def _bytes(value: npt.ArrayLike) -> Cells:
    found = np.asarray(value)
    return found if found.dtype.kind == "S" else found.astype("S")


def letters(letters: str, random: np.random.Generator, rows: int) -> Cells:
    return np.array(list(letters), "S1")[random.integers(0, len(letters), rows)]


def nobody(rows: int) -> Ints:
    return np.full(rows, -1, np.int64)


def stack(first: Segments, second: Segments) -> Segments:
    """Segments of one level that lack some of each other's fields."""
    blank = {name: np.zeros(len(second), "S1") for name in first.fields}
    fields = {
        name: np.concatenate([first.fields[name], second.fields.get(name, blank[name])])
        for name in first.fields
    }
    return Segments(
        first.level,
        np.concatenate([first.incident, second.incident]),
        np.concatenate([first.order, second.order]),
        fields,
        np.concatenate([first.person, second.person]),
        first.action,
    )
