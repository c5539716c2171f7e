"""Which rows of an HMIS delivery may be stored: planted enrolments, in every file.

The reader is asked for every column of every file here, whatever the contract drops, so that what
is missing is missing because of the lane.
"""

from __future__ import annotations

import dataclasses

import pytest

from connectors.formats.hmis_lanes import BY_ENROLLMENT, BY_PROJECT
from tests.hmis import (
    archive,
    client,
    contract,
    counts,
    enrollment,
    everything,
    leaving,
    structure,
    take_in,
    text,
)

ALL = everything(contract())


def canary(person: str, number: str) -> dict[str, str]:
    """A row for any file of clients, with a mark of its owner."""
    return {"PersonalID": person, "EnrollmentID": number, "UserID": f"canary-{number}"}


def planted() -> dict[str, list[dict[str, str]]]:
    """Clients only at a VSP (V), only elsewhere (A), at both (B), with a row in every file."""
    files = structure()
    files["Client"] = [client("V", UserID="canary-EV"), client("A"), client("B")]
    stays = [("EV", "V", "PV"), ("EA", "A", "P"), ("EB", "B", "P"), ("EBV", "B", "PV")]
    files["Enrollment"] = [
        enrollment(number, person, project, UserID=f"canary-{number}")
        for number, person, project in stays
    ]
    for table in BY_ENROLLMENT:
        if table != "Enrollment":
            files[table] = [canary(person, number) for number, person, _ in stays]
    for table in BY_PROJECT:
        if table not in ("Project", "Funder", "Affiliation"):
            files[table] = [{"ProjectID": p, "UserID": f"canary-{p}"} for p in ("P", "PV")]
    files["ProjectCoC"] = [
        {"ProjectID": "P", "Address1": "1 Elm"},
        {"ProjectID": "PV", "Address1": "canary-PV", "ZIP": "00000"},
    ]
    files["Affiliation"] = [
        {"ProjectID": "P", "ResProjectID": "P2"},
        {"ProjectID": "P", "ResProjectID": "PV", "UserID": "canary-PV"},
    ]
    return files


def test_no_row_of_a_victim_service_provider_is_yielded_from_any_file() -> None:
    found, report = take_in(planted(), columns=ALL)
    assert set(found) >= {"Organization", "Client", *BY_ENROLLMENT, *BY_PROJECT}
    values = {value for rows in found.values() for row in rows for value in row.values()}
    assert not values & {"canary-EV", "canary-EBV", "canary-PV", "V", "EV", "EBV", "PV", "OV"}
    assert not values & {"Safe"}
    # every row left out is counted, table by table, and the landed file must go
    refused = counts(report, "HMIS-VSP")
    assert refused == {
        "Organization": 1,
        "Client": 1,
        **dict.fromkeys(BY_ENROLLMENT, 2),
        **dict.fromkeys(BY_PROJECT, 1),
    }
    assert report.lane_violated
    assert all(count.refused == refused.get(name, 0) for name, count in report.tables.items())


def test_a_client_known_elsewhere_too_loses_the_rows_of_the_provider_only() -> None:
    found, _ = take_in(planted(), columns=ALL)
    for table in BY_ENROLLMENT:
        assert sorted(row["EnrollmentID"] for row in found[table]) == ["EA", "EB"]
    assert sorted(row["PersonalID"] for row in found["Client"]) == ["A", "B"]


def test_rows_of_such_a_client_under_a_foreign_enrolment_are_left_out_too() -> None:
    files = planted()
    files["Services"].append(canary("V", "EA"))
    found, _ = take_in(files, columns=ALL)
    assert "V" not in {row["PersonalID"] for row in found["Services"]}


def test_a_deleted_enrolment_elsewhere_is_no_enrolment_elsewhere() -> None:
    files = structure()
    files["Client"] = [client("V")]
    files["Enrollment"] = [
        enrollment("E1", "V", "PV"),
        enrollment("E2", "V", "P", DateDeleted="2026-05-05 10:00:00"),
    ]
    found, report = take_in(files, columns=ALL)
    assert not found.get("Client") and not found.get("Enrollment")
    assert counts(report, "HMIS-VSP")["Enrollment"] == 2


