"""Columns of fixed width to and from PostgreSQL by binary COPY, as numpy arrays.

A row of binary COPY is a count of fields, then each field's length and bytes: where all fields have
one width, a table is an array of structures, and nothing is parsed row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg import sql

from warehouse.origin import Connection

#: A uuid: bytes that sort as PostgreSQL sorts them.
KEY = np.dtype("S16")
Keys = npt.NDArray[np.bytes_]
Column = npt.NDArray[Any]

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00"
_HEADER = _SIGNATURE + bytes(8)
_TRAILER = b"\xff\xff"
#: Rows written at once.
_ROWS = 100_000


def copy_out(
    connection: Connection,
    query: str,
    parameters: Mapping[str, object],
    types: Sequence[npt.DTypeLike],
) -> list[Column]:
    """The columns of a query without nulls.

    Args:
        types: of each column, as binary COPY sends it: ``>i8``, ``S16`` for a uuid, ``V300`` for
            300 bytes.

    Raises:
        ValueError: a row is not as wide as the types say.
    """
    row = _row(types)
    copied = sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(sql.SQL(query))
    with connection.cursor().copy(copied, parameters) as copy:
        content = bytearray().join(copy)
    found = np.frombuffer(content, row, offset=len(_HEADER), count=_rows(len(content), row))
    for number, kind in enumerate(types):
        if (found[f"length{number}"] != np.dtype(kind).itemsize).any():
            raise ValueError("a row of COPY has another width")
    return [found[f"value{number}"] for number in range(len(types))]


def copy_in(connection: Connection, table: str, columns: Sequence[Column]) -> None:
    """Write columns into a temporary table; their types are those of the table, big-endian."""
    row = _row([column.dtype for column in columns])
    statement = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(
        sql.Identifier("pg_temp", table)
    )
    with connection.cursor().copy(statement) as copy:
        copy.write(_HEADER)
        for start in range(0, len(columns[0]), _ROWS):
            part = slice(start, start + _ROWS)
            rows = np.empty(len(columns[0][part]), row)
            rows["fields"] = len(columns)
            for number, column in enumerate(columns):
                rows[f"length{number}"] = column.dtype.itemsize
                rows[f"value{number}"] = column[part]
            copy.write(rows.tobytes())
        copy.write(_TRAILER)


def _row(types: Sequence[npt.DTypeLike]) -> np.dtype[np.void]:
    fields: list[tuple[str, npt.DTypeLike]] = [("fields", ">i2")]
    for number, kind in enumerate(types):
        fields += [(f"length{number}", ">i4"), (f"value{number}", kind)]
    return np.dtype(fields)


def _rows(size: int, row: np.dtype[np.void]) -> int:
    rows, rest = divmod(size - len(_HEADER) - len(_TRAILER), row.itemsize)
    if rest:
        raise ValueError("a row of COPY has another width")
    return rows
