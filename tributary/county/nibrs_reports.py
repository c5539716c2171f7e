"""What the sheriff's agencies have to report, and in which files they send it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from tributary.county import rates
from tributary.county.county import County
from tributary.county.nibrs_layout import Cells, digits
from tributary.county.places import SHERIFF_ORIS
from tributary.county.seeds import Days, Ints, Mask, chance, pick

CONTRACT: Final = "county_sheriff.nibrs"
_ORI_SHARES: Final = (0.6, 0.2, 0.15, 0.05)
#: Characters of an incident or arrest transaction number.
_WIDTH: Final = 12


@dataclass
class Reports:
    """What the agencies report in the whole period by day: incidents, or Group B arrests."""

    day: Days
    ori: Cells
    number: Cells

    def between(self, first: np.datetime64, end: np.datetime64) -> Ints:
        return np.arange(*np.searchsorted(self.day, [first, end]))


@dataclass
class Submission:
    """One file: months ``first`` up to and without ``end``; ``month`` is MMYYYY of its last one."""

    path: Path
    first: np.datetime64
    end: np.datetime64
    lines: int = 0
    file: BinaryIO | None = field(default=None, repr=False)

    @property
    def month(self) -> str:
        last = (self.end - 1).astype(object)
        return f"{last.month:02d}{last.year}"


def submissions(county: County, monthly: bool) -> list[Submission]:
    """The files of the period, in the order in which they are sent."""
    period = county.period
    months = period.month + np.arange(period.months + 1)
    edges = months if monthly or period.months == 1 else months[[0, -2, -1]]
    found = []
    for first, end in pairwise(edges):
        name = f"nibrs_{str(end - 1).replace('-', '')}.txt"
        path = county.place(CONTRACT, name)
        found.append(Submission(path, first.astype("datetime64[D]"), end.astype("datetime64[D]")))
    return found


def quiet_month(county: County) -> np.datetime64:
    """The month in which the smallest agency has nothing to report: the last but one."""
    month: np.datetime64 = county.period.month + county.period.months - 2
    return month


def reports(county: County, what: str, expected: float, marked: str, letter: str) -> Reports:
    """Days, agencies and numbers; ``marked`` and ``letter``: see ``report_numbers``."""
    random, size = county.stream("nibrs", what), max(1, round(expected))
    day = np.sort(county.period.draw(random, size))
    ori = np.array(SHERIFF_ORIS, "S9")[pick(random, _ORI_SHARES, size)]
    month = day.astype("datetime64[M]")
    quiet = (ori == SHERIFF_ORIS[-1].encode()) & (month == quiet_month(county))
    ori[quiet] = SHERIFF_ORIS[0].encode()
    return Reports(day, ori, report_numbers(county, day, marked, letter))


def report_numbers(county: County, day: Days, marked: str, letter: str, start: int = 0) -> Cells:
    """``YY-NNNNNNN``; with ``letter`` before it for arrest transaction numbers.

    Where sentinels are wanted: the word, ``marked`` and digits.

    Raises:
        ValueError: the digits do not fit beside the sentinel.
    """
    serial = np.arange(start + 1, start + len(day) + 1)
    word = county.canary.prefix("", marked)
    if word:
        room = _WIDTH - len(word)
        if len(serial) and serial[-1] >= 10**room:
            raise ValueError("too many incidents for a sentinel within 12 characters")
        return np.char.add(word.encode(), digits(serial, room))
    year = day.astype("datetime64[Y]").astype(int) + 1970
    head = np.char.add(letter.encode(), digits(year % 100, 2))
    return np.char.add(np.char.add(head, b"-"), digits(serial, 7))


def deleted_later(county: County, incidents: Reports) -> Mask:
    """Incidents sent before the last month and deleted in the last submission."""
    earlier = incidents.day < county.period.month + county.period.months - 1
    random = county.stream("nibrs", "deleted")
    chosen = np.asarray(earlier & chance(random, rates.DELETED, len(earlier)))
    if earlier.any() and county.period.months > 1:
        chosen[0] = True
        return chosen
    return np.zeros(len(earlier), np.bool_)
