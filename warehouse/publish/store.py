"""What the publisher keeps of a release, and how the marts change over to it in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from types import MappingProxyType
from typing import Any

import psycopg
import pyarrow as pa
from psycopg import sql
from psycopg.types.json import Jsonb

from anonymize.disclosure.release import ALL, KNOWN_COLUMNS, Released, Status
from warehouse.publish.cubes import Cube
from warehouse.publish.products import OWN_COLUMNS, Product

Connection = psycopg.Connection[Any]
#: Dimension to value.
Cell = Mapping[str, str]

#: Reason of cells that were told with differential privacy.
PRIVATE = "dp"

_LAST = """
    SELECT cell, status, shown FROM (
        SELECT DISTINCT ON (cell) *
        FROM linked.release_cell
        -- cells of a dimension that the cube no longer has are none of its cells
        WHERE cube = %s AND cell - %s::text[] = '{}'
        ORDER BY cell, status = 'suppressed', release_id DESC
    ) AS last ORDER BY position
"""

_DECIDED = """
    WITH decided AS (
        SELECT * FROM linked.release_cell
        WHERE cube = %s AND cell - %s::text[] = '{}' AND reason IS DISTINCT FROM 'dp'
    )
    SELECT release_id, cell, status, shown, decided, count, reason, known, known_shown FROM decided
    WHERE release_id IN (
        SELECT max(release_id) FROM decided
        UNION SELECT max(release_id) FROM decided WHERE status <> 'suppressed' GROUP BY cell
    )
    ORDER BY release_id, position
