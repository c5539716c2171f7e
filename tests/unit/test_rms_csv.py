"""The RMS reader: titles, dates, codes and persons by the contract's mapping."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import DeliveryError
from schemas.odcs import contract
from tests.feeds import read as read_feed
from tests.rms_exports import (
    CASE,
    PERSON,
    PLACE,
    SAMPLE_HEADER,
    VICTIM,
    described,
    export,
)

CONTRACT = "harbor_police.rms"
SECRET = "Zebedee-Sentinel"


def read(source: bytes):
    return read_feed(CONTRACT, source)


def only(row: dict[str, str]) -> dict[str, str]:
    [found] = read(export([row])).rows["involvement"]
    return found


# --- files ------------------------------------------------------------------------------------


def test_the_real_sample_is_set_aside_whole_and_nothing_shifts(shared_data: Path) -> None:
    """Its addresses hold commas without quotes: 34 fields under 31 titles, in all three rows."""
    sample = (shared_data / "rms" / "sample_rms_export.csv").read_bytes()
    assert sample.decode().splitlines()[0].split(",") == SAMPLE_HEADER
    found = read(sample)
    assert found.rows["involvement"] == []
    assert found.findings("ROW-") == {"ROW-RAGGED": (1, 2, 3)}
    assert found.report.table("involvement").as_json() == {
        "rows_in": 3,
        "accepted": 0,
        "quarantined": 3,
        "refused": 0,
        "loaded": 0,
    }
    assert found.count("COLUMN-UNKNOWN") == 0


@pytest.mark.parametrize("internal_names", [False, True])
def test_an_export_as_the_field_list_describes_it(shared_data: Path, internal_names: bool) -> None:
    rows = described(
        shared_data / "rms" / "rms_fields_schema_latest.json", 60, internal_names=internal_names
    )
    found = read(export(rows))
    assert [row["_row"] for row in found.rows["involvement"]] == list(range(1, 61))
    assert found.findings("ROW-", "RMS-", "COLUMN-UNKNOWN") == {}
    first = found.rows["involvement"][0]
    assert (first["CaseNumber"], first["IncidentDate"]) == ("25-000000", "2025-01-01")
    days = [row["IncidentDate"] for row in found.rows["involvement"]]
    assert days == sorted(set(days))
    assert days[-1] == "2025-03-01"
    codes = {row.get("NIBRSClassification") for row in found.rows["involvement"]}
    assert codes == {"120", "23D", None}


def test_ragged_rows_planted_in_it_cost_themselves_alone(shared_data: Path) -> None:
    rows = described(shared_data / "rms" / "rms_fields_schema_latest.json", 40)
    lines = export([{**row, "Narrative": "short"} for row in rows]).splitlines(keepends=True)
    for row in (3, 17, 40):
        lines[row] = lines[row].replace(b'"', b"")  # the address falls apart
    lines[20] = lines[20].rsplit(b",", 1)[0] + b"\r\n"
    found = read(b"".join(lines))
    assert found.findings("ROW-") == {"ROW-RAGGED": (3, 17, 20, 40)}
    left = {row["_row"]: row["CaseNumber"] for row in found.rows["involvement"]}
    assert left == {n: f"25-{n - 1:06d}" for n in range(1, 41) if n not in (3, 17, 20, 40)}


@pytest.mark.parametrize(
    "header",
    [
        ("Case Number", "Incident Date"),
        ("CASE NUMBER", "incident date"),
        ("CaseNumber", "IncidentDate"),
        ("Case_Number", "Incident_Date"),
        ("\ufeffCase Number", " Incident Date "),
        ("Case No.", "Date Occurred"),
    ],
)
def test_titles_are_known_by_their_aliases(header: tuple[str, str]) -> None:
    [row] = read(export([dict(zip(header, ("25-000123", "12/15/2025"), strict=True))])).rows[
        "involvement"
    ]
    assert (row["CaseNumber"], row["IncidentDate"]) == ("25-000123", "2025-12-15")


def test_a_file_without_case_numbers_is_refused() -> None:
    with pytest.raises(DeliveryError) as caught:
        read(export([{"Incident Date": "12/15/2025", "Sekret": SECRET}]))
    assert (caught.value.code, caught.value.field) == ("FILE-COLUMNS", "CaseNumber")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings(encoding: str) -> None:
    text = export([{**VICTIM, "First Name": "JOSÉ"}]).decode()
    [row] = read(text.encode(encoding)).rows["involvement"]
    assert "josé" in row["VictimKey"]


def test_columns_nobody_needs_are_not_read() -> None:
    needless = {
        *("Incident Time", "Incident Time_Between", "Report Time", "Grid", "Zone"),
        *("Total Value Stolen", "Total Value Recover", "CompleteCalc", "Squad", "Case_Status"),
        *("Make1", "Model1", "Reg State 1", "Make2", "Model2", "Reg State 2"),
        *("Suffix", "OLN State", "Height", "Weight", "SMT"),
    }
    found = read(export([{**VICTIM, **dict.fromkeys(needless, SECRET)}]))
    [row] = found.rows["involvement"]
    assert SECRET not in str((row, found.report.as_json()))


# --- cells ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["12/05/2025", "12/5/2025", "2025-12-05", "2025-12-05 00:00:00", "12/5/2025 14:30", "45996"],
)
def test_a_date_is_read_in_every_form_of_the_contract(written: str) -> None:
    assert only({**CASE, "Incident Date": written})["IncidentDate"] == "2025-12-05"


@pytest.mark.parametrize("written", ["13/05/2025", "2/30/2025", "2025", "5 Dec", "20251205", "0"])
def test_what_is_no_date_stays_for_the_check(written: str) -> None:
    assert only({**CASE, "Incident Date": written})["IncidentDate"] == written


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("23F - Theft from Motor Vehicle", "23F"),
        ("240 - Motor Vehicle Theft", "240"),
        ("64A", "64A"),
        (" 64A: Human Trafficking", "64A"),
        ("09A \u2013 Murder", "09A"),
        ("26G Hacking", "26G"),
        ("Theft", "Theft"),
        ("2300 - Theft", "2300 - Theft"),
        ("A64 - Theft", "A64 - Theft"),
    ],
)
def test_the_code_stands_in_front_of_the_classification(written: str, code: str) -> None:
    assert only({**CASE, "NIBRS Classification": written})["NIBRSClassification"] == code


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("ROBBERY", "120"),
        ("Robbery - 2C:15-1", "120"),
        ("MV Theft 2C:20-2A(1)", "240"),
        ("THEFT - 2C:20-3", "UNDETERMINED"),
        ("HUMAN TRAFFICKING", "HUMAN TRAFFICKING"),
        ("Human Trafficking - Commercial Sex Acts", "64A"),
        ("WELFARE CHECKS", "NOT AN OFFENSE"),
        ("WILDLIFE TRAFFICKING", "WILDLIFE TRAFFICKING"),
    ],
)
def test_incident_types_lose_their_statute(written: str, kind: str) -> None:
    row = only({**CASE, "Incident Type_2": written})
    assert row["IncidentType2"] == kind
    assert "Signal2" not in row, "it is taken from IncidentType2 when it leaves"


def test_texts_no_list_knows_are_reported_by_row_alone() -> None:
    found = read(export([VICTIM, {**VICTIM, "Incident Type_1": SECRET, "Race": SECRET}]))
    assert found.findings("RMS-") == {"RMS-CHOICE": (2,)}
    assert found.count("RMS-CHOICE") == 2
    assert SECRET not in str(found.report.as_json())


@pytest.mark.parametrize(
    ("column", "written", "field", "code"),
    [
        ("Involvement", "Victim", "Involvement", "VIC"),
        ("Involvement", "V", "Involvement", "VIC"),
        ("Involvement", "arrested", "Involvement", "ARR"),
        ("Sex", "Female", "Sex", "F"),
        ("Race", "BLACK", "Race", "B"),
        ("Ethnicity", "Non-Hispanic", "Ethnicity", "N"),
        ("County", "Ansel County", "County", "99001"),
        ("Location Type", "14 - Hotel/Motel/Etc.", "LocationType", "14"),
    ],
)
def test_codes_are_canonical(column: str, written: str, field: str, code: str) -> None:
    row = only({**VICTIM, **dict.fromkeys(PLACE, ""), column: written})
    assert row[field] == code


# --- persons ----------------------------------------------------------------------------------


#: What leaves the node of a person, in some form or as part of a key.
LEAVING = {"VictimKey", "BirthDate", "Age", "Sex", "Race", "Ethnicity"}
ROLES = ["VIC", "SUS", "ARR", "WIT", "RP", "OFC", "OTH", "", "ZZ"]


@pytest.mark.parametrize("role", ROLES)
def test_of_persons_the_contract_has_no_use_for_nothing_is_read_that_leaves(role: str) -> None:
    row = only({**VICTIM, "Involvement": role, "Age": "35", "MNI": "M-1"})
    kept = role in ("VIC", "SUS", "ARR")
    assert set(row) & LEAVING == (
        LEAVING if role == "VIC" else LEAVING - {"VictimKey"} if kept else set()
    )
    assert ("m-1" in row["RowKey"]) == kept
    assert "testdottir" not in row["RowKey"].casefold()


@pytest.mark.parametrize("role", ROLES)
def test_everybody_s_names_are_read_to_be_masked_in_narratives(role: str) -> None:
    row = only({**VICTIM, "Involvement": role, "Phone": "(472) 555-0101", "MNI": "M-1"})
    assert (row["FirstName"], row["LastName"]) == ("PETRA", "TESTDOTTIR")
    assert (row["Phone"], row["MNI"]) == ("(472) 555-0101", "M-1")


def test_only_columns_that_never_leave_hold_what_identifies_a_witness() -> None:
    marked = dict.fromkeys(PERSON, SECRET) | {"Involvement": "WIT"}
    row = only({**CASE, **marked})
    holding = {name for name, cell in row.items() if SECRET in str(cell)}
    fields = contract(CONTRACT).table("involvement").by_name
    assert {"LastName", "Phone", "SSN"} <= holding
    assert all(fields[name].dropped for name in holding)


def test_columns_that_are_read_to_be_masked_are_not_missed() -> None:
    found = read(export([VICTIM]))
    missing = {f.field for f in found.report.findings if f.code == "COLUMN-MISSING"}
    assert "Narrative" in missing
    assert not missing & {"Alias", "SSN", "Phone", "VIN", "OfficerOfRecord"}


def test_a_person_without_an_involvement_is_reported() -> None:
    found = read(export([VICTIM, {**VICTIM, "Involvement": ""}, CASE]))
    assert found.findings("RMS-ROLE") == {"RMS-ROLE-MISSING": (2,)}


def keys(*rows: dict[str, str]) -> list[str]:
    return [row["VictimKey"] for row in read(export(rows)).rows["involvement"]]


def test_a_victim_is_known_across_cases_by_the_name_index_alone() -> None:
    other = {"Case Number": "25-000124"}
    by_index = keys({**VICTIM, "MNI": "M-1"}, {**VICTIM, "MNI": "m-1", **other})
    by_name = keys(VICTIM, {**VICTIM, **other})
    assert len(set(by_index)) == 1
    assert len(set(by_name)) == 2


def test_within_a_case_names_and_birth_date_tell_victims_apart() -> None:
    found = keys(
        VICTIM,
        {**VICTIM, "First Name": " Petra "},
        {**VICTIM, "DOB": "04/03/1990"},
        {**VICTIM, "DOB": ""},
        {**VICTIM, "First Name": "OLGA"},
    )
    assert len(set(found)) == 4
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["", "UNKNOWN", "Unk", "DOE", "-", "N/A"])
def test_victims_nobody_names_are_never_one(name: str) -> None:
    row = {**VICTIM, "Last Name": name, "MNI": "0"}
    found = keys(row, row, {**row, "Case Number": "25-000124"})
    assert len(set(found)) == 3
    assert all(key.startswith("25-00012") for key in found)


def test_no_title_belongs_to_two_fields() -> None:
    seen: dict[str, str] = {}
    for field in contract(CONTRACT).table("involvement").fields:
        for title in (field.name, *field.aliases):
            assert seen.setdefault(title.strip().casefold(), field.name) == field.name
    assert len(seen) > 100
