"""What a case sheet becomes in ``core``: who is whom, and CTDC's variables.

Every test takes a workbook through validation, de-identification and mapping.
"""

from __future__ import annotations

import logging
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas.odcs import contract
from tests.feeds import codes, one
from tests.golden.test_golden import outcome
from tests.workbooks import ADDED, CONSENTED, TEMPLATE, workbook

CONTRACT = "safe_passage.htcds"
STANDARD = ("Identity Number", "Relationship to Trafficker", "Age when Trafficked", "spl_Type")
EXTRA = (*ADDED, *STANDARD, "Country of Exploitation", "Months Trafficked", "hte_Type",
         "hte_Country", "hte_Latitude", "hte_Longitude", "Referring Organisation Type")  # fmt: skip


@pytest.fixture
def landed(tmp_path: Path):
    def run(*rows: dict[str, Any], added: tuple[str, ...] = EXTRA) -> dict[str, Any]:
        source = workbook([{**CONSENTED, **row} for row in rows], added=added)
        return outcome(contract(CONTRACT), source, tmp_path)

    return run


COUNTRIES = ("MEX", "GTM", "HND", "SLV", "COL", "DOM", "CUB", "VNM", "CHN", "PHL", "IRQ", "EGY",
             "JOR", "MAR", "UKR", "ROU", "MDA", "RUS", "POL", "NGA")  # fmt: skip


def persons(landed, rows: list[dict[str, Any]]) -> list[dict[str, dict[str, Any]]]:
    """Rows of ``core`` for each row of the sheet: each is another person and case.

    Tokens hide who is who, so each person gets a citizenship that tells them apart.
    """
    found = landed(
        *(
            {"Identity Number": f"ID-{n}", "Citizenship": COUNTRIES[n], **row}
            for n, row in enumerate(rows)
        )
    )["core"]
    links = {row["victim_token"]: row for row in found["victim_event"]}
    events = {row["event_token"]: row for row in found["event"]}
    by_country = {row["citizenship"]: row for row in found["victim"]}
    result = []
    for country in COUNTRIES[: len(rows)]:
        victim = by_country[country]
        link = links[victim["victim_token"]]
        result.append({"victim": victim, "link": link, "event": events[link["event_token"]]})
    return result


# --- who is whom ------------------------------------------------------------------------------


def test_one_row_is_one_case_of_one_person(landed) -> None:
    found = landed({})
    assert {view: len(rows) for view, rows in found["core"].items()} == {
        "event": 1,
        "victim": 1,
        "victim_event": 1,
        "service": 1,
    }
    assert one(found, "victim_event")["event_token"] == one(found, "event")["event_token"]
    assert one(found, "victim_event")["victim_token"] == one(found, "victim")["victim_token"]
    assert one(found, "event")["event_token"] != one(found, "victim")["victim_token"]
    assert one(found, "event")["event_type"] == "case"


def test_the_same_person_with_two_referral_dates_is_one_victim_with_two_cases(landed) -> None:
    found = landed(
        {"Gender": "Feminine"},
        {"Incoming Referral Date": date(2026, 9, 1), "First Name": " PETRA ", "Gender": None},
    )
    victim = one(found, "victim")
    assert len(found["core"]["event"]) == len(found["core"]["victim_event"]) == 2
    assert (victim["yearOfRegistration"], victim["gender"]) == (2026, "Woman")


def test_the_same_person_and_date_twice_is_set_aside_whole(landed) -> None:
    """Which of the two is right cannot be known, so neither is taken."""
    found = landed({}, {"Gender": "Feminine"}, {"First Name": "Olga"})
    assert codes(found, "DUPLICATE", "HTCDS-KEY") == {"DUPLICATE-KEY": [3, 4]}
    assert len(found["core"]["victim"]) == 1


def test_a_case_number_tells_cases_apart_and_binds_persons(landed) -> None:
    found = landed(
        {"Case Number": "SP-1"},
        {"Case Number": "SP-1", "First Name": "Olga"},
        {"Case Number": "SP-2"},
    )
    events = sorted(found["core"]["event"], key=lambda event: event["victim_count"])
    assert [event["victim_count"] for event in events] == [1, 2]
    assert len(found["core"]["victim"]) == 2
    assert len(found["core"]["victim_event"]) == 3


