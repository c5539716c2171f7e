"""What the HMIS files share: ids, export, stays, and the fixed columns at the end of every row."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tributary.county.contacts import Stays
from tributary.county.county import County
from tributary.county.hmis_layout import Version
from tributary.county.hmis_sites import project_ids
from tributary.county.seeds import Days, Ints, Mask, chance, pick
from tributary.county.text import Column, choose, day, moment, serial

STAFF = 12
#: HUD's "client doesn't know", "prefers not to answer", "data not collected".
UNKNOWN = np.array([8, 9, 99])


@dataclass
class Hmis:
    """The continuum's export while it is written."""

    county: County
    stays: Stays
    version: Version
    hashed: bool

    @cached_property
    def prefixes(self) -> dict[str, str]:
        keep = self.county.canary.prefix
        return {
            "person": keep("C", "PID"),
            "stay": keep("E", "ENR"),
            "household": keep("H", "HHO"),
            "row": keep("R", "ROW"),
            "user": keep("U", "USR"),
        }

    @cached_property
    def export_id(self) -> str:
        return self.county.canary.text("ANSEL-2026-1", "EXPORT")

    @cached_property
    def _projects(self) -> list[str]:
        return project_ids(self.county.canary)

    def person_id(self, client: Ints) -> pa.Array:
        return serial(self.prefixes["person"], client + 1)

    def stay_id(self, stay: Ints) -> pa.Array:
        return serial(self.prefixes["stay"], stay + 1)

    def household_id(self, stay: Ints) -> pa.Array:
        return serial(self.prefixes["household"], self.stays.leader[stay] + 1)

    def row_id(self, kind: str, row: Ints) -> pa.Array:
        return serial(self.prefixes["row"] + kind, row + 1)

    def project_id(self, stay: Ints) -> pa.Array:
        return choose(self._projects, self.stays.site[stay])

    def user_id(self, which: Ints) -> pa.Array:
        return serial(self.prefixes["user"], which % STAFF + 1, 3)

    def keys(self, stay: Ints) -> dict[str, Column]:
        """The two ids every row about a stay carries."""
        return {
            "EnrollmentID": self.stay_id(stay),
            "PersonalID": self.person_id(self.stays.of[stay]),
        }

    def tail(
        self, random: np.random.Generator, made: Days, deleted: Mask | None = None
    ) -> dict[str, Column]:
        """DateCreated to ExportID. ``made`` is the day of the fact; it was keyed in soon after."""
        rows, last = len(made), self.county.period.end
        minutes = random.integers(8 * 60, 18 * 60, rows).astype("timedelta64[m]")
        created = made.astype("datetime64[m]") + minutes
        updated = np.minimum(
            created + random.integers(0, 40_000, rows).astype("timedelta64[m]"), last
        )
        columns: dict[str, Column] = {
            "DateCreated": moment(created),
            "DateUpdated": moment(np.maximum(created, updated)),
            "UserID": self.user_id(random.integers(0, STAFF, rows)),
            "ExportID": self.export_id,
        }
        if deleted is not None:
            columns["DateDeleted"] = pc.if_else(pa.array(deleted), columns["DateUpdated"], None)
        return columns


def five_point(random: np.random.Generator, yes: Mask | float, unknown: float, rows: int) -> Ints:
    """0 or 1, or one of HUD's three unknowns with probability ``unknown``.

    ``yes``: the answers, or the probability of 1.
    """
    answer = chance(random, yes, rows) if isinstance(yes, float) else yes
    silent = UNKNOWN[random.integers(0, 3, rows)]
    return np.where(chance(random, unknown, rows), silent, answer.astype(np.int64))


def options(random: np.random.Generator, weights: Mapping[int, float], rows: int) -> Ints:
    """One of the codes each, by weight."""
    codes = np.array(list(weights))
    return codes[pick(random, list(weights.values()), rows)]


def date_or_blank(days: Days, mask: Mask) -> pa.Array:
    return day(np.where(mask, days, np.datetime64("NaT")))


def hashed_names(names: pa.Array) -> pa.Array:
    """HUD's hash of a name: SHA-256 over its Soundex, in hex; each distinct name once."""
    encoded = pc.dictionary_encode(names)
    digests = [sha256(soundex(name)) for name in encoded.dictionary.to_pylist()]
    return pc.take(pa.array(digests, pa.string()), encoded.indices)


def hashed_ssn(ssn: pa.Array) -> pa.Array:
    """HUD's hash of a number: the last four digits in clear, then SHA-256 of all nine."""
    digests = [
        None if number is None else number[-4:] + sha256(number) for number in ssn.to_pylist()
    ]
    return pa.array(digests, pa.string())


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def soundex(name: str) -> str:
    """American Soundex: a letter and three digits."""
    codes = {
        **dict.fromkeys("BFPV", "1"),
        **dict.fromkeys("CGJKQSXZ", "2"),
        **dict.fromkeys("DT", "3"),
    }
    codes |= {"L": "4", "M": "5", "N": "5", "R": "6"}
    letters = [letter for letter in name.upper() if "A" <= letter <= "Z"]
    if not letters:
        return "Z000"
    digits, last = "", codes.get(letters[0], "")
    for letter in letters[1:]:
        found = codes.get(letter, "")
        if found and found != last:
            digits += found
        if letter not in "HW":
            last = found
    return (letters[0] + digits + "000")[:4]
