"""Releases a file of records as a table of counts: reading, disclosure control, writing."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from anonymize.disclosure.release import KNOWN_COLUMNS, Released, Request, release
from schemas.errors import DeliveryError, SettingsError


def release_file(
    path: Path,
    request: Request,
    *,
    out: Path,
    previous: Sequence[Path] = (),
    audit: Path | None = None,
) -> dict[str, Any]:
    """Write the table of ``request`` over the records of a file.

    Args:
        path: CSV in UTF-8 with a header line, or Parquet.
        out: what may be published; CSV or Parquet, by its suffix.
        previous: outputs, or better audits, of earlier releases of the same table.
        audit: the steward's file, for nobody else; it is readable by its owner alone.

    Returns:
        the counts of ``Released.summary``, and seconds.

    Raises:
        DeliveryError: a file cannot be read, or the records do not make such a table.
        SettingsError: a file cannot be written.
    """
    started = perf_counter()
    for written in filter(None, (out, audit)):
        if written.resolve() in {one.resolve() for one in (path, *previous)}:
            raise SettingsError(f"{written.name} is read by this command: name another to write")
    wanted = [*request.dimensions, *filter(None, (request.contributors, request.measure))]
    records = read(path, wanted)
    read_in = perf_counter()
    earlier = [_earlier(one, request) for one in previous]
    released = release(records, request, earlier)
    write(released.cells, out)
    if audit is not None:
        write(released.audit, audit, mode=0o600)
    seconds = {"reading": round(read_in - started, 3), "all": round(perf_counter() - started, 3)}
    return {**released.summary, "seconds": seconds}


def read(path: Path, names: Sequence[str]) -> pa.Table:
    """Columns of a file, those of a CSV as text; blank is unknown."""
    try:
        if path.suffix.lower() == ".parquet":
            found: list[str] = pq.read_schema(path).names
        else:
            with path.open(encoding="utf-8-sig", newline="") as file:
                found = next(csv.reader(file), [])
        missing = [name for name in dict.fromkeys(names) if found.count(name) != 1]
        if not missing:
            return _table(path, found, list(dict.fromkeys(names)))
    except (OSError, UnicodeError, csv.Error, pa.ArrowException):
        raise DeliveryError(
            "FILE-FORMAT",
            f"{path.name} is not a readable CSV file in UTF-8 with a header line, nor Parquet",
        ) from None
    raise DeliveryError(
        "COLUMN-MISSING", "not in the file, or there twice; see its header line", field=missing[0]
    )


def _table(path: Path, found: list[str], names: list[str]) -> pa.Table:
    if path.suffix.lower() == ".parquet":
        return pq.read_table(path, columns=names)
    options = pacsv.ConvertOptions(
        column_types=dict.fromkeys(found, pa.string()),
        include_columns=names,
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        null_values=[""],
    )
    parsing = pacsv.ParseOptions(newlines_in_values=True)
    return pacsv.read_csv(path, parse_options=parsing, convert_options=options)


def write(table: pa.Table, path: Path, mode: int = 0o644) -> None:
    """CSV or Parquet, by the suffix; whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            if path.suffix.lower() == ".parquet":
                pq.write_table(table, file)
            else:
                text = io.TextIOWrapper(file, encoding="utf-8", newline="")
                lines = csv.writer(text, lineterminator="\n")
                lines.writerow(table.column_names)
                columns = (column.to_pylist() for column in table.columns)
                lines.writerows(zip(*columns, strict=True))
                text.flush()
        part.replace(path)
    except OSError as error:
        raise SettingsError(f"{path.name} cannot be written: {error.strerror}") from None


def _earlier(path: Path, request: Request) -> Released:
    """An earlier release, from its output or its audit."""
    wrong = DeliveryError(
        "RELEASE-PREVIOUS",
        f"{path.name} is not an output or audit of a release with the same dimensions",
    )
    columns = [*request.dimensions, "count", "status"]
    try:
        cells = read(path, columns)
        cells = cells.set_column(len(request.dimensions), "count", cells["count"].cast(pa.int64()))
        return Released(cells, _earlier_audit(path, cells), MappingProxyType({}))
    except (DeliveryError, pa.ArrowException, ValueError, TypeError, AttributeError):
        raise wrong from None


def _earlier_audit(path: Path, cells: pa.Table) -> pa.Table:
    """The cells with what an audit has beside them; alone where the file is an output."""
    audit = cells
    for name in ("true_count", "reason", *KNOWN_COLUMNS):
        try:
            column = read(path, [name])[name]
        except DeliveryError:
            continue  # an output, or an audit without contributors
        if name == "true_count":
            column = column.cast(pa.int64())
        elif name in KNOWN_COLUMNS:
            counts = [json.loads(one) for one in column.to_pylist()]
            if not all(isinstance(one, int) for each in counts for one in each.values()):
                raise ValueError(name)
        audit = audit.append_column(name, column)
    return audit


def parse_request(request: Request, margins: str | None, within: str | None) -> Request:
    """Reads ``a,b;a;*`` and ``county:state,month:year``."""
    sets = tuple(
        tuple(name.strip() for name in one.split(",") if name.strip() not in ("", "*"))
        for one in (margins.split(";") if margins else ())
    )
    pairs = None
    if within is not None:
        split = [tuple(part.strip() for part in one.split(":")) for one in within.split(",") if one]
        if any(len(pair) != 2 for pair in split):
            raise DeliveryError("RELEASE-WITHIN", "write a hierarchy as county:state")
        pairs = tuple((pair[0], pair[1]) for pair in split)
    return replace(request, margins=sets, within=pairs)
