"""The nonprofit's case sheet: an HTCDS 2.0 workbook in the layout of the standard's template."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import xlsxwriter  # type: ignore[import-untyped]

from tributary.county.county import County
from tributary.county.faults import Planter
from tributary.county.htcds_cases import (
    CONSENTED,
    EXPIRED,
    NO_CONSENT,
    UNDATED,
    Caseload,
    caseload,
    columns,
)
from tributary.county.htcds_codes import COLUMNS, LABELS
from tributary.county.htcds_notes import Notes
from tributary.county.misspell import Written
from tributary.county.seeds import TEXTS, Ints
from tributary.county.truth_narratives import Narratives

CONTRACT: Final = "safe_passage.htcds"
#: Rows above the first case: system names, labels.
HEAD: Final = 2
#: Rows of a workbook: the contract refuses more than about 90,000, because a reader holds it whole.
MOST: Final = 60_000
#: The template numbers this many rows, filled or not.
NUMBERED: Final = 1_000
_CONSENT_FAULTS: Final = {
    NO_CONSENT: "no_consent",
    UNDATED: "undated_consent",
    EXPIRED: "expired_consent",
}
#: Fault, rule, label of the column and what is written into it.
_CELL_FAULTS: Final = (
    ("bad_date", "VALUE-BLANKED", "Birthdate", "31/31/1990"),
    ("born_after_referral", "HTCDS-BIRTH-ORDER", "Birthdate", date(2026, 10, 1)),
    ("unknown_choice", "HTCDS-CHOICE", "Methods of Control", "Kept in the dark"),
)


def write_htcds(county: County) -> tuple[Path, ...]:
    """Write the workbook, or several where one cannot hold all cases."""
    cases = caseload(county)
    faults = _plan(county, cases)
    paths = []
    for number, at in enumerate(range(0, max(len(cases), 1), MOST), 1):
        suffix = f"_{number}" if len(cases) > MOST else ""
        path = county.place(
            CONTRACT, f"htcds_{county.period.end.astype(object):%Y%m%d}{suffix}.xlsx"
        )
        _write(county, cases, faults, path, np.arange(at, min(at + MOST, len(cases))))
        paths.append(path)
    return tuple(paths)


def _write(
    county: County, cases: Caseload, faults: dict[str, Ints], path: Path, index: Ints
) -> None:
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    made = county.period.end.astype(object)
    book.set_properties(
        {"created": datetime(made.year, made.month, made.day, 6), "title": "HTCDS 2.0"}
    )
    sheet = book.add_worksheet("Sheet1")
    dated = book.add_format({"num_format": "yyyy-mm-dd"})
    for row, part in ((0, 0), (1, 1)):
        for at, names in enumerate(COLUMNS, 1):
            if names[part]:
                sheet.write_string(row, at, names[part])
    for _, random, local in county.batches("htcds", len(index), TEXTS):
        rows = index[local]
        cells, written, told = columns(county, random, cases, rows)
        _spoil(county, cells, faults, rows)
        keys, numbers = pa.array(cells["Case Number"], pa.string()), local + HEAD + 1
        _record(county, cases, path.name, keys, written, rows, numbers)
        for column in told:
            _record_notes(county, path.name, keys, numbers, column)
        _record_faults(county, cases, faults, path.name, keys, rows, numbers)
        blank = [None] * len(rows)
        table = zip(*(cells.get(label, blank) for label in LABELS), strict=True)
        for row, values in zip(local.tolist(), table, strict=True):
            sheet.write_number(row + HEAD, 0, row + 1)
            for at, value in enumerate(values, 1):
                if isinstance(value, str):
                    sheet.write_string(row + HEAD, at, value)
                elif value is not None:
                    sheet.write_datetime(row + HEAD, at, value, dated)
    for row in range(len(index), NUMBERED):
        sheet.write_number(row + HEAD, 0, row + 1)
    book.close()


def _plan(county: County, cases: Caseload) -> dict[str, Ints]:
    planter = Planter(county.stream("htcds", "faults"), len(cases))
    planter.keep_clean(cases.consent != CONSENTED)
    return {name: planter.rows() for name, *_ in _CELL_FAULTS}


def _spoil(
    county: County, cells: dict[str, list[Any]], faults: dict[str, Ints], rows: Ints
) -> None:
    for name, _, label, value in _CELL_FAULTS:
        text = county.canary.text(value, "BADCELL") if isinstance(value, str) else value
        for at in np.flatnonzero(np.isin(rows, faults[name])).tolist():
            cells[label][at] = text


def _record(
    county: County,
    cases: Caseload,
    file: str,
    keys: pa.Array,
    written: Written,
    rows: Ints,
    numbers: Ints,
) -> None:
    county.truth.records(
        CONTRACT,
        file,
        "case",
        rows=numbers,
        ids=keys,
        person=cases.person[rows],
        unit=keys,
        role="client",
        changes=written.changes,
    )


def _record_notes(county: County, file: str, keys: pa.Array, numbers: Ints, column: Notes) -> None:
    units = keys.take(pa.array(column.rows)).to_pylist()
    county.truth.narratives(
        CONTRACT,
        file,
        column.field,
        Narratives(numbers[column.rows].tolist(), units, column.stories, column.told),
    )


def _record_faults(
    county: County,
    cases: Caseload,
    faults: dict[str, Ints],
    file: str,
    keys: pa.Array,
    rows: Ints,
    numbers: Ints,
) -> None:
    planted = [
        (name, "CONSENT", "Consent", cases.consent[rows] == value)
        for value, name in _CONSENT_FAULTS.items()
    ]
    planted += [
        (name, rule, label, np.isin(rows, faults[name])) for name, rule, label, _ in _CELL_FAULTS
    ]
    for name, rule, label, mask in planted:
        at = np.flatnonzero(mask)
        county.truth.faults(
            CONTRACT,
            file,
            "case",
            name,
            rule,
            rows=numbers[at],
            keys=keys.take(pa.array(at)),
            field=label,
        )
