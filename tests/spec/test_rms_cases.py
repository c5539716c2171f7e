"""What a police export becomes in ``core``: cases, offenses, victims, and counts of suspects.

Every test takes an export through validation, de-identification and mapping.
"""

from __future__ import annotations

import io
import logging
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas.odcs import contract
from tests.feeds import codes, one
from tests.golden.test_golden import outcome
from tests.rms_exports import CASE, PERSON, PLACE, SAMPLE_HEADER, VICTIM, described, export

CONTRACT = "harbor_police.rms"
COLUMNS = [*SAMPLE_HEADER, *PLACE, *PERSON]
SUSPECT = {**CASE, "Involvement": "SUS", "Last Name": "UNK", "Sex": "M", "Age": "30"}
ARRESTEE = {**SUSPECT, "Involvement": "ARR", "Last Name": "FICTUS", "First Name": "BO"}


@pytest.fixture
def landed(tmp_path: Path):
    def run(*rows: dict[str, Any]) -> dict[str, Any]:
        return outcome(contract(CONTRACT), io.BytesIO(export(rows, COLUMNS)), tmp_path)

    return run


def cases(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Events by county: tests give each case a county of its own where they have to tell them."""
    return {event["county_fips"]: event for event in found["core"]["event"]}


# --- a case -----------------------------------------------------------------------------------


def test_the_real_sample_is_quarantined_whole_with_its_rule(
    shared_data: Path, tmp_path: Path
) -> None:
    sample = (shared_data / "rms" / "sample_rms_export.csv").read_bytes()
    found = outcome(contract(CONTRACT), io.BytesIO(sample), tmp_path)
    assert found["status"] == "partial"
    assert codes(found, "ROW-") == {"ROW-RAGGED": [1, 2, 3]}
    assert found["core"] == {}


def test_an_export_as_the_field_list_describes_it_loads(shared_data: Path, tmp_path: Path) -> None:
    rows = described(shared_data / "rms" / "rms_fields_schema_latest.json", 60)
    lines = export(rows).split(b"\r\n")
    ragged = b"\r\n".join([*lines, b"25-000099,12/15/2025,1 Elm St, Harbor City"])
    found = outcome(contract(CONTRACT), io.BytesIO(ragged), tmp_path)
    assert found["tables"]["involvement"]["rows_in"] == 61
    assert codes(found, "ROW-") == {"ROW-RAGGED": [61]}
    assert len(found["core"]["event"]) == 60
    offenses = [row["offense_code"] for row in found["core"]["offense"]]
    assert {code: offenses.count(code) for code in set(offenses)} == {
        "120": 20,
        "23D": 20,
        "240": 20,
    }
    assert "victim" not in found["core"]


def test_a_case_without_persons_has_unknown_counts(landed) -> None:
    found = landed({**CASE, "Incident Date_Between": "1/2/2026", **PLACED})
    event = one(found, "event")
    assert event["event_type"] == "incident"
    assert (event["event_month"], event["end_month"]) == (date(2025, 12, 1), date(2026, 1, 1))
    assert event["victim_count"] is event["offender_count"] is event["arrestee_count"] is None
    assert event["county_fips"] == "99001"
    assert event["zip3"] == "696"
    assert event["h3_cell"].startswith("86")
    assert (event["location_code"], event["venue"]) == ("14", "hotel_motel")
    assert event["trafficking_status"] is event["isSexualExploit"] is None


PLACED = {
    "County": "Ansel",
    "ZIP Code": "69601",
    "Latitude": "41.332",
    "Longitude": "-98.412",
    "Location Type": "14 - Hotel/Motel/Etc.",
}


def test_persons_of_a_case(landed) -> None:
    found = landed(
        CASE,
        VICTIM,
        {**VICTIM, "First Name": "OLGA", "DOB": "01/02/2010", "Sex": "", "Race": "H"},
        SUSPECT,
        SUSPECT,
        {**SUSPECT, "Age": "16"},
        ARRESTEE,
        {**VICTIM, "Involvement": "WIT", "First Name": "NINA"},
        {**VICTIM, "Involvement": "OFC", "First Name": "OLAF"},
    )
    event = one(found, "event")
    assert (event["victim_count"], event["offender_count"], event["arrestee_count"]) == (2, 3, 1)
    assert found["tables"]["involvement"]["accepted"] == 9
    victims = sorted(found["core"]["victim"], key=lambda row: row["ageBroad"])
    shown = [(v["ageBroad"], v["gender"], v["race"], v["ethnicity"]) for v in victims]
    assert shown == [
        ("30--38", "Woman", "white", "not_hispanic"),
        ("9--17", None, None, "not_hispanic"),
    ]
    assert {v["victim_role"] for v in victims} == {"victim"}
    links = {row["victim_token"]: row for row in found["core"]["victim_event"]}
    assert [links[v["victim_token"]]["minor"] for v in victims] == [False, True]
    counted = {
        (row["role"], row["ageBroad"], row["minor"]): row["count"]
        for row in found["core"]["perpetrator_count"]
    }
    assert counted == {
        ("offender", "30--38", False): 2,
        ("offender", "9--17", True): 1,
        ("arrestee", "30--38", False): 1,
    }


def test_suspects_are_never_keyed(landed) -> None:
    """The same person as victim, suspect and arrestee: only the victim has a token."""
    person = {"MNI": "M-7", "Last Name": "FICTUS", "First Name": "BO", "DOB": "04/02/1990"}
    alone = landed({**SUSPECT, **person}, {**ARRESTEE, **person})
    assert "victim" not in alone["core"]
    found = landed({**SUSPECT, **person}, {**ARRESTEE, **person}, {**VICTIM, **person})
    tokens = {value for view in found["core"].values() for row in view
              for name, value in row.items() if name.endswith("token")}  # fmt: skip
    assert tokens == {one(found, "event")["event_token"], one(found, "victim")["victim_token"]}


def test_a_victim_of_two_cases_is_one_victim(landed) -> None:
    known = {**VICTIM, "MNI": "M-1"}
    found = landed(
        known,
        {**known, "Case Number": "25-000124", "Incident Date": "1/5/2024", "Report Date": "",
         "Race": "B"},
    )  # fmt: skip
    victim = one(found, "victim")
    assert (victim["yearOfRegistration"], victim["race"]) == (2024, "black")
    assert len(found["core"]["victim_event"]) == 2


AGES = [
    ({"DOB": "12/16/2007", "Age": ""}, "9--17"),
    ({"DOB": "12/15/2007", "Age": ""}, "18--20"),
    ({"DOB": "", "Age": "17"}, "9--17"),
    ({"DOB": "12/15/2007", "Age": "55"}, "18--20"),
    ({"DOB": "", "Age": ""}, None),
    ({"DOB": "", "Age": "999"}, None),
    ({"DOB": "31/31/1990", "Age": "40"}, "39--47"),
    ({"DOB": "12/16/2025", "Age": ""}, None),
]


def test_the_age_is_that_at_the_incident(landed) -> None:
    found = landed(
        *({**VICTIM, **given, "First Name": f"OLGA {n}"} for n, (given, _) in enumerate(AGES))
    )
    got = sorted(str(row["ageBroad"]) for row in found["core"]["victim"])
    assert got == sorted(str(expected) for _, expected in AGES)


# --- offenses and trafficking -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "offenses", "status", "sexual", "labour"),
    [
        ({}, {"120"}, None, None, None),
        ({"Incident Type_2": "MV THEFT"}, {"120", "240"}, None, None, None),
        ({"NIBRS Classification": "64A - Human Trafficking"}, {"64A", "120"}, "possible", 1, None),
        ({"Incident Type_3": "Labor trafficking"}, {"64B", "120"}, "possible", None, 1),
        # flagged, but no 64x: the measure of what police code otherwise
        ({"Incident Type_2": "HUMAN TRAFFICKING"}, {"120"}, "possible", None, None),
        ({"Incident Type_2": "PROSTITUTION"}, {"120", "40A"}, None, None, None),
        ({"Incident Type_2": "WILDLIFE TRAFFICKING"}, {"120"}, None, None, None),
        # an offense the text does not settle is none
        ({"Incident Type_1": "THEFT", "NIBRS Classification": ""}, set(), None, None, None),
        ({"Incident Type_1": "", "NIBRS Classification": "99Z - Nothing"}, set(), None, None, None),
    ],
)
def test_offenses(landed, row, offenses, status, sexual, labour) -> None:
    found = landed({**VICTIM, **row})
    assert {offense["offense_code"] for offense in found["core"].get("offense", [])} == offenses
    event, victim, link = (one(found, view) for view in ("event", "victim", "victim_event"))
    assert event["trafficking_status"] == status
    assert event["status_decided_by"] == ("police" if status else None)
    assert event["CountryOfExploitation"] == ("USA" if sexual or labour else None)
    for flags in (event, victim):
        assert (flags["isSexualExploit"], flags["isForcedLabour"]) == (sexual, labour)
    assert link["sex_trafficking_indicator"] == sexual
    assert link["labour_trafficking_indicator"] == labour


def test_a_child_arrested_for_prostitution_is_a_victim_signal(landed) -> None:
    prostitution = {**ARRESTEE, "NIBRS Classification": "40A - Prostitution", "Sex": "F"}
    found = landed(
        {**prostitution, "Age": "15"},
        {**prostitution, "Age": "15", "First Name": "CY"},
        {**prostitution, "Age": "25", "First Name": "DI"},
    )
    assert one(found, "event")["trafficking_status"] == "possible"
    assert {v["victim_role"] for v in found["core"]["victim"]} == {"minor_arrested"}
    children = {v["victim_token"] for v in found["core"]["victim"]}
    assert len(children) == 2
    assert {link["victim_token"] for link in found["core"]["victim_event"]} == children
    assert all(link["minor"] for link in found["core"]["victim_event"])
    assert sum(row["count"] for row in found["core"]["perpetrator_count"]) == 3
    otherwise = landed({**ARRESTEE, "Age": "15"})
    assert "victim" not in otherwise["core"]


# --- narratives -------------------------------------------------------------------------------

WITNESS = {
    **VICTIM,
    "Involvement": "WIT",
    "First Name": "NINA",
    "Last Name": "HALVORSEN",
    "DOB": "05/06/1971",
    "Phone": "(472) 555-0177",
}
TOLD = (
    "Ofc. Quent met Petra Testdottir and her neighbor N. Halvorsen, 472.555.0177, at the motel. "
    "The boyfriend sold her to men there, took her passport and beat her. Her plate XKR4471 was "
    "run. See 25-000123."
)


def test_a_narrative_leaves_once_a_case_with_everybody_masked(landed) -> None:
    told = {"Narrative": TOLD, "Officer of Record": "Ofc. P. Quent", "Registration 1": "XKR4471"}
    found = landed({**VICTIM, **told}, {**WITNESS, **told}, {**SUSPECT, **told})
    text = one(found, "event_text")
    assert (text["kind"], text["number"]) == ("narrative", 1)
    masked = text["redacted"]
    names = ("petra", "testdottir", "halvorsen", "quent")
    for raw in (*names, "0177", "XKR4471", "25-000123"):
        assert raw.casefold() not in masked.casefold(), raw
    for kept in ("motel", "boyfriend", "passport", "beat her"):
        assert kept in masked
    assert "<PERSON_1>" in masked
    indicators = {(i["kind"], i["code"]) for i in found["core"]["event_indicator"]}
    assert {("means", "meansWithholdDocs"), ("venue", "hotel_motel")} <= indicators


def test_of_a_witness_nothing_but_the_stand_in_leaves(landed) -> None:
    """The names are read to be masked; nobody is counted, keyed or described by them."""
    told = {"Narrative": TOLD}
    without = landed({**VICTIM, **told}, {**CASE, "Involvement": "WIT"})
    found = landed({**VICTIM, **told}, WITNESS)
    for view in ("event", "victim", "victim_event", "offense"):
        assert found["core"][view] == without["core"][view]
    assert "perpetrator_count" not in found["core"]


def test_a_case_may_have_several_narratives(landed) -> None:
    found = landed(
        {**VICTIM, "Narrative": "A supplement: the motel was searched."},
        {**SUSPECT, "Narrative": "See above."},
        {**SUSPECT, "Narrative": "See above.", "First Name": "BO"},
        {**ARRESTEE, "Narrative": ""},
    )
    assert [text["number"] for text in found["core"]["event_text"]] == [1, 2]


FLAGGED = "Detectives suspect human trafficking."
NOT_FLAGGED = "Vehicle was parked and locked."


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # nothing is known: no narrative, no signal
        ({}, None),
        ({"Narrative": NOT_FLAGGED}, 0),
        ({"Narrative": FLAGGED}, 1),
        ({"Narrative": "There is no indication of human trafficking."}, 0),
        ({"Incident Type_2": "HUMAN TRAFFICKING"}, 1),
        ({"Incident Type_2": "HUMAN TRAFFICKING", "Narrative": NOT_FLAGGED}, 1),
        # called by its name
        ({"NIBRS Classification": "64A - Human Trafficking", "Narrative": FLAGGED}, 0),
        ({"Incident Type_3": "Labor trafficking", "Narrative": FLAGGED}, 0),
    ],
)
def test_trafficking_that_is_flagged_but_coded_otherwise(landed, row, expected) -> None:
    event = one(landed({**VICTIM, **row}), "event")
    assert event["trafficking_flagged_not_64x"] == expected
    # what a narrative says decides nothing else
    if "Incident Type_2" not in row and "Incident Type_3" not in row and expected:
        assert event["trafficking_status"] is event["isSexualExploit"] is None


# --- rules ------------------------------------------------------------------------------------

#: What is wrong with a case, the rule that finds it, and whether the case still loads.
RULES: list[tuple[list[dict[str, str]], str, bool]] = [
    ([{"Case Number": ""}], "RMS-CASE-NUMBER", False),
    ([{"Case Number": "#?"}], "RMS-CASE-NUMBER", False),
    ([{"Incident Date": "soon"}], "DATE", False),
    ([{"Incident Date": "", "Report Date": ""}], "RMS-DATE-MISSING", False),
    ([{"Report Date": "12/14/2025"}], "RMS-REPORT-ORDER", False),
    ([{"Involvement": "ZZ"}], "RMS-INVOLVEMENT", False),
    ([{}, {"First Name": "OLGA", "Incident Date": "12/14/2025"}], "RMS-CASE-CONFLICT", False),
    ([{}, {"First Name": "OLGA", "NIBRS Classification": "220"}], "RMS-CASE-CONFLICT", False),
    ([{}, {"Sex": "M"}], "RMS-DUPLICATE", False),
    ([{"Incident Date_Between": "12/14/2025"}], "RMS-BETWEEN-ORDER", True),
    ([{"DOB": "12/16/2025"}], "RMS-BIRTH-ORDER", True),
    ([{"Age": "55"}], "RMS-AGE", True),
    ([{"Involvement": ""}], "RMS-ROLE-MISSING", True),
    ([{"Race": "green"}], "RMS-CHOICE", True),
    ([{"Incident Type_1": "THEFT", "NIBRS Classification": ""}], "RMS-NO-OFFENSE", True),
    ([{"Incident Type_2": "HUMAN TRAFFICKING"}], "RMS-TRAFFICKING-KIND", True),
    ([{"NIBRS Classification": "99Z"}], "VALUE-BLANKED", True),
    ([{"Age": "old"}], "VALUE-BLANKED", True),
    ([{"Latitude": "412"}], "VALUE-BLANKED", True),
]


def test_each_rule_finds_its_rows_and_no_other(landed) -> None:
    sent = [VICTIM]
    expected: dict[str, list[int]] = {}
    for number, (rows, code, _) in enumerate(RULES):
        for row in rows:
            sent.append({**VICTIM, "Case Number": f"25-{number:06d}", **row})
            expected.setdefault(code, []).append(len(sent))
    found = landed(*sent)
    got: dict[str, list[int]] = {}
    for rule in found["rules"]:
        if rule["rows"]:
            got[rule["code"]] = sorted(got.get(rule["code"], []) + rule["rows"])
    assert got == expected
    assert len(found["core"]["event"]) == 1 + sum(loads for *_, loads in RULES)
    assert found["status"] == "partial"


def test_a_case_falls_with_one_of_its_rows(landed) -> None:
    found = landed(VICTIM, {**SUSPECT, "Incident Date": "never"}, {**CASE, "Case Number": "25-2"})
    assert codes(found, "DATE", "RECORD") == {"DATE": [2], "RECORD-INCOMPLETE": [1]}
    assert len(found["core"]["event"]) == 1


def test_a_repeated_row_is_set_aside_and_the_case_loads(landed) -> None:
    found = landed(VICTIM, VICTIM, SUSPECT, SUSPECT, ARRESTEE, ARRESTEE)
    # suspects nobody names are as many as the rows say
    assert codes(found, "RMS-REPEATED", "RMS-DUPLICATE", "RECORD") == {"RMS-REPEATED": [2, 6]}
    event = one(found, "event")
    assert (event["victim_count"], event["offender_count"], event["arrestee_count"]) == (1, 2, 1)


# --- nothing of anybody in a message ----------------------------------------------------------


#: What is masked in narratives, whoever's it is.
MASKED = ("FullAddress", "Registration 1", "Officer of Record", "Last Name", "First Name", "Alias",
          "MNI", "SSN", "Phone", "Email", "Home Address", "Employer", "VIN")  # fmt: skip


def test_no_cell_reaches_a_message_or_core(tmp_path: Path, caplog, capfd) -> None:
    """A sentinel in every cell but the few that let a row through, sound and faulty, all roles."""
    caplog.set_level(logging.DEBUG)
    needed = {"Case Number", "Incident Date", "Report Date", "Involvement"}
    marked = {name: f"Kanarie{at}" for at, name in enumerate(COLUMNS) if name not in needed}
    marked["Narrative"] = f"Then {' and '.join(marked[name] for name in MASKED)} left the motel."
    rows: list[dict[str, str]] = []
    for number, role in enumerate(("VIC", "SUS", "ARR", "WIT", "RP", "", "Kanarie-role")):
        key = {**CASE, **marked, "Case Number": f"Kanarie-{number}"}
        rows += [{**key, "Involvement": role}, {**key, "Involvement": role}]
    rows += [
        {**rows[0], "Case Number": "Kanarie-y", "Incident Date": "Kanarie-date"},
        {**rows[0], "Case Number": "Kanarie?!", "Report Date": "Kanarie"},
        {**rows[0], "Case Number": "Kanarie-x", "Report Date": "1/1/2001"},
    ]
    source = export(rows, [*COLUMNS, "Kanarie column"])
    ragged = source + b"Kanarie,Kanarie\r\n" + b'"Kanarie open quote,'
    found = outcome(contract(CONTRACT), io.BytesIO(ragged), tmp_path)
    written = capfd.readouterr()
    assert found["core"]["event"] and found["core"]["victim"]
    assert all("motel" in text["redacted"] for text in found["core"]["event_text"])
    assert {"ROW-RAGGED", "ROW-QUOTING", "RMS-INVOLVEMENT", "DATE"} <= set(codes(found, ""))
    for place in (str(found), caplog.text, written.out, written.err):
        assert "kanarie" not in place.casefold()
