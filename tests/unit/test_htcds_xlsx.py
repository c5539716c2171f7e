"""The HTCDS reader: where the cases stand, and what a cell means."""

from __future__ import annotations

import io
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from connectors.formats.choices import canonical, folded
from schemas.codes import code_list
from schemas.errors import DeliveryError
from schemas.odcs import contract
from tests.feeds import Read
from tests.feeds import read as read_feed
from tests.workbooks import ADDED, CONSENTED, TEMPLATE, saved, workbook

CONTRACT = "safe_passage.htcds"
SECRET = "Zebedee-Sentinel"


def read(source: io.BytesIO) -> Read:
    return read_feed(CONTRACT, source)


def case(**changed: object) -> dict[str, object]:
    """The one stored row of a workbook with one row."""
    row = {**CONSENTED, **{label.replace("_", " "): value for label, value in changed.items()}}
    [found] = read(workbook([row])).rows["case"]
    return found


def refusal(source: io.BytesIO) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        read(source)
    assert SECRET not in f"{caught.value!r}{caught.value}"
    return caught.value


# --- the sheet and its header -----------------------------------------------------------------


@pytest.mark.parametrize("sheet", ["Sheet1", "Case Sheet", "Fälle 2026"])
@pytest.mark.parametrize(("names", "labels"), [(True, True), (True, False), (False, True)])
def test_the_case_sheet_is_known_by_its_titles(sheet: str, names: bool, labels: bool) -> None:
    row = {**CONSENTED, "Reason for Outgoing Referral": "Other", "Case Number": "C-1"}
    source = workbook([row], names=names, labels=labels, sheet=sheet)
    [found] = read(source).rows["case"]
    assert found["_row"] == 1 + names + labels
    assert found["cas_ReasonForOutgoingReferral"] == "Other"
    assert found["prs_Birthdate"] == "1990-04-02"
    assert found["case_key"].endswith("c-1")


def test_titles_may_stand_lower_and_further_right() -> None:
    book = openpyxl.Workbook()
    page = book.active
    page["C2"] = "Case list of our shelter"
    titles = ["First Name", "Second Name", "Birthdate", "CONSENT", "consent_date"]
    values = ["Petra", "Testdottir", date(1990, 4, 2), "yes", date(2026, 3, 1)]
    for place, (title, value) in enumerate(zip(titles, values, strict=True), 4):
        page.cell(7, place, title)
        page.cell(9, place, value)
    [found] = read(saved(book)).rows["case"]
    assert found["_row"] == 9
    assert found["prs_Birthdate"] == "1990-04-02"


def test_a_title_above_merged_cells_is_no_header() -> None:
    source = workbook([CONSENTED])
    book = openpyxl.load_workbook(source)
    page = book.active
    page.insert_rows(1)
    page["B1"] = "Person"
    page.merge_cells("B1:N1")
    page.merge_cells("B4:D4")
    [found] = read(saved(book)).rows["case"]
    # only the first of merged cells holds a value: the first name is blank, and so is the identity
    assert found["_row"] == 4
    assert "person_key" not in found


def test_rows_with_nothing_but_a_number_are_no_data() -> None:
    found = read(workbook([CONSENTED, {}, {**CONSENTED, "First Name": "Olga"}], numbered=1_000))
    assert [row["_row"] for row in found.rows["case"]] == [3, 5]
    assert found.report.table("case").rows_in == 2


def test_blank_space_is_no_data() -> None:
    assert refusal(workbook([{"First Name": "  ", "Consent": "\xa0"}])).code == "FILE-EMPTY"


def test_of_names_and_labels_that_disagree_the_labels_count() -> None:
    """The official template names four of its mailing columns in another order than it labels."""
    known = contract(CONTRACT).table("case").by_name
    disagree = [
        label
        for name, label in TEMPLATE
        if name and name in known and label not in known[name].aliases
    ]
    assert disagree == [
        "Mailing Street",
        "Mailing City",
        "Mailing Zip/Postal Code",
        "Mailing Country",
    ]
    source = workbook([CONSENTED])
    book = openpyxl.load_workbook(source)
    page = book.active
    # the same trap with columns that are read: name says gender, label says citizenship
    gender = next(cell for cell in page[1] if cell.value == "prs_Gender").column
    page.cell(2, gender, "Citizenship")
    page.cell(2, gender + 1, "Gender")
    page.cell(3, gender, "Mexico")
    page.cell(3, gender + 1, "Feminine")
    [found] = read(saved(book)).rows["case"]
    assert (found["prs_Citizenship"], found["prs_Gender"]) == ("MEX", "Feminine")


