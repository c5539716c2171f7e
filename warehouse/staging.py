"""Brings a mapped package into temporary tables of the load's own transaction, by COPY.

``staged_<table>`` holds what the mapping gives, tokens as 16 bytes. ``key_<unit>`` holds, for every
token of a unit that occurs, its random key. Nobody but the session sees them, and they end with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from itertools import zip_longest

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from pyarrow import csv

from schemas.errors import ContractError
from warehouse.core_tables import DELETED, Given
from warehouse.database import translated
from warehouse.mapping import VIEWS, Mapped
from warehouse.models.linkage import UNITS
from warehouse.origin import Connection, Origin

#: Tokens per call of a linkage function.
TOKEN_BATCH = 1_000_000
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


def assign_keys(
    connection: Connection, origin: Origin, epoch: str, staged: Mapping[str, int]
) -> None:
    """Fill ``key_event`` and ``key_victim``.

    ``delivered`` marks units the package holds rows of; they get a key where they have none, unless
    a newer export deleted them. Units that are only referred to, deleted or withheld have one if
    they were ever loaded. ``loads`` is at first the same; the merge takes back what is too old.

    Raises:
        ContractError: the mapping gives a unit twice.
    """
    for unit in UNITS:
        given = {**origin.parameters, "unit": unit, "epoch": epoch}
        names = {"unit": sql.SQL(unit), "token": sql.Identifier(f"{unit}_token")}
        with (
            translated(f"keys of {unit}"),
            each_once(unit),
            connection.cursor() as cursor,
        ):
            cursor.execute(_KEY_TABLE.format(**names))
            for low, high in _ranges(staged[unit]):
                cursor.execute(_MAKE.format(**names), {**given, "low": low, "high": high})
            cursor.execute(_ANALYZE.format(**names))
            cursor.execute(_LOOK_UP.format(tokens=_referred(unit), **names), given)


@contextmanager
def each_once(unit: str) -> Iterator[None]:
    """Where a unit stands twice in what a mapping gives, the database finds it in writing it.

    Raises:
        ContractError: it does.
    """
    try:
        yield
    except (psycopg.errors.UniqueViolation, psycopg.errors.CardinalityViolation):
        raise ContractError(
            f"the mapping gives more than one row for a unit of core.{unit}; nothing was loaded"
        ) from None


def _ranges(rows: int) -> Iterator[tuple[bytes, bytes | None]]:
    """The tokens' value range, cut so that each piece holds about ``TOKEN_BATCH`` of ``rows``."""
    pieces = min(256, 1 + rows // TOKEN_BATCH)
    bounds = [bytes([256 * piece // pieces]) for piece in range(pieces)]
    return zip_longest(bounds, bounds[1:])


def _referred(unit: str) -> sql.Composed:
    """Tokens of units that are not delivered but linked, deleted or withheld."""
    named = sql.SQL("SELECT token FROM pg_temp.staged_{table} WHERE unit = {unit}")
    sources = [
        named.format(table=sql.SQL(table), unit=sql.Literal(unit))
        for table in (DELETED, "withheld")
    ]
    if unit == "victim":
        # An event's parts come with their event; its victims may have come long before.
        sources.append(sql.SQL("SELECT victim_token FROM pg_temp.staged_victim_event").format())
    return sql.SQL(" UNION ALL ").join(sources)


_KEY_TABLE = sql.SQL(
    "CREATE TEMPORARY TABLE key_{unit} (token bytea NOT NULL, record_key uuid NOT NULL, "
    "delivered boolean NOT NULL, loads boolean NOT NULL) ON COMMIT DROP"
)
#: In token order, which is the order of the index they go into.
_MAKE = sql.SQL(
    "INSERT INTO pg_temp.key_{unit} SELECT token, record_key, true, true "
    "FROM linkage.record_keys(%(agency)s, %(unit)s, %(epoch)s, %(delivery)s, %(as_of)s, "
    "ARRAY(SELECT {token} FROM pg_temp.staged_{unit} WHERE {token} >= %(low)s "
    "AND (%(high)s::bytea IS NULL OR {token} < %(high)s) ORDER BY 1))"
)
_ANALYZE = sql.SQL("ANALYZE pg_temp.key_{unit}")
_LOOK_UP = sql.SQL(
    "INSERT INTO pg_temp.key_{unit} SELECT token, record_key, false, false "
    "FROM linkage.known_keys(%(agency)s, %(unit)s, ARRAY("
    "SELECT DISTINCT r.token FROM ({tokens}) AS r (token) "
    "WHERE NOT EXISTS (SELECT FROM pg_temp.staged_{unit} s WHERE s.{token} = r.token)))"
)
