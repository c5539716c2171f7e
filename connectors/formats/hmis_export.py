"""What an HMIS export says about itself, and whether that is so.

``Export.csv`` should hold one row: the version, what the export covers, and whether names and
Social Security numbers are hashed. None of it is believed where the content can be looked at.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from schemas.report import IntakeReport, Scope

COLUMNS = (
    "ExportID",
    "ExportDate",
    "ExportStartDate",
    "ExportEndDate",
    "CSVVersion",
    "ExportPeriodType",
    "ExportDirective",
    "HashStatus",
)
#: Versions whose columns the contract describes, by a text that stands in ``CSVVersion``.
VERSIONS = {"2024 v": "FY2024", "2026 v": "FY2026"}
#: HUD list 1.5.
HASH_STATUS = {"1": "unhashed", "2": "sha1", "3": "hashed", "4": "sha256"}
#: HUD lists 1.1 (ExportPeriodType) and 1.2 (ExportDirective).
_UPDATED, _REPORTING_PERIOD = "1", "3"
_DELTA_REFRESH, _FULL_REFRESH = "1", "2"

#: Columns whose content shows whether the export is hashed.
IDENTITY = ("FirstName", "LastName", "SSN")
#: A hashed SSN keeps its last four digits in clear before the hash (HUD's specification).
_SHAPES = {
    "sha256": {"FirstName": r"^[0-9a-f]{64}$", "SSN": r"^.{4}[0-9a-f]{64}$"},
    "sha1": {"FirstName": r"^[0-9a-f]{40}$", "SSN": r"^.{4}[0-9a-f]{40}$"},
    "hashed": {"FirstName": r"^[0-9a-f]{32,}$", "SSN": r"^.{0,4}[0-9a-f]{32,}$"},
}


class ExportClaim:
    """The one row of ``Export.csv``, or what is left to believe where it is not one row."""

    def __init__(self, rows: pa.Table | None, report: IntakeReport) -> None:
        self._report = report
        found = [] if rows is None else rows.to_pylist()
        self.ids = pa.array(sorted({row["ExportID"] for row in found if row["ExportID"]}))
        if len(found) > 1:
            report.note("HMIS-140", "Export", count=len(found))
        if len(self.ids) > 1:
            report.note("HMIS-049", "Export", "ExportID", count=len(self.ids))
        self.version = _agreed(found, "CSVVersion")
        self.fiscal_year = next(
            (year for text, year in VERSIONS.items() if text in (self.version or "")), None
        )
        if self.fiscal_year is None:
            report.note("HMIS-124", "Export", "CSVVersion")
        report.facts["hmis_version"] = self.fiscal_year or "not one of the contract's"
        self.hash_status = HASH_STATUS.get(_agreed(found, "HashStatus") or "", "unknown")
        report.scope = _scope(found)

    def compare_ids(self, table: str, ids: pa.Array) -> None:
        """Count rows that say they belong to another export."""
        if table == "Export" or not len(self.ids):
            return
        other = pc.and_(ids.is_valid(), pc.invert(pc.is_in(ids, self.ids)))
        if count := pc.sum(other).as_py():
            self._report.note("HMIS-049", table, "ExportID", count=count)
            self.distrust()

    def distrust(self) -> None:
        """What the export leaves out must not be deleted."""
        self._report.scope = dataclasses.replace(self._report.scope, trusted=False)


class HashVerdict:
    """What the names and Social Security numbers of a delivery look like; no value is kept."""

    def __init__(self) -> None:
        self._shapes: Counter[str] = Counter()

    def look(self, rows: pa.RecordBatch) -> None:
        for column in IDENTITY:
            if column in rows.schema.names:
                self._shapes.update(_shapes(column, rows[column].drop_null()))

    def conclude(self, claimed: str, report: IntakeReport) -> None:
        """State claim and content; note ``HMIS-126`` with the count of values that belie it."""
        seen = {shape: count for shape, count in self._shapes.items() if count}
        content = " and ".join(sorted(seen)) or "no names"
        report.facts["hash_status"] = f"claims {claimed}, holds {content}"
        fitting = {"hashed": {"hashed", "sha1", "sha256"}}.get(claimed, {claimed})
        if lies := sum(count for shape, count in seen.items() if shape not in fitting):
            report.note("HMIS-126", "Client", count=lies)


def _shapes(column: str, cells: pa.Array) -> Mapping[str, int]:
    """How many cells have which shape, the strictest first."""
    counts: dict[str, int] = {}
    key = "SSN" if column == "SSN" else "FirstName"
    left = cells
    for shape, patterns in _SHAPES.items():
        hit = pc.match_substring_regex(left, patterns[key], ignore_case=True)
        counts[shape] = pc.sum(hit).as_py() or 0
        left = left.filter(pc.invert(hit))
    counts["unhashed"] = len(left)
    return counts


def _agreed(rows: list[dict[str, str | None]], column: str) -> str | None:
    """The one value all rows have; none where they differ."""
    values = {row[column] for row in rows}
    return values.pop() if len(values) == 1 else None


def _scope(rows: list[dict[str, str | None]]) -> Scope:
    """Absence may mean deletion only in a full refresh of a reporting period, stated once."""
    full = bool(rows) and all(row["ExportDirective"] == _FULL_REFRESH for row in rows)
    delta = any(
        row["ExportDirective"] == _DELTA_REFRESH or row["ExportPeriodType"] == _UPDATED
        for row in rows
    )
    made = [day for row in rows if (day := _day(row["ExportDate"])) is not None]
    as_of = max(made, default=None)
    if len(rows) != 1:
        return Scope(full, delta, trusted=False, as_of=as_of)
    start, end = _day(rows[0]["ExportStartDate"]), _day(rows[0]["ExportEndDate"])
    whole = rows[0]["ExportPeriodType"] == _REPORTING_PERIOD
    ordered = start is not None and end is not None and start <= end
    return Scope(full, delta, whole and ordered, start, end, as_of)


def _day(text: str | None) -> date | None:
    try:
        return datetime.fromisoformat(text or "").date()
    except ValueError:
        return None
