"""Brings a mapped package into temporary tables of the load's own transaction, by COPY.

``staged_<table>`` holds what the mapping gives, tokens as 16 bytes. ``key_<unit>`` holds, for every
token of a unit that occurs, its random key. Nobody but the session sees them, and they end with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from pyarrow import csv

from warehouse.core_tables import CORE, DELETED, Given
from warehouse.database import translated
from warehouse.mapping import VIEWS, Mapped
from warehouse.models.linkage import UNITS
from warehouse.origin import Connection, Origin

#: Tokens per call of a linkage function.
TOKEN_BATCH = 500_000
_WITHHELD = ["unit", "token"]
#: Null is nothing at all and text is quoted, as COPY expects it.
_CSV = csv.WriteOptions(include_header=False, quoting_style="needed")


def stage(connection: Connection, mapped: Mapped) -> dict[str, int]:
    """Copy every view into its temporary table; returns their row counts.

    Raises:
        ContractError: a view fails.
        TransientError, PermanentError: a token is none, or the server fails.
    """
    return {
        view: _stage(connection, view, mapped.columns.get(view, VIEWS[view]), mapped.batches(view))
        for view in VIEWS
    }


def stage_withheld(connection: Connection, tokens: Iterable[tuple[str, pa.Array]]) -> None:
    """Tokens of units whose newest version was quarantined: (unit, tokens) pairs."""
    columns = VIEWS[DELETED]
    batches = (
        pa.RecordBatch.from_arrays([pa.repeat(unit, len(found)), _token(found)], _WITHHELD)
        for unit, found in tokens
    )
    _stage(connection, "withheld", columns, batches)


def _token(array: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar("\\x"), array, "")


def _stage(
    connection: Connection, view: str, given: Sequence[Given], batches: Iterator[pa.RecordBatch]
) -> int:
    """Make ``staged_<view>`` with all columns it can have, and copy the given ones into it."""
    table = sql.Identifier("pg_temp", f"staged_{view}")
    rows = 0
    with translated(f"staging core.{view}"), connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP").format(
                sql.Identifier(f"staged_{view}"), _definitions(VIEWS.get(view, VIEWS[DELETED]))
            )
        )
        names = sql.SQL(", ").join(sql.Identifier(one.name) for one in given)
        with cursor.copy(
            sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(table, names)
        ) as copy:
            for batch in batches:
                sink = BytesIO()
                csv.write_csv(batch, sink, _CSV)
                copy.write(sink.getbuffer())
                rows += batch.num_rows
        cursor.execute(sql.SQL("ANALYZE {}").format(table))
    return rows


def _definitions(columns: Sequence[Given]) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{} {} {}").format(
            sql.Identifier(one.name),
            sql.SQL(one.postgres_type),
            sql.SQL("NOT NULL" if one.required else ""),
        )
        for one in columns
    )


def assign_keys(connection: Connection, origin: Origin, epoch: str) -> None:
    """Fill ``key_event`` and ``key_victim``.

    ``delivered`` marks units the package holds rows of; they get a key where they have none, unless
    a newer export deleted them. Units that are only referred to, deleted or withheld have one if
    they were ever loaded. ``loads`` is at first the same; the merge takes back what is too old.
    """
    for unit in UNITS:
        with translated(f"keys of {unit}"), connection.cursor() as cursor:
            cursor.execute(_KEY_TABLES.format(unit=sql.SQL(unit)))
            cursor.execute(_all_tokens(unit))
            for delivered, call in _CALLS.items():
                cursor.execute(_LAST_BATCH.format(unit=sql.SQL(unit)), [delivered])
                last = cursor.fetchone()
                given = {**origin.parameters, "unit": unit, "epoch": epoch, "delivered": delivered}
                for batch in range(int(str(last[0])) + 1 if last else 0):
                    cursor.execute(
                        _ASSIGN.format(unit=sql.SQL(unit), call=call), {**given, "batch": batch}
                    )
            cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier("pg_temp", f"key_{unit}")))


_KEY_TABLES = sql.SQL(
    "CREATE TEMPORARY TABLE key_{unit} (token bytea NOT NULL, record_key uuid NOT NULL, "
    "delivered boolean NOT NULL, loads boolean NOT NULL) ON COMMIT DROP"
)
_LAST_BATCH = sql.SQL(
    "SELECT coalesce(max(batch), -1) FROM pg_temp.token_{unit} WHERE delivered = %s"
)
_TOKENS = "ARRAY(SELECT token FROM part)"
#: Delivered units get a key where they have none; others are looked up.
_CALLS = {
    True: sql.SQL(
        f"linkage.record_keys(%(agency)s, %(unit)s, %(epoch)s, %(delivery)s, %(as_of)s, {_TOKENS})"
    ),
    False: sql.SQL(f"linkage.known_keys(%(agency)s, %(unit)s, {_TOKENS})"),
}
_ASSIGN = sql.SQL(
    "WITH part AS (SELECT token FROM pg_temp.token_{unit} "
    "WHERE delivered = %(delivered)s AND batch = %(batch)s) "
    "INSERT INTO pg_temp.key_{unit} "
    "SELECT token, record_key, %(delivered)s, %(delivered)s FROM {call}"
)


def _all_tokens(unit: str) -> sql.Composed:
    """``token_<unit>``: each token of the unit once, numbered in batches in token order."""
    column = sql.Identifier(f"{unit}_token")
    referring = [
        sql.SQL("SELECT {} AS token FROM {}").format(column, _staged(table.name))
        for table in CORE.values()
        if table.unit != unit and any(one.name == f"{unit}_token" for one in table.tokens)
    ] + [
        sql.SQL("SELECT token FROM {} WHERE unit = {}").format(_staged(table), sql.Literal(unit))
        for table in (DELETED, "withheld")
    ]
    return _ALL_TOKENS.format(
        unit=sql.SQL(unit),
        token=column,
        size=sql.Literal(TOKEN_BATCH),
        referring=sql.SQL(" UNION ALL ").join(referring),
    )


def _staged(table: str) -> sql.Identifier:
    return sql.Identifier("pg_temp", f"staged_{table}")


_ALL_TOKENS = sql.SQL("""
CREATE TEMPORARY TABLE token_{unit} ON COMMIT DROP AS
SELECT token, delivered,
    (row_number() OVER (PARTITION BY delivered ORDER BY token) - 1) / {size} AS batch
FROM (
    SELECT DISTINCT {token} AS token, true AS delivered FROM pg_temp.staged_{unit}
    UNION ALL
    SELECT DISTINCT token, false FROM ({referring}) AS referred
    WHERE token IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_temp.staged_{unit} AS own WHERE own.{token} = referred.token
    )
) AS every
""")
