"""Delimited text as Arrow record batches: no row shifted, no row lost without a rule code.

``csv_text`` makes blocks of UTF-8, ``csv_records`` finds the records in them, pyarrow parses the
sound ones. A row with more or fewer fields than the header is set aside, never padded or cut.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv as pa_csv

from connectors.formats.base import BATCH_ROWS, batch_schema
from connectors.formats.csv_records import RecordScanner
from connectors.formats.csv_text import MAX_RECORD_BYTES, Block, text_blocks
from schemas.errors import DeliveryError
from schemas.report import IntakeReport

#: Unknown header names reported one by one; the rest as a count.
_UNKNOWN_NAMED = 50
#: A header text that is surely a column name. Anything else might be a value of a file that has no
#: header or a shifted one, and is reported by its position.
_COLUMN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")


def read_csv(
    source: BinaryIO,
    *,
    table: str,
    columns: Mapping[str, tuple[str, ...]],
    wanted: tuple[str, ...],
    delimiter: str,
    encodings: tuple[str, ...],
    report: IntakeReport,
    required: frozenset[str],
    expected_absent: frozenset[str] = frozenset(),
) -> Iterator[pa.RecordBatch]:
    """Batches of ``_row`` and ``wanted``, in file order; cells trimmed, blank cells null.

    Args:
        source: the file, read once and in parts.
        table: name under which faults are reported.
        columns: every column of the contract and its aliases. Case, surrounding space and order do
            not matter in the header.
        wanted: the columns to yield.
        delimiter: one ASCII character.
        encodings: see ``csv_text.text_blocks``.
        report: counts every record once and takes the faults.
        required: columns the file must have.
        expected_absent: columns whose absence is not worth a note (another version's).

    Raises:
        DeliveryError: ``FILE-EMPTY``, ``FILE-ENCODING`` or ``FILE-COLUMNS``.
    """
    blocks = text_blocks(source, encodings, lambda name: _note_encoding(report, table, name))
    header, body = _split_header(blocks, delimiter, table)
    places = _places(header, table, columns, required, report)
    for name in wanted:
        if name not in places and name not in expected_absent:
            report.note("COLUMN-MISSING", table, name)
    parser = _Parser(len(header), places, wanted, delimiter)
    first, rest = 1, b""
    for block, last in _with_last(body):
        if block.too_long:
            report.read(table, 1)
            report.quarantine("ROW-LENGTH", table, rows=[first])
            first += 1
            continue
        data = rest + block.data
        found = parser.scanner.scan(data, first, last=last or len(data) > MAX_RECORD_BYTES)
        rest, first = found.rest, first + found.total
        report.read(table, found.total)
        for code, rows in found.faults.items():
            report.quarantine(code, table, rows=rows.tolist())
        batch, ragged = parser.parse(found.records, found.numbers)
        report.quarantine("ROW-RAGGED", table, rows=ragged)
        yield from (batch.slice(at, BATCH_ROWS) for at in range(0, batch.num_rows, BATCH_ROWS))


class _Parser:
    """pyarrow's parser, set up for one file."""

    def __init__(
        self, width: int, places: Mapping[str, int], wanted: tuple[str, ...], delimiter: str
    ) -> None:
        self.scanner = RecordScanner(width, delimiter)
        self._wanted, self._places, self._delimiter = wanted, places, delimiter
        self._names = [str(place) for place in range(width)]
        self._taken = [self._names[places[name]] for name in wanted if name in places]

    def parse(self, records: bytes, numbers: NDArray[np.int64]) -> tuple[pa.RecordBatch, list[int]]:
        """The records as a batch, and the numbers of those that are ragged."""
        if not records:
            return pa.RecordBatch.from_pylist([], batch_schema(self._wanted)), []
        ragged: list[int] = []

        def set_aside(row: pa_csv.InvalidRow) -> str:
            ragged.append(row.number - 1)
            return "skip"

        parsed = pa_csv.read_csv(
            pa.BufferReader(records),
            # one block: the scanner cut the text where a record ends; row numbers need one thread
            pa_csv.ReadOptions(
                column_names=self._names, use_threads=False, block_size=len(records) + 1
            ),
            pa_csv.ParseOptions(
                delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=set_aside
            ),
            pa_csv.ConvertOptions(
                include_columns=self._taken or self._names[:1],
                column_types=dict.fromkeys(self._names, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
                check_utf8=False,  # ``csv_text`` yields nothing else
            ),
        ).combine_chunks()
        rows = np.delete(numbers, ragged)
        arrays = [
            pa.array(rows, pa.int64()),
            *(self._column(parsed, name) for name in self._wanted),
        ]
        batch = pa.RecordBatch.from_arrays(arrays, schema=batch_schema(self._wanted))
        return batch, numbers[ragged].tolist()

    def _column(self, parsed: pa.Table, name: str) -> pa.Array:
        place = self._places.get(name)
        if place is None:
            return pa.nulls(parsed.num_rows, pa.string())
        chunks = parsed.column(self._names[place]).chunks
        return _trimmed(chunks[0]) if chunks else pa.nulls(0, pa.string())


def _trimmed(cells: pa.Array) -> pa.Array:
    """Cells without space around them; blank cells null."""
    trimmed = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.equal(trimmed, ""), None, trimmed)


def _note_encoding(report: IntakeReport, table: str, encoding: str) -> None:
    report.facts[f"encoding.{table}"] = encoding


def _with_last(blocks: Iterator[Block]) -> Iterator[tuple[Block, bool]]:
    """Each block, and whether it is the last one (an empty block ends the file)."""
    for block in blocks:
        yield block, False
    yield Block(b""), True


def _split_header(
    blocks: Iterator[Block], delimiter: str, table: str
) -> tuple[list[str], Iterator[Block]]:
    """Header cells, and the blocks behind the header."""
    for block in blocks:
        data = block.data.lstrip(b" \r\n")
        if data or block.too_long:
            break
    else:
        raise DeliveryError("FILE-EMPTY", "the file has not even a header", table=table)
    text = RecordScanner(1, delimiter).first_record(data)
    if text is None:
        raise DeliveryError("FILE-COLUMNS", "the quoting of the header is broken", table=table)
    if b"\0" in text:
        raise DeliveryError("FILE-ENCODING", "the header is no text; export as UTF-8", table=table)
    header = next(csv.reader(io.StringIO(text.decode(), newline=""), delimiter=delimiter))
    return header, _resumed(data[len(text) :], blocks)


def _resumed(rest: bytes, blocks: Iterator[Block]) -> Iterator[Block]:
    yield Block(rest.removeprefix(b"\r").removeprefix(b"\n"))
    yield from blocks


def _places(
    header: list[str],
    table: str,
    columns: Mapping[str, tuple[str, ...]],
    required: frozenset[str],
    report: IntakeReport,
) -> dict[str, int]:
    """Position of each known column in the header; its own name goes before an alias."""
    own = {_folded(name): name for name in columns}
    others = {_folded(text): name for name, texts in columns.items() for text in texts}
    places: dict[str, int] = {}
    for known in (own, others):
        settled, taken = set(places), set(places.values())
        for place, text in enumerate(header):
            name = known.get(_folded(text))
            if name is None or name in settled or place in taken:
                continue
            if name in places:
                raise DeliveryError("FILE-COLUMNS", "it stands twice", table=table, field=name)
            places[name] = place
    unknown = sorted(set(range(len(header))) - set(places.values()))
    if missing := sorted(required - set(places)):
        detail = f"no column {', '.join(missing)}; {len(unknown)} of {len(header)} columns unknown"
        raise DeliveryError("FILE-COLUMNS", detail, table=table, field=missing[0])
    for place in unknown[:_UNKNOWN_NAMED]:
        text = header[place].strip()
        named = _COLUMN_NAME.fullmatch(text) is not None and bool(places)
        report.note("COLUMN-UNKNOWN", table, text if named else f"column {place + 1}")
    if len(unknown) > _UNKNOWN_NAMED:
        report.note("COLUMN-UNKNOWN", table, count=len(unknown) - _UNKNOWN_NAMED)
    return places


def _folded(text: str) -> str:
    # zero-width marks come with headers copied from a spreadsheet
    return text.strip().strip("\ufeff\u200b").strip().casefold()
