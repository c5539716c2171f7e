"""Every text in the warehouse, a batch at a time, for an audit to look at."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv as csv
from psycopg import sql

from warehouse.database import Warehouse, translated
from warehouse.roles import Role

#: Schemas a steward reads. ``linkage``, which nobody reads, holds tokens of 16 bytes and no text.
SCHEMAS = ("core", "ops")
_BLOCK_BYTES = 16 << 20  # longer than any row: a text has at most 10^6 characters
#: Text, lists of text, and JSON, but for columns whose check constraint leaves no room: a closed
#: list of words, or a fixed length below that of any number searched for.
_COLUMNS = """
SELECT c.table_schema, c.table_name, c.column_name
FROM information_schema.columns c
WHERE c.table_schema = ANY(%s)
  AND (c.data_type IN ('text', 'character varying', 'jsonb', 'json')
       OR c.data_type = 'ARRAY' AND c.udt_name = '_text')
  AND NOT EXISTS (
      SELECT FROM pg_constraint k
      WHERE k.contype = 'c'
        AND k.conrelid = format('%%I.%%I', c.table_schema, c.table_name)::regclass
        AND k.conkey = ARRAY[(
            SELECT a.attnum FROM pg_attribute a
            WHERE a.attrelid = k.conrelid AND a.attname = c.column_name)]
        AND (pg_get_constraintdef(k.oid) ~ '= ANY \\(ARRAY\\['
             OR pg_get_constraintdef(k.oid) ~ 'char_length\\(.+\\) = [1-6]\\)'))
ORDER BY 1, 2, c.ordinal_position
"""


@dataclass(frozen=True)
class Swept:
    """Some rows of one table.

    Attributes:
        table: with its schema.
        rows: its open columns as text, and ``agency`` where the table has that column.
    """

    table: str
    rows: pa.RecordBatch


def sweep(warehouse: Warehouse) -> Iterator[Swept]:
    """Rows of every table of ``SCHEMAS`` that has a column of open text, read in one snapshot.

    Memory holds one batch. An empty table gives one empty batch.

    Raises:
        TransientError, PermanentError: the database.
    """
    with translated("auditing"), warehouse.connect(Role.STEWARD) as connection:
        connection.execute("SELECT ops.log_access('audit.sweep', 'warehouse')")
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for (schema, table), columns in _open_columns(connection).items():
            for batch in _rows(connection, schema, table, columns):
                yield Swept(f"{schema}.{table}", batch)


def _open_columns(connection: psycopg.Connection[Any]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in connection.execute(_COLUMNS, [list(SCHEMAS)]):
        found.setdefault((schema, table), []).append(column)
    return found


def _rows(
    connection: psycopg.Connection[Any], schema: str, table: str, columns: list[str]
) -> Iterator[pa.RecordBatch]:
    query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT (FORMAT csv, HEADER)").format(
        sql.SQL(", ").join(sql.SQL("{0}::text AS {0}").format(sql.Identifier(c)) for c in columns),
        sql.Identifier(schema, table),
    )
    with connection.cursor().copy(query) as copy:
        stream = io.BufferedReader(_Blocks(iter(copy)), 1 << 20)
        yield from csv.open_csv(
            stream,
            csv.ReadOptions(block_size=_BLOCK_BYTES),
            csv.ParseOptions(newlines_in_values=True),
            csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), quoted_strings_can_be_null=False
            ),
        )


class _Blocks(io.RawIOBase):
    """What COPY sends, as a file."""

    def __init__(self, blocks: Iterator[Any]) -> None:
        self._blocks, self._rest = blocks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(bytes(block))
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)