def test_an_identity_number_goes_before_names(landed) -> None:
    found = landed(
        {"Identity Number": "ID-7"},
        {"Identity Number": "id-7", "First Name": "Pietra", "Incoming Referral Date": None},
        {"Identity Number": "ID-8"},
    )
    assert len(found["core"]["victim"]) == 2
    assert len(found["core"]["event"]) == 3


@pytest.mark.parametrize(
    "missing",
    [
        {"First Name": None},
        {"First Name": "Unknown"},
        {"Second Name": " - "},
        {"Birthdate": None},
        {"Birthdate": "about 1990"},
        {"Birthdate": date(1900, 1, 1)},
    ],
)
def test_an_incomplete_identity_is_set_aside_unless_there_is_a_case_number(
    landed, missing: dict[str, Any]
) -> None:
    found = landed(missing, {**missing, "Case Number": "SP-1"}, {**missing, "Case Number": "SP-2"})
    assert codes(found, "HTCDS-KEY", "DUPLICATE") == {"HTCDS-KEY": [3]}
    # without an identity, each case has a person of its own
    assert len(found["core"]["victim"]) == len(found["core"]["event"]) == 2


def test_a_name_never_meets_a_number(landed) -> None:
    found = landed(
        {"Case Number": "Petra", "First Name": None},
        {"Identity Number": "Petra"},
    )
    assert len(found["core"]["victim"]) == 2


# --- what is known ----------------------------------------------------------------------------

MEANS = {
    "Physical threats": "meansThreats",
    "Threats of law enforcement": "meansThreats",
    "Threatens children/family": "meansThreats",
    "Debt bondage ": "meansDebtBondageEarnings",
    "Takes earnings": "meansDebtBondageEarnings",
    "False promises": "meansFalsePromises",
    "Physical abuse": "meansAbusePsyPhySex",
    "Sexual abuse": "meansAbusePsyPhySex",
    "Psychological abuse": "meansAbusePsyPhySex",
    "Restricts financial access": "meansDenyBasicNeeds",
    "Restricts medical care": "meansDenyBasicNeeds",
    "Withholds necessities": "meansDenyBasicNeeds",
    "Psychoactive substance": "meansDrugsAlcohol",
    "Excessive working hours": "meansExcessiveWorkHours",
    "Withholds documents": "meansWithholdDocs",
    "Other": None,
}
FLAGS = ("means", "is", "typeOf", "recruiter")


def flags(row: dict[str, Any]) -> set[str]:
    """CTDC flags that are set; every other one is unknown, and none is 0."""
    values = {name: value for name, value in row.items() if name.startswith(FLAGS)}
    assert len(values) == 19
    assert set(values.values()) <= {1, None}
    return {name for name, value in values.items() if value == 1}


def test_means_of_control_become_ctdcs_groups(landed) -> None:
    found = persons(landed, [{"Methods of Control": method} for method in MEANS])
    got = {method: flags(row["victim"]) for method, row in zip(MEANS, found, strict=True)}
    assert got == {method: {flag} - {None} for method, flag in MEANS.items()}


