"""Sentinels for the canary tests: every direct identifier of every format carries one.

A text sentinel is the test's word and the field's name (``CANARYHMISCLIENTLASTNAME``), so that a
leak says where it came from. Numbers, telephones, dates and coordinates cannot carry a word; they
carry values that the county never uses otherwise. Identifiers that bind rows carry a prefix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tributary.county.seeds import Days, Mask
from tributary.county.text import Column, join

#: Area code of sentinel telephones; people's area codes end at 989.
_AREA: Final = "990"
_ADULT: Final = date(1987, 3, 29)
_MINOR: Final = date(2011, 3, 29)
#: Field kinds besides plain text, by feed and column.
_KINDS: Final[Mapping[tuple[str, str], str]] = {
    ("hmis", "SSN"): "ssn",
    ("hmis", "SourceContactPhone"): "phone",
    ("hmis", "UserPhone"): "phone",
    ("hmis", "SourceContactEmail"): "email",
    ("hmis", "UserEmail"): "email",
    ("rms", "SSN"): "ssn",
    ("rms", "Phone"): "phone",
    ("rms", "Email"): "email",
    ("rms", "Latitude"): "latitude",
    ("rms", "Longitude"): "longitude",
    ("htcds", "prs_Email"): "email",
    ("htcds", "prs_HomePhone"): "phone",
    ("htcds", "prs_MobilePhone"): "phone",
}


@dataclass
class Canary:
    """Marks columns if it has a ``word`` (1 to 6 capital letters), else leaves them alone.

    ``sentinels`` fills up while the files are written: what a search of the outputs must not find.
    """

    word: str | None = None
    _found: dict[str, None] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.word is not None and not re.fullmatch("[A-Z]{1,6}", self.word):
            raise ValueError("a sentinel word is 1 to 6 capital letters: incident numbers hold 12")

    @property
    def sentinels(self) -> tuple[str, ...]:
        return tuple(self._found)

    def prefix(self, usual: str, marked: str) -> str:
        """What a binding identifier begins with: ``usual``, or the word and ``marked``."""
        return usual if self.word is None else self.keep(self.word + marked)

    def text(self, usual: str, marked: str) -> str:
        """A single value: ``usual``, or a sentinel."""
        return self.prefix(usual, marked)

    def overlay(
        self, feed: str, table: str, columns: dict[str, Column], rows: int, fields: Iterable[str]
    ) -> dict[str, Column]:
        """``columns`` with a sentinel in every row of each of ``fields``.

        A text keeps what it was after its sentinel, so that people stay different people.
        """
        if self.word is None:
            return columns
        marked = dict(columns)
        for name in fields:
            marked[name] = self._marked(feed, table, name, columns.get(name), rows)
        return marked

    def born(self, text: pa.Array, minor: Mask, layout: str = "%Y-%m-%d") -> pa.Array:
        """Dates of birth, blank ones kept; one sentinel for minors and one for adults."""
        if self.word is None:
            return text
        for day in (_ADULT, _MINOR):
            self.keep(day.strftime(layout))
        dates = pc.if_else(pa.array(minor), _MINOR.strftime(layout), _ADULT.strftime(layout))
        return pc.if_else(pc.is_null(text), None, dates)

    def born_days(self, days: Days, minor: Mask) -> Days:
        """The same for dates that are written as dates."""
        if self.word is None:
            return days
        for day in (_ADULT, _MINOR):
            self.keep(day.isoformat())
        marked = np.where(minor, np.datetime64(_MINOR), np.datetime64(_ADULT))
        return np.where(np.isnat(days), days, marked)

    def _marked(self, feed: str, table: str, name: str, column: Column, rows: int) -> pa.Array:
        kind = _KINDS.get((feed, name), "text")
        tag = re.sub("[^A-Z0-9]", "", f"{feed}{table}{name}".upper())
        if kind not in ("text", "email"):
            return pa.array([self._number(kind, tag)] * rows, pa.string())
        sentinel = pa.scalar(self.keep(f"{self.word}{tag}"))
        before = pa.nulls(rows, pa.string()) if column is None else column
        if isinstance(before, str):
            before = pa.array([before] * rows, pa.string())
        return join(sentinel, pc.coalesce(before, "@example.org" if kind == "email" else ""))

    def _number(self, kind: str, tag: str) -> str:
        number = self._numbers.setdefault(tag, len(self._numbers) + 11)
        if kind == "ssn":
            return self.keep(f"{_AREA}00{4200 + number}")
        if kind == "phone":
            self.keep(f"{_AREA}55501{number}")
            return self.keep(f"({_AREA}) 555-01{number}")
        return self.keep(f"{'41' if kind == 'latitude' else '-98'}.{7182731 + number}")

    def keep(self, sentinel: str) -> str:
        self._found[sentinel] = None
        return sentinel
