"""A file's record-level extract, written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from anonymize.extracts.extract import Extract, ExtractRequest, extract
from schemas.errors import DeliveryError
from tributary.link_table import read_table

PARQUET = (".parquet", ".pq")
Say = Callable[[str], None]


def extract_file(
    source: Path, request: ExtractRequest, out: Path, say: Say = lambda _step: None
) -> dict[str, Any]:
    """Write the extract of ``source`` to ``out``; CSV or Parquet, by their suffixes.

    Returns:
        figures of the extract, with seconds; nothing of a value.

    Raises:
        DeliveryError: the file cannot be read, or lacks a column.
        PrivacyError: there is no such extract; nothing is written.
    """
    started = perf_counter()
    say("reading")
    table, others = _read(source, request)
    read = perf_counter()
    say("searching")
    found = extract(table, request)
    searched = perf_counter()
    say("writing")
    _write(found.table, out)
    return _answer(found, request, table.num_rows, others) | {
        "seconds": {
            "reading": round(read - started, 3),
            "searching": round(searched - read, 3),
            "writing": round(perf_counter() - searched, 3),
        }
    }


def _answer(
    found: Extract, request: ExtractRequest, rows: int, others: list[str]
) -> dict[str, Any]:
    return {
        "rows": rows,
        "published": found.figures.rows,
        "suppressed": found.suppressed,
        "suppressed_share": round(found.suppressed / max(rows, 1), 6),
        "k": found.figures.k,
        "l": found.figures.l,
        "classes": found.figures.classes,
        "asked": {"k": request.k, "l": request.l, "max_suppressed": request.max_suppressed},
        "node": dict(found.levels),
        "loss": {"name": "LM", "value": round(found.loss, 6)},
        "lattice": {"nodes": found.search.nodes, "measured": found.search.measured},
        "pooled_values": found.pooled,
        "dropped_columns": [*found.dropped, *others],
    }


def _read(source: Path, request: ExtractRequest) -> tuple[pa.Table, list[str]]:
    """The columns asked for, and the names of the others."""
    if source.suffix not in PARQUET:
        return read_table(source), []
    wanted = {*request.quasi, *request.sensitive, *filter(None, [request.agency])}
    try:
        names = pq.read_schema(source).names
        table = pq.read_table(source, columns=[name for name in names if name in wanted])
    except (OSError, pa.ArrowException):
        raise DeliveryError("FILE-FORMAT", f"{source.name} is not a Parquet file") from None
    return table, [name for name in names if name not in wanted]


def _write(table: pa.Table, out: Path) -> None:
    part = out.with_name(out.name + ".part")
    if out.suffix in PARQUET:
        pq.write_table(table, part)
    else:
        pacsv.write_csv(table, part)
    part.replace(out)
