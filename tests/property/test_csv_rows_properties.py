"""The CSV reader against Python's own ``csv``, and against damage it must contain."""

from __future__ import annotations

import csv
import io
import re

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from connectors.formats.csv_rows import read_csv
from schemas.report import IntakeReport

CELL = st.text(st.sampled_from('ab ,"\n\r;é1'), max_size=6) | st.sampled_from(["", "x", '""', ","])

#: Python's writer leaves a lone CR unquoted where lines end with LF, which is not well formed.
STYLES = [(csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_ALL, "\n")]


def read(text: str, width: int) -> tuple[list[tuple[object, ...]], IntakeReport]:
    report = IntakeReport()
    columns = {f"c{place}": () for place in range(width)}
    header = ",".join(columns) + "\n"
    batches = read_csv(
        io.BytesIO((header + text).encode()),
        table="t",
        columns=columns,
        wanted=tuple(columns),
        delimiter=",",
        encodings=("utf-8",),
        report=report,
        required=frozenset(),
    )
    rows = [tuple(row.values()) for batch in batches for row in batch.to_pylist()]
    return rows, report


def written(rows: list[list[str]], quoting: int, end: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator=end).writerows(rows)
    return text.getvalue()


def as_read(cell: str) -> str | None:
    return cell.strip() or None


def looks_like_records(row: list[str], style: tuple[int, str], width: int) -> bool:
    lines = re.split(r"\r\n|\n|\r", written([row], *style).removesuffix(style[1]))
    return len(lines) > 1 and any(line.count(",") == width - 1 for line in lines)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 6))
    return draw(st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=8))


@settings(max_examples=600, deadline=None)
@example([["a", "b\nc", "d"]], (csv.QUOTE_MINIMAL, "\r\n"))
@given(tables(), st.sampled_from(STYLES))
def test_well_formed_text_reads_as_with_python_csv(
    rows: list[list[str]], style: tuple[int, str]
) -> None:
    width = len(rows[0])
    # a record of lines that each look like a whole record is, on purpose, not believed
    assume(width < 4 or not any(looks_like_records(row, style, width) for row in rows))
    text = written(rows, *style)
    expected = list(csv.reader(io.StringIO(text, newline="")))
    found, report = read(text, width)
    assert [row[1:] for row in found] == [tuple(map(as_read, row)) for row in expected]
    assert [row[0] for row in found] == list(range(1, len(expected) + 1))
    assert not report.findings


@settings(max_examples=400, deadline=None)
@given(
    st.integers(4, 7),
    st.integers(0, 12),
    st.integers(0, 12),
    st.text(st.sampled_from('ab",\r\n'), max_size=12),
)
def test_damage_in_one_line_never_moves_or_changes_another_row(
    width: int, before: int, behind: int, damage: str
) -> None:
    """Rows far from the damage come out as they are, and every row found has all its cells."""
    good = [f"g{place}" for place in range(width)]
    lines = ",".join(good) + "\n"
    found, report = read(lines * before + damage + "\n" + lines * behind, width)
    numbers = [row[0] for row in found]
    assert numbers == sorted(set(numbers))
    assert [row[1:] for row in found[:before]] == [tuple(good)] * before
    intact = sum(row[1:] == tuple(good) for row in found)
    # the row directly behind the damage may have been drawn into it
    assert intact >= before + max(behind - 1, 0)
    count = report.tables["t"]
    assert count.rows_in == len(found) + count.quarantined
