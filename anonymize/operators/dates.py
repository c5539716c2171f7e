"""Dates: out of text, and coarsened to the period they lie in."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.operators.columns import over_distinct, text
from connectors.formats.dates import parsed_dates
from schemas.checks import ISO_DATE, ISO_DATETIME
from schemas.contract import Field


def formats_of(field: Field) -> tuple[str, ...]:
    """Formats a field's dates are read in: its own, else ISO 8601 as validation reads it."""
    if field.formats:
        return field.formats
    return (ISO_DATE,) if field.logical_type == "date" else (ISO_DATETIME, ISO_DATE)


def dates(values: pa.Array, formats: Sequence[str]) -> pa.Array:
    """Text to date32 by the first of ``formats`` that fits; null where none does.

    Parsed the way validation parses, so that both accept the same values. Arrow's own
    ``strptime`` is no choice: it turns 30 February into 1 March.
    """

    def parse(distinct: pa.Array) -> pa.Array:
        found = parsed_dates(pd.Series(text(distinct).to_pandas(), dtype="str"), formats)
        return pa.array(found, pa.timestamp("s"), from_pandas=True).cast(pa.date32())

    return over_distinct(values, parse)


def period(days: pa.Array, to: str) -> pa.Array:
    """First day of the ``month``, ``quarter`` or ``year`` of a date32 column."""
    return pc.floor_temporal(days, unit=to).cast(pa.date32())
