"""Delimited text: what each kind of dirt costs, and that nothing else is lost or moved."""

from __future__ import annotations

import io

import pytest

from connectors.formats import csv_records, csv_text
from connectors.formats.csv_rows import read_csv
from schemas.errors import DeliveryError
from schemas.report import IntakeReport

COLUMNS = {"id": ("key",), "name": (), "note": (), "day": ()}
ENCODINGS = ("utf-8", "cp1252", "utf-16")


def read(data: bytes, *, columns=COLUMNS, delimiter=",", encodings=ENCODINGS, wanted=None):
    """Rows (without dict noise), the report."""
    report = IntakeReport()
    batches = read_csv(
        io.BytesIO(data),
        table="t",
        columns=columns,
        wanted=tuple(columns) if wanted is None else wanted,
        delimiter=delimiter,
        encodings=encodings,
        report=report,
        required=frozenset(("id",)),
    )
    rows = [tuple(row.values()) for batch in batches for row in batch.to_pylist()]
    return rows, report


def faults(report: IntakeReport) -> dict[str, tuple[int, ...]]:
    return {f.code: f.rows for f in report.findings if f.code.startswith("ROW-")}


HEADER = b"id,name,note,day\n"
GOOD = b"7,n,x,d\n"


@pytest.mark.parametrize(
    ("dirt", "code"),
    [
        (b"1,a,b\n", "ROW-RAGGED"),
        (b"1,a,b,c,d\n", "ROW-RAGGED"),
        (b"1,12 Elm St, Apt 3,b,c\n", "ROW-RAGGED"),
        (b'1,"a,b,c\n', "ROW-QUOTING"),
        (b'1,"a"b,c,d\n', "ROW-QUOTING"),
        (b'1,"a "Big" b",c,d\n', "ROW-QUOTING"),
        (b'"1,a,b,c\n', "ROW-QUOTING"),
        (b'1,a,b,"\n', "ROW-QUOTING"),
        (b"1,a\0b,c,d\n", "ROW-TEXT"),
        (b"1,a\x81b,c,d\n", "ROW-TEXT"),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_dirty_row_costs_itself_alone(dirt: bytes, code: str, end: bytes) -> None:
    data = (HEADER + GOOD * 3 + dirt + GOOD * 2).replace(b"\n", end)
    rows, report = read(data)
    assert faults(report) == {code: (4,)}
    assert [row[0] for row in rows] == [1, 2, 3, 5, 6]
    assert {row[1:] for row in rows} == {("7", "n", "x", "d")}
    assert report.tables["t"].rows_in == 6
    assert report.tables["t"].quarantined == 1


def test_every_line_with_an_open_quote_costs_itself_alone() -> None:
    rows, report = read(HEADER + (GOOD + b'1,"a,b,c\n') * 2_000)
    assert len(rows) == 2_000
    assert report.tables["t"].quarantined == 2_000


def test_an_open_quote_does_not_swallow_the_rows_up_to_the_next_one() -> None:
    # By RFC 4180 alone this is one record of four fields.
    data = HEADER + b'1,"a,b,c\n' + GOOD * 5 + b'9,x",b,c\n' + GOOD
    rows, report = read(data)
    assert faults(report) == {"ROW-QUOTING": (1,)}
    assert rows[5][1:] == ("9", 'x"', "b", "c")
    assert len(rows) == 7


def test_quoted_fields_may_span_lines_and_hold_delimiters_and_quotes() -> None:
    rows, report = read(HEADER + b'1,"a\r\n, ""b""\n\n c",x,d\r\n2,,"",\r\n')
    assert rows == [(1, "1", 'a\r\n, "b"\n\n c', "x", "d"), (2, "2", None, None, None)]
    assert not faults(report)


def test_a_quote_inside_an_unquoted_field_is_text() -> None:
    rows, _ = read(HEADER + b'1,5" pipe,6"" y,d\n')
    assert rows == [(1, "1", '5" pipe', '6"" y', "d")]


def test_blank_lines_are_no_rows() -> None:
    rows, report = read(b"\n\n" + HEADER + b"\n" + GOOD + b"   \r\n\n" + GOOD + b"\n\n \x1a")
    assert [row[0] for row in rows] == [1, 2]
    assert report.tables["t"].rows_in == 2


@pytest.mark.parametrize(
    ("data", "encodings", "noted"),
    [
        ("id,name\n1,Zoë\n".encode("utf-8-sig"), ("utf-8",), {}),
        ("id,name\n1,Zoë\n".encode("cp1252"), ("utf-8", "cp1252"), {"encoding.t": "cp1252"}),
        ("id,name\n1,Zoë\n".encode("utf-16"), ("utf-8", "utf-16"), {"encoding.t": "utf-16"}),
        ("id,name\n1,Zoë\n".encode("cp1252"), ("cp1252",), {}),
    ],
)
def test_encodings(data: bytes, encodings: tuple[str, ...], noted: dict[str, str]) -> None:
    rows, report = read(data, columns={"id": (), "name": ()}, encodings=encodings)
    assert rows == [(1, "1", "Zoë")]
    assert report.facts == noted


def test_text_in_an_encoding_the_contract_does_not_allow_costs_its_row() -> None:
    rows, report = read(HEADER + "1,Zoë,b,c\n".encode("cp1252") + GOOD, encodings=("utf-8",))
    assert faults(report) == {"ROW-TEXT": (1,)}
    assert [row[0] for row in rows] == [2]


def test_utf16_the_contract_does_not_allow_is_refused() -> None:
    with pytest.raises(DeliveryError, match="FILE-ENCODING"):
        read(HEADER.decode().encode("utf-16"), encodings=("utf-8",))


def test_utf16_without_its_mark_is_refused() -> None:
    with pytest.raises(DeliveryError, match="FILE-ENCODING"):
        read((HEADER + GOOD).decode().encode("utf-16-le"))


def test_headers_match_in_any_case_order_and_by_alias() -> None:
    data = b'\xef\xbb\xbf" Day ",KEY, nAme ,Extra_1,Jane Doe\nd,7,n,e,f\n'
    rows, report = read(data)
    assert rows == [(1, "7", "n", None, "d")]
    found = {(f.code, f.field) for f in report.findings}
    # a header that is surely a column name is named; anything else might be a value
    assert found == {
        ("COLUMN-UNKNOWN", "Extra_1"),
        ("COLUMN-UNKNOWN", "column 5"),
        ("COLUMN-MISSING", "note"),
    }


def test_a_column_under_its_own_name_goes_before_one_under_an_alias() -> None:
    rows, report = read(b"key,id,name,note,day\nalias,own,n,x,d\n")
    assert rows == [(1, "own", "n", "x", "d")]
    assert [(f.code, f.field) for f in report.findings] == [("COLUMN-UNKNOWN", "key")]


@pytest.mark.parametrize(
    "data", [b"id,name,ID\n1,2,3\n", b"name,day\n1,2\n", b'id,"name\n', b"Canary Zeta,x,y,z\n"]
)
def test_a_header_that_does_not_fit_is_refused_without_echo(data: bytes) -> None:
    with pytest.raises(DeliveryError, match="FILE-COLUMNS") as caught:
        read(data)
    assert "Canary" not in str(caught.value)


def test_nothing_and_a_header_alone() -> None:
    with pytest.raises(DeliveryError, match="FILE-EMPTY"):
        read(b"")
    with pytest.raises(DeliveryError, match="FILE-EMPTY"):
        read(b" \r\n\n")
    assert read(HEADER)[0] == []
    assert read(HEADER.strip())[0] == []


def test_only_wanted_columns_are_yielded_and_every_row_is_counted() -> None:
    rows, report = read(HEADER + GOOD * 3, wanted=("day",))
    assert rows == [(1, "d"), (2, "d"), (3, "d")]
    rows, report = read(HEADER + GOOD * 3, wanted=())
    assert rows == [(1,), (2,), (3,)]
    assert report.tables["t"].rows_in == 3


def test_cells_are_trimmed_and_blank_cells_are_null() -> None:
    rows, _ = read(HEADER + '1,  ,"  x ",\u00a0\n'.encode())
    assert rows == [(1, "1", None, "x", None)]


def test_blocks_may_end_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    data = HEADER + b'1,"a\r\n""b""",\xc3\xab,d\r\n' * 40 + b'2,"x,b,c\r\n' + GOOD * 30
    whole = read(data)
    for size in (1, 2, 3, 7, 64):
        monkeypatch.setattr(csv_text, "BLOCK_BYTES", size)
        rows, report = read(data)
        assert (rows, faults(report)) == (whole[0], faults(whole[1]))
    assert len(whole[0]) == 70


def test_a_line_without_end_costs_itself_and_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_text, "BLOCK_BYTES", 256)
    monkeypatch.setattr(csv_text, "MAX_RECORD_BYTES", 1_000)
    data = HEADER + GOOD + b"1," + b"x" * 5_000 + b",c,d\n" + GOOD * 200
    rows, report = read(data)
    assert faults(report) == {"ROW-LENGTH": (2,)}
    assert len(rows) == 201
    rows, report = read(HEADER + GOOD + b"1," + b"x" * 5_000)
    assert faults(report) == {"ROW-LENGTH": (2,)}


def test_a_large_field_is_read() -> None:
    big = b"y" * (9 << 20)
    rows, _ = read(HEADER + GOOD + b'1,"' + big + b'",c,d\n' + GOOD)
    assert [row[0] for row in rows] == [1, 2, 3]
    assert len(rows[1][2]) == len(big)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters(delimiter: str) -> None:
    data = (HEADER + b'1,"a,b",c,d\n').replace(b",", delimiter.encode())
    rows, _ = read(data, delimiter=delimiter)
    assert rows[0][2] == f"a{delimiter}b"


def test_scanner_keeps_an_unfinished_record_for_the_next_block() -> None:
    scanner = csv_records.RecordScanner(4, ",")
    found = scanner.scan(b'1,a,b,c\n2,"x\n', 1, last=False)
    assert (found.records, found.rest, found.total) == (b"1,a,b,c\n", b'2,"x\n', 1)
    found = scanner.scan(b'2,"x\n', 2, last=True)
    assert found.faults["ROW-QUOTING"].tolist() == [2]
