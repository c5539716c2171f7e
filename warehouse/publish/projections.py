"""From released cells to the rows of the products, in DuckDB: it holds released cells and nothing
else, so that no product can tell more than they do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.disclosure.release import ALL, Released, Status
from schemas.errors import PermanentError
from warehouse.publish.cubes import Cube
from warehouse.publish.products import Product


def projected(
    products: Mapping[str, Product],
    cubes: Mapping[str, Cube],
    released: Mapping[str, Released],
    before: Mapping[str, Released],
) -> dict[str, pa.Table]:
    """Rows of each product made from the released cells.

    Args:
        before: what was last published, to tell which counts were revised.

    Raises:
        PermanentError: a product's query fails, or does not give the product's columns.
    """
    with _margins(cubes, released, before) as connection:
        return {
            name: _rows(connection, product)
            for name, product in products.items()
            if product.source == "cubes"
        }


@contextmanager
def _margins(
    cubes: Mapping[str, Cube], released: Mapping[str, Released], before: Mapping[str, Released]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of one table for each margin, and ``margins`` with the cells of each by status."""
    connection = duckdb.connect(config={"enable_external_access": "false", "threads": "1"})
    counted: list[dict[str, object]] = []
    try:
        for name, cube in cubes.items():
            cells = _with_revisions(cube, released[name], before.get(name))
            for margin in cube.margins:
                table = margin_cells(cells, cube, margin)
                connection.register(f"{name}_{'_'.join(margin)}", table)
                by_status = pc.value_counts(table["status"]).to_pylist()
                counts = {one["values"]: one["counts"] for one in by_status}
                counted.append(
                    {"cube": name, "margin": " x ".join(margin)}
                    | {status.value: counts.get(status.value, 0) for status in Status}
                )
        connection.register("margins", pa.Table.from_pylist(counted))
        yield connection
    finally:
        connection.close()


def margin_cells(cells: pa.Table, cube: Cube, margin: tuple[str, ...]) -> pa.Table:
    """Cells of one margin: its dimensions, and every column that is no dimension."""
    chosen = pc.scalar(True)
    for name in cube.dimensions:
        everything = pc.equal(pc.field(name), ALL)
        chosen = chosen & (~everything if name in margin else everything)
    kept = [name for name in cells.column_names if name in margin or name not in cube.dimensions]
    return cells.filter(chosen).select(kept)


def _with_revisions(cube: Cube, released: Released, before: Released | None) -> pa.Table:
    """The cells, with whether each count differs from the one last published."""
    cells = released.cells
    if before is None:
        return cells.append_column("revised", pa.array([False] * len(cells)))
    keys = [name for name in cube.dimensions if name in before.cells.column_names]
    old = {
        tuple(row[name] for name in keys): row["count"]
        for row in before.cells.select([*keys, "count"]).to_pylist()
    }
    revised = [
        (last := old.get(tuple(row[name] for name in keys))) is not None
        and row["count"] is not None
        and row["count"] != last
        for row in cells.select([*keys, "count"]).to_pylist()
    ]
    return cells.append_column("revised", pa.array(revised))


def _rows(connection: duckdb.DuckDBPyConnection, product: Product) -> pa.Table:
    try:
        found = connection.sql(product.query).to_arrow_table()
    except duckdb.Error as error:
        raise PermanentError(
            f"product {product.name}: its query fails ({type(error).__name__}); "
            "run tests/golden/test_marts.py"
        ) from None
    return found