@pytest.mark.parametrize(
    ("flag", "code"),
    [
        ("0", None),
        ("0.0", None),
        (" 0 ", None),
        ("1", "HMIS-VSP"),
        ("1.0", "HMIS-VSP"),
        ("", "HMIS-VSP-UNKNOWN"),
        ("8", "HMIS-VSP-UNKNOWN"),
        ("99", "HMIS-VSP-UNKNOWN"),
        ("No", "HMIS-VSP-UNKNOWN"),
        ("-1", "HMIS-VSP-UNKNOWN"),
    ],
)
def test_what_cannot_be_shown_not_to_be_a_provider_counts_as_one(flag: str, code: str) -> None:
    files = structure()
    files["Organization"][0]["VictimServiceProvider"] = flag
    files["Client"], files["Enrollment"] = [client("A")], [enrollment("E", "A", "P")]
    found, report = take_in(files, columns=ALL)
    assert ("Client" in found) == (code is None)
    assert code is None or counts(report, code)["Client"] == 1


def test_two_rows_of_an_organisation_count_by_the_stricter_one() -> None:
    files = structure()
    files["Organization"].append({"OrganizationID": "O", "VictimServiceProvider": "1"})
    files["Client"], files["Enrollment"] = [client("A")], [enrollment("E", "A", "P")]
    assert "Client" not in take_in(files, columns=ALL)[0]


def test_an_enrolment_number_used_at_a_provider_too_is_left_out() -> None:
    files = structure()
    files["Client"] = [client("A"), client("V")]
    files["Enrollment"] = [enrollment("E", "A", "P"), enrollment("E", "V", "PV")]
    files["Exit"] = [leaving("E", "A")]
    found, _ = take_in(files, columns=ALL)
    assert "Enrollment" not in found and "Exit" not in found


def test_a_project_without_its_organisation_counts_as_a_providers() -> None:
    files = structure()
    files["Project"].append({"ProjectID": "P9", "OrganizationID": "O9"})
    files["Client"], files["Enrollment"] = [client("A")], [enrollment("E", "A", "P9")]
    found, report = take_in(files, columns=ALL)
    assert "Client" not in found
    assert counts(report, "HMIS-VSP-UNKNOWN") == {"Project": 1, "Client": 1, "Enrollment": 1}


def test_an_enrolment_at_an_unknown_project_is_quarantined_with_all_that_hangs_on_it() -> None:
    files = structure()
    files["Client"] = [client("A"), client("B")]
    files["Enrollment"] = [
        enrollment("E", "A", "nowhere"),
        enrollment("E2", "B", "P"),
        enrollment("E3", "B", ""),
    ]
    files["Exit"] = [leaving("E", "A"), leaving("E2", "B")]
    found, report = take_in(files, columns=ALL)
    assert [row["PersonalID"] for row in found["Client"]] == ["B"]
    assert [row["EnrollmentID"] for row in found["Exit"]] == ["E2"]
    assert counts(report, "HMIS-010") == {"Enrollment": 2, "Client": 1, "Exit": 1}
    assert not report.scope.trusted


def test_rows_of_no_enrolment_in_the_file_are_quarantined() -> None:
    files = structure()
    files["Client"], files["Enrollment"] = [client("A")], [enrollment("E", "A", "P")]
    files["Exit"] = [leaving("E9", "A"), leaving("", "A"), leaving("E", "A")]
    found, report = take_in(files, columns=ALL)
    assert [row["_row"] for row in found["Exit"]] == [3]
    assert counts(report, "HMIS-ORPHAN") == {"Exit": 2}


def test_a_client_without_enrolments_is_kept_unless_an_enrolment_could_not_be_read() -> None:
    files = structure()
    files["Client"], files["Enrollment"] = [client("A"), client("B")], [enrollment("E", "A", "P")]
    assert len(take_in(files, columns=ALL)[0]["Client"]) == 2
    ragged = text("Enrollment", files["Enrollment"]).encode() + b"E2,B,PV\r\n"
    found, report = take_in({**files, "Enrollment": ragged}, columns=ALL)
    assert [row["PersonalID"] for row in found["Client"]] == ["A"]
    assert counts(report, "HMIS-ORPHAN") == {"Client": 1}
    assert not report.scope.trusted


# --- runaway and homeless youth ---------------------------------------------------------------


def youths(funder: str = "24") -> dict[str, list[dict[str, str]]]:
    """A youth only at an RHY project (Y), one also elsewhere (Z)."""
    files = structure()
    files["Funder"][3]["Funder"] = funder
    files["Client"] = [client("Y"), client("Z")]
    files["Enrollment"] = [
        enrollment("EY", "Y", "PR"),
        enrollment("EZR", "Z", "PR"),
        enrollment("EZ", "Z", "P"),
    ]
    files["Exit"] = [leaving("EY", "Y"), leaving("EZR", "Z"), leaving("EZ", "Z")]
    return files


