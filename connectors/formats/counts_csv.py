"""Tables of counts, as victim service providers give them: no row is of a person.

A delivery is one delimited file: a row a cell, with the reporting period, the measure, a code in
every dimension (``all`` where the count is not broken down by it) and the count. It stands or falls
whole, and is read whole before anything of it is kept: of a table without the row that was set
aside, anybody could work that row out. So every fault refuses the delivery, and the file it came in
is destroyed (``connectors.validate``), for what is no table of counts may be of persons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import BinaryIO

import pyarrow as pa

from connectors.formats.base import ROW, Intake, TableBatch, batch_schema
from connectors.formats.choices import canonical
from connectors.formats.counts_rules import Fault, faults
from connectors.formats.csv_rows import read_csv
from connectors.formats.dates import iso_dates
from schemas.catalogue import rule
from schemas.checks import ISO_DATE
from schemas.contract import Contract
from schemas.counts import MADE, TABLE, CountsShape
from schemas.errors import DeliveryError
from schemas.report import Scope

#: More rows than any table of counts has: what is longer is something else.
MOST_ROWS = 100_000


def read(source: BinaryIO, intake: Intake) -> Iterator[TableBatch]:
    """The rows of the table, once all of it is known to be sound.

    ``formatOptions`` of the contract: ``period``, ``minimum``, ``multiple`` (see ``CountsShape``),
    ``delimiter`` and ``encodings``.

    Raises:
        DeliveryError: the file cannot be read (see ``read_csv``), or any rule of
            ``schemas/rules/counts_csv.yaml`` is broken. The report has the rows.
    """
    rows = _rows(source, intake)
    _refuse(intake, faults(rows.to_pylist(), CountsShape.of(intake.contract), intake.today))
    intake.report.scope = Scope(as_of=date.fromisoformat(rows.column(MADE)[0].as_py()))
    wanted = intake.columns[TABLE]
    columns = [rows.column(name) for name in (ROW, *wanted)]
    yield TableBatch(TABLE, pa.RecordBatch.from_arrays(columns, schema=batch_schema(wanted)))


def _rows(source: BinaryIO, intake: Intake) -> pa.RecordBatch:
    """All rows, dates as ISO text and codes as their lists have them.

    Raises:
        DeliveryError: a column is unknown, a row cannot be read, or there are too many.
    """
    contract, options = intake.contract, intake.contract.options
    table = contract.table(TABLE)
    names = tuple(table.by_name)
    batches = read_csv(
        source,
        table=TABLE,
        columns={field.name: field.aliases for field in table.fields},
        wanted=names,
        delimiter=options.get("delimiter", ","),
        encodings=tuple(options.get("encodings", ("utf-8",))),
        report=intake.report,
        required=frozenset(names),
    )
    found = pa.Table.from_batches(_few(batches), batch_schema(names))
    if "COLUMN-UNKNOWN" in {finding.code for finding in intake.report.findings}:
        raise _refusal("COUNTS-COLUMN")
    if intake.report.table(TABLE).quarantined:
        raise _refusal("COUNTS-ROW")
    if not found.num_rows:
        raise DeliveryError("FILE-EMPTY", "there is a header and no row", table=TABLE)
    whole = found.combine_chunks().to_batches()[0]
    columns = [whole.column(ROW), *(_column(contract, name, whole.column(name)) for name in names)]
    return pa.RecordBatch.from_arrays(columns, schema=whole.schema)


def _few(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches, as long as they are of a table of counts."""
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        if rows > MOST_ROWS:
            raise _refusal("COUNTS-SIZE")
        yield batch


def _column(contract: Contract, name: str, values: pa.Array) -> pa.Array:
    field = contract.table(TABLE).by_name[name]
    if field.logical_type == "date":
        return iso_dates(values, field.formats or (ISO_DATE,), serials=False)
    return values if field.codes is None else canonical(values, field.codes).codes


def _refuse(intake: Intake, found: Iterable[Fault]) -> None:
    """Note every fault.

    Raises:
        DeliveryError: there is one.
    """
    broken = list(found)
    if not broken:
        return
    code, field, rows = broken[0]
    # the first row of the first is noted by whoever catches the error
    for fault in (Fault(code, field, rows[1:]), *broken[1:]):
        if fault.rows:
            intake.report.note(fault.code, TABLE, fault.field, fault.rows)
    raise _refusal(code, field, rows[0])


def _refusal(code: str, field: str | None = None, row: int | None = None) -> DeliveryError:
    return DeliveryError(code, rule(code).says, table=TABLE, field=field, row=row)
