"""CSV files to link, as agencies and benchmarks write them.

Delimiter (comma, semicolon, tab, bar) and encoding (UTF-8, UTF-16 with its mark, Windows-1252) are
found out. Dates with a slash or dash are month first, as in the United States, unless the file
itself shows that they are day first.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from linkage.evaluate import Pair
from schemas.errors import DeliveryError

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS = ",;\t|"
#: Bytes of a file that its header line stands in.
_HEAD = 1 << 16
_TWO_PARTS = r"^\s*(?P<first>\d{1,2})[-/](?P<second>\d{1,2})[-/]\d"


def read_table(path: Path, wanted: Sequence[str] = ()) -> pa.Table:
    """All columns as text, their names without blanks around; blank is unknown.

    Args:
        wanted: columns of which the delimiter must show most.

    Raises:
        DeliveryError: the file is no CSV file with a header line.
    """
    ragged: list[pacsv.InvalidRow] = []

    def note(row: pacsv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    for encoding in _encodings(path):
        try:
            table = _read(path, encoding, wanted, note)
        except (UnicodeError, pa.ArrowException, OSError):
            continue
        if ragged:
            raise DeliveryError(
                "FILE-FORMAT",
                f"{path.name}: {len(ragged):,} rows have more or fewer values than the header line",
            )
        return table
    raise DeliveryError("FILE-FORMAT", f"{path.name} is not a readable CSV file with a header line")


def _encodings(path: Path) -> tuple[str, ...]:
    try:
        with path.open("rb") as file:
            return ("utf-16",) if file.read(2) in _UTF16 else ("utf-8-sig", "cp1252")
    except OSError:
        return ()


def _read(path: Path, encoding: str, wanted: Sequence[str], note: object) -> pa.Table:
    with path.open(encoding=encoding, newline="") as file:
        head = file.read(_HEAD)
    delimiter, header = max(
        ((sign, next(csv.reader(head.splitlines(keepends=True), delimiter=sign), []))
         for sign in _DELIMITERS),
        key=lambda one: (len({name.strip() for name in one[1]} & set(wanted)), len(one[1])),
    )  # fmt: skip
    table = pacsv.read_csv(
        path,
        pacsv.ReadOptions(encoding=encoding.removesuffix("-sig"), column_names=None),
        pacsv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note
        ),
        pacsv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            null_values=[""],
        ),
    )  # fmt: skip
    return table.rename_columns([name.strip("\ufeff \t") for name in table.column_names])


def records(
    path: Path, id_column: str, kinds: dict[str, str]
) -> tuple[list[str], dict[str, pa.ChunkedArray]]:
    """Ids and columns to link of a file.

    Raises:
        DeliveryError: no CSV file, a column that it lacks or has twice, no record, or ids that do
            not name one record each.
    """
    wanted = [id_column, *kinds]
    table = read_table(path, wanted)
    if missing := [name for name in wanted if name not in table.column_names]:
        raise DeliveryError(
            "COLUMN-MISSING", f"{path.name} lacks {', '.join(missing)}; see its header line"
        )
    if twice := [name for name in wanted if table.column_names.count(name) > 1]:
        raise DeliveryError("FILE-COLUMNS", f"{path.name} has {', '.join(twice)} more than once")
    if not table.num_rows:
        raise DeliveryError("FILE-EMPTY", f"{path.name} holds no record")
    ids = pc.utf8_trim_whitespace(table[id_column])
    nameless = ids.null_count + pc.sum(pc.equal(ids, "")).as_py()
    again = table.num_rows - nameless - pc.count_distinct(ids.filter(pc.not_equal(ids, ""))).as_py()
    if nameless or again:
        raise DeliveryError(
            "REQUIRED",
            f"{path.name}: {id_column} must name one record each, but {nameless:,} rows have none "
            f"and {again:,} rows have one that stood before",
        )
    columns = {name: table[name] for name in kinds}
    return ids.to_pylist(), {
        name: _month_first(column) if kinds[name] == "date" else column
        for name, column in columns.items()
    }


def _month_first(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Dates as they are, or, where some show a 13th month and none a 13th day, turned round."""
    parts = pc.extract_regex(column, _TWO_PARTS).drop_null()
    first, second = (
        np.asarray(pc.cast(pc.struct_field(parts, name), pa.int64()))
        for name in ("first", "second")
    )
    if not (first > 12).any() or (second > 12).any():
        return column
    return pc.replace_substring_regex(column, r"^\s*(\d{1,2})([-/])(\d{1,2})([-/])", r"\3\2\1\4")


def true_pairs(path: Path) -> set[Pair]:
    """Pairs of ids: the first two columns."""
    table = read_table(path)
    if table.num_columns < 2:
        raise DeliveryError("COLUMN-MISSING", f"{path.name} needs two columns of ids")
    first, second = (pc.utf8_trim_whitespace(table.column(n)).to_pylist() for n in (0, 1))
    return set(zip(first, second, strict=True))