def test_a_misspelt_name_and_a_blank_one_are_known_without_labels() -> None:
    row = {
        **CONSENTED,
        "Trafficking Status Decision Making Organization": "Police",
        "Reason for Outgoing Referral": "Migration or change of location",
    }
    [found] = read(workbook([row], labels=False)).rows["case"]
    assert found["vic_TraffickingStatusDecisionMakingOrg"] == "Police"
    assert found["cas_ReasonForOutgoingReferral"] == "MigrationOrChangeOfLocation"


def test_a_sheet_without_a_consent_column_is_refused() -> None:
    source = workbook([CONSENTED])
    book = openpyxl.load_workbook(source)
    for row in (1, 2):
        book.active.cell(row, 6, SECRET)
    error = refusal(saved(book))
    assert (error.code, error.field) == ("FILE-COLUMNS", "con_Consent")


def test_a_field_with_two_columns_is_refused() -> None:
    error = refusal(workbook([CONSENTED], added=[*ADDED, "Date of Birth"]))
    assert (error.code, error.field) == ("FILE-COLUMNS", "prs_Birthdate")


def test_cases_in_two_sheets_are_refused_and_an_empty_copy_is_not() -> None:
    book = openpyxl.load_workbook(workbook([CONSENTED]))
    copy = book.copy_worksheet(book.active)
    assert refusal(saved(book)).code == "FILE-TABLES"
    copy.delete_rows(3, 100)
    assert len(read(saved(book)).rows["case"]) == 1


def test_other_sheets_are_reported_without_their_names() -> None:
    book = openpyxl.load_workbook(workbook([CONSENTED]))
    book.create_sheet("about")["A1"] = "Microsoft Excel HTCDS 2.0"
    book.create_sheet(SECRET)["A1"] = SECRET
    book.create_sheet("empty")
    found = read(saved(book))
    assert found.count("TABLE-UNKNOWN") == 1
    assert SECRET not in str(found.report.as_json())


def test_an_unknown_column_is_reported_by_its_letters() -> None:
    found = read(workbook([CONSENTED], added=[*ADDED, SECRET]))
    [unknown] = [f for f in found.report.findings if f.code == "COLUMN-UNKNOWN"]
    assert unknown.field == "column AR"
    assert SECRET not in str(found.report.as_json())


def test_missing_columns_are_noted() -> None:
    found = read(workbook([{**CONSENTED, "Consent": "2026-03-01", "Consent Date": None}]))
    missing = {f.field for f in found.report.findings if f.code == "COLUMN-MISSING"}
    assert "vic_RelationshipToTrafficker" in missing
    assert not missing & {"con_ConsentDate", "prs_Birthdate", "case_key", "person_key"}
    without = dict(CONSENTED)
    del without["Consent Date"]
    found = read(workbook([{**without, "Consent": "2026-03-01"}], added=["Case Number"]))
    missing = {f.field for f in found.report.findings if f.code == "COLUMN-MISSING"}
    assert "con_ConsentDate" in missing


def test_no_title_belongs_to_two_fields() -> None:
    seen: dict[str, str] = {}
    for field in contract(CONTRACT).table("case").fields:
        for title in (field.name, *field.aliases):
            assert seen.setdefault(folded(title), field.name) == field.name
    assert len(seen) > 150


# --- cells ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        date(1990, 4, 2),
        datetime(1990, 4, 2, 13, 30),
        "1990-04-02",
        "04/02/1990",
        "4/2/1990",
        "1990-04-02 00:00:00",
        "1990-04-02T09:15:00",
        "2 Apr 1990",
        32965,
        "32965",
        32965.5,
    ],
)
def test_a_date_is_read_however_it_is_written(written: object) -> None:
    assert case(Birthdate=written)["prs_Birthdate"] == "1990-04-02"


@pytest.mark.parametrize("written", ["02.04.1990", "1990", "2/30/1990", "April", 1990, True])
def test_what_is_no_date_is_left_for_the_checks(written: object) -> None:
    found = case(Birthdate=written, Case_Number="C-1")
    assert found["prs_Birthdate"] not in ("1990-04-02", "1905-06-12")