@pytest.mark.parametrize("funder", ["22", "23", "24", "25", "26", "24.0"])
def test_rows_of_rhy_projects_need_consent(funder: str) -> None:
    found, report = take_in(youths(funder), columns=ALL)
    assert [row["PersonalID"] for row in found["Client"]] == ["Z"]
    assert [row["EnrollmentID"] for row in found["Enrollment"]] == ["EZ"]
    assert [row["EnrollmentID"] for row in found["Exit"]] == ["EZ"]
    assert counts(report, "HMIS-RHY") == {"Client": 1, "Enrollment": 2, "Exit": 2}
    assert report.lane_violated
    # the project itself is about nobody
    assert "PR" in {row["ProjectID"] for row in found["Project"]}


@pytest.mark.parametrize("funder", ["21", "27", "34", "46"])
def test_other_funders_do_not(funder: str) -> None:
    assert len(take_in(youths(funder), columns=ALL)[0]["Client"]) == 2


@pytest.mark.parametrize("funder", ["", "RHY"])
def test_a_funder_that_is_no_code_may_be_rhy(funder: str) -> None:
    found, report = take_in(youths(funder), columns=ALL)
    assert [row["PersonalID"] for row in found["Client"]] == ["Z"]
    assert counts(report, "HMIS-RHY-UNKNOWN")["Client"] == 1


def test_funders_that_cannot_be_read_leave_projects_without_another_funder_unknown() -> None:
    files = youths("34")
    ragged = text("Funder", files["Funder"][:3]).encode() + b"F4,PR,24\r\n"
    found, _ = take_in({**files, "Funder": ragged}, columns=ALL)
    assert [row["EnrollmentID"] for row in found["Enrollment"]] == ["EZ"]


def test_a_statistical_basis_in_the_contract_lets_them_pass() -> None:
    basis = dataclasses.replace(contract(), statistical_basis="45 CFR 1351.21(a)(2)")
    files = youths()
    files["Organization"][1]["VictimServiceProvider"] = "0"
    files["Exit"][0]["ExchangeForSex"] = "1"
    found, report = take_in(files, of=basis, columns=ALL)
    assert len(found["Client"]) == 2
    assert found["Exit"][0]["ExchangeForSex"] == "1"
    assert not report.lane_violated


def test_recorded_consents_bind_in_spite_of_a_statistical_basis() -> None:
    basis = dataclasses.replace(contract(), statistical_basis="45 CFR 1351.21(a)(2)")
    files = youths()
    files["Consent"] = [
        {"PersonalID": "Z", "SignedDate": "2026-01-01", "ExpiresDate": "2027-01-01"}
    ]
    found, _ = take_in(files, of=basis, columns=ALL)
    assert [row["EnrollmentID"] for row in found["Enrollment"]] == ["EZR", "EZ"]


CONSENTS = {
    "in force": ("2026-01-01", "2027-01-01", "", True),
    "signed and expiring today": ("2026-11-01", "2026-11-01", "", True),
    "expired": ("2024-01-01", "2026-10-31", "", False),
    "not yet signed": ("2026-11-02", "2027-01-01", "", False),
    "undated": ("", "2027-01-01", "", False),
    "without end": ("2026-01-01", "", "", False),
    "unreadable date": ("01/02/26", "2027-01-01", "", False),
    "withdrawn": ("2026-01-01", "2027-01-01", "2026-05-05", False),
    "withdrawn the same day": ("2026-01-01", "2027-01-01", "2026-01-01", False),
    "withdrawn, nobody knows when": ("2026-01-01", "2027-01-01", "yes", False),
    "given again after a withdrawal": ("2026-06-01", "2027-01-01", "2026-05-05", True),
}


@pytest.mark.parametrize(
    ("signed", "expires", "withdrawn", "valid"), CONSENTS.values(), ids=CONSENTS
)
def test_consent_is_dated_unexpired_and_not_withdrawn(
    signed: str, expires: str, withdrawn: str, valid: bool
) -> None:
    files = youths()
    files["Consent"] = [
        {
            "PersonalID": "Y",
            "SignedDate": signed,
            "ExpiresDate": expires,
            "WithdrawnDate": withdrawn,
        }
    ]
    found, _ = take_in(files, columns=ALL)
    assert ("EY" in {row["EnrollmentID"] for row in found["Enrollment"]}) == valid
    # nobody consents for somebody else
    assert "EZR" not in {row["EnrollmentID"] for row in found["Enrollment"]}


