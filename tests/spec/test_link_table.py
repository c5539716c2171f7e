"""Files that ``tributary link`` reads alike, and files that it refuses, by name of the fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from anonymize.encoding.normalise import normalised
from schemas.errors import ContractError, DeliveryError
from schemas.linkage import load_schema
from tributary.link_table import records, true_pairs

KINDS = {"given name": "given_name", "born": "date"}
PLAIN = 'id,given name,born\na1,José,1985-03-04\na2,"Anna, M.",1990-11-30\na3,,\n'


def _with(delimiter: str) -> bytes:
    """The same without quotes, which a comma in a value needs no more."""
    apart = PLAIN.replace('"Anna, M."', "Anna# M.").replace(",", delimiter)
    return apart.replace("#", ",").encode()


ALIKE = {
    "plain": PLAIN.encode(),
    "byte order mark": PLAIN.encode("utf-8-sig"),
    "UTF-16": PLAIN.encode("utf-16"),
    "Windows-1252": PLAIN.encode("cp1252"),
    "semicolons": _with(";"),
    "tabs": _with("\t"),
    "bars": _with("|"),
    "blanks around names": PLAIN.replace("id,given name", " id , given name ").encode(),
    "blanks around ids": PLAIN.replace("a2", " a2 ").encode(),
    "another column": PLAIN.replace("\n", ",more\n").encode(),
    "Windows line ends": PLAIN.replace("\n", "\r\n").encode(),
    "all quoted": b'"id","given name","born"\n"a1","Jos\xc3\xa9","1985-03-04"\n'
    b'"a2","Anna, M.","1990-11-30"\n"a3","",""\n',
}  # fmt: skip


@pytest.mark.parametrize("content", ALIKE.values(), ids=ALIKE.keys())
def test_files_that_say_the_same_are_read_alike(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    ids, columns = records(path, "id", KINDS)
    assert ids == ["a1", "a2", "a3"]
    assert columns["given name"].to_pylist() == ["José", "Anna, M.", None]
    assert columns["born"].to_pylist() == ["1985-03-04", "1990-11-30", None]


REFUSED = [
    # what is wrong, content, code, what the message says
    ("no such column", "id,name,born\n1,a,b\n", "COLUMN-MISSING", "lacks given name"),
    ("a column twice", "id,born,given name,born\n1,a,b,c\n", "FILE-COLUMNS", "born more than once"),
    ("header alone", "id,given name,born\n", "FILE-EMPTY", "no record"),
    ("nothing", "", "FILE-FORMAT", "header line"),
    ("ragged", "id,given name,born\n1,Secret\n", "FILE-FORMAT", "1 rows have more or fewer"),
    ("an id twice", "id,given name,born\n7777,a,\n7777,b,\n", "REQUIRED", "1 rows have one"),
    ("an id missing", "id,given name,born\n,a,\n1,b,\n", "REQUIRED", "1 rows have none"),
]


@pytest.mark.parametrize(
    ("content", "code", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_file_is_refused_by_its_fault(
    content: str, code: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "file.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DeliveryError, match=message) as refused:
        records(path, "id", KINDS)
    assert refused.value.code == code
    assert not any(value in str(refused.value) for value in ("7777", "Secret"))


@pytest.mark.parametrize("content", [b"\x00\x01\xff\xfe" * 99, b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_text_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(DeliveryError):
        records(path, "id", KINDS)


DATES = [
    # dates of one column as written, as compared
    (["03/04/1985", "11/30/1990"], ["19850304", "19901130"]),
    (["04/03/1985", "30/11/1990"], ["19850304", "19901130"]),  # day first: 30 is no month
    (["04-03-85", "30-11-90"], ["19850304", "19901130"]),
    (["3/4/85", "11/30/03"], ["19850304", "20031130"]),
    (["04.03.1985", "5.6.1990"], ["19850304", "19900605"]),  # with dots the day is first
    (["4 March 1985", "Nov 30, 1990"], ["19850304", "19901130"]),
    (["04-Mar-85", "30-NOV-1990"], ["19850304", "19901130"]),
    (["March 1985", "1990.0"], ["198503  ", "1990    "]),
    (["03/04/1985", None], ["19850304", ""]),
    (["NULL", "nan"], ["", ""]),
]


@pytest.mark.parametrize(("written", "compared"), DATES)
def test_dates_in_many_forms(written: list[str], compared: list[str], tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    rows = [f'{n},x,"{date or ""}"' for n, date in enumerate(written)]
    path.write_text("\n".join(["id,given name,born", *rows]), encoding="utf-8")
    read = records(path, "id", KINDS)[1]["born"].to_pylist()
    assert [normalised("date", date) for date in read] == compared


def test_true_pairs_are_the_first_two_columns(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text("left;right;note\na;1;x\nb; 2;y\n", encoding="utf-8")
    assert true_pairs(path) == {("a", "1"), ("b", "2")}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("min_precision: high", "min_precision"),
        ("hardening: strong", "hardening"),
        ("hardening: {flip: much}", "hardening.flip"),
        ("blocks: [born.full]", "blocks"),
        ("colour: red", "unknown setting colour"),
    ],
)
def test_a_schema_is_refused_by_its_fault(more: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    fields = "fields: [{column: a, kind: surname}, {column: born, kind: date}]\n"
    path.write_text(fields + more, encoding="utf-8")
    with pytest.raises(ContractError, match=message):
        load_schema(path)
