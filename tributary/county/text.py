"""Columns of text, whole columns at a time: numbers, dates, joins and delimited lines.

The lines are written here and not by a CSV writer because faults are planted in the line itself
(an unquoted comma shifts every later field), and because agencies quote by kind of column.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tributary.county.seeds import Days, Ints, Mask

#: A column: an array, or one value for all rows, or nothing.
Column = Any


def join(*parts: Column, by: str = "") -> pa.Array:
    """Element-wise concatenation; null where any part is null."""
    return pc.binary_join_element_wise(*parts, by)


def number(values: Ints, width: int = 0) -> pa.Array:
    """Decimal digits, zero-filled to ``width``."""
    digits = pc.cast(pa.array(values), pa.string())
    return pc.utf8_lpad(digits, width, "0") if width else digits


def serial(prefix: str, values: Ints, width: int = 7) -> pa.Array:
    """``prefix`` and a zero-filled number: the ids agencies give out."""
    return join(pa.scalar(prefix), number(values, width))


def day(values: Days, layout: str = "%Y-%m-%d") -> pa.Array:
    """Dates as text, null where missing."""
    dates = pa.array(np.asarray(values).astype("datetime64[D]"), pa.date32())
    return (
        pc.cast(dates, pa.string()) if layout == "%Y-%m-%d" else pc.strftime(dates, format=layout)
    )


def moment(values: Days) -> pa.Array:
    """Dates and times as ``YYYY-MM-DD HH:MM:SS``."""
    return pc.cast(pa.array(values.astype("datetime64[s]"), pa.timestamp("s")), pa.string())


def code(values: Ints, known: Mask | None = None) -> pa.Array:
    """A numeric code as a number column, null where not ``known``."""
    return pa.array(values, pa.int64(), mask=None if known is None else ~known)


def choose(words: Sequence[str | None], index: Ints) -> pa.Array:
    """One of ``words`` each."""
    return pc.take(pa.array(words, pa.string()), pa.array(index))


def where(mask: Mask, yes: Column, no: Column) -> pa.Array:
    return pc.if_else(pa.array(mask), yes, no)


def lines(
    header: Sequence[str],
    columns: Mapping[str, Column],
    rows: int,
    quoted: Collection[str] | None,
    bare: tuple[str, Mask] | None = None,
    end: str = "\n",
) -> pa.Array:
    """The records of a delimited file, one element a record, line end included.

    Args:
        columns: may leave out blank columns of ``header``.
        quoted: columns always quoted where a value stands; ``None`` quotes values that need it.
        bare: a column and the rows in which it is written without its quotes: a ragged record.
    """
    parts = []
    for name in header:
        text = _text(columns.get(name), rows)
        if text is None:
            parts.append(pa.scalar(""))
        elif bare and bare[0] == name:
            parts.append(where(bare[1], text, _quote(text, quoted is None or name not in quoted)))
        elif quoted is None or name in quoted:
            parts.append(_quote(text, only_needed=quoted is None))
        else:
            parts.append(text)
    replace: dict[str, Any] = {"null_handling": "replace", "null_replacement": ""}
    whole = pc.binary_join_element_wise(*parts, ",", **replace)
    if not isinstance(whole, pa.Array):
        whole = pa.array([whole.as_py()] * rows, pa.string())
    return join(whole, pa.scalar(end))


def payload(text: pa.Array) -> pa.Buffer:
    """The bytes of a fresh text array, elements one after the other, without a copy."""
    ends = np.frombuffer(text.buffers()[1], dtype=np.int32)
    return text.buffers()[2][int(ends[text.offset]) : int(ends[text.offset + len(text)])]


def _text(column: Column, rows: int) -> pa.Array | pa.Scalar | None:
    if column is None:
        return None
    if isinstance(column, (str, int)):
        return pa.array([str(column)] * rows, pa.string())
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())


def _quote(text: pa.Array, only_needed: bool) -> pa.Array:
    inside = pc.replace_substring(text, '"', '""')
    whole = join(pa.scalar('"'), inside, pa.scalar('"'))
    if not only_needed:
        return whole
    return pc.if_else(pc.match_substring_regex(text, '[",\r\n]'), whole, text)
