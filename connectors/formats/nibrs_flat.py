"""NIBRS flat file ("legacy" submission): one line per segment, fixed columns.

Columns 1 to 4 of a line declare its length, column 5 its level; ``nibrs_segments`` holds the rest.
Lines end CRLF or LF, the last one may lack its end, blank lines and a DOS end-of-file mark (^Z) are
skipped. Row numbers are line numbers.

* **Length.** A line that is not of its declared length is broken, because a character may have been
  lost or added in it, and every column behind has shifted. There are three exceptions: all of the
  unused filler may be missing; where all lines are of one length, blanks behind the declared one
  are padding; where no line ends in a blank, an editor has stripped the file, and a line that
  reaches ``Segment.least`` is read as if padded and noted (``NIBRS-PADDED``). A *last* line that is
  short and unterminated was cut off in transfer (``FILE-TRUNCATED``), unless earlier lines were
  stripped too.
* **Broken lines** (unknown level, wrong length, bytes that are not printable ASCII) are never
  repaired. They are yielded as table ``broken_segment``: the record they belong to, and the fault.
  A rule quarantines each together with its record, so an incident never loads without a segment.
* **Whose line it is** cannot be trusted to the broken line alone, because a lost character shifts
  its columns. Its own identity counts if a sound neighbour bears it too; if not, it is taken for a
  part of the incident before it, or of the one after it where that one lacks its beginning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from connectors.formats.base import BATCH_ROWS, Intake, TableBatch, batch_schema
from connectors.formats.nibrs_lines import (
    BLANK,
    FAULTS,
    Bytes,
    Flags,
    Lines,
    Places,
    Verdict,
    blocks,
    find,
    foreign,
    is_cut,
    judge,
)
from connectors.formats.nibrs_segments import IDENTITY, ORI_WIDTH, SEGMENTS, SINGLE, Segment
from schemas.errors import ContractError, DeliveryError

#: Table of the lines that cannot be read.
BROKEN = "broken_segment"


def read(source: BinaryIO, intake: Intake) -> Iterator[TableBatch]:
    """Yield the file's segments by table; see ``connectors.formats.base``.

    Raises:
        DeliveryError: FILE-EMPTY, FILE-FORMAT (not a NIBRS flat file) or FILE-TRUNCATED.
        ContractError: the contract names a field the layout lacks, or lacks ``broken_segment``.
    """
    _require_known(intake)
    number, before = 1, np.bytes_(b"")
    seen = keep_blanks = padded = False
    for block, ended in blocks(source):
        lines = find(block, number)
        number += block.count(b"\n")
        if not len(lines.starts):
            continue
        keep_blanks = keep_blanks or lines.keep_blanks
        verdict = judge(lines, stripped=not keep_blanks)
        if not seen and np.mean(verdict.level != 0) < 0.5:
            raise foreign()
        if not ended and not padded and is_cut(lines, verdict):
            row = int(lines.rows[-1])
            raise DeliveryError("FILE-TRUNCATED", "the last segment is not whole", row=row)
        seen, padded = True, padded or bool((verdict.short & verdict.sound).any())
        for segment in SEGMENTS.values():
            yield from _table(lines, verdict, segment, intake)
        yield from _broken(lines, verdict, before, intake)
        inside = np.flatnonzero(_in_incident(verdict))
        before = lines.identities(inside[-1:])[0] if len(inside) else before
    if not seen:
        raise DeliveryError("FILE-EMPTY", "the file holds no segment")


def _require_known(intake: Intake) -> None:
    tables: Mapping[str, tuple[str, ...]] = {
        **{segment.table: tuple(segment.positions) for segment in SEGMENTS.values()},
        BROKEN: ("ori", "incident_number", "fault"),
    }
    if BROKEN not in intake.columns:
        raise ContractError(f"contract {intake.contract.name} has no table {BROKEN}")
    for table, columns in intake.columns.items():
        for column in columns:
            if column not in tables.get(table, ()):
                raise ContractError(f"a NIBRS flat file has no field {table}.{column}")


def _table(
    lines: Lines, verdict: Verdict, segment: Segment, intake: Intake
) -> Iterator[TableBatch]:
    """The sound lines of one level."""
    chosen = np.flatnonzero((verdict.level == ord(segment.level)) & verdict.sound)
    columns = intake.columns.get(segment.table)
    if not len(chosen):
        return
    if columns is None:
        intake.report.note("TABLE-UNKNOWN", segment.table, count=len(chosen))
        return
    padded = chosen[verdict.short[chosen]]
    if len(padded):
        intake.report.note("NIBRS-PADDED", segment.table, rows=lines.rows[padded].tolist())
    intake.report.read(segment.table, len(chosen))
    for start in range(0, len(chosen), BATCH_ROWS):
        part = chosen[start : start + BATCH_ROWS]
        cells = lines.window(part, 1, segment.width)
        places = [segment.positions[name] for name in columns]
        texts = [_text(cells[:, place.first - 1 : place.last]) for place in places]
        yield _batch(segment.table, lines.rows[part], columns, texts)


def _batch(table: str, rows: Places, columns: tuple[str, ...], texts: list[pa.Array]) -> TableBatch:
    arrays = [pa.array(rows), *texts]
    return TableBatch(table, pa.RecordBatch.from_arrays(arrays, schema=batch_schema(columns)))


def _text(cells: Bytes) -> pa.Array:
    """Cells (rows, columns) of one field as text: trailing blanks removed, blank as null."""
    if not (cells != BLANK).any():
        return pa.nulls(len(cells), pa.string())
    kind = pa.binary(cells.shape[1])
    raw = pa.py_buffer(np.ascontiguousarray(cells))
    fixed = pa.FixedSizeBinaryArray.from_buffers(kind, len(cells), [None, raw])
    text = pc.ascii_rtrim(fixed.cast(pa.binary()).cast(pa.string()), " ")
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


# --- broken lines ---------------------------------------------------------------------------------


def _is_single(verdict: Verdict) -> Flags:
    return np.isin(verdict.level, [ord(level) for level in SINGLE])


def _in_incident(verdict: Verdict) -> Flags:
    """Sound lines that are part of an incident (levels 1 to 6)."""
    return verdict.sound & ~_is_single(verdict)


def _broken(
    lines: Lines, verdict: Verdict, before: np.bytes_, intake: Intake
) -> Iterator[TableBatch]:
    broken = np.flatnonzero(~verdict.sound)
    if not len(broken):
        return
    width = IDENTITY[1] - IDENTITY[0] + 1
    owner = _owners(lines, verdict, broken, before).astype(f"S{width}")
    cells = np.frombuffer(owner.tobytes(), np.uint8).reshape(-1, width)
    cells = np.where(cells == 0, np.uint8(BLANK), cells)
    texts = {
        "ori": _text(cells[:, :ORI_WIDTH]),
        "incident_number": _text(cells[:, ORI_WIDTH:]),
        "fault": pa.array(np.array(FAULTS, dtype=object)[verdict.fault[broken]], pa.string()),
    }
    columns = intake.columns[BROKEN]
    intake.report.read(BROKEN, len(broken))
    yield _batch(BROKEN, lines.rows[broken], columns, [texts[name] for name in columns])


def _owners(
    lines: Lines, verdict: Verdict, broken: Places, before: np.bytes_
) -> NDArray[np.bytes_]:
    """Identity of the incident each broken line is taken for; blank where it is its own record.

    Args:
        broken: which lines are broken.
        before: identity of the last incident of the block before.
    """
    inside, every, beyond = _in_incident(verdict), np.arange(len(lines.starts)), len(lines.starts)
    last = np.maximum.accumulate(np.where(inside, every, -1))[broken]
    later = np.minimum.accumulate(np.where(inside, every, beyond)[::-1])[::-1][broken]
    following = np.minimum(later, beyond - 1)
    ahead = np.where(last >= 0, lines.identities(np.maximum(last, 0)), before)
    behind = np.where(later < beyond, lines.identities(following), b"")
    headless = (later < beyond) & (verdict.level[following] > ord("1"))

    own = lines.identities(broken)
    guess = np.where(headless, behind, ahead)
    owner = np.where((own == ahead) | (own == behind), own, guess)
    return np.where(_is_single(verdict)[broken], b"", owner)
