"""Finds the case sheet of an HTCDS 2.0 workbook, and which of its columns is which field.

Traps of the official template (UNMigration/HTCDS, Excel v2.0):

* Row 1 holds system names, row 2 labels. Of the mailing columns row 1 is wrong, and one system name
  is misspelt; people type by the labels, so row 2 goes before row 1.
* One column has a blank system name; only its neighbours say which it is where row 2 is missing.
* Column A numbers the rows 1 to 1000; a row with nothing but its number is not data.
* The sheet is called differently in each template, and other sheets hold lists of choices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from python_calamine import CalamineSheet

from connectors.formats.choices import folded
from connectors.formats.workbook import Workbook
from schemas.contract import Table
from schemas.errors import DeliveryError
from schemas.report import IntakeReport

Row = list[Any]

#: A header is looked for in this many rows from the top.
_ROWS_SEARCHED = 30
#: A row of titles names at least this many fields, the consent field among them.
_FIELDS_OF_HEADER = 3


@dataclass(frozen=True)
class CaseSheet:
    """The sheet that holds the cases.

    Attributes:
        places: column of each field found (0-based).
        headed: columns with any title; what stands in others is not data.
        unknown: columns with a title that is no field's.
        twice: fields with more than one column.
        first_row: number of the first row under the header, as the user sees it.
    """

    sheet: CalamineSheet
    places: Mapping[str, int]
    headed: tuple[int, ...]
    unknown: tuple[int, ...]
    twice: frozenset[str]
    first_row: int

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Rows of data with their numbers; rows blank under every title are left out."""
        rows = enumerate(islice(self.sheet.iter_rows(), self.first_row - 1, None), self.first_row)
        return (found for found in rows if self._holds_data(found[1]))

    def _holds_data(self, row: Row) -> bool:
        return any(not is_blank(row[place]) for place in self.headed)

    def column_name(self, place: int) -> str:
        """The column's letters, as the user sees them."""
        number = (self.sheet.start or (0, 0))[1] + place + 1
        letters = ""
        while number:
            number, rest = divmod(number - 1, 26)
            letters = chr(ord("A") + rest) + letters
        return f"column {letters}"


def find_case_sheet(
    book: Workbook, table: Table, options: Mapping[str, Any], report: IntakeReport
) -> CaseSheet:
    """The one sheet with a header and data.

    Args:
        table: the contract's table of cases; titles are its fields' names and aliases.
        options: ``consent.given`` names the field every header must hold; ``blankHeaderAfter``
            maps a field to the field in the untitled column behind it; ``otherSheets`` lists
            sheets that need no note.

    Raises:
        DeliveryError: ``FILE-COLUMNS`` (no header, or none with consent), ``FILE-EMPTY`` (no
            data), ``FILE-TABLES`` (cases in more than one sheet).
    """
    derived = options.get("identities", {})
    names = {
        folded(title): field.name
        for field in table.fields
        if field.delivered and field.name not in derived
        for title in (field.name, *field.aliases)
    }
    expected = {folded(name) for name in options.get("otherSheets", ())}
    found: list[CaseSheet] = []
    headers = 0
    for sheet in book.sheets():
        case = _case_sheet(sheet, names, options)
        if case is None:
            if sheet.height and folded(sheet.name) not in expected:
                report.note("TABLE-UNKNOWN")
            continue
        headers += 1
        if next(case.rows(), None) is not None:
            found.append(case)
    if not headers:
        raise DeliveryError(
            "FILE-COLUMNS",
            "no sheet has the titles of the HTCDS template with a consent column",
            table=table.name,
            field=options["consent"]["given"],
        )
    if not found:
        raise DeliveryError("FILE-EMPTY", "the sheet holds no cases", table=table.name)
    if len(found) > 1:
        raise DeliveryError(
            "FILE-TABLES", "cases stand in more than one sheet; send one sheet", table=table.name
        )
    return found[0]


def is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _case_sheet(
    sheet: CalamineSheet, names: Mapping[str, str], options: Mapping[str, Any]
) -> CaseSheet | None:
    top = list(islice(sheet.iter_rows(), _ROWS_SEARCHED))
    headers = [at for at, row in enumerate(top) if _is_header(row, names, options)]
    if not headers:
        return None
    at = headers[0]
    row, labels = top[at], top[at + 1] if at + 1 in headers else []
    fields = _fields(row, labels, names, options.get("blankHeaderAfter", {}))
    headed = [
        place
        for place in range(len(row))
        if fields[place] or not is_blank(row[place]) or (labels and not is_blank(labels[place]))
    ]
    placed = [name for name in fields if name]
    return CaseSheet(
        sheet=sheet,
        places={name: place for place, name in enumerate(fields) if name},
        headed=tuple(headed),
        unknown=tuple(place for place in headed if fields[place] is None),
        twice=frozenset(name for name in placed if placed.count(name) > 1),
        first_row=at + (3 if labels else 2),
    )


def _is_header(row: Row, names: Mapping[str, str], options: Mapping[str, Any]) -> bool:
    found = {_field(cell, names) for cell in row} - {None}
    return len(found) >= _FIELDS_OF_HEADER and options["consent"]["given"] in found


def _fields(
    row: Row, labels: Row, names: Mapping[str, str], after: Mapping[str, str]
) -> Sequence[str | None]:
    """Field of each column: by its label, else by its system name, else by its neighbour."""
    fields = [_field(cell, names) for cell in row]
    for place, label in enumerate(labels):
        fields[place] = _field(label, names) or fields[place]
    for place in range(1, len(fields)):
        untitled = is_blank(row[place]) and (not labels or is_blank(labels[place]))
        follower = after.get(fields[place - 1] or "")
        if untitled and follower and follower not in fields:
            fields[place] = follower
    return fields


def _field(cell: object, names: Mapping[str, str]) -> str | None:
    return names.get(folded(cell)) if isinstance(cell, str) else None
