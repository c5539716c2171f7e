"""Reads a landed delivery, checks it, and writes what its lane allows to the raw zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.formats.base import BATCH_ROWS, ROW, Intake, TableBatch, reader
from connectors.table_rules import ACCEPTED, Load, Rows, TableRules
from schemas.catalogue import rule
from schemas.checks import Check, intake_columns, row_checks
from schemas.contract import Contract
from schemas.errors import DeliveryError
from schemas.expectations import breaches
from schemas.report import IntakeReport
from schemas.vocabulary import AGGREGATE_LANE, COUNTS_FORMAT

#: Rows of a table that are checked at once, at least, while there are more.
CHECKED_ROWS = 2 * BATCH_ROWS
#: A share of fewer rows than these says nothing about a delivery.
SHARE_FROM_ROWS = 100


class RawTables(Protocol):
    """Where accepted and quarantined rows of a delivery are kept, encrypted."""

    def write(self, table: str, rows: pa.RecordBatch) -> None: ...

    def finish(self) -> Load:
        """Close every table; returns the function that reads them back."""
        ...


@dataclass(frozen=True)
class Verdict:
    """What validation decided.

    ``status``: ``accepted`` (every row), ``partial`` or ``refused`` (nothing is loaded).
    ``quarantined``: rows set aside by table rules, by table; rows set aside by row checks carry
    ``_accepted = false`` in the raw zone.
    """

    status: str
    report: IntakeReport
    quarantined: Mapping[str, Rows]


def validate(
    contract: Contract, source: BinaryIO, raw: RawTables, today: date, memory_limit: str
) -> Verdict:
    """Check one delivery.

    A delivery that cannot be read as a whole comes back as ``refused`` with its rule code, so that
    the agency gets a receipt; the raw rows written until then are of no use and the caller drops
    them. Errors of the installation or of a contract are raised.
    """
    report = IntakeReport()
    try:
        if contract.lane == AGGREGATE_LANE and contract.format != COUNTS_FORMAT:
            raise DeliveryError("LANE-AGGREGATE", rule("LANE-AGGREGATE").fix)
        intake = Intake(contract, intake_columns(contract), report, today)
        checks = row_checks(contract)
        for batch in _gathered(reader(contract.format)(source, intake)):
            raw.write(batch.table, _checked(batch, checks[batch.table], report))
        rules = TableRules(contract, report)
        quarantined = rules.run(raw.finish(), memory_limit)
    except DeliveryError as error:
        rows = () if error.row is None else (error.row,)
        report.note(error.code, error.table, error.field, rows)
        return _refused(contract, report)
    whole = all(count.rows_in == count.accepted for count in report.tables.values())
    parts = whole or contract.lane != AGGREGATE_LANE  # a table of counts stands or falls whole
    if rules.refused or _over_thresholds(contract, report) or not parts:
        return _refused(contract, report)
    return Verdict("accepted" if whole else "partial", report, quarantined)


def _refused(contract: Contract, report: IntakeReport) -> Verdict:
    """The verdict on a delivery of which nothing is loaded.

    In the lane of counts the landed file goes, too: it may hold just what the lane keeps out.
    """
    if contract.lane == AGGREGATE_LANE:
        report.lane_violated = True
        for count in report.tables.values():
            count.refused += count.accepted
    return Verdict("refused", report, {})


def _gathered(batches: Iterable[TableBatch]) -> Iterator[TableBatch]:
    """Small batches of a table put together: every check costs a fixed time per batch."""
    waiting: dict[str, list[pa.RecordBatch]] = {}
    for table, rows in batches:
        held = waiting.setdefault(table, [])
        held.append(rows)
        if sum(batch.num_rows for batch in held) >= CHECKED_ROWS:
            yield TableBatch(table, pa.concat_batches(waiting.pop(table)))
    for table, held in waiting.items():
        yield TableBatch(table, pa.concat_batches(held))


def _checked(batch: TableBatch, checks: tuple[Check, ...], report: IntakeReport) -> pa.RecordBatch:
    """Run the row checks: returns the rows with ``_accepted``, bad blankable values blanked."""
    rows = batch.rows
    numbers = rows.column(ROW).to_numpy()
    accepted = np.ones(rows.num_rows, dtype=bool)
    for breach in breaches(checks, rows):
        check = breach.check
        if check.blanks:
            report.note(check.code, batch.table, check.field, numbers[breach.positions].tolist())
            rows = _blanked(rows, check.field, breach.positions)
            continue
        new = breach.positions[accepted[breach.positions]]
        report.quarantine(check.code, batch.table, check.field, numbers[new].tolist())
        accepted[new] = False
    return pa.RecordBatch.from_arrays(
        [*rows.columns, pa.array(accepted)], names=[*rows.schema.names, ACCEPTED]
    )


def _blanked(rows: pa.RecordBatch, field: str, positions: npt.NDArray[np.int64]) -> pa.RecordBatch:
    bad = np.zeros(rows.num_rows, dtype=bool)
    bad[positions] = True
    column = pc.if_else(pa.array(bad), pa.scalar(None, pa.string()), rows.column(field))
    return rows.set_column(rows.schema.get_field_index(field), field, column)


def _over_thresholds(contract: Contract, report: IntakeReport) -> bool:
    """Refuse a delivery whose records are mostly unusable or that holds too few rows."""
    limits, over = contract.thresholds, False
    for table in contract.tables:
        count = report.tables.get(table.name)
        if count is None or not (table.loads or table.record):
            continue
        if count.rows_in < SHARE_FROM_ROWS:
            continue
        if count.quarantined > limits.max_quarantined_share * count.rows_in:
            report.note("QUARANTINE-SHARE", table.name, count=count.quarantined)
            over = True
    if sum(count.accepted for count in report.tables.values()) < limits.min_rows:
        report.note("MIN-ROWS")
        over = True
    return over
