"""What every format reader does: a delivery in, Arrow record batches per table out.

A reader is a function ``read(source, intake) -> Iterator[TableBatch]``:

* ``source`` is a seekable binary file. It is decrypted part by part while it is read and never
  stands on disk in the clear; a reader must not copy it to a temporary file.
* A batch holds the columns ``intake.columns[table]`` of the contract, all as UTF-8 text, blank
  cells as null, and ``_row`` (int64): the row's number in the source file, counted from 1 for the
  first row of data (CSV: the record after the header; flat file: the line; workbook: the sheet
  row as the user sees it).
* Rows a lane or a missing consent forbids are never yielded; ``intake.report.refuse`` counts them.
* Rows that cannot be read (ragged, wrong length) are never shifted or repaired; they go to
  ``intake.report.quarantine``.
* Every row of a table is counted once with ``intake.report.read``.
* A delivery that cannot be read as a whole raises ``DeliveryError`` before it is loaded.
* Memory does not grow with the delivery, except for identifiers a lane decision needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import BinaryIO, NamedTuple, Protocol

import pyarrow as pa

from schemas.contract import Contract
from schemas.report import IntakeReport

#: Name of the row number column in every batch.
ROW = "_row"
#: Rows per batch: large enough to be columnar, small enough for 24 wide text columns.
BATCH_ROWS = 65_536


class TableBatch(NamedTuple):
    """Some rows of one table."""

    table: str
    rows: pa.RecordBatch


@dataclass(frozen=True)
class Intake:
    """What a reader needs to know, and where it reports.

    ``columns`` maps each table of the contract to the columns to yield (those that some operator,
    rule, check or look-up needs; the rest never leaves the landed file).
    """

    contract: Contract
    columns: Mapping[str, tuple[str, ...]]
    report: IntakeReport
    today: date


class Reader(Protocol):
    """A format reader."""

    def __call__(self, source: BinaryIO, intake: Intake) -> Iterator[TableBatch]: ...


_READERS = {
    "hmis_csv": "connectors.formats.hmis_csv",
    "nibrs_flat": "connectors.formats.nibrs_flat",
    "rms_csv": "connectors.formats.rms_csv",
    "htcds_xlsx": "connectors.formats.htcds_xlsx",
    "counts_csv": "connectors.formats.counts_csv",
}


def reader(format_name: str) -> Reader:
    """The reader of a format; imported when first asked for."""
    found: Reader = import_module(_READERS[format_name]).read
    return found


def batch_schema(columns: tuple[str, ...]) -> pa.Schema:
    """Arrow schema of a table's batches: ``_row`` and the columns as nullable text."""
    return pa.schema(
        [pa.field(ROW, pa.int64(), nullable=False), *(pa.field(c, pa.string()) for c in columns)]
    )
