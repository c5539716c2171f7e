"""The county's nonprofit workbook: the official template, and consent as the truth has it."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.counties import County, county
from tributary.county.misspell import CHANGES

FEED = "safe_passage.htcds"
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def here() -> County:
    return county()


def cases(here: County) -> dict[int, dict[str, Any]]:
    """Filled rows by sheet row and label."""
    sheet = here.htcds()
    labels = sheet[1]
    return {
        n: dict(zip(labels, row, strict=True))
        for n, row in enumerate(sheet, 1)
        if n > 2 and any(row[1:])
    }


def test_first_rows_are_those_of_the_official_template(here: County, shared_data: Path) -> None:
    real = openpyxl.load_workbook(
        shared_data / "htcds" / "HTCDS Excel Spreadsheet v2.0.xlsx"
    ).active
    width = 39
    for n, row in enumerate(real.iter_rows(max_row=2, max_col=width, values_only=True)):
        assert here.htcds()[n][:width] == row


def test_columns_that_were_added_stand_behind_the_template(here: County) -> None:
    assert here.htcds()[0][39:42] == ("con_ConsentDate", "con_ConsentExpiry", "cas_CaseNumber")


def test_rows_are_numbered_also_where_they_are_blank(here: County) -> None:
    sheet = here.htcds()
    assert [row[0] for row in sheet[2:]] == list(range(1, 1_001))
    assert len(cases(here)) < 1_000


def test_consent_is_as_the_truth_has_it(here: County) -> None:
    found: dict[str, set[int]] = {
        "no_consent": set(),
        "undated_consent": set(),
        "expired_consent": set(),
    }
    for n, row in cases(here).items():
        if str(row["Consent"]) not in {"Yes", "TRUE", "x"}:
            found["no_consent"].add(n)
        elif row["Consent Date"] is None:
            found["undated_consent"].add(n)
        elif row["Consent Expiry"].date() < TODAY:
            found["expired_consent"].add(n)
    for fault, rows in found.items():
        assert rows == {r["row"] for r in here.truth("faults", feed=FEED, fault=fault)}
        assert rows
    assert sum(map(len, found.values())) < 0.25 * len(cases(here))


def test_rows_are_of_the_people_of_the_truth(here: County) -> None:
    rows = cases(here)
    records = here.truth("records", feed=FEED)
    assert {record["row"] for record in records} == rows.keys()
    spoilt = {r["row"] for r in here.truth("faults", feed=FEED) if r["field"] == "Birthdate"}
    facts = {fact["person_id"]: fact for fact in here.truth("facts")}
    status = Counter()
    for record in records:
        row, person = rows[record["row"]], here.people[record["person_id"]]
        assert row["Case Number"] == record["record_id"]
        if record["row"] not in spoilt and not record["changes"] & (
            CHANGES["dob_missing"] | CHANGES["dob_day_month"]
        ):
            assert birth(row["Birthdate"]) == person["born"]
        trafficked = person["trafficked"] != "none"
        assert trafficked == (not str(row["Trafficking Status"]).startswith("Not"))
        status[trafficked] += 1
        assert trafficked == (record["person_id"] in facts)
        kinds = str(row["Type of Exploitation"] or "").replace(" ", "").lower()
        assert ("sexualexploitation" in kinds) == (person["trafficked"] in ("sex", "both"))
        assert ("forcedlabour" in kinds) == (person["trafficked"] in ("labour", "both"))
    assert status[True] > 20 * status[False] > 0


def test_means_of_control_are_those_of_the_facts(here: County) -> None:
    rows, facts = cases(here), {fact["person_id"]: fact for fact in here.truth("facts")}
    strange = {r["row"] for r in here.truth("faults", feed=FEED, fault="unknown_choice")}
    compared = 0
    for record in here.truth("records", feed=FEED):
        cell = rows[record["row"]]["Methods of Control"]
        if cell and record["row"] not in strange:
            assert len(cell.split(";")) == len(facts[record["person_id"]]["means"])
            compared += 1
    assert compared > 100


def test_notes_do_not_contradict_the_facts(here: County) -> None:
    """A note on methods of control speaks of those of the facts, and of no other recruiter."""
    person = {r["row"]: r["person_id"] for r in here.truth("records", feed=FEED)}
    facts = {fact["person_id"]: fact for fact in here.truth("facts")}
    agreed = 0
    for note in here.truth("narratives", feed=FEED, field="cco_CaseComment"):
        fact = facts.get(person[note["row"]])
        if fact is None:
            assert not note["flagged"]
            continue
        if "means/meansWithholdDocs" in note["indicators"]:
            agreed += "WithholdsDocuments" in fact["means"]
        if "recruiter/recruiterRelationFamily" in note["indicators"]:
            assert fact["recruiter"] in ("family", "unknown")
    assert agreed > 3


def test_cells_hold_labels_or_codes_and_dates_are_dates(here: County) -> None:
    rows = cases(here).values()
    status = Counter(row["Trafficking Status"] for row in rows)
    assert status["Actual victim of trafficking"] > status["ActualVictimOfTrafficking"] > 5
    kinds = Counter(type(row["Birthdate"]).__name__ for row in rows)
    assert kinds["datetime"] > kinds["str"] > 0
    assert {type(row["Incoming Referral Date"]).__name__ for row in rows} == {"datetime"}


def test_ages_when_trafficked_are_possible(here: County) -> None:
    ages = [
        int(row["Age when Trafficked"])
        for row in cases(here).values()
        if row["Age when Trafficked"]
    ]
    assert len(ages) > 50
    assert min(ages) >= 7
    assert max(ages) < 98
    assert any(age < 18 for age in ages)


def birth(cell: Any) -> date:
    return cell.date() if isinstance(cell, datetime) else datetime.strptime(cell, "%d %b %Y").date()
