"""Tables of counts for tests, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any

import pyarrow as pa

from anonymize.outputs import output_schema
from connectors.validate import Verdict, validate
from schemas.contract import Contract
from schemas.odcs import contract as contract_named
from schemas.odcs import contracts
from tests.fixtures_warehouse import Delivery, StubPackage, manifest

FEED = "haven_house.counts"
TODAY = date(2026, 11, 1)
DIMENSIONS = ("age", "gender", "citizenship", "exploitation", "service")
COLUMNS = ("period_start", "period_end", "made_on", "measure", *DIMENSIONS, "count")
QUARTER = {"period_start": "2026-01-01", "period_end": "2026-03-31", "made_on": "2026-04-15"}

Row = dict[str, Any]


def row(count: object = 60, **given: Any) -> Row:
    """A row of the first quarter of 2026; by default the total of new clients."""
    whole = dict.fromkeys(DIMENSIONS, "all")
    return {**QUARTER, "measure": "new", **whole, "count": count, **given}


def text(rows: Sequence[Row], columns: Sequence[str] = COLUMNS) -> str:
    lines = [columns, *([str(one.get(name, "")) for name in columns] for one in rows)]
    return "".join(",".join(line) + "\n" for line in lines)


@dataclass
class Kept:
    """What a delivery left in the raw zone."""

    batches: dict[str, list[pa.RecordBatch]] = field(default_factory=dict)

    def write(self, table: str, rows: pa.RecordBatch) -> None:
        self.batches.setdefault(table, []).append(rows)

    def finish(self) -> Any:
        def load(table: str, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
            yield from self.batches.get(table, ())

        return load


def taken(content: str, of: Contract | None = None) -> tuple[Verdict, Kept]:
    """What validation makes of a delivery."""
    kept = Kept()
    contract = of or contracts()[FEED]
    verdict = validate(contract, BytesIO(content.encode()), kept, TODAY, "500MB")
    return verdict, kept


def package(
    rows: Sequence[Row],
    name: str = "counts-1",
    made: str = "2026-04-15",
    of: Contract | None = None,
) -> Any:
    """A sealed delivery of counts, as the hub takes it."""
    contract = of or contract_named(FEED)
    table = contract.table("counts")
    schema = output_schema(table)
    columns = [
        pa.array([date.fromisoformat(one["period_start"]) for one in rows])
        if column == "period_start"
        else pa.array([str(one[column]) for one in rows], pa.string())
        for column in schema.names
    ]
    tables = {"counts": pa.table(columns, schema=schema)}
    delivery = Delivery(name=name, as_of=made, start=None, end=None)
    return StubPackage(manifest(contract, delivery, tables, {}), tables)
