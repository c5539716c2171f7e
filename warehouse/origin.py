"""Whose rows a load writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import psycopg

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True)
class Origin:
    """Whose rows these are. ``as_of`` is the day of the export, where the format tells."""

    agency: str
    feed: str
    delivery: str
    as_of: date | None
    #: Deliveries of the same plaintext under another contract version.
    predecessors: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, object]:
        return {
            "agency": self.agency,
            "feed": self.feed,
            "delivery": self.delivery,
            "as_of": self.as_of,
            "predecessors": list(self.predecessors),
        }
