"""Workbooks that are broken or hostile: a clear refusal, and memory that stays bounded."""

from __future__ import annotations

import io
import os
import resource
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import openpyxl
import pytest

from connectors.formats.workbook import WorkbookLimits, open_workbook
from schemas.errors import DeliveryError
from tests.workbooks import CONSENTED, raw_workbook, saved, workbook

SECRET = "Zebedee-Sentinel"
LIMITS = WorkbookLimits()


def refused(source: io.BytesIO, limits: WorkbookLimits = LIMITS) -> str:
    """Code of the refusal; its text holds nothing of the file."""
    with pytest.raises(DeliveryError) as caught:
        for sheet in open_workbook(source, limits).sheets():
            list(sheet.iter_rows())
    assert SECRET not in f"{caught.value!r}{caught.value}"
    assert caught.value.__cause__ is None
    return caught.value.code


def rows_of(source: io.BytesIO) -> list[list[object]]:
    [sheet] = open_workbook(source, LIMITS).sheets()
    return list(sheet.iter_rows())


def cell(reference: str, value: str = "1", kind: str = "") -> str:
    return f'<c r="{reference}"{kind}><v>{value}</v></c>'


def string(reference: str, index: int) -> str:
    return cell(reference, str(index), ' t="s"')


# --- files that are no workbook ---------------------------------------------------------------


def test_an_empty_file() -> None:
    assert refused(io.BytesIO()) == "FILE-EMPTY"


@pytest.mark.parametrize(
    "content",
    [
        f"First Name,Consent\n{SECRET},Yes\n".encode(),
        b"%PDF-1.7\n" + SECRET.encode(),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + SECRET.encode() * 100,
        b"{}",
    ],
    ids=["csv", "pdf", "xls", "json"],
)
def test_another_format_under_the_name_of_a_workbook(content: bytes) -> None:
    assert refused(io.BytesIO(content)) == "FILE-FORMAT"


def test_a_workbook_saved_with_a_password_says_so() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
    source = io.BytesIO(ole + "EncryptedPackage".encode("utf-16-le") + b"\0" * 512)
    assert refused(source) == "ZIP-ENCRYPTED"


def test_a_zip_of_something_else() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("content.xml", f"<office:document>{SECRET}</office:document>")
    assert refused(packed) == "FILE-FORMAT"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_workbook(share: float) -> None:
    whole = workbook([CONSENTED]).getvalue()
    assert refused(io.BytesIO(whole[: int(len(whole) * share)])) == "FILE-TRUNCATED"


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/evil.xml", "xl/../../evil.xml", "C:\\e.xml"])
def test_a_part_outside_of_the_archive(name: str) -> None:
    assert refused(raw_workbook("", parts={name: SECRET})) == "ZIP-TRAVERSAL"


def test_damaged_content_is_refused_wherever_the_damage_is() -> None:
    whole = bytearray(workbook([CONSENTED]).getvalue())
    codes = set()
    for place in range(0, len(whole), 97):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        try:
            for sheet in open_workbook(io.BytesIO(bytes(broken)), LIMITS).sheets():
                list(sheet.iter_rows())
        except DeliveryError as error:
            codes.add(error.code)
    assert {"ZIP-BROKEN"} <= codes <= {"ZIP-BROKEN", "ZIP-ENCRYPTED", "FILE-FORMAT",
                                      "FILE-TRUNCATED", "ZIP-TRAVERSAL", "ZIP-BOMB"}  # fmt: skip


def test_a_part_that_is_not_well_formed() -> None:
    assert refused(raw_workbook(f"<row><c>{SECRET}")) == "FILE-FORMAT"


def test_a_document_type_is_refused_before_its_entities_are() -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a "' + SECRET + '">'
        '<!ENTITY b "&a;&a;&a;&a;">]><sst><si><t>&b;</t></si></sst>'
    )
    assert refused(raw_workbook("", parts={"xl/sharedStrings.xml": bomb})) == "FILE-FORMAT"


# --- sizes ------------------------------------------------------------------------------------


def test_a_bomb_is_refused_by_its_declared_size() -> None:
    source = raw_workbook("", "<si><t>" + "x" * (5 << 20) + "</t></si>")
    assert refused(source, WorkbookLimits(unpacked_bytes=4 << 20)) == "ZIP-BOMB"


def test_a_bomb_that_understates_its_size_is_not_unpacked_beyond_it() -> None:
    """The directory says 100 bytes and their checksum; the data go on for megabytes."""
    sheet = b"<worksheet><sheetData></sheetData></worksheet>".ljust(100)
    honest = raw_workbook("", parts={"xl/worksheets/sheet1.xml": sheet})
    data = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = data.compress(sheet + b"<row/>" * 1_000_000) + data.flush()
    target = io.BytesIO()
    with zipfile.ZipFile(honest) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != "xl/worksheets/sheet1.xml":
                new.writestr(info.filename, old.read(info))
        start = target.tell()
        name = b"xl/worksheets/sheet1.xml"
        new.writestr(name.decode(), sheet)
        entry = new.getinfo(name.decode())
        body_end = new.start_dir
        target.seek(start + 30 + len(name))
        target.write(bomb)
        assert target.tell() > body_end
        target.seek(start + 18)
        target.write(struct.pack("<L", len(bomb)))
        target.seek(0, io.SEEK_END)
        entry.compress_size = len(bomb)
        new.start_dir = target.tell()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    target.seek(0)
    [found] = open_workbook(target, LIMITS).sheets()
    assert found.height == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize("corner", ["XFD1048576", "CZ900000", "A4000002"])