def test_serial_dates_are_not_guessed_where_they_count_from_1904() -> None:
    book = openpyxl.load_workbook(
        workbook([{**CONSENTED, "Birthdate": 32965, "Case Number": "C-1"}])
    )
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    [found] = read(saved(book)).rows["case"]
    assert found["prs_Birthdate"] == "32965"
    assert found["cas_IncomingReferralDate"] == "2026-03-05"


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("PhysicalThreats", "PhysicalThreats"),
        ("Physical threats", "PhysicalThreats"),
        ("Debt bondage ", "DebtBondage"),
        ("PHYSICAL\xa0THREATS", "PhysicalThreats"),
        ("Physical threats;Debt bondage ", "PhysicalThreats;DebtBondage"),
        ("PhysicalThreats; DebtBondage;", "PhysicalThreats;DebtBondage"),
        ("PhysicalThreats DebtBondage", "PhysicalThreats;DebtBondage"),
        ("Physical threats, Debt bondage", "PhysicalThreats;DebtBondage"),
        ("Physical threats\nDebt bondage", "PhysicalThreats;DebtBondage"),
        ("Debt bondage;Debt bondage", "DebtBondage"),
        ("Threatens children/family;Other", "ThreatensChildrenFamily;Other"),
    ],
)
def test_choices_are_codes_or_labels_one_or_several(written: str, codes: str) -> None:
    assert case(Methods_of_Control=written)["vic_MethodsOfControl"] == codes


def test_a_label_that_holds_the_separator_is_one_choice() -> None:
    wholesale = "Wholesale and retail trade; repair of motor vehicles and motorcycles"
    household = (
        "Activities of households as employers; undifferentiated goods- and services- producing "
        "activities of households for own use"
    )
    found = case(Forced_Labour_Industry=f"{wholesale}; {household};Construction")
    assert found["vic_ForcedLabourIndustry"].split(";") == [
        "G_WholesaleAndRetailTradeRepairOfMotorVehicles",
        "T_ActivitiesOfHouseholdsAsEmployers",
        "F_Construction",
    ]


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("Mexico", "MEX"),
        ("mx", "MEX"),
        ("MEX", "MEX"),
        ("US;MX", "USA;MEX"),
        ("Congo, Democratic Republic of the", "COD"),
        ("Korea, Republic of; Côte d'Ivoire", "KOR;CIV"),
        ("Cote d\u2019Ivoire", "CIV"),
        ("U.S.A.", "USA"),
        ("Viet Nam", "VNM"),
        ("NA", "NAM"),
    ],
)
def test_countries_are_names_or_codes(written: str, codes: str) -> None:
    assert case(Citizenship=written)["prs_Citizenship"] == codes


def test_what_is_no_choice_is_reported_with_its_row_and_without_its_text() -> None:
    row = {**CONSENTED, "Methods of Control": f"Debt bondage;{SECRET}", "Gender": SECRET}
    found = read(workbook([row]))
    assert found.findings("HTCDS-CHOICE") == {"HTCDS-CHOICE": (3,)}
    assert {f.field for f in found.report.findings if f.code == "HTCDS-CHOICE"} == {
        "prs_Gender",
        "vic_MethodsOfControl",
    }
    assert SECRET not in str(found.report.as_json())


def test_columns_nobody_needs_are_not_read() -> None:
    row = {
        **CONSENTED,
        "Email": f"{SECRET}@example.org",
        "Mailing Street": SECRET,
        "Case Owner": SECRET,
        "Reason for Case Closure": SECRET,
    }
    assert SECRET not in str(read(workbook([row])).rows)


def test_notes_are_read_for_their_indicators_with_consent_alone() -> None:
    note = {"Incoming Referral Details": f"{SECRET} was threatened"}
    rows = [{**CONSENTED, **note}, {**CONSENTED, **note, "Consent": "No"}]
    [row] = read(workbook(rows)).rows["case"]
    assert row["cas_IncomingReferralDetails"] == f"{SECRET} was threatened"


def test_a_row_without_consent_leaves_nothing_behind() -> None:
    rows = [{**CONSENTED, "First Name": SECRET, "Consent": "No"}, CONSENTED]
    found = read(workbook(rows))
    assert SECRET not in str((found.rows, found.report.as_json()))
    assert found.report.table("case").as_json()["refused"] == 1
    assert found.report.lane_violated


def test_a_workbook_is_the_whole_caseload_of_its_contract() -> None:
    scope = read(workbook([CONSENTED])).report.scope
    assert scope.full_refresh
    assert (scope.start, scope.end) == (date(1900, 1, 1), date(2026, 11, 30))


# --- code lists -------------------------------------------------------------------------------