TICKED: list[tuple[dict[str, Any], set[str]]] = [
    ({}, set()),
    ({"Type of Exploitation": "Forced labour"}, {"isForcedLabour"}),
    ({"Type of Exploitation": "ChildLabour"}, {"isForcedLabour"}),
    ({"Type of Exploitation": "Forced begging"}, {"isForcedLabour"}),
    ({"Type of Exploitation": "Sexual exploitation"}, {"isSexualExploit"}),
    ({"Type of Exploitation": "Organ removal;Forced labour"},
     {"isForcedLabour", "isOtherExploit"}),
    ({"Forced Labour Industry": "Agriculture, forestry and fishing"},
     {"typeOfLabourAgriculture"}),
    ({"Forced Labour Industry": "F_Construction"}, {"typeOfLabourConstruction"}),
    ({"Forced Labour Industry": "Manufacturing"}, set()),
    ({"Type of Sex Exploitation": "Prostitution;Pornography"},
     {"typeOfSexProstitution", "typeOfSexPornography"}),
    ({"Type of Sex Exploitation": "Remote Interactive Services"}, set()),
    ({"Relationship to Trafficker": "Familial"}, {"recruiterRelationFamily"}),
    ({"Relationship to Trafficker": "Unaquainted"}, {"recruiterRelationOther"}),
    ({"Method of Recruitment": "Through family or family events"}, set()),
    ({"Type of Exploitation": "Sexual exploitation", "Methods of Control": "Debt bondage ",
      "Trafficking Status": "Not a victim of trafficking"}, set()),
]  # fmt: skip


def test_ticked_is_one_and_not_ticked_is_unknown(landed) -> None:
    found = persons(landed, [row for row, _ in TICKED])
    for (row, expected), core in zip(TICKED, found, strict=True):
        assert flags(core["victim"]) == expected, row


def test_over_two_cases_a_sign_ever_ticked_counts(landed) -> None:
    found = landed(
        {"Methods of Control": "Debt bondage ", "Citizenship": "Mexico"},
        {"Methods of Control": "Sexual abuse", "Citizenship": "Cuba",
         "Incoming Referral Date": date(2025, 1, 1)},
    )  # fmt: skip
    victim = one(found, "victim")
    assert flags(victim) == {"meansDebtBondageEarnings", "meansAbusePsyPhySex"}
    assert (victim["citizenship"], victim["yearOfRegistration"]) == ("CUB", 2025)


AGES = [
    (date(2008, 3, 6), date(2026, 3, 5), "9--17"),
    (date(2008, 3, 5), date(2026, 3, 5), "18--20"),
    (date(1930, 1, 1), date(2026, 3, 5), "48+"),
    (date(1990, 1, 1), None, None),
    ("about 1990", date(2026, 3, 5), None),
]


def test_the_age_is_that_at_the_incoming_referral(landed) -> None:
    found = persons(
        landed, [{"Birthdate": born, "Incoming Referral Date": at} for born, at, _ in AGES]
    )
    for (*_, expected), core in zip(AGES, found, strict=True):
        assert core["victim"]["ageBroad"] == core["link"]["ageBroad"] == expected
        assert core["link"]["minor"] == (None if expected is None else expected == "9--17")


STATUS = [
    ("Actual victim of trafficking", "victim", "actual", 1),
    ("Possible victim of trafficking", "victim", "possible", 1),
    ("Not a victim of trafficking", "client", "not", None),
    (None, "client", None, 1),
    ("perhaps", "client", None, 1),
]


def test_the_trafficking_status(landed) -> None:
    rows = [
        {
            "Trafficking Status": status,
            "Trafficking Status Decision Making Organization": "NGO",
            "Type of Exploitation": "Sexual exploitation;Forced labour",
        }
        for status, *_ in STATUS
    ]
    for (_, role, expected, indicator), core in zip(STATUS, persons(landed, rows), strict=True):
        assert core["event"]["trafficking_status"] == expected
        assert core["event"]["status_decided_by"] == "ngo"
        assert core["victim"]["victim_role"] == core["link"]["role"] == role
        assert core["link"]["sex_trafficking_indicator"] == indicator
        assert core["link"]["labour_trafficking_indicator"] == indicator


