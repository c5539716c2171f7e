"""HUD HMIS CSV: a zip of up to 24 files, FY2024 or FY2026, hashed or not.

Two passes. The first reads the identifiers that decide which rows may be stored (``hmis_lanes``);
the second yields the allowed rows of every table, and looks at names to see whether the export is
hashed as it says (``hmis_export``). Clients get a column of ours, ``RHYBasis``: on what basis they
may be encoded for linkage.

The archive's files may stand in one folder. ``Consent.csv`` (PersonalID, SignedDate, ExpiresDate,
WithdrawnDate, Scope) is an addition of ours, for agencies that record RHY consents. The table
``Withdrawal`` is no file: it lists enrolments stored under a consent that was withdrawn since, by
their identifiers alone, so that they are deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.formats.base import ROW, Intake, TableBatch, batch_schema
from connectors.formats.csv_rows import read_csv
from connectors.formats.hmis_export import COLUMNS as EXPORT_COLUMNS
from connectors.formats.hmis_export import IDENTITY, ExportClaim, HashVerdict
from connectors.formats.hmis_keys import Numbers
from connectors.formats.hmis_lanes import QUARANTINED, REFUSED, TIES, Fate, Lanes, Structure
from connectors.formats.zip_archive import ZipArchive
from schemas.contract import Table
from schemas.errors import ContractError, DeliveryError
from schemas.linkage_faults import RHY_BASIS
from schemas.report import IntakeReport

#: Answers on commercial sexual and labour exploitation (HUD elements R15 and R16), which
#: 45 CFR 1351.21(a) keeps from anybody else without consent, whoever funds the project.
EXPLOITATION_ANSWERS = (
    "ExchangeForSex",
    "ExchangeForSexPastThreeMonths",
    "CountOfExchangeForSex",
    "AskedOrForcedToExchangeForSex",
    "AskedOrForcedToExchangeForSexPastThreeMonths",
    "WorkplaceViolenceThreats",
    "WorkplacePromiseDifference",
    "CoercedToContinueWork",
    "LaborExploitPastThreeMonths",
)
#: Columns only one of the two versions has.
_VERSION_COLUMNS = {
    "FY2024": {
        *("Woman", "Man", "NonBinary", "CulturallySpecific", "Transgender", "Questioning"),
        *("DifferentIdentity", "GenderNone", "DifferentIdentityText"),
        *("SexualOrientation", "SexualOrientationOther"),
        *("TranslationNeeded", "PreferredLanguage", "PreferredLanguageDifferent"),
    },
    "FY2026": {"Sex", "MentalHealthConsultation"},
}
#: A first pass needs these; a delivery without them cannot be shown to be lawful to store.
_STRUCTURE = {
    "Organization": ("OrganizationID", "VictimServiceProvider"),
    "Project": ("ProjectID", "OrganizationID"),
    "Funder": ("ProjectID", "Funder"),
    "Enrollment": ("EnrollmentID", "PersonalID", "ProjectID", "DateDeleted"),
}
_CONSENT = ("PersonalID", "SignedDate", "ExpiresDate", "WithdrawnDate", "Scope")
_EXPORT_ID = "ExportID"
_WITHDRAWAL = "Withdrawal"
#: Faults of one file, as opposed to the archive's.
_FILE_FAULTS = ("FILE-EMPTY", "FILE-COLUMNS", "FILE-ENCODING")


def read(source: BinaryIO, intake: Intake) -> Iterator[TableBatch]:
    """Batches of every table of the contract that is in the archive; see ``base``.

    Raises:
        DeliveryError: the archive or a required file cannot be read.
        ContractError: the contract has a table whose rows cannot be tied to a project or person.
    """
    untied = [
        table.name
        for table in intake.contract.tables
        if table.name not in TIES and table.name != _WITHDRAWAL
    ]
    if untied:
        raise ContractError(f"contract {intake.contract.name}: HMIS has no file {untied[0]}.csv")
    delivery = _Delivery(ZipArchive(source), intake)
    delivery.check_tables()
    claim = ExportClaim(delivery.whole("Export", EXPORT_COLUMNS), intake.report)
    lanes = delivery.lanes(changes_only=intake.report.scope.changes_only)
    verdict = HashVerdict()
    for table in intake.contract.tables:
        if delivery.has(table.name):
            yield from _read_table(delivery, table, claim, lanes, verdict)
    verdict.conclude(claim.hash_status, intake.report)
    _settle_scope(claim, intake.report)


@dataclass(frozen=True)
class _Delivery:
    """An archive under a contract."""

    archive: ZipArchive
    intake: Intake

    def has(self, table: str) -> bool:
        return table != _WITHDRAWAL and f"{table.lower()}.csv" in self.archive.members

    def check_tables(self) -> None:
        contract, report = self.intake.contract, self.intake.report
        known = {f"{table.name.lower()}.csv" for table in contract.tables if table.name in TIES}
        missing = [table for table in contract.tables if not self.has(table.name)]
        needed = [
            table.name
            for table in missing
            if table.presence == "required" or table.name in _STRUCTURE
        ]
        if needed:
            raise DeliveryError("FILE-TABLES", f"no file for {', '.join(needed)}", table=needed[0])
        for table in missing:
            if table.name not in ("Consent", _WITHDRAWAL):
                report.note("HMIS-125", table.name)
        if unknown := len(set(self.archive.members) - known):
            report.note("TABLE-UNKNOWN", count=unknown)

    def rows(
        self,
        table: Table,
        wanted: tuple[str, ...],
        report: IntakeReport,
        required: frozenset[str],
        expected_absent: frozenset[str],
    ) -> Iterator[pa.RecordBatch]:
        options = self.intake.contract.options
        with self.archive.open(f"{table.name.lower()}.csv") as member:
            yield from read_csv(
                member,
                table=table.name,
                columns={
                    f.name: f.aliases for f in table.fields if f.delivered and f.name != RHY_BASIS
                },
                wanted=wanted,
                delimiter=options.get("delimiter", ","),
                encodings=tuple(options.get("encodings", ("utf-8",))),
                report=report,
                required=required,
                expected_absent=expected_absent,
            )

    def whole(
        self, name: str, columns: tuple[str, ...], report: IntakeReport | None = None
    ) -> pa.Table | None:
        """All rows of a file with some of its columns; none where there is no such file.

        A file nobody needs for the rest counts as missing where it cannot be read.
        """
        if not self.has(name):
            return None
        table, needed = self.intake.contract.table(name), name in _STRUCTURE
        required = frozenset(columns) - {"DateDeleted"} if needed else frozenset()
        scratch = IntakeReport() if report is None else report
        try:
            batches = list(self.rows(table, columns, scratch, required, frozenset(columns)))
        except DeliveryError as error:
            if needed or error.code not in _FILE_FAULTS:
                raise
            return None
        return pa.Table.from_batches(batches, batch_schema(columns)).drop_columns([ROW])

    def lanes(self, *, changes_only: bool) -> Lanes:
        """The first pass. What it finds wrong is reported by the second."""
        scratch = IntakeReport()
        found = {name: self.whole(name, columns, scratch) for name, columns in _STRUCTURE.items()}
        structure = Structure(
            organizations=found["Organization"],
            projects=found["Project"],
            funders=found["Funder"],
            enrollments=found["Enrollment"],
            consents=self.whole("Consent", _CONSENT),
            unreadable={name: count.quarantined for name, count in scratch.tables.items()},
        )
        return Lanes(
            structure,
            statistical_basis=self.intake.contract.statistical_basis is not None,
            today=self.intake.today,
            scopes=frozenset(self.intake.contract.options.get("consentScopes", ())),
            changes_only=changes_only,
        )


def _read_table(
    delivery: _Delivery, table: Table, claim: ExportClaim, lanes: Lanes, verdict: HashVerdict
) -> Iterator[TableBatch]:
    intake, ties = delivery.intake, TIES[table.name]
    columns = intake.columns[table.name]
    looked_at = (*IDENTITY, _EXPORT_ID) if table.name == "Client" else (_EXPORT_ID,)
    required = frozenset(f.name for f in table.fields if f.required and not f.lookup) | set(ties)
    other_version = (
        columns for year, columns in _VERSION_COLUMNS.items() if year != claim.fiscal_year
    )
    absent = frozenset(looked_at).union(*other_version)
    wanted = tuple(n for n in dict.fromkeys((*columns, *ties, *looked_at)) if n != RHY_BASIS)
    try:
        for rows in delivery.rows(table, wanted, intake.report, required, absent):
            claim.compare_ids(table.name, rows[_EXPORT_ID])
            if table.name == "Client":
                verdict.look(rows)
                rows = rows.append_column(RHY_BASIS, lanes.bases(rows["PersonalID"]))
            fates = lanes.fates(table.name, rows)
            allowed = _allowed(table.name, rows, fates, intake.report)
            if table.name == "Enrollment" and _WITHDRAWAL in intake.columns:
                yield from _withdrawn(lanes.withdrawn(rows, fates), intake)
            if table.name == "Exit":
                allowed = _without_answers(allowed, lanes, intake.report)
            if columns and allowed.num_rows:
                yield TableBatch(table.name, allowed.select([ROW, *columns]))
    except DeliveryError as error:
        if table.presence == "required" or error.code not in _FILE_FAULTS:
            raise
        # Raised before the first row. A file nobody needs for the rest is left out.
        intake.report.note("HMIS-012", table.name, error.field)


def _withdrawn(rows: pa.RecordBatch, intake: Intake) -> Iterator[TableBatch]:
    intake.report.read(_WITHDRAWAL, rows.num_rows)
    if rows.num_rows:
        yield TableBatch(_WITHDRAWAL, rows.select([ROW, *intake.columns[_WITHDRAWAL]]))


def _allowed(
    table: str, rows: pa.RecordBatch, fates: Numbers, report: IntakeReport
) -> pa.RecordBatch:
    for fate, code in REFUSED.items():
        report.refuse(code, table, int((fates == fate).sum()))
    for fate, code in QUARANTINED.items():
        report.quarantine(code, table, rows=rows[ROW].to_numpy()[fates == fate].tolist())
    return rows.filter(pa.array(fates == Fate.ALLOWED))


def _without_answers(rows: pa.RecordBatch, lanes: Lanes, report: IntakeReport) -> pa.RecordBatch:
    """Blank the R15 and R16 answers of everybody who has not consented."""
    if lanes.statistical_basis:
        return rows
    blank = ~lanes.consented(rows["PersonalID"])
    lost = np.zeros(rows.num_rows, bool)
    for name in set(EXPLOITATION_ANSWERS) & set(rows.schema.names):
        cells = rows[name]
        lost |= blank & cells.is_valid().to_numpy(zero_copy_only=False)
        column = pc.if_else(pa.array(blank), pa.scalar(None, pa.string()), cells)
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    if count := int(lost.sum()):
        report.note("HMIS-R15-R16", "Exit", count=count)
        report.lane_violated = True
    return rows


def _settle_scope(claim: ExportClaim, report: IntakeReport) -> None:
    """Rows nobody could read or place are no deleted rows."""
    if any(report.table(name).quarantined for name in ("Client", "Enrollment")):
        claim.distrust()
    if report.scope.full_refresh and not report.scope.trusted:
        report.note("SCOPE-UNTRUSTED", "Export")