LISTS = sorted(
    path.stem
    for path in (Path(__file__).parents[2] / "schemas" / "codes").glob("*.csv")
    if path.stem.startswith(("htcds_", "rms_", "iso_"))
)


@pytest.mark.parametrize("name", LISTS)
def test_no_spelling_means_two_codes(name: str) -> None:
    listed = code_list(name)
    seen: dict[str, str] = {}
    for row in listed.table.to_pylist():
        for text in (row["code"], row.get("label"), *(row.get("also") or "").split("|")):
            key = folded(text or "")
            assert not key or seen.setdefault(key, row["code"]) == row["code"], text
    assert seen


def test_the_templates_own_lists_are_known(shared_data: Path) -> None:
    """Every choice the official template and form offer is a choice of ours."""
    folder = shared_data / "htcds"
    book = openpyxl.load_workbook(folder / "htcds_xlsform.xlsx")
    lists = {
        "gender": "htcds_gender",
        "citizenship": "iso_3166",
        "methodsofcontrol": "htcds_methods_of_control",
        "typeofexploitation": "htcds_exploitation",
        "forcedlabourindustry": "htcds_labour_industry",
        "typeofsexexploitation": "htcds_sex_exploitation",
        "status": "htcds_case_status",
        "traffickingstatus": "htcds_trafficking_status",
        "traffickingstatusdecisionmakingorg": "htcds_decision_maker",
    }
    looked_at = 0
    for kind, *texts in book["choices"].iter_rows(min_row=2, max_col=3, values_only=True):
        if kind in lists:
            column = pa.array([text.strip() for text in texts], pa.string())
            assert not canonical(column, lists[kind]).unknown.any(), texts
            assert len(set(canonical(column, lists[kind]).codes.to_pylist())) == 1, texts
            looked_at += 1
    assert looked_at > 300


# --- the official templates --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "place"),
    [
        ("HTCDS Excel Spreadsheet v2.0.xlsx", 40),
        ("HTCDS Excel Spreadsheet single select with validation v2.0.xlsx", 41),
    ],
)
@pytest.mark.filterwarnings("ignore:Data Validation extension")
def test_the_official_templates_filled_by_label(
    shared_data: Path, template: str, place: int
) -> None:
    book = openpyxl.load_workbook(shared_data / "htcds" / template)
    page = book.worksheets[0]
    assert [page.cell(1, at).value for at in range(2, 40)] == [name for name, _ in TEMPLATE]
    columns = {page.cell(2, at).value: at for at in range(2, 40)}
    for row in (1, 2):
        page.cell(row, place, "Consent Date")
    columns["Consent Date"] = place
    filled = {
        **CONSENTED,
        "Citizenship": "Korea, Republic of",
        "Gender": "TransgenderFeminine",
        "Mailing Country": "Mexico",
        "Trafficking Status": "Possible victim of trafficking",
        "Trafficking Status Decision Making Organization": "Non-police governmental organization",
        "Methods of Control": "Debt bondage ",
        "Reason for Outgoing Referral": "Migration Or Change Of Location",
        "Status": "Follow up",
    }
    for row, changed in ((3, {}), (7, {"Consent": "No"}), (1_002, {"First Name": "Olga"})):
        for label, value in {**filled, **changed}.items():
            page.cell(row, columns[label], value)
    found = read(saved(book))
    assert [row["_row"] for row in found.rows["case"]] == [3, 1_002]
    assert found.report.table("case").as_json()["refused"] == 1
    expected = {
        "prs_Citizenship": "KOR",
        "prs_Gender": "TransgenderFeminine",
        "vic_TraffickingStatus": "PossibleVictimOfTrafficking",
        "vic_TraffickingStatusDecisionMakingOrg": "NonPoliceGovernmentalOrganization",
        "vic_MethodsOfControl": "DebtBondage",
        "cas_ReasonForOutgoingReferral": "MigrationOrChangeOfLocation",
        "cas_Status": "FollowUp",
        "cas_IncomingReferralDate": "2026-03-05",
    }
    assert {name: found.rows["case"][0][name] for name in expected} == expected
    assert found.count("TABLE-UNKNOWN") == found.count("HTCDS-CHOICE") == 0


def test_the_empty_templates_are_empty(shared_data: Path) -> None:
    found = 0
    for path in sorted((shared_data / "htcds").glob("HTCDS Excel*.xlsx")):
        assert refusal(io.BytesIO(path.read_bytes())).code == "FILE-EMPTY"
        found += 1
    assert found == 2