def test_everything_else_that_is_kept(landed) -> None:
    found = landed(
        {
            "Gender": "TransgenderMasculine",
            "Citizenship": "Guatemala;Mexico",
            "Country of Exploitation": "US",
            "Months Trafficked": 18,
            "Age when Trafficked": 16,
            "Status": "Closed Referred",
            "Referring Organisation Type": "Law Enforcement",
            "Reason for Incoming Referral": "Additional Services Required",
            "Outgoing Referral Date": date(2026, 6, 30),
            "hte_Type": "Exploitation",
            "hte_Latitude": "41.332",
            "hte_Longitude": "-98.412",
            "spl_Type": "Legal;Health",
        }
    )
    victim, event = one(found, "victim"), one(found, "event")
    assert victim["gender"] == "Trans/Transgender/NonConforming"
    assert victim["citizenship"] == "GTM"
    assert victim["traffickMonths"] == "13--24"
    assert event["CountryOfExploitation"] == "USA"
    assert event["event_month"] == "2026-03-01" or event["event_month"] == date(2026, 3, 1)
    assert event["service_status"] == "closed_referred"
    assert event["referral_source"] == "law_enforcement"
    assert event["h3_cell"].startswith("85")
    # a minor when first trafficked, though an adult at the referral
    assert one(found, "victim_event")["minor"] is True
    services = {(s["direction"], s["service_code"]) for s in found["core"]["service"]}
    assert services == {
        ("referred_in", "additional_services"),
        ("referred_out", "unspecified"),
        ("provided", "legal"),
        ("provided", "health"),
    }


def test_the_country_of_a_historic_event_counts_if_it_was_the_exploitation(landed) -> None:
    found = landed(
        {"hte_Type": "Transit", "hte_Country": "Mexico", "Case Number": "SP-1"},
        {"hte_Type": "Exploitation", "hte_Country": "Cuba", "Case Number": "SP-2"},
    )
    countries = {event["CountryOfExploitation"] for event in found["core"]["event"]}
    assert countries == {None, "CUB"}


# --- rules ------------------------------------------------------------------------------------


RULES: list[tuple[dict[str, Any], str, bool]] = [
    ({"Birthdate": date(2026, 3, 6)}, "HTCDS-BIRTH-ORDER", False),
    ({"Incoming Referral Date": "spring"}, "DATE", False),
    ({"Outgoing Referral Date": date(2026, 3, 4)}, "HTCDS-REFERRAL-ORDER", True),
    ({"Outgoing Referral Date": "soon"}, "VALUE-BLANKED", True),
    ({"Trafficking Status": "Actual victim of trafficking"}, "HTCDS-STATUS-BASIS", True),
    ({"Forced Labour Industry": "Construction", "Type of Exploitation": "Sexual exploitation"},
     "HTCDS-LABOUR-TYPE", True),
    ({"Type of Sex Exploitation": "Pornography"}, "HTCDS-SEX-TYPE", True),
    ({"Methods of Control": "hypnosis"}, "HTCDS-CHOICE", True),
    ({"Months Trafficked": "two years"}, "VALUE-BLANKED", True),
    ({"Age when Trafficked": 340}, "VALUE-BLANKED", True),
    ({"First Name": None}, "HTCDS-KEY", False),
]  # fmt: skip


def test_each_rule_finds_its_rows_and_no_other(landed) -> None:
    people = [{"First Name": f"Olga {n}", **row} for n, (row, *_) in enumerate(RULES)]
    found = landed({"First Name": "Sound"}, *people)
    expected: dict[str, list[int]] = {}
    for number, (_, code, _) in enumerate(RULES, start=4):
        expected.setdefault(code, []).append(number)
    got: dict[str, list[int]] = {}
    for rule in found["rules"]:
        if rule["rows"]:
            got[rule["code"]] = sorted(got.get(rule["code"], []) + rule["rows"])
    assert got == expected
    assert len(found["core"]["event"]) == 1 + sum(kept for *_, kept in RULES)
    assert found["status"] == "partial"


def test_a_sound_row_breaks_no_rule(landed) -> None:
    found = landed(
        {
            "Trafficking Status": "Actual victim of trafficking",
            "Trafficking Status Decision Making Organization": "Police",
            "Type of Exploitation": "Forced labour;Sexual exploitation",
            "Forced Labour Industry": "Construction",
            "Type of Sex Exploitation": "Prostitution",
            "Outgoing Referral Date": date(2026, 3, 5),
        }
    )
    assert codes(found, "HTCDS", "VALUE", "REQUIRED", "DATE", "DUPLICATE", "CONSENT") == {}


