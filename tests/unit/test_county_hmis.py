"""The county's HMIS export, read back with the csv module and compared with the truth."""

from __future__ import annotations

import csv
import re
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tests.counties import County, county
from tributary.county.hmis import soundex
from tributary.county.misspell import CHANGES

RHY = {str(code) for code in range(22, 27)}
FILES = [
    *("Affiliation", "Assessment", "AssessmentQuestions", "AssessmentResults", "CEParticipation"),
    *("Client", "CurrentLivingSituation", "Disabilities", "EmploymentEducation", "Enrollment"),
    *("Event", "Exit", "Export", "Funder", "HealthAndDV", "HMISParticipation", "IncomeBenefits"),
    *("Inventory", "Organization", "Project", "ProjectCoC", "Services", "User"),
    "YouthEducationStatus",
]


@pytest.fixture(scope="module")
def here() -> County:
    return county()


def planted(here: County, table: str, fault: str) -> set[int]:
    found = here.truth("faults", feed="county_coc.hmis", table=table, fault=fault)
    assert found, f"no {fault} was planted in {table}"
    return {row["row"] for row in found}


def vsp_projects(here: County) -> set[str]:
    own = {
        o["OrganizationID"] for o in here.hmis("Organization") if o["VictimServiceProvider"] == "1"
    }
    assert len(own) == 1
    return {p["ProjectID"] for p in here.hmis("Project") if p["OrganizationID"] in own}


def rhy_projects(here: County) -> set[str]:
    return {row["ProjectID"] for row in here.hmis("Funder") if row["Funder"] in RHY}


def test_has_the_24_files_and_the_consents(here: County) -> None:
    assert here.hmis_names() == [f"{name}.csv" for name in [*FILES, "Consent"]]


def test_headers_are_those_of_the_real_export(here: County, shared_data: Path) -> None:
    for name in FILES:
        real = (shared_data / "hmis" / "lsa_slice" / f"{name}.csv").open(encoding="utf-8-sig")
        with real:
            assert here.hmis_rows(name)[0] == next(csv.reader(real)), name


def test_text_is_quoted_and_numbers_and_dates_are_bare(here: County, shared_data: Path) -> None:
    ours = zipfile.ZipFile(here.path("county_coc.hmis")).read("Enrollment.csv").decode()
    real = (shared_data / "hmis" / "lsa_slice" / "Enrollment.csv").read_text(encoding="utf-8")
    shape = r'"[^"]+","[^"]+","[^"]+",\d{4}-\d\d-\d\d,"[^"]+",1,"[A-Z]{2}-\d{3}",\d+,'
    for text in (ours, real):
        assert re.match(shape, text.splitlines()[1])
        assert "\r" not in text


def test_older_format_has_the_older_columns() -> None:
    old = county(400, 2, hmis_version="2024")
    client, enrollment = old.hmis_rows("Client")[0], old.hmis_rows("Enrollment")[0]
    assert "Sex" not in client
    assert client[10] == "AmIndAKNative"
    assert client.index("HispanicLatinaeo") == 13
    assert client[19:29] == [
        *("Woman", "Man", "NonBinary", "CulturallySpecific", "Transgender", "Questioning"),
        *("DifferentIdentity", "GenderNone", "DifferentIdentityText", "VeteranStatus"),
    ]
    assert "MentalHealthConsultation" not in enrollment
    assert enrollment[28:30] == ["SexualOrientation", "SexualOrientationOther"]
    assert enrollment[63:66] == [
        "TranslationNeeded",
        "PreferredLanguage",
        "PreferredLanguageDifferent",
    ]
    assert old.hmis("Export")[0]["CSVVersion"].startswith("2024 v1")
    assert all(len(row) == len(client) for row in old.hmis_rows("Client"))


def test_export_says_once_what_it_covers(here: County) -> None:
    (export,) = here.hmis("Export")
    assert (export["ExportDirective"], export["ExportPeriodType"], export["SourceType"]) == (
        "2",
        "3",
        "1",
    )
    assert re.fullmatch("[A-Z]{2}-[0-9]{3}", export["SourceID"])
    assert (export["ExportStartDate"], export["ExportEndDate"]) == ("2025-01-01", "2026-06-30")
    ids = {
        row["ExportID"] for name in FILES if name != "Affiliation" for row in here.hmis(name)[:50]
    }
    ragged = {name for name in ids if name != export["ExportID"]}
    assert not ragged - {""}


def test_archive_carries_no_moment_of_its_making(here: County) -> None:
    entries = zipfile.ZipFile(here.path("county_coc.hmis")).infolist()
    assert {entry.date_time for entry in entries} == {(2026, 7, 1, 6, 0, 0)}