def test_two_cells_in_far_corners_are_refused(corner: str) -> None:
    """The parser would allocate the rectangle between them, up to 550 GB, and abort the process."""
    row = corner.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    sheet = f'<row r="1">{cell("A1")}</row><row r="{row}">{cell(corner)}</row>'
    assert refused(raw_workbook(sheet)) in ("HTCDS-SIZE", "FILE-FORMAT")


@pytest.mark.parametrize(
    "far",
    [
        '<c r="XFD1048576"><is><t>x</t></is></c>',
        '<c r="XFD1048576"><f>1+1</f></c>',
        '<x:c xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'r="XFD1048576"><x:v>1</x:v></x:c>',
        '<c r="xfd1048576"><v>1</v></c>',
    ],
    ids=["inline", "formula", "prefixed", "lower case"],
)
def test_a_far_cell_is_found_however_it_is_written(far: str) -> None:
    sheet = f'<row r="1">{cell("A1")}</row><row r="1048576">{far}</row>'
    assert refused(raw_workbook(sheet)) == "HTCDS-SIZE"


def test_cells_without_references_are_counted_on() -> None:
    """ECMA-376 lets a writer leave out `r`; the place then follows from the one before."""
    rows = "".join(f"<row>{'<c><v>1</v></c>' * 10}</row>" for _ in range(10))
    assert refused(raw_workbook(rows), WorkbookLimits(cells=99)) == "HTCDS-SIZE"
    [sheet] = open_workbook(raw_workbook(rows), WorkbookLimits(cells=100)).sheets()
    assert (sheet.height, sheet.width) == (10, 10)


def test_a_long_string_named_often_is_refused() -> None:
    """The parser copies it into every cell that names it: 30 kB a thousand times."""
    strings = f"<si><t>{'x' * 30_000}</t></si>"
    rows = "".join(f'<row r="{n}">{string(f"A{n}", 0)}</row>' for n in range(1, 1_001))
    assert refused(raw_workbook(rows, strings), WorkbookLimits(unpacked_bytes=8 << 20)) == (
        "HTCDS-SIZE"
    )
    few = "".join(f'<row r="{n}">{string(f"A{n}", 0)}</row>' for n in range(1, 101))
    assert len(rows_of(raw_workbook(few, strings))) == 100


@pytest.mark.parametrize("index", ["7", "-1", SECRET, ""])
def test_a_string_that_does_not_exist_is_refused(index: str) -> None:
    sheet = f'<row r="1">{cell("A1", index, " t=" + chr(34) + "s" + chr(34))}</row>'
    assert refused(raw_workbook(sheet, "<si><t>a</t></si>")) == "FILE-FORMAT"


def test_a_million_formatted_blank_rows_are_no_matter() -> None:
    blank = "".join(f'<row r="{n}" s="3" customFormat="1"/>' for n in range(2, 1_048_577))
    source = raw_workbook(f'<row r="1">{cell("A1")}</row>{blank}')
    assert rows_of(source) == [[1.0]]


def test_the_process_survives_a_far_corner_within_little_memory() -> None:
    """The same in a process of its own that may not take more than 1 GB."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "from connectors.formats.workbook import *\n"
        "from schemas.errors import DeliveryError\n"
        "from tests.workbooks import raw_workbook\n"
        'sheet = \'<row r="1"><c r="A1"><v>1</v></c></row>\''
        ' \'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>\'\n'
        "try:\n    open_workbook(raw_workbook(sheet), WorkbookLimits())\n"
        "except DeliveryError as error:\n    print(error.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "HTCDS-SIZE"


# --- what is sound is read as it is -----------------------------------------------------------


def test_rows_keep_the_numbers_the_user_sees() -> None:
    """The reader counts on it that rows above the first filled one are yielded, blank."""
    book = openpyxl.Workbook()
    book.active["C4"], book.active["D6"] = "a", "b"
    [sheet] = open_workbook(saved(book), LIMITS).sheets()
    assert list(sheet.iter_rows()) == [["", ""]] * 3 + [["a", ""], ["", ""], ["", "b"]]
    assert sheet.start == (3, 2)


def test_dates_that_count_from_1904_are_noticed() -> None:
    assert open_workbook(
        raw_workbook("", book='<workbookPr date1904="1"/>'), LIMITS
    ).dates_from_1904
    assert not open_workbook(raw_workbook(""), LIMITS).dates_from_1904


def test_formulas_give_their_last_value_and_are_never_run() -> None:
    sheet = (
        '<row r="1"><c r="A1" t="str"><f>HYPERLINK("http://example.org","x")</f><v>x</v></c>'
        '<c r="B1"><f>1+1</f><v>2</v></c><c r="C1"><f>1+1</f></c>'
        '<c r="D1" t="e"><v>#N/A</v></c></row>'
    )
    assert rows_of(raw_workbook(sheet)) in ([["x", 2.0, "", ""]], [["x", 2.0, ""]], [["x", 2.0]])


def test_no_file_is_written() -> None:
    source = workbook([CONSENTED])
    opened: list[str] = []
    watching = True
    sys.addaudithook(
        lambda event, args: opened.append(str(args[1])) if watching and event == "open" else None
    )
    Path(os.devnull).write_text("the hook sees this")
    assert rows_of(source)
    watching = False
    assert [mode for mode in opened if mode.strip("rbt")] == ["w"]
