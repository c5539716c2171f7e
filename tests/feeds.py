"""Reads a delivery of one of the shipped contracts, the way `connectors.validate` does it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.formats.base import Intake, reader
from schemas.checks import intake_columns
from schemas.odcs import contract as contract_named
from schemas.report import IntakeReport

TODAY = date(2026, 11, 1)


@dataclass(frozen=True)
class Read:
    """What a reader yielded, by table, without blank cells; and what it reported."""

    rows: Mapping[str, list[dict[str, Any]]]
    report: IntakeReport

    def findings(self, *prefixes: str) -> dict[str, tuple[int, ...]]:
        """Row numbers by code, of the codes that start with one of ``prefixes``."""
        return {f.code: f.rows for f in self.report.findings if f.code.startswith(prefixes)}

    def count(self, code: str) -> int:
        return sum(found.count for found in self.report.findings if found.code == code)


def read(name: str, source: io.BytesIO | bytes, today: date = TODAY) -> Read:
    """Read ``source`` under the contract ``name``."""
    contract, report = contract_named(name), IntakeReport()
    intake = Intake(contract, intake_columns(contract), report, today)
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    rows: dict[str, list[dict[str, Any]]] = {table.name: [] for table in contract.tables}
    for table, batch in reader(contract.format)(stream, intake):
        assert tuple(batch.schema.names) == ("_row", *intake.columns[table])
        for row in batch.to_pylist():
            rows[table].append({k: v for k, v in row.items() if v is not None})
    return Read(rows, report)


# --- what came of a whole delivery (``outcome`` of tests/golden) ----------------------------------


def codes(found: dict[str, Any], *prefixes: str) -> dict[str, list[int]]:
    """Row numbers by code, of the codes that start with one of ``prefixes``."""
    return {
        rule["code"]: rule["rows"] for rule in found["rules"] if rule["code"].startswith(prefixes)
    }


def one(found: dict[str, Any], view: str) -> dict[str, Any]:
    """The only row of a view of ``core``."""
    [row] = found["core"][view]
    return row