# --- truth ---------------------------------------------------------------------------------------


def test_every_client_row_is_known(here: County) -> None:
    rows = here.hmis_rows("Client")
    header = rows[0]
    records = here.truth("records", feed="county_coc.hmis", table="Client")
    twice = planted(here, "Client", "duplicate_personal_id")
    bad_date = planted(here, "Client", "bad_date")
    assert len(records) + len(twice) == len(rows) - 1
    for record in records:
        row = dict(zip(header, rows[record["row"]], strict=True))
        person = here.people[record["person_id"]]
        assert row["PersonalID"] == record["record_id"]
        if record["row"] not in bad_date and not record["changes"] & (
            CHANGES["dob_missing"] | CHANGES["dob_day_month"]
        ):
            assert row["DOB"] == person["born"].isoformat()
        if row["SSN"] and not row["SSN"].startswith("x"):
            assert row["SSN"] == person["ssn"]
    assert max(Counter(record["person_id"] for record in records).values()) == 2


def test_every_enrolment_belongs_to_its_client(here: County) -> None:
    clients = {
        record["record_id"]: record["person_id"]
        for record in here.truth("records", feed="county_coc.hmis", table="Client")
    }
    rows = here.hmis_rows("Enrollment")
    records = here.truth("records", feed="county_coc.hmis", table="Enrollment")
    orphans = planted(here, "Enrollment", "orphan_client")
    for record in records:
        assert rows[record["row"]][0] == record["unit"]
        assert clients[record["record_id"]] == record["person_id"]
        assert (rows[record["row"]][1] == record["record_id"]) != (record["row"] in orphans)


def test_planted_faults_are_there_and_no_others(here: County) -> None:
    client, enrollment = here.hmis("Client"), here.hmis("Enrollment")
    counts = Counter(row["PersonalID"] for row in client)
    doubled = {key for key, count in counts.items() if count > 1}
    again = planted(here, "Client", "duplicate_personal_id")
    assert doubled == {client[n - 1]["PersonalID"] for n in again}
    white = {n for n, row in enumerate(client, 1) if row["White"] not in ("0", "1")}
    assert white == planted(here, "Client", "illegal_code")
    bad = {n for n, row in enumerate(client, 1) if row["DOB"] and not is_date(row["DOB"])}
    assert bad == planted(here, "Client", "bad_date")

    counts = Counter(row["EnrollmentID"] for row in enrollment)
    doubled = {key for key, count in counts.items() if count > 1}
    again = planted(here, "Enrollment", "duplicate_enrollment_id")
    assert doubled == {enrollment[n - 1]["EnrollmentID"] for n in again}
    known = {row["PersonalID"] for row in client}
    projects = {row["ProjectID"] for row in here.hmis("Project")}
    checks = {
        "orphan_client": lambda row: row["PersonalID"] not in known,
        "orphan_project": lambda row: row["ProjectID"] not in projects,
        "bad_date": lambda row: not is_date(row["EntryDate"]),
        "illegal_code": lambda row: row["RelationshipToHoH"] not in {"1", "2", "3", "4", "5", "99"},
    }
    for fault, broken in checks.items():
        found = {n for n, row in enumerate(enrollment, 1) if broken(row)}
        assert found == planted(here, "Enrollment", fault), fault


def test_planted_faults_of_exits(here: County) -> None:
    entry = {row["EnrollmentID"]: row["EntryDate"] for row in here.hmis("Enrollment")}
    bad_entries = {k for k, day in entry.items() if not is_date(day)}
    early, orphans = set(), set()
    for n, row in enumerate(here.hmis("Exit"), 1):
        if row["EnrollmentID"] not in entry:
            orphans.add(n)
        elif (
            row["EnrollmentID"] not in bad_entries and row["ExitDate"] < entry[row["EnrollmentID"]]
        ):
            early.add(n)
    assert early == planted(here, "Exit", "exit_before_entry")
    assert orphans == planted(here, "Exit", "orphan_enrollment")
    rows = here.hmis_rows("Services")
    ragged = {n for n, row in enumerate(rows) if len(row) != len(rows[0])}
    assert ragged == planted(here, "Services", "ragged")
    zero = {n for n, row in enumerate(here.hmis("HealthAndDV"), 1) if row["WhenOccurred"] == "0"}
    assert zero == planted(here, "HealthAndDV", "illegal_code")


def test_deleted_rows_are_known(here: County) -> None:
    for table in ("Client", "Enrollment", "Exit"):
        rows = here.hmis(table)
        deleted = {n for n, row in enumerate(rows, 1) if row["DateDeleted"]}
        assert deleted == planted(here, table, "deleted"), table


