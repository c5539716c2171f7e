"""HTCDS 2.0 workbooks: the Human Trafficking Case Data Standard's Excel intake sheet.

Only rows with consent that is recorded, dated, unexpired and not withdrawn leave this reader
(``connectors.formats.consent``). Where the contract has a table ``withdrawal``, a row whose consent
was dated and later withdrawn leaves its identity there, and nothing else, so that what was stored
under that consent can be deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from itertools import islice
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from connectors.formats.base import Intake, TableBatch, batch_schema
from connectors.formats.choices import canonical, choices_of
from connectors.formats.consent import ConsentColumns, ConsentRule, judge_consent
from connectors.formats.dates import iso_dates
from connectors.formats.htcds_sheet import CaseSheet, Row, find_case_sheet, is_blank
from connectors.formats.identity import identity
from connectors.formats.workbook import WorkbookLimits, open_workbook
from schemas.checks import ISO_DATE
from schemas.contract import Contract, Field, Table
from schemas.errors import DeliveryError
from schemas.report import Scope

CASES = "case"
WITHDRAWALS = "withdrawal"
#: Cells become Python objects before they become columns; this many rows of them at a time.
_ROWS_AT_ONCE = 4_096
_ISO_SHAPE = r"^\d{4}-\d{2}-\d{2}$"
#: Before any case a sheet can hold.
_FIRST_DAY = date(1900, 1, 1)

Columns = Mapping[str, pa.Array]


def read(source: BinaryIO, intake: Intake) -> Iterator[TableBatch]:
    """Rows of the case sheet that may be stored.

    ``formatOptions`` of the contract: ``consent``, ``identities``, ``placeholders``,
    ``blankHeaderAfter``, ``otherSheets``, ``limits`` and ``fullRefresh`` (the workbook is the whole
    caseload, so that a case it lacks was removed).

    Raises:
        DeliveryError: the workbook cannot be read, or has no case sheet; see ``open_workbook`` and
            ``find_case_sheet``.
    """
    plan, options, report = _Plan(intake.contract, intake), intake.contract.options, intake.report
    book = open_workbook(source, WorkbookLimits.of(options.get("limits", {})))
    sheet = find_case_sheet(book, plan.table, options, report)
    _note_columns(sheet, plan, intake)
    if options.get("fullRefresh", False):
        report.scope = _whole_caseload(intake.today)
    for numbers, rows in _parts(sheet):
        columns = _typed(plan.columns(rows, sheet), plan.table, serials=not book.dates_from_1904)
        consent = judge_consent(plan.consent_columns(columns, sheet), plan.consent, intake.today)
        report.read(CASES, len(numbers))
        report.refuse("CONSENT", CASES, int(np.count_nonzero(~consent.valid)))
        yield plan.cases(columns, numbers, consent.valid)
        if WITHDRAWALS in intake.contract.by_name:
            yield plan.withdrawals(columns, numbers, consent.withdrawn)


@dataclass(frozen=True)
class _Plan:
    """What the contract asks of a case sheet."""

    contract: Contract
    intake: Intake

    @property
    def table(self) -> Table:
        return self.contract.table(CASES)

    @cached_property
    def consent(self) -> ConsentRule:
        signed = self._field("signed")
        formats = signed.formats if signed and signed.formats else (ISO_DATE,)
        return ConsentRule.of(self.contract.options["consent"], formats)

    @cached_property
    def identities(self) -> Mapping[str, list[list[str]]]:
        derived: Mapping[str, list[list[str]]] = self.contract.options.get("identities", {})
        return derived

    @cached_property
    def wanted(self) -> tuple[str, ...]:
        """Fields to take from the sheet for the batch itself."""
        return tuple(n for n in self.intake.columns[CASES] if n not in self.identities)

    @cached_property
    def _names_read(self) -> tuple[str, ...]:
        parts = (name for ways in self.identities.values() for way in ways for name in way)
        gate = (found.name for role in _CONSENT_ROLES if (found := self._field(role)))
        return tuple(dict.fromkeys((*self.wanted, *parts, *gate)))

    def _field(self, role: str) -> Field | None:
        """The field that plays a role in consent; none where the contract names none."""
        name = self.contract.options["consent"].get(role)
        return None if name is None else self.table.by_name[name]

    def require_once(self, sheet: CaseSheet) -> None:
        """Raise ``DeliveryError`` where a field that is read has two columns."""
        for name in self._names_read:
            if name in sheet.twice:
                raise DeliveryError(
                    "FILE-COLUMNS", "the column stands twice", table=CASES, field=name
                )

    def columns(self, rows: list[Row], sheet: CaseSheet) -> dict[str, pa.Array]:
        """The fields that are read as text columns; one the sheet lacks is all null."""
        cells = list(zip(*rows, strict=True))
        return {
            name: pa.array([_text(cell) for cell in cells[sheet.places[name]]], pa.string())
            if name in sheet.places
            else pa.nulls(len(rows), pa.string())
            for name in self._names_read
        }

    def consent_columns(self, columns: Columns, sheet: CaseSheet) -> ConsentColumns:
        rows = len(next(iter(columns.values())))
        found: dict[str, pd.Series[Any]] = {}
        for role in _CONSENT_ROLES:
            field = self._field(role)
            column = columns[field.name] if field else pa.nulls(rows, pa.string())
            # a guardian's consent or a scope can be asked for only where the sheet records it
            if role not in ("guardian", "scope") or (field and field.name in sheet.places):
                found[role] = pd.Series(column.to_pandas(), dtype="str")
        return ConsentColumns(**found)

    def cases(
        self, columns: Columns, numbers: npt.NDArray[np.int64], stored: npt.NDArray[np.bool_]
    ) -> TableBatch:
        """The rows that may be stored, choices as codes, identities put together."""
        kept = {name: column.filter(pa.array(stored)) for name, column in columns.items()}
        numbers = numbers[stored]
        made = self._identified(kept)
        for name in self.wanted:
            made[name] = self._chosen(self.table.by_name[name], kept[name], numbers)
        return _batch(CASES, self.intake.columns[CASES], numbers, made)

    def withdrawals(
        self, columns: Columns, numbers: npt.NDArray[np.int64], withdrawn: npt.NDArray[np.bool_]
    ) -> TableBatch:
        """Identities of the rows whose consent was withdrawn."""
        kept = {name: column.filter(pa.array(withdrawn)) for name, column in columns.items()}
        numbers = numbers[withdrawn]
        self.intake.report.read(WITHDRAWALS, len(numbers))
        names = self.intake.columns[WITHDRAWALS]
        return _batch(WITHDRAWALS, names, numbers, self._identified(kept))

    def _identified(self, columns: Columns) -> dict[str, pa.Array]:
        placeholders = self.contract.options.get("placeholders", ())
        sound = {
            name: _without_odd_dates(column)
            if self.table.by_name[name].logical_type == "date"
            else column
            for name, column in columns.items()
        }
        return {name: identity(sound, ways, placeholders) for name, ways in self.identities.items()}

    def _chosen(self, field: Field, column: pa.Array, numbers: npt.NDArray[np.int64]) -> pa.Array:
        choices = choices_of(field)
        if choices is None:
            return column
        found = canonical(column, *choices)
        if field.codes is None and found.unknown.any():
            rows = numbers[found.unknown].tolist()
            self.intake.report.note("HTCDS-CHOICE", CASES, field.name, rows)
        return found.codes


#: Keys of ``formatOptions.consent`` that name fields; they are the fields of ``ConsentColumns``.
_CONSENT_ROLES = ("given", "signed", "expires", "withdrawn", "birthdate", "guardian", "scope")


def _whole_caseload(today: date) -> Scope:
    """Every case up to the end of this month; one of this month that is gone was removed, too."""
    month_end = pd.Timestamp(today) + pd.offsets.MonthEnd(0)
    return Scope(full_refresh=True, start=_FIRST_DAY, end=month_end.date())


def _note_columns(sheet: CaseSheet, plan: _Plan, intake: Intake) -> None:
    plan.require_once(sheet)
    for place in sheet.unknown:
        # the column's letters, not its title: a title may be a value where a header has slipped
        intake.report.note("COLUMN-UNKNOWN", CASES, sheet.column_name(place))
    signed = plan.contract.options["consent"].get("signed")
    for name in (*plan.wanted, *([signed] if signed else ())):
        if name not in sheet.places and not plan.table.by_name[name].only_identifies:
            intake.report.note("COLUMN-MISSING", CASES, name)


def _parts(sheet: CaseSheet) -> Iterator[tuple[npt.NDArray[np.int64], list[Row]]]:
    rows = sheet.rows()
    while part := list(islice(rows, _ROWS_AT_ONCE)):
        yield np.array([number for number, _ in part], np.int64), [row for _, row in part]


def _typed(columns: dict[str, pa.Array], table: Table, *, serials: bool) -> dict[str, pa.Array]:
    """Columns with every readable date in ISO form.

    In a workbook that counts days from 1904 a bare number cannot be trusted to be a date.
    """
    for name, column in columns.items():
        field = table.by_name[name]
        if field.logical_type == "date":
            columns[name] = iso_dates(column, field.formats or (ISO_DATE,), serials=serials)
    return columns


def _without_odd_dates(column: pa.Array) -> pa.Array:
    return pc.if_else(pc.match_substring_regex(column, _ISO_SHAPE), column, None)


def _text(cell: object) -> str | None:
    """A cell as text. Dates are ISO; whole numbers have no fraction; blank is null."""
    match cell:
        case _ if is_blank(cell):
            return None
        case str():
            return cell.strip()
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime() | date():
            return cell.isoformat(" ") if isinstance(cell, datetime) else cell.isoformat()
        case _:
            return str(cell)


def _batch(
    table: str, names: tuple[str, ...], numbers: npt.NDArray[np.int64], columns: Columns
) -> TableBatch:
    arrays = [pa.array(numbers), *(columns[name] for name in names)]
    return TableBatch(table, pa.RecordBatch.from_arrays(arrays, schema=batch_schema(names)))
