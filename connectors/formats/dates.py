"""Dates as agencies write them, as ISO text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

#: Serial dates of five digits: 1927-05-18 to 2173-10-13. A shorter number may be a year.
_SERIAL = r"^\d{5}(\.\d+)?$"
#: Day 0 of Excel's 1900 system, such that every day from 1900-03-01 on is right (Excel counts a
#: 29 February 1900 that was none; ECMA-376 Part 1, 18.17.4.1).
_SERIAL_ORIGIN = "1899-12-30"


def iso_dates(column: pa.Array, formats: Sequence[str], *, serials: bool) -> pa.Array:
    """``YYYY-MM-DD`` for every date in one of ``formats``; anything else stays as it is.

    Args:
        formats: strptime formats in the order of trial; a time of day is left out of the result.
        serials: five-digit day numbers are Excel's dates.
    """
    encoded = column.dictionary_encode()
    texts = pd.Series(encoded.dictionary.to_pandas(), dtype="str")
    dates = parsed_dates(texts, formats)
    if serials:
        numbers = pd.to_numeric(texts.where(texts.str.match(_SERIAL)), errors="coerce")
        days = np.floor(numbers)
        dates = dates.fillna(pd.to_datetime(days, unit="D", origin=_SERIAL_ORIGIN))
    written = dates.dt.strftime("%Y-%m-%d").where(dates.notna(), texts)
    return pc.take(pa.array(written, pa.string(), from_pandas=True), encoded.indices)


def parsed_dates(texts: pd.Series, formats: Sequence[str]) -> pd.Series:
    """Dates at midnight; NaT where the text is a date in none of ``formats``."""
    dates = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[s]")
    for form in formats:
        found = pd.to_datetime(texts.where(dates.isna()), format=form, errors="coerce")
        dates = dates.fillna(found.dt.normalize().astype("datetime64[s]"))
    return dates