# --- lanes ---------------------------------------------------------------------------------------


def test_victim_service_provider_has_clients_of_three_kinds(here: County) -> None:
    own = vsp_projects(here)
    rows = here.hmis("Enrollment")
    at_vsp = {n for n, row in enumerate(rows, 1) if row["ProjectID"] in own}
    assert at_vsp == planted(here, "Enrollment", "vsp")
    roles = Counter(
        r["role"] for r in here.truth("records", feed="county_coc.hmis", table="Client")
    )
    assert roles["vsp_only"]
    assert roles["vsp_and_other"]
    assert roles["client"] > 10 * (roles["vsp_only"] + roles["vsp_and_other"])


def test_youth_without_consent_in_force_are_known(here: County) -> None:
    consent = {}
    for row in here.hmis("Consent"):
        assert date.fromisoformat(row["SignedDate"]) <= date(2026, 6, 30)
        consent[row["PersonalID"]] = row["ExpiresDate"] > "2027-12-31" and not row["WithdrawnDate"]
    own, vsp = rhy_projects(here), vsp_projects(here)
    orphans = planted(here, "Enrollment", "orphan_client")
    known = here.truth("records", feed="county_coc.hmis", table="Enrollment")
    records = {record["row"]: record for record in known}
    copies = len(planted(here, "Enrollment", "duplicate_enrollment_id"))  # they stand at the end
    rows = here.hmis("Enrollment")
    lacking = set()
    for n, row in enumerate(rows[: len(rows) - copies], 1):
        person = records[n]["record_id"] if n in orphans else row["PersonalID"]
        if row["ProjectID"] in own - vsp and not consent.get(person, False):
            lacking.add(n)
    assert lacking == planted(here, "Enrollment", "rhy_without_consent")
    assert {True, False} == set(consent.values())


def test_exploitation_is_asked_of_youth_only_and_step_by_step(here: County) -> None:
    own = rhy_projects(here)
    project = {row["EnrollmentID"]: row["ProjectID"] for row in here.hmis("Enrollment")}
    yes: Counter[str] = Counter()
    broken = planted(here, "Exit", "orphan_enrollment") | planted(here, "Exit", "illegal_code")
    rows, lost = here.hmis("Enrollment"), planted(here, "Enrollment", "orphan_project")
    unknown = {rows[n - 1]["EnrollmentID"] for n in lost}
    for n, row in enumerate(here.hmis("Exit"), 1):
        if n in broken or row["EnrollmentID"] in unknown:
            continue
        asked = project[row["EnrollmentID"]] in own
        assert bool(row["ExchangeForSex"]) == asked
        assert bool(row["WorkplaceViolenceThreats"]) == asked
        for follow in ("ExchangeForSexPastThreeMonths", "AskedOrForcedToExchangeForSex"):
            assert bool(row[follow]) == (row["ExchangeForSex"] == "1")
        worked = "1" in (row["WorkplaceViolenceThreats"], row["WorkplacePromiseDifference"])
        assert bool(row["CoercedToContinueWork"]) == worked
        yes["sex"] += row["AskedOrForcedToExchangeForSex"] == "1"
        yes["work"] += row["CoercedToContinueWork"] == "1"
        assert row["ExchangeForSex"] in {"", "0", "1", "8", "9", "99"}
    assert yes["sex"] >= 11


# --- hashed --------------------------------------------------------------------------------------


def test_hashed_export_holds_hashes_only() -> None:
    old = county(400, 2, hmis_version="2024", hashed=True)
    plain = county(400, 2, hmis_version="2024")
    assert old.hmis("Export")[0]["HashStatus"] == "4"
    for hashed, clear in zip(old.hmis("Client"), plain.hmis("Client"), strict=True):
        assert re.fullmatch("[0-9a-f]{64}", hashed["FirstName"])
        assert re.fullmatch("[0-9a-f]{64}", hashed["LastName"])
        assert re.fullmatch("|[0-9x]{4}[0-9a-f]{64}", hashed["SSN"])
        assert hashed["SSN"][:4] == clear["SSN"][-4:]
        assert hashed["DOB"] == clear["DOB"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Robert", "R163"),
        ("Rupert", "R163"),
        ("Ashcraft", "A261"),
        ("Tymczak", "T522"),
        ("Pfister", "P236"),
        ("Honeyman", "H555"),
        ("Lee", "L000"),
    ],
)
def test_soundex(name: str, code: str) -> None:
    """The National Archives' examples."""
    assert soundex(name) == code


def is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text) is not None
    except ValueError:
        return False
