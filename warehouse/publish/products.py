"""The products: what each is, and its columns. One folder a product under ``warehouse/marts``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

#: Every table of ``mart`` also has these: the release a row belongs to, and its place there.
OWN_COLUMNS = ("release_id", "row")


@dataclass(frozen=True)
class ProductColumn:
    """``type``: ``text``, ``integer``, ``number``, ``boolean``, ``date`` or ``timestamp``."""

    name: str
    type: str
    means: str


@dataclass(frozen=True)
class Product:
    """One product; its rows stand in ``mart.<name>``.

    Attributes:
        source: ``cubes``: ``query`` is DuckDB's SQL over the released cells, one table a margin
            (``<cube>_<dimension>_<dimension>``, with ``count``, ``status`` and ``revised``), and
            can see nothing else; ``warehouse``: it is PostgreSQL's over deliveries and filings.
        own_agency: each agency sees its own rows only; otherwise every member sees all.
    """

    name: str
    title: str
    question: str
    source: str
    own_agency: bool
    columns: tuple[ProductColumn, ...]
    caveats: tuple[str, ...]
    query: str


@cache
def products() -> Mapping[str, Product]:
    """Every product, by name."""
    folder = files("warehouse.marts")
    names = sorted(one.name for one in folder.iterdir() if (one / "product.yaml").is_file())
    return MappingProxyType({name: _product(name) for name in names})


def _product(name: str) -> Product:
    folder = files("warehouse.marts") / name
    said: dict[str, Any] = yaml.safe_load((folder / "product.yaml").read_text("utf-8"))
    return Product(
        name=name,
        title=said["title"],
        question=said["question"],
        source=said.get("from", "cubes"),
        own_agency=said.get("audience") == "own agency",
        columns=tuple(
            ProductColumn(column, one["type"], one["means"])
            for column, one in said["columns"].items()
        ),
        caveats=tuple(said["caveats"]),
        query=(folder / "query.sql").read_text("utf-8"),
    )
