"""The continuum's HMIS CSV export: HUD's 24 files (FY2024 or FY2026) and one with consents."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from tributary.county.contacts import shelter_stays
from tributary.county.county import County
from tributary.county.hmis import STAFF, Hmis
from tributary.county.hmis_clients import client_columns
from tributary.county.hmis_consent import FILE, HEADER, Consents, consent_columns, consents
from tributary.county.hmis_details import DETAILS, Detail
from tributary.county.hmis_faults import CONTRACT, HmisFaults, Plan
from tributary.county.hmis_layout import FILES, Version, header
from tributary.county.hmis_sites import RHY, VSP, site_tables
from tributary.county.hmis_stays import enrollment_columns, exit_columns
from tributary.county.names import given_names, surnames
from tributary.county.places import COC
from tributary.county.seeds import Ints, Mask
from tributary.county.text import Column, lines, payload

#: Columns in which staff write what they like, by file.
_FREE_TEXT: Final = {
    "Assessment": ("AssessmentLocation",),
    "AssessmentQuestions": ("AssessmentQuestion", "AssessmentAnswer"),
    "AssessmentResults": ("AssessmentResult",),
    "CurrentLivingSituation": ("LocationDetails", "VerifiedBy"),
    "Enrollment": ("SexualOrientationOther", "PreferredLanguageDifferent"),
    "Event": ("LocationCrisisOrPHHousing",),
    "Exit": ("OtherDestination",),
    "IncomeBenefits": (
        "OtherIncomeSourceIdentify",
        "OtherBenefitsSourceIdentify",
        "OtherInsuranceIdentify",
    ),
    "Services": ("OtherTypeProvided", "MovingOnOtherType"),
}


class Part(NamedTuple):
    """Some rows of a file: columns, row indices within the file, and the stay of each row."""

    columns: dict[str, Column]
    rows: Ints
    stay: Ints


def write_hmis(county: County, version: Version = "2026", hashed: bool = False) -> Path:
    """Write the archive and its truth; same county, same bytes.

    ``hashed``: names and SSN as HashStatus 4 has them (SHA-256 over Soundex; last four in clear).
    """
    hmis = Hmis(county, shelter_stays(county.people, county.seed, county.period), version, hashed)
    path = county.place(CONTRACT, f"hmis_{version}_{county.period.start:%Y%m%d}.zip")
    found = consents(county, hmis.stays)
    writer = _Writer(hmis, HmisFaults(hmis, found), path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for table in FILES:
            writer.write(archive, table)
        writer.write_consents(archive, found)
    return path


class _Writer:
    def __init__(self, hmis: Hmis, faults: HmisFaults, path: Path) -> None:
        self._hmis, self._faults, self._path = hmis, faults, path
        self._sites = site_tables(hmis.county.canary, "2015-01-01")

    def write(self, archive: zipfile.ZipFile, table: str) -> None:
        """One file, batch by batch."""
        names = header(table, self._hmis.version)
        rows, plan = self._rows(table), None
        with archive.open(self._entry(table), "w", force_zip64=True) as file:
            file.write((",".join(names) + "\n").encode())
            if table in ("Client", "Enrollment", "Exit", *DETAILS):
                plan = self._faults.plan(table, rows)
                parts = self._parts(table, rows, plan)
            else:
                parts = iter([self._small(table)])
            for part in parts:
                text = self._render(table, names, part, plan)
                file.write(payload(text))
            for repeated in plan.repeated if plan else ():
                file.write(payload(repeated))
        if plan:
            self._faults.record(self._path.name, plan, _Keys(self._hmis, rows))
        self._hmis.county.truth.counts[f"{CONTRACT}.{table}.rows"] = len(rows)

    def write_consents(self, archive: zipfile.ZipFile, found: Consents) -> None:
        """The file that is not HUD's."""
        ids = self._hmis.person_id(found.client)
        columns = consent_columns(self._hmis.county, self._hmis.stays, found, ids)
        with archive.open(self._entry(FILE), "w") as file:
            file.write((",".join(HEADER) + "\n").encode())
            file.write(payload(lines(HEADER, columns, len(found.client), {"PersonalID"})))

    def _render(self, table: str, names: list[str], part: Part, plan: Plan | None) -> pa.Array:
        columns, rows = part.columns, len(part.rows)
        if table in _FREE_TEXT:
            free = [name for name in _FREE_TEXT[table] if name in names]
            columns = self._hmis.county.canary.overlay("hmis", table, columns, rows, free)
        quoted = {name for name, column in columns.items() if _is_text(name, column)}
        if plan:
            columns = self._faults.apply(plan, columns, part.rows, part.stay)
        text = lines(names, columns, rows, quoted)
        if plan is None:
            return text
        again = self._faults.repeats(plan, columns, part.rows)
        if again:
            plan.repeated.append(lines(names, again, len(again["DateUpdated"]), quoted))
        return self._faults.spoil(plan, text, part.rows)

    def _entry(self, table: str) -> zipfile.ZipInfo:
        end = self._hmis.county.period.end.astype(object)
        entry = zipfile.ZipInfo(f"{table}.csv", (max(end.year, 1980), end.month, end.day, 6, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        return entry

    def _rows(self, table: str) -> Ints:
        """Stay of each row of a file (client for Client), in file order."""
        stays = self._hmis.stays
        if table == "Client":
            return np.arange(len(stays.client))
        if table == "Enrollment":
            return np.arange(len(stays.of))
        if table == "Exit":
            return np.flatnonzero(~np.isnat(stays.exit))
        if table in DETAILS:
            repeats = DETAILS[table].repeats(
                self._hmis, self._hmis.county.stream("hmis", "repeats", table)
            )
            return np.repeat(np.arange(len(stays.of)), repeats)
        return np.arange(self._small(table).rows.size)

    def _parts(self, table: str, of: Ints, plan: Plan) -> Iterator[Part]:
        """``of``: the client or stay each row is about."""
        first = np.searchsorted(of, of)
        for _, random, rows in self._hmis.county.batches(f"hmis {table}", len(of)):
            about, nth = of[rows], rows - first[rows]
            deleted = plan.deleted[rows]
            if table in DETAILS:
                columns = DETAILS[table].columns(Detail(self._hmis, random, rows, about, nth))
            else:
                columns = self._people(table, random, rows, about, deleted)
            yield Part(columns, rows, about)

    def _people(
        self, table: str, random: np.random.Generator, rows: Ints, about: Ints, deleted: Mask
    ) -> dict[str, Column]:
        hmis = self._hmis
        if table == "Exit":
            return exit_columns(hmis, random, about, deleted)
        if table == "Enrollment":
            columns = enrollment_columns(hmis, random, about, deleted)
            person = hmis.stays.person[about]
            self._truth(table, columns["PersonalID"], rows, person, columns["EnrollmentID"], None)
            return columns
        columns, changes = client_columns(hmis, random, about, deleted)
        self._truth(table, columns["PersonalID"], rows, hmis.stays.client[about], None, changes)
        return columns

    def _truth(
        self,
        table: str,
        ids: pa.Array,
        rows: Ints,
        person: Ints,
        unit: pa.Array | None,
        changes: Ints | None,
    ) -> None:
        stays = self._hmis.stays
        if table == "Client":
            at_vsp = np.bincount(stays.of, VSP[stays.site], len(stays.client))[rows]
            of_all = np.bincount(stays.of, minlength=len(stays.client))[rows]
            role = np.where(
                at_vsp == 0, "client", np.where(at_vsp == of_all, "vsp_only", "vsp_and_other")
            )
        else:
            site = stays.site[rows]
            role = np.where(VSP[site], "vsp", np.where(RHY[site], "rhy", "client"))
        self._hmis.county.truth.records(
            CONTRACT,
            self._path.name,
            table,
            rows=rows + 1,
            ids=ids,
            person=person,
            unit=unit,
            role=pa.array(role, pa.string()),
            changes=changes,
        )

    def _small(self, table: str) -> Part:
        """The files about the export, its users and its sites; Affiliation is empty."""
        if table == "Export":
            columns, rows = self._export(), 1
        elif table == "User":
            columns, rows = self._users(), STAFF
        elif table in self._sites:
            columns, rows = self._sites[table]
            columns = columns | self._closing(rows)
        else:
            columns, rows = {}, 0
        return Part(columns, np.arange(rows), np.zeros(rows, np.int64))

    def _closing(self, rows: int) -> dict[str, Column]:
        made = np.full(rows, np.datetime64("2015-01-01"))
        return self._hmis.tail(self._hmis.county.stream("hmis", "sites"), made)

    def _export(self) -> dict[str, Column]:
        period, hmis = self._hmis.county.period, self._hmis
        columns: dict[str, Column] = {
            "ExportID": hmis.export_id,
            "SourceType": pa.array([1]),
            "SourceID": COC,
            "SourceName": "Ansel County HMIS",
            "SourceContactFirst": "Data",
            "SourceContactLast": "Desk",
            "SourceContactPhone": "5550142",
            "SourceContactEmail": "hmis@example.org",
            "ExportDate": f"{period.end} 06:00:00",
            "ExportStartDate": str(period.first),
            "ExportEndDate": str(period.last),
            "SoftwareName": "Ansel HMIS",
            "SoftwareVersion": "4.2",
            "CSVVersion": "2026 v1.0" if hmis.version == "2026" else "2024 v1.7",
            "ExportPeriodType": pa.array([3]),
            "ExportDirective": pa.array([2]),
            "HashStatus": pa.array([4 if hmis.hashed else 1]),
            "ImplementationID": "ANSEL01",
        }
        contact = [f"SourceContact{part}" for part in ("First", "Last", "Phone", "Email")]
        return hmis.county.canary.overlay("hmis", "Export", columns, 1, contact)

    def _users(self) -> dict[str, Column]:
        random = self._hmis.county.stream("hmis", "staff")
        given, surname = given_names().plain, surnames().plain
        columns = self._closing(STAFF) | {
            "UserID": self._hmis.user_id(np.arange(STAFF)),
            "UserFirstName": given.take(pa.array(random.integers(0, len(given), STAFF))),
            "UserLastName": surname.take(pa.array(random.integers(0, len(surname), STAFF))),
        }
        fields = ("UserFirstName", "UserLastName", "UserPhone", "UserEmail")
        return self._hmis.county.canary.overlay("hmis", "User", columns, STAFF, fields)


class _Keys(dict[str, pa.Array]):
    """Key of every row of a file, made when asked for."""

    def __init__(self, hmis: Hmis, of: Ints) -> None:
        super().__init__()
        self._hmis, self._of = hmis, of

    def __missing__(self, table: str) -> pa.Array:
        return self._hmis.person_id(self._of) if table == "Client" else self._hmis.stay_id(self._of)


def _is_text(name: str, column: Column) -> bool:
    """Dates stand bare, like numbers."""
    if "Date" in name or name == "DOB" or isinstance(column, int):
        return False
    return isinstance(column, str) or bool(pa.types.is_string(column.type))
