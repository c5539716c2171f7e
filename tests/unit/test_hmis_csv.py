"""The HMIS reader: versions, vendors' habits, claims that are not believed."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import zipfile
from datetime import date

import pytest

from connectors.formats.base import ROW, batch_schema
from schemas.checks import intake_columns
from schemas.contract import Table
from schemas.errors import ContractError, DeliveryError
from tests.contracts import contract as built
from tests.contracts import field
from tests.hmis import (
    EXPORT,
    archive,
    client,
    contract,
    counts,
    enrollment,
    leaving,
    structure,
    take_in,
    text,
)


def files(clients: int = 2) -> dict[str, list[dict[str, str]]]:
    found = structure()
    found["Organization"].pop()
    found["Project"].pop(2)
    found["Funder"].pop(2)
    people = [f"C{n}" for n in range(clients)]
    found["Client"] = [client(person) for person in people]
    found["Enrollment"] = [enrollment(f"E{person}", person, "P") for person in people]
    found["Exit"] = [leaving(f"E{person}", person) for person in people]
    return found


def test_yields_what_the_contract_needs_and_no_more() -> None:
    """Names and numbers are needed for linkage; without it they stay in the landed file."""
    given = files()
    given["Client"][0].update(FirstName="Canary", LastName="Zeta", SSN="123456789")
    found, report = take_in(given)
    columns = intake_columns(contract())
    assert set(found) == {"Export", "Project", "Client", "Enrollment", "Exit"}
    for table, rows in found.items():
        assert tuple(rows[0]) == (ROW, *columns[table])
    assert not {"MiddleName", "NameSuffix"} & set(found["Client"][0])
    unlinked, _ = take_in(given, of=dataclasses.replace(contract(), linkage=None))
    assert not {"FirstName", "LastName", "SSN", "RHYBasis"} & set(unlinked["Client"][0])
    assert [row[ROW] for row in found["Client"]] == [1, 2]
    assert report.facts["hmis_version"] == "FY2026"


def test_batches_have_the_schema_readers_promise() -> None:
    from connectors.formats.base import Intake
    from connectors.formats.hmis_csv import read
    from schemas.report import IntakeReport

    columns = intake_columns(contract())
    intake = Intake(contract(), columns, IntakeReport(), date(2026, 11, 1))
    for table, rows in read(archive(files()), intake):
        assert rows.schema.equals(batch_schema(columns[table]))


def test_fy2024_has_genders_instead_of_sex_and_spells_a_race_otherwise() -> None:
    given = files()
    given["Export"][0]["CSVVersion"] = "2024 v1.4"
    for row in given["Client"]:
        del row["Sex"]
        row.update(Woman="1", Man="0", HispanicLatinao="1")
    old = text("Client", given["Client"], "FY2024").replace("HispanicLatinao", "HispanicLatinaeo")
    found, report = take_in({**given, "Client": old.encode()}, version="FY2024")
    assert found["Client"][0]["Woman"] == "1"
    assert found["Client"][0]["HispanicLatinao"] == "1"
    assert found["Client"][0]["Sex"] is None
    assert report.facts["hmis_version"] == "FY2024"
    assert not counts(report, "COLUMN-MISSING") and not counts(report, "COLUMN-UNKNOWN")


def test_columns_of_the_own_version_are_missed() -> None:
    given = files()
    without = text("Client", given["Client"]).replace(",Sex,", ",Gender_X,").encode()
    _, report = take_in({**given, "Client": without})
    assert [(f.code, f.field) for f in report.findings if f.table == "Client"] == [
        ("COLUMN-UNKNOWN", "Gender_X"),
        ("COLUMN-MISSING", "Sex"),
    ]


def test_headers_of_vendors() -> None:
    given = files()
    exits = text("Exit", [leaving("EC0", "C0", WorkplaceViolenceThreats="1")])
    exits = exits.replace("WorkplaceViolenceThreats", " WorkPlaceViolenceThreats ")
    given["ProjectCoC"] = [{"ProjectID": "P", "ZIP": "12345"}]
    projects = text("ProjectCoC", given["ProjectCoC"]).replace("ZIP", "Zip")
    upper = text("Client", given["Client"])
    head, _, rest = upper.partition("\r\n")
    clients = ("\ufeff" + head.upper() + "\n" + rest).encode()
    changed = {**given, "Exit": exits.encode(), "ProjectCoC": projects.encode(), "Client": clients}
    found, report = take_in(changed)
    assert len(found["Client"]) == 2 and len(found["Exit"]) == 1
    assert not report.tables["Client"].quarantined
    assert not counts(report, "COLUMN-UNKNOWN")


def test_files_may_stand_in_one_folder_with_a_macs_junk_beside_them() -> None:
    packed = archive(files(), folder="HMIS CSV 2026-10-31/")
    with zipfile.ZipFile(packed, "a") as target:
        target.writestr("__MACOSX/HMIS CSV 2026-10-31/._Client.csv", "junk")
        target.writestr("HMIS CSV 2026-10-31/.DS_Store", "junk")
        target.writestr("HMIS CSV 2026-10-31/Canary Zeta.docx", "a table nobody knows")
    packed.seek(0)
    found, report = take_in({}, source=packed)
    assert len(found["Client"]) == 2
    assert counts(report, "TABLE-UNKNOWN") == {"None": 2}


@pytest.mark.parametrize("table", ["Client", "Enrollment", "Project", "Organization", "Funder"])
def test_a_file_nothing_can_do_without(table: str) -> None:
    given = files()
    del given[table]
    with pytest.raises(DeliveryError, match=f"FILE-TABLES.*{table}"):
        take_in(given)
    with pytest.raises(DeliveryError, match=f"FILE-EMPTY at {table}"):
        take_in({**given, table: b""})
    with pytest.raises(DeliveryError, match="FILE-COLUMNS"):
        take_in({**given, table: b"a,b,c\r\n1,2,3\r\n"})


@pytest.mark.parametrize("table", ["Exit", "Services", "Disabilities", "User", "Consent", "Export"])
@pytest.mark.parametrize(
    "content", [b"", b"EnrollmentID,EnrollmentID\r\n", "a\r\n".encode("utf-16-le")]
)
def test_a_file_the_rest_can_do_without_is_left_out_if_it_is_broken(
    table: str, content: bytes
) -> None:
    found, report = take_in({**files(), table: content})
    assert len(found["Client"]) == 2
    if table not in ("User", "Consent", "Export") or not content:
        assert counts(report, "HMIS-012") == {table: 1}


def test_missing_files_are_reported() -> None:
    _, report = take_in(files())
    assert "Services" in counts(report, "HMIS-125")
    assert "Consent" not in counts(report, "HMIS-125")


def test_a_contract_with_a_table_nobody_can_tie_to_a_person_is_refused() -> None:
    strange = built(Table("Custom", (field("PersonalID"),)))
    with pytest.raises(ContractError, match=r"no file Custom\.csv"):
        take_in(files(), of=strange, columns={"Custom": ("PersonalID",)})


def test_not_a_zip() -> None:
    with pytest.raises(DeliveryError, match="FILE-FORMAT"):
        take_in({}, source=io.BytesIO(text("Client", [client("C")]).encode()))


def test_damage_to_rows_costs_those_rows_and_the_trust_in_what_is_absent() -> None:
    given = files()
    rows = text("Client", given["Client"]).encode()
    found, report = take_in({**given, "Client": rows + b'C9,"Ann,X\r\nC8,too,short\r\n'})
    assert len(found["Client"]) == 2
    assert report.tables["Client"].quarantined == 2
    assert report.scope.full_refresh and not report.scope.trusted
    assert counts(report, "SCOPE-UNTRUSTED") == {"Export": 1}


# --- what Export.csv claims ---------------------------------------------------------------------


def exported(**changed: str) -> dict[str, list[dict[str, str]]]:
    return {**files(), "Export": [{**EXPORT, **changed}]}


@pytest.mark.parametrize(
    ("changed", "full", "trusted"),
    [
        ({}, True, True),
        ({"ExportDirective": "1"}, False, True),
        ({"ExportDirective": "3"}, False, True),
        ({"ExportPeriodType": "1"}, True, False),  # changes only: absence says nothing
        ({"ExportPeriodType": ""}, True, False),
        ({"ExportStartDate": "10/01/2025"}, True, False),
        ({"ExportEndDate": ""}, True, False),
        ({"ExportEndDate": "2024-01-01"}, True, False),
    ],
)
def test_absence_means_deletion_only_in_a_full_refresh_of_a_period(
    changed: dict[str, str], full: bool, trusted: bool
) -> None:
    _, report = take_in(exported(**changed))
    assert (report.scope.full_refresh, report.scope.trusted) == (full, trusted)
    partial = {"ExportDirective": "1"}, {"ExportPeriodType": "1"}
    assert report.scope.changes_only == (changed in partial)
    if full and trusted:
        assert report.scope.start == date(2025, 10, 1)
        assert report.scope.end == date(2026, 9, 30)
        assert report.scope.as_of == date(2026, 10, 31)


@pytest.mark.parametrize("rows", [[], [EXPORT, EXPORT], [EXPORT, {**EXPORT, "ExportID": "E2"}]])
def test_anything_but_one_row_is_reported_and_deletes_nothing(rows: list[dict[str, str]]) -> None:
    found, report = take_in({**files(), "Export": rows})
    assert len(found["Client"]) == 2
    assert not report.scope.trusted
    assert counts(report, "HMIS-140") == ({"Export": len(rows)} if rows else {})


def test_files_of_several_exports_are_reported() -> None:
    given = files()
    given["Client"][1]["ExportID"] = "another"
    _, report = take_in(given)
    assert counts(report, "HMIS-049") == {"Client": 1}
    assert not report.scope.trusted


@pytest.mark.parametrize("version", ["2022 v1", "", "2026"])
def test_other_versions_are_reported_and_matched_by_name(version: str) -> None:
    found, report = take_in(exported(CSVVersion=version))
    assert len(found["Client"]) == 2
    assert counts(report, "HMIS-124") == {"Export": 1}
    assert version not in report.facts["hmis_version"] or not version


def sha256(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def md5(value: str) -> str:
    return hashlib.md5(value.encode()).hexdigest()


PLAIN = {"FirstName": "Canary", "LastName": "Zeta", "SSN": "123456789"}
HASHED = {
    "FirstName": sha256("C560"),
    "LastName": sha256("Z300"),
    "SSN": "6789" + sha256("123456789"),
}
DEMO = {"FirstName": md5("a"), "LastName": md5("b"), "SSN": "6789" + md5("c")}
SHA1 = {"FirstName": hashlib.sha1(b"x").hexdigest()}
HALF = {**HASHED, "LastName": "Zeta"}


@pytest.mark.parametrize(
    ("claim", "identity", "fact", "lies"),
    [
        ("1", PLAIN, "claims unhashed, holds unhashed", 0),
        ("4", HASHED, "claims sha256, holds sha256", 0),
        ("4", {k: v.upper() for k, v in HASHED.items()}, "claims sha256, holds sha256", 0),
        ("2", SHA1, "claims sha1, holds sha1", 0),
        ("3", DEMO, "claims hashed, holds hashed", 0),
        ("4", DEMO, "claims sha256, holds hashed", 3),  # HUD's own demonstration set
        ("4", PLAIN, "claims sha256, holds unhashed", 3),
        ("1", HASHED, "claims unhashed, holds sha256", 3),
        ("4", HALF, "claims sha256, holds sha256 and unhashed", 1),
        ("", PLAIN, "claims unknown, holds unhashed", 3),
        ("4", {}, "claims sha256, holds no names", 0),
    ],
)
def test_hash_status_is_looked_up_in_the_names(
    claim: str, identity: dict[str, str], fact: str, lies: int
) -> None:
    given = exported(HashStatus=claim)
    given["Client"][0].update(identity)
    _, report = take_in(given)
    assert report.facts["hash_status"] == fact
    assert counts(report, "HMIS-126") == ({"Client": lies} if lies else {})
    assert "canary" not in str(report.as_json()).lower()