# --- withdrawal -------------------------------------------------------------------------------


def test_what_was_stored_under_a_withdrawn_consent_is_to_be_deleted(landed) -> None:
    withdrawn = {"Consent Withdrawn": date(2026, 5, 1)}
    first = landed({}, {"First Name": "Olga"})
    later = landed(withdrawn, {"First Name": "Olga"})
    gone = {(row["unit"], row["token"]) for row in later["core"]["deleted"]}
    tokens = {(unit, row[f"{unit}_token"])
              for unit in ("event", "victim") for row in first["core"][unit]}  # fmt: skip
    left = {(unit, row[f"{unit}_token"])
            for unit in ("event", "victim") for row in later["core"][unit]}  # fmt: skip
    assert gone == tokens - left
    assert len(gone) == len(left) == 2


def test_a_person_whose_other_case_has_consent_is_not_deleted(landed) -> None:
    found = landed({"Consent Withdrawn": "yes"}, {"Incoming Referral Date": date(2026, 9, 1)})
    assert [row["unit"] for row in found["core"]["deleted"]] == ["event"]


# --- nothing of anybody in a message ----------------------------------------------------------


def test_no_cell_reaches_a_message_or_core(tmp_path: Path, caplog, capfd) -> None:
    """A sentinel in every cell of sound, faulty and refused rows, and in every column title."""
    caplog.set_level(logging.DEBUG)
    marked = {
        label: f"Kanarie{at}"
        for at, (_, label) in enumerate(TEMPLATE)
        if label not in ("Consent", "Birthdate", "Incoming Referral Date")
    }
    rows = [
        {**CONSENTED, **marked},
        {**CONSENTED, **marked, "Consent": "Kanarie-no"},
        {**CONSENTED, **marked, "Consent Withdrawn": "Kanarie-wd"},
        {**CONSENTED, **marked, "Birthdate": "Kanarie-dob", "Outgoing Referral Date": "Kanarie"},
        {**CONSENTED, **marked, "Incoming Referral Date": "Kanarie-date"},
        {**CONSENTED, **marked},
        {**CONSENTED, **marked},
    ]
    added = (*ADDED, "Kanarie-column")
    for row in rows:
        row["Kanarie-column"] = "Kanarie-value"
    found = outcome(contract(CONTRACT), workbook(rows, added=added, sheet="Kanarie-s"), tmp_path)
    written = capfd.readouterr()
    assert found["core"]["deleted"] and found["rules"]
    for place in (str(found), caplog.text, written.out, written.err):
        assert "kanarie" not in place.casefold()


# --- notes ------------------------------------------------------------------------------------

NOTE = "The boss kept her passport and threatened to call immigration."


def indicators(found: dict[str, Any]) -> set[tuple[str, str]]:
    return {(row["kind"], row["code"]) for row in found["core"].get("event_indicator", [])}


@pytest.mark.parametrize("field", ["Incoming Referral Details", "Outgoing Referral Details"])
def test_notes_leave_as_codes_and_never_as_text(landed, field: str) -> None:
    found = landed({field: NOTE})
    assert indicators(found) >= {("means", "meansWithholdDocs"), ("means", "meansThreats")}
    assert "event_text" not in found["core"]
    assert "passport" not in str(found["core"])


def test_what_notes_say_never_changes_the_sheets_own_columns(landed) -> None:
    found = landed({"Incoming Referral Details": NOTE})
    bare = landed({})
    for view in ("event", "victim", "victim_event"):
        assert found["core"][view] == bare["core"][view]
    # offences are for the police to name
    assert "trafficking_flagged_not_64x" not in one(found, "event")


def test_of_who_is_no_victim_no_note_counts(landed) -> None:
    status = "Not a victim of trafficking"
    found = landed({"Incoming Referral Details": NOTE, "Trafficking Status": status})
    assert indicators(found) == set()


def test_without_consent_no_note_is_read(landed) -> None:
    found = landed({}, {"Incoming Referral Details": NOTE, "Consent": "No"})
    assert indicators(found) == set()
