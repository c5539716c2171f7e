"""Small invented HMIS deliveries, and what a reader makes of them."""

from __future__ import annotations

import csv
import dataclasses
import io
import zipfile
from collections.abc import Mapping
from datetime import date
from typing import Any

from connectors.formats.base import Intake
from connectors.formats.hmis_csv import _VERSION_COLUMNS, read
from schemas.checks import intake_columns
from schemas.contract import Contract
from schemas.linkage_faults import RHY_BASIS
from schemas.odcs import contracts
from schemas.report import IntakeReport

TODAY = date(2026, 11, 1)
Rows = list[dict[str, str]]
Files = dict[str, Rows]

EXPORT = {
    "ExportID": "E1",
    "SourceType": "1",
    "SourceID": "XX-501",
    "ExportDate": "2026-10-31 08:00:00",
    "ExportStartDate": "2025-10-01",
    "ExportEndDate": "2026-09-30",
    "CSVVersion": "2026 v1.0",
    "ExportPeriodType": "3",
    "ExportDirective": "2",
    "HashStatus": "1",
}


def contract() -> Contract:
    """The shipped contract without its statistical basis: the strictest lane."""
    return dataclasses.replace(contracts()["county_coc.hmis"], statistical_basis=None)


def everything(of: Contract) -> dict[str, tuple[str, ...]]:
    """Every column of every file, whatever the contract drops: what a reader may never yield."""
    return {
        table.name: tuple(f.name for f in table.fields if f.lookup is None) for table in of.tables
    }


def client(person: str, **more: str) -> dict[str, str]:
    return {"PersonalID": person, "DOB": "1990-05-17", "Sex": "0", "NameDataQuality": "1", **more}


def enrollment(number: str, person: str, project: str, **more: str) -> dict[str, str]:
    return {
        "EnrollmentID": number,
        "PersonalID": person,
        "ProjectID": project,
        "EntryDate": "2026-03-04",
        "RelationshipToHoH": "1",
        **more,
    }


def leaving(number: str, person: str, **answers: str) -> dict[str, str]:
    """A row of ``Exit``."""
    return {
        "ExitID": f"X{number}",
        "EnrollmentID": number,
        "PersonalID": person,
        "ExitDate": "2026-06-07",
        **answers,
    }


def structure() -> Files:
    """An ordinary project, one of a victim service provider, one for runaway youth; no clients."""
    return {
        "Export": [dict(EXPORT)],
        "Organization": [
            {"OrganizationID": "O", "OrganizationName": "Plain", "VictimServiceProvider": "0"},
            {"OrganizationID": "OV", "OrganizationName": "Safe", "VictimServiceProvider": "1"},
        ],
        "Project": [
            {"ProjectID": "P", "OrganizationID": "O", "ProjectType": "0"},
            {"ProjectID": "P2", "OrganizationID": "O", "ProjectType": "13"},
            {"ProjectID": "PV", "OrganizationID": "OV", "ProjectType": "2"},
            {"ProjectID": "PR", "OrganizationID": "O", "ProjectType": "2"},
        ],
        "Funder": [
            {"FunderID": "F1", "ProjectID": "P", "Funder": "8"},
            {"FunderID": "F2", "ProjectID": "P2", "Funder": "10"},
            {"FunderID": "F3", "ProjectID": "PV", "Funder": "34"},
            {"FunderID": "F4", "ProjectID": "PR", "Funder": "24"},
        ],
        "Client": [],
        "Enrollment": [],
        "Exit": [],
    }


def header(table: str, version: str = "FY2026") -> list[str]:
    absent = set().union(*(cs for year, cs in _VERSION_COLUMNS.items() if year != version))
    names = [f.name for f in contract().table(table).fields if f.delivered]
    return [name for name in names if name not in absent and name != RHY_BASIS]


def text(table: str, rows: Rows, version: str = "FY2026") -> str:
    written = io.StringIO(newline="")
    columns = header(table, version)
    columns += [RHY_BASIS] if any(RHY_BASIS in row for row in rows) else []
    export = {"ExportID": "E1"} if "ExportID" in columns else {}
    writer = csv.DictWriter(written, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({**export, **row} for row in rows)
    return written.getvalue()


def archive(files: Mapping[str, Rows | bytes], version: str = "FY2026", folder: str = "") -> Any:
    """A zip of CSV files; a file given as bytes is taken as it is."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for table, rows in files.items():
            content = rows if isinstance(rows, bytes) else text(table, rows, version).encode()
            target.writestr(f"{folder}{table}.csv", content)
    packed.seek(0)
    return packed


def take_in(
    files: Mapping[str, Rows | bytes],
    *,
    of: Contract | None = None,
    columns: Mapping[str, tuple[str, ...]] | None = None,
    source: Any = None,
    version: str = "FY2026",
) -> tuple[dict[str, Rows], IntakeReport]:
    """Rows yielded by table, and the report."""
    of = of or contract()
    report = IntakeReport()
    intake = Intake(of, columns or intake_columns(of), report, TODAY)
    found: dict[str, Rows] = {}
    for table, rows in read(source or archive(files, version), intake):
        found.setdefault(table, []).extend(rows.to_pylist())
    return found, report


def counts(report: IntakeReport, code: str) -> dict[str, int]:
    """Count of a finding by table."""
    return {str(f.table): f.count for f in report.findings if f.code == code}