"""


_CELL = (
    *("release_id", "cube", "position", "cell", "count", "decided"),
    *("shown", "status", "reason", "lower", "upper", *KNOWN_COLUMNS),
)


def last_told(connection: Connection, cube: Cube) -> Released | None:
    """What earlier releases told of a cube: each cell as it was last told."""
    rows = connection.execute(_LAST, [cube.name, list(cube.dimensions)]).fetchall()
    if not rows:
        return None
    cells, statuses, shown = zip(*rows, strict=True)
    told = _cells(cube, cells, shown, statuses)
    return Released(told, told.slice(0, 0), MappingProxyType({}))


def decided_before(connection: Connection, cube: Cube) -> tuple[Released, ...]:
    """Earlier releases of a cube as disclosure control decided them, before noise; oldest first.

    The last one, and every other that is the newest to have told some cell: what was once told
    stays told, hidden later or withdrawn. Each is whole, for the cells of one release add up and
    those of several do not. What differential privacy told is left out: its guarantee stands
    whatever else is told. ``audit`` has ``true_count``, ``reason``, what was ``shown``, and what
    members know.
    """
    rows = connection.execute(_DECIDED, [cube.name, list(cube.dimensions)]).fetchall()
    return tuple(
        _decided(cube, [row[1:] for row in mine])
        for _, mine in groupby(rows, key=lambda row: row[0])
    )


def _decided(cube: Cube, rows: Sequence[Sequence[Any]]) -> Released:
    cells, statuses, shown, decided, true, reasons, *known = zip(*rows, strict=True)
    exact = [
        Status.SUPPRESSED
        if status == Status.SUPPRESSED
        else (Status.PUBLISHED if count else Status.ZERO)
        for status, count in zip(statuses, decided, strict=True)
    ]
    audit = {
        "true_count": pa.array(true, pa.int64()),
        "reason": pa.array(reasons, pa.string()),
        "shown": pa.array(shown, pa.int64()),
    }
    if None not in known[0]:  # releases made before members' own counts were kept have none
        for name, texts in zip(KNOWN_COLUMNS, known, strict=True):
            audit[name] = pa.array([json.dumps(one) for one in texts], pa.string())
    told = _cells(cube, cells, decided, [str(status) for status in exact])
    return Released(told, pa.table(audit), MappingProxyType({}))


def _cells(
    cube: Cube, cells: Sequence[Cell], counts: Sequence[int | None], statuses: Sequence[str]
) -> pa.Table:
    columns = {
        name: pa.array([cell.get(name, ALL) for cell in cells], pa.string())
        for name in cube.dimensions
    }
    numbers = {"count": pa.array(counts, pa.int64()), "status": pa.array(statuses, pa.string())}
    return pa.table({**columns, **numbers})


def new_release(
    connection: Connection,
    status: str,
    code_version: str,
    contracts: Mapping[str, Any],
    deliveries: Sequence[str],
    cubes: Mapping[str, Any],
    gate: Sequence[Mapping[str, Any]],
) -> int:
    """Enter an attempt to publish; returns its number."""
    row = connection.execute(
        "INSERT INTO ops.release "
        "(created_at, status, code_version, contracts, deliveries, cubes, gate) "
        "VALUES (now(), %s, %s, %s, %s, %s, %s) RETURNING release_id",
        [
            status,
            code_version,
            Jsonb(dict(contracts)),
            list(deliveries),
            Jsonb(dict(cubes)),
            Jsonb(list(gate)),
        ],
    ).fetchone()
    assert row is not None  # noqa: S101 - RETURNING gives the row inserted
    return int(row[0])


def change_over(
    connection: Connection, release: int, agencies: Sequence[str], code_version: str, sources: int
) -> None:
    """Make ``release`` the one that counts."""
    connection.execute("SELECT ops.log_access('release.publish', %s)", [str(release)])
    supersede = sql.SQL(
        "UPDATE {} SET status = 'superseded' WHERE status = 'published' AND release_id <> %s"
    )
    for schema in ("ops", "mart"):
        connection.execute(supersede.format(sql.Identifier(schema, "release")), [release])
    connection.execute(
        "INSERT INTO mart.release "
        "(release_id, published_at, status, code_version, agencies, deliveries) "
        "VALUES (%s, %s, 'published', %s, %s, %s)",
        [release, datetime.now(UTC), code_version, list(agencies), sources],
    )


def keep_cells(connection: Connection, release: int, cube: Cube, released: Released) -> None:
    """Keep a cube's cells for the steward, and for the next release to be held against."""
    shown = released.cells.select(["count", "status"]).to_pylist()
    rows = (
        (
            release,
            cube.name,
            position,
            Jsonb({name: row[name] for name in cube.dimensions if row[name] != ALL}),
            row["true_count"],
            row.get("decided", cell["count"]),
            cell["count"],
            cell["status"],
            row["reason"],
            row["lower"],
            row["upper"],
            *(Jsonb(json.loads(row[name])) if name in row else None for name in KNOWN_COLUMNS),
        )
        for position, (cell, row) in enumerate(zip(shown, released.audit.to_pylist(), strict=True))
    )
    _insert(connection, ("linked", "release_cell"), _CELL, rows)


def replace_rows(connection: Connection, release: int, product: Product, rows: pa.Table) -> None:
    """Put a product's new rows in the place of its old ones; policies and grants stay."""
    table = ("mart", product.name)
    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(*table)))
    names = tuple(column.name for column in product.columns)
    values = zip(*(rows[name].to_pylist() for name in names), strict=True)
    numbered = ((release, place, *row) for place, row in enumerate(values, start=1))
    _insert(connection, table, OWN_COLUMNS + names, numbered)


def _insert(
    connection: Connection,
    table: tuple[str, str],
    columns: tuple[str, ...],
    rows: Iterable[tuple[object, ...]],
) -> None:
    """Row-level security allows no COPY into a table; psycopg sends these in one pipeline."""
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(*table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)


def sources(connection: Connection) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Deliveries whose rows stand in ``core`` now, and agencies they come from."""
    rows = connection.execute(
        "SELECT DISTINCT delivery_id, agency FROM core.event "
        "UNION SELECT DISTINCT delivery_id, agency FROM core.victim "
        "UNION SELECT DISTINCT delivery_id, agency FROM core.reported_count ORDER BY 1"
    ).fetchall()
    return tuple(row[0] for row in rows), tuple(sorted({row[1] for row in rows}))
