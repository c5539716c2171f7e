"""One county: its seed, its period, its people and what happened to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tributary.county.canary import Canary
from tributary.county.contacts import Period
from tributary.county.facts import Facts
from tributary.county.people import People
from tributary.county.seeds import BATCH, Ints, Mask, stream
from tributary.county.truth import Truth

#: Called as ``progress(part, done, total)`` while files are written; rows of that part.
Progress = Callable[[str, int, int], None]


@dataclass
class County:
    """What every writer needs. ``folder`` receives the deliveries, one subfolder a contract.

    ``planted``: with a hotspot and a trend (see ``planted``).
    """

    seed: int
    period: Period
    people: People
    facts: Facts
    folder: Path
    truth: Truth
    canary: Canary
    progress: Progress
    planted: bool = False

    def stream(self, *names: str | int) -> np.random.Generator:
        return stream(self.seed, *names)

    def place(self, contract: str, file: str) -> Path:
        """Path of a delivery's file."""
        folder = self.folder / contract
        folder.mkdir(parents=True, exist_ok=True)
        return folder / file

    def minor(self, person: Ints) -> Mask:
        """Under 18 at the start of the period."""
        return self.people.age(person, np.full(len(person), self.period.first)) < 18

    def batches(
        self, part: str, rows: int, size: int = BATCH
    ) -> Iterator[tuple[int, np.random.Generator, Ints]]:
        """Number, random stream and row indices of each batch of a part; reports progress."""
        self.progress(part, 0, rows)
        for batch, at in enumerate(range(0, rows, size)):
            index = np.arange(at, min(at + size, rows))
            yield batch, self.stream(part, batch), index
            self.progress(part, int(index[-1]) + 1, rows)
