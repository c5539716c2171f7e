"""Ages: as bands, or as minor and adult.

An age comes from a date of birth and a reference date, or is given as an age: in years, or in the
four characters of NIBRS (FBI, NIBRS Technical Specification, data elements 26, 37, 47 and 58).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.operators.columns import labels, over_distinct, text

#: Dates that systems write when they know none: Excel's day zero, SQL's and HMIS vendors' default.
SENTINELS = (date(1899, 12, 30), date(1899, 12, 31), date(1900, 1, 1))
#: Older than any person on record would be by a margin of error: the date is wrong, not the person.
OLDEST = 120
ADULT = 18
_UNKNOWN = -1

_CTDC = (0, 9, 18, 21, 24, 27, 30, 39, 48)
_CTDC_NAMES = ("0--8", "9--17", "18--20", "21--23", "24--26", "27--29", "30--38", "39--47", "48+")
_FIVE = tuple(range(0, 95, 5))
_FIVE_NAMES = (*(f"{low:02d}-{low + 4:02d}" for low in _FIVE[:-1]), "90+")

#: Band system -> (lowest age of each band, its name). The first is CTDC's codebook of 2024; the
#: second stops at 90+, as 45 CFR 164.514(b)(2)(i)(C) demands.
BANDS: Mapping[str, tuple[tuple[int, ...], tuple[str, ...]]] = MappingProxyType(
    {"ctdc": (_CTDC, _CTDC_NAMES), "five_year": (_FIVE, _FIVE_NAMES)}
)

Years = npt.NDArray[np.int64]


class Ages(NamedTuple):
    """Youngest and oldest age that each row may have, in completed years; -1 unknown."""

    low: Years
    high: Years


def age_band(ages: Ages, bands: str) -> pa.Array:
    """Name of the band; null where the age is unknown or may lie in two bands."""
    edges, names = BANDS[bands]
    low = np.searchsorted(edges, ages.low, side="right") - 1
    high = np.searchsorted(edges, ages.high, side="right") - 1
    return labels(np.where(low == high, low, _UNKNOWN), names)


def minor(ages: Ages) -> pa.Array:
    """True under 18, false from 18 on; null where the age is unknown or may be either."""
    known = (ages.low >= 0) & ((ages.low >= ADULT) == (ages.high >= ADULT))
    return pa.array(ages.low < ADULT, mask=~known)


def completed_years(born: pa.Array, at: pa.Array) -> Ages:
    """Age at the reference date, by birthdays.

    Someone born on 29 February turns a year older on 1 March of a common year. Unknown: a missing
    date, a birth after the reference date, a sentinel, an age over 120.

    Args:
        born, at: date32.
    """
    years = (_as_number(at) - _as_number(born)) // 10_000
    missing = pc.or_(pc.is_null(born), pc.is_null(at)).to_numpy(zero_copy_only=False)
    sentinel = pc.is_in(born, pa.array(SENTINELS, pa.date32())).to_numpy(zero_copy_only=False)
    after = _as_number(born) > _as_number(at)
    years[missing | sentinel | after | (years > OLDEST)] = _UNKNOWN
    return Ages(years, years)


def stated_years(values: pa.Array) -> Ages:
    """Ages written as whole years of one to three digits."""
    digits = r"^\d{1,3}$"
    years = _from_text(values, digits)
    years[years > OLDEST] = _UNKNOWN
    return Ages(years, years)


def nibrs_years(values: pa.Array) -> Ages:
    """NIBRS ages.

    ``NN`` ``NB`` ``BB`` (under a day, a week, a year) are 0; ``00`` is unknown; ``01`` to ``98``;
    ``99`` is over 98; ``2530`` is 25 to 30. Everything else is unknown.
    """
    encoded = text(values).dictionary_encode()
    low, high = _nibrs(encoded.dictionary)
    places = encoded.indices.fill_null(len(low)).to_numpy(zero_copy_only=False)
    return Ages(np.append(low, _UNKNOWN)[places], np.append(high, _UNKNOWN)[places])


def _nibrs(values: pa.Array) -> Ages:
    infant = pc.is_in(values, pa.array(["NN", "NB", "BB"]))
    low = _from_text(pc.utf8_slice_codeunits(values, 0, 2), r"^\d{2}$")
    high = _from_text(pc.utf8_slice_codeunits(values, 2, 4), r"^\d{2}$")
    length = pc.utf8_length(values).to_numpy(zero_copy_only=False)
    high = np.where(length == 2, low, high)
    known = np.isin(length, (2, 4)) & (low > 0) & (high >= low)
    low, high = np.where(known, low, _UNKNOWN), np.where(known, high, _UNKNOWN)
    newborn = infant.to_numpy(zero_copy_only=False)
    return Ages(np.where(newborn, 0, low), np.where(newborn, 0, high))


def _from_text(values: pa.Array, pattern: str) -> Years:
    """Text that has the form of ``pattern`` as a number; -1 otherwise."""

    def parse(distinct: pa.Array) -> pa.Array:
        trimmed = text(distinct)
        fits = pc.match_substring_regex(trimmed, pattern)
        return pc.if_else(fits, trimmed, pa.scalar(None, pa.string())).cast(pa.int64())

    numbers = over_distinct(values, parse).fill_null(_UNKNOWN)
    found: Years = numbers.to_numpy(zero_copy_only=False).copy()
    return found


def _as_number(days: pa.Array) -> Years:
    """A date as yyyymmdd, null as 0: differences of these count completed years."""
    number = pc.add(
        pc.add(pc.multiply(pc.year(days), 10_000), pc.multiply(pc.month(days), 100)), pc.day(days)
    )
    found: Years = number.fill_null(0).to_numpy(zero_copy_only=False)
    return found
