"""HTCDS workbooks for tests, laid out like the standard's Excel template, with invented rows."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import openpyxl

from tributary.county import htcds_codes

#: As the official template v2.0 has them; a blank system name is no value of a cell.
TEMPLATE = tuple((name or None, label) for name, label in htcds_codes.TEMPLATE)
#: Columns a nonprofit adds to the template so that its rows can be taken in.
ADDED = ("Case Number", "Consent Date", "Consent Expiry", "Consent Withdrawn")

Row = Mapping[str, Any]

#: A row with everything that is needed to be stored.
CONSENTED: Row = {
    "First Name": "Petra",
    "Second Name": "Testdottir",
    "Birthdate": date(1990, 4, 2),
    "Consent": "Yes",
    "Consent Date": date(2026, 3, 1),
    "Incoming Referral Date": date(2026, 3, 5),
}


def workbook(
    rows: Iterable[Row],
    *,
    names: bool = True,
    labels: bool = True,
    added: Iterable[str] = ADDED,
    sheet: str = "Sheet1",
    numbered: int = 40,
) -> io.BytesIO:
    """A workbook of the template's layout; rows are given by label.

    Args:
        names, labels: whether row 1 of system names and row 2 of labels are there.
        added: further columns, with the same title in both rows.
        numbered: rows that column A numbers, filled or not.
    """
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    columns = [*TEMPLATE, *((title, title) for title in added)]
    if names:
        page.append([None, *(name for name, _ in columns)])
    if labels:
        page.append([None, *(label for _, label in columns)])
    given = [dict(row) for row in rows]
    for number in range(max(numbered, len(given))):
        row = given[number] if number < len(given) else {}
        page.append([number + 1, *(row.pop(label, None) for _, label in columns)])
        if row:
            raise ValueError(f"no column {', '.join(row)}")
    return saved(book)


def saved(book: openpyxl.Workbook) -> io.BytesIO:
    target = io.BytesIO()
    book.save(target)
    target.seek(0)
    return target


_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/'
    'vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def raw_workbook(
    sheet: str, strings: str = "", *, book: str = "", parts: Mapping[str, str | bytes] | None = None
) -> io.BytesIO:
    """A workbook of hand-written XML: what stands in ``sheetData``, ``sst`` and ``workbook``.

    ``parts`` replaces or adds whole parts by path.
    """
    written: dict[str, str | bytes] = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{book}<sheets>'
        '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
        f'Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">{strings}</sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{sheet}</sheetData>'
        "</worksheet>",
        **(parts or {}),
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in written.items():
            archive.writestr(name, content)
    target.seek(0)
    return target
