"""What the demo published: rows of every product, and how much disclosure control hid."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from warehouse.database import Warehouse

#: Columns of products that count persons or incidents.
_COUNTS = ("count", "incidents", "denominator")
#: Rows shown, hidden, and with a small count. Every product that counts has ``count``.
_OF_COUNTS = sql.SQL(", count(count), count(*) - count(count), count(*) FILTER (WHERE {})")


@dataclass(frozen=True)
class ProductShown:
    """Rows of one product; of those that count: shown, hidden, and shown though below 11."""

    rows: int
    shown: int = 0
    hidden: int = 0
    small: int = 0


@dataclass(frozen=True)
class ProductsShown:
    """What stands in ``mart``, by product, and counts of cells hidden by reason."""

    products: Mapping[str, ProductShown] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Every product has rows, and none a count of 1 to 10."""
        return all(one.rows and not one.small for one in self.products.values())


def products_shown(warehouse: Warehouse) -> ProductsShown:
    """Look at the newest release as a steward."""
    from warehouse.publish.products import products
    from warehouse.roles import Role

    found = {}
    with closing(warehouse.connect(Role.STEWARD)) as connection:
        for name, product in products().items():
            columns = {one.name for one in product.columns}
            small = [
                sql.SQL("{} BETWEEN 1 AND 10").format(sql.Identifier(name))
                for name in _COUNTS
                if name in columns
            ]
            counts = _OF_COUNTS.format(sql.SQL(" OR ").join(small)) if small else sql.SQL("")
            query = sql.SQL("SELECT count(*) {} FROM mart.{}").format(counts, sql.Identifier(name))
            row = connection.execute(query).fetchone()
            assert row is not None  # noqa: S101 - an aggregate gives one row
            found[name] = ProductShown(*map(int, row))
        reasons = connection.execute(
            "SELECT reason, count(*)::int FROM linked.release_cell "
            "WHERE release_id = (SELECT max(release_id) FROM mart.release) AND reason <> '' "
            "GROUP BY reason ORDER BY 2 DESC"
        ).fetchall()
    return ProductsShown(found, dict(reasons))
