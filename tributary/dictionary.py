"""The data dictionary: one page made of contracts, models, cubes and products."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from schemas.contract import Contract, Field, Table
from schemas.odcs import contracts

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import ColumnElement

_HEAD = """# Data dictionary

Made by `tributary dictionary` from the contracts, the models and the products; a test holds it
against them. What an analyst of any member reads stands in `mart`; an agency's own rows in `own`;
what each role may read in [rights.md](rights.md).
"""


def dictionary() -> str:
    """The page, as Markdown."""
    return "\n".join((_HEAD, *_products(), *_cubes(), *_core(), *_feeds())).rstrip() + "\n"


def _products() -> Iterator[str]:
    from warehouse.publish.products import products

    yield "## Products (`mart`, and of one's own agency `own`)\n"
    yield (
        "Every table also has `release_id` (see `mart.release`) and `row`. Counts are of distinct "
        "persons or incidents after disclosure control: an empty `count` is hidden, not zero.\n"
    )
    for name, product in products().items():
        who = "each agency, its own rows" if product.own_agency else "every member"
        schema = "own" if product.own_agency else "mart"
        yield f"### `{schema}.{name}`: {product.title}\n"
        yield f"{product.question} Read by {who}.\n"
        yield from _grid(
            ("column", "type", "what it says"),
            ((f"`{one.name}`", one.type, one.means) for one in product.columns),
        )
        yield "\n".join(f"- {caveat}" for caveat in product.caveats) + "\n"


def _cubes() -> Iterator[str]:
    from warehouse.publish.cubes import cubes

    yield "## What the products are made of\n"
    yield (
        "Three cubes, one a unit. All margins of a cube are suppressed together; a product shows "
        "margins and asks nothing of its own.\n"
    )
    for name, cube in cubes().items():
        yield f"- `{name}` (one record a unit of {cube.unit}): " + "; ".join(
            " x ".join(f"`{dimension}`" for dimension in margin) for margin in cube.margins
        )
    yield ""


def _core() -> Iterator[str]:
    from warehouse.models import Base

    yield "## Pseudonymous records (`core`)\n"
    yield (
        "Names in camel case are those of CTDC's Global Synthetic Dataset (codebook of 2024). "
        "Empty is unknown, never no.\n"
    )
    for mapper in sorted(Base.registry.mappers, key=lambda one: str(one.local_table)):
        table = mapper.local_table
        if getattr(table, "schema", None) != "core":
            continue
        yield f"### `core.{table.name}`\n"  # type: ignore[attr-defined]
        yield dedent(inspect.cleandoc(mapper.class_.__doc__ or "")).replace("``", "`") + "\n"
        yield from _grid(
            ("column", "type"),
            ((f"`{c.name}`", _type(c)) for c in table.columns),
        )


def _type(column: ColumnElement[Any]) -> str:
    """A column's type as PostgreSQL names it."""
    from sqlalchemy.dialects import postgresql

    return column.type.compile(postgresql.dialect()).lower()  # type: ignore[no-untyped-call]


def _feeds() -> Iterator[str]:
    yield "## Feeds\n"
    yield (
        "What leaves an agency's node, field by field; fields whose operator is `drop` never do "
        "and are not listed.\n"
    )
    for contract in contracts().values():
        yield f"### `{contract.name}` {contract.version}: {contract.agency_name}\n"
        yield f"{_terms(contract)}\n"
        for table in contract.tables:
            if table.kept:
                yield from _fields(table)


def _terms(contract: Contract) -> str:
    kept = contract.retention
    return (
        f"{contract.description} Lane `{contract.lane}`, sector `{contract.sector}`, format "
        f"`{contract.format}`. Basis: {' '.join(contract.legal_basis.split())} Kept: landing "
        f"{kept.landing_days}, de-identified {kept.deidentified_days}, core {kept.core_days} days."
    )


def _fields(table: Table) -> Iterator[str]:
    yield f"`{table.name}`: {' '.join(table.description.split())}\n"
    yield from _grid(
        ("field", "leaves as", "operator", "class"),
        (
            (f"`{one.name}`", f"`{one.output}`", _operator(one), one.classification)
            for one in table.kept
        ),
    )


def _operator(field: Field) -> str:
    decided = field.deidentification
    return " ".join((f"`{decided.operator}`", *_parameters(decided.parameters)))


def _parameters(parameters: Mapping[str, object]) -> Iterator[str]:
    for name, value in parameters.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        yield f"{name}={shown}"


def _grid(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""
