"""What the publisher keeps of a release, and how the marts change over to it in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import psycopg
import pyarrow as pa
from psycopg import sql
from psycopg.types.json import Jsonb

from anonymize.disclosure.release import ALL, Released, Status
from warehouse.publish.cubes import Cube
from warehouse.publish.products import OWN_COLUMNS, Product

Connection = psycopg.Connection[Any]
#: Dimension to value.
Cell = Mapping[str, str]

#: Reason of cells that were told with differential privacy.
PRIVATE = "dp"

_LAST = """
    SELECT cell, status, shown, count FROM (
        SELECT DISTINCT ON (cell) cell, status, shown, count, position
        FROM linked.release_cell
        WHERE cube = %s AND (%s OR reason IS DISTINCT FROM 'dp')
        -- what was once told stays told: hidden later or withdrawn, it can still be subtracted
        ORDER BY cell, status = 'suppressed', release_id DESC
    ) AS last ORDER BY position
"""


_CELL = (
    *("release_id", "cube", "position", "cell"),
    *("count", "shown", "status", "reason", "lower", "upper"),
)


def last_told(connection: Connection, cube: Cube) -> Released | None:
    """What earlier releases told of a cube: each cell as it was last told."""
    rows = connection.execute(_LAST, [cube.name, True]).fetchall()
    return _told(cube, [(cell, status, shown) for cell, status, shown, _ in rows])


def last_exact(connection: Connection, cube: Cube) -> Released | None:
    """The same with true counts, as if each had been told without noise.

    A release is held against this: against noisy counts it would look for changes that are noise
    and miss real ones. What differential privacy told is left out, for its guarantee stands
    whatever else is told.
    """
    rows = connection.execute(_LAST, [cube.name, False]).fetchall()
    return _told(cube, [_exact(cell, status, true) for cell, status, _, true in rows])


def _exact(cell: Cell, status: str, true: int) -> tuple[Cell, str, int | None]:
    if status == Status.SUPPRESSED:
        return cell, status, None
    return cell, Status.PUBLISHED if true else Status.ZERO, true


def _told(cube: Cube, rows: list[tuple[Cell, str, int | None]]) -> Released | None:
    if not rows:
        return None
    columns: dict[str, list[Any]] = {
        name: [cell.get(name, ALL) for cell, _, _ in rows] for name in cube.dimensions
    }
    columns["count"] = [count for _, _, count in rows]
    columns["status"] = [str(status) for _, status, _ in rows]
    types = dict.fromkeys(columns, pa.string()) | {"count": pa.int64()}
    cells = pa.table(columns, schema=pa.schema(list(types.items())))
    return Released(cells, cells.slice(0, 0), MappingProxyType({}))


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
    audit = released.audit.to_pylist()
    cells = released.cells.select(["count", "status"]).to_pylist()
    shown = zip(cells, audit, strict=True)
    rows = (
        (
            release,
            cube.name,
            position,
            Jsonb({name: row[name] for name in cube.dimensions if row[name] != ALL}),
            row["true_count"],
            cell["count"],
            cell["status"],
            row["reason"],
            row["lower"],
            row["upper"],
        )
        for position, (cell, row) in enumerate(shown)
    )
    _insert(
        connection,
        ("linked", "release_cell"),
        _CELL,
        rows,
    )


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
        "UNION SELECT DISTINCT delivery_id, agency FROM core.victim ORDER BY 1"
    ).fetchall()
    return tuple(row[0] for row in rows), tuple(sorted({row[1] for row in rows}))