SCOPES = {
    "statistics": ("statistics", True),
    "one of several": ("service referrals; Data Sharing", True),
    "everything": ("ALL", True),
    "something else": ("service referrals", False),
    "a word within another": ("information sharing agreement refused", False),
    "not stated beside others that are": ("", False),
}


@pytest.mark.parametrize(("scope", "valid"), SCOPES.values(), ids=SCOPES)
def test_a_consent_for_something_else_is_none(scope: str, valid: bool) -> None:
    files = youths()
    signed = {"SignedDate": "2026-01-01", "ExpiresDate": "2027-01-01"}
    files["Consent"] = [
        {"PersonalID": "Y", **signed, "Scope": scope},
        {"PersonalID": "Z", **signed, "Scope": "statistics"},
    ]
    found, _ = take_in(files, columns=ALL)
    stored = {row["EnrollmentID"] for row in found["Enrollment"]}
    assert ("EY" in stored) == valid
    assert "EZR" in stored


def test_a_withdrawn_consent_deletes_what_was_stored_under_it() -> None:
    files = youths()
    files["Consent"] = [
        {"PersonalID": person, "SignedDate": "2026-01-01", "WithdrawnDate": "2026-05-05"}
        for person in ("Y", "Z")
    ]
    found, report = take_in(files)
    withdrawn = {(row["PersonalID"], row["EnrollmentID"]) for row in found["Withdrawal"]}
    # Z is still a client of another project
    assert withdrawn == {("Y", "EY"), (None, "EZR")}
    assert set(found["Withdrawal"][0]) == {"_row", "PersonalID", "EnrollmentID"}
    assert counts(report, "HMIS-RHY")["Enrollment"] == 2


def test_no_identifier_of_a_providers_client_leaves_for_a_withdrawn_consent() -> None:
    files = planted()
    files["Consent"] = [{"PersonalID": "V", "WithdrawnDate": "2026-05-05"}]
    assert "Withdrawal" not in take_in(files)[0]


def test_consent_does_not_open_a_victim_service_provider() -> None:
    files = planted()
    files["Consent"] = [
        {"PersonalID": "V", "SignedDate": "2026-01-01", "ExpiresDate": "2027-01-01"}
    ]
    found, _ = take_in(files, columns=ALL)
    assert "V" not in {row["PersonalID"] for row in found["Client"]}
    assert "Consent" not in found


ANSWERS = {
    "ExchangeForSex": "1",
    "ExchangeForSexPastThreeMonths": "0",
    "CountOfExchangeForSex": "2",
    "AskedOrForcedToExchangeForSex": "1",
    "AskedOrForcedToExchangeForSexPastThreeMonths": "8",
    "WorkplaceViolenceThreats": "1",
    "WorkplacePromiseDifference": "0",
    "CoercedToContinueWork": "1",
    "LaborExploitPastThreeMonths": "99",
}


def test_answers_on_exploitation_need_consent_whoever_funds_the_project() -> None:
    files = structure()
    files["Client"] = [client("A"), client("B"), client("C")]
    files["Enrollment"] = [enrollment(f"E{person}", person, "P") for person in "ABC"]
    files["Exit"] = [
        leaving("EA", "A", **ANSWERS),
        leaving("EB", "B", **ANSWERS),
        leaving("EC", "C"),
    ]
    files["Consent"] = [
        {"PersonalID": "B", "SignedDate": "2026-01-01", "ExpiresDate": "2027-01-01"}
    ]
    found, report = take_in(files, columns=ALL)
    a, b, _ = found["Exit"]
    assert {name: a[name] for name in ANSWERS} == dict.fromkeys(ANSWERS)
    assert {name: b[name] for name in ANSWERS} == ANSWERS
    assert a["ExitDate"] == "2026-06-07"
    assert counts(report, "HMIS-R15-R16") == {"Exit": 1}
    assert report.lane_violated


def test_the_archive_is_read_as_a_stream_in_two_passes_and_no_more() -> None:
    """The lane is decided before a row is yielded: the first batch needs no later file."""
    source = archive(planted())
    found, _ = take_in({}, source=source, columns=ALL)
    assert found
