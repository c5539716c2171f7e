"""The county's police export: the real header, one row an involvement, ragged rows known."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path

import pytest

from tests.counties import County, county
from tributary.county.misspell import CHANGES

FEED = "harbor_police.rms"


@pytest.fixture(scope="module")
def here() -> County:
    return county()


def planted(here: County, fault: str) -> set[int]:
    found = here.truth("faults", feed=FEED, fault=fault)
    assert found
    return {row["row"] for row in found}


def rows(here: County) -> dict[int, dict[str, str]]:
    """Rows that are not ragged, by number."""
    header, *records = here.rms_rows()
    return {
        n: dict(zip(header, row, strict=True))
        for n, row in enumerate(records, 1)
        if len(row) == len(header)
    }


def test_header_begins_as_the_real_one(here: County, shared_data: Path) -> None:
    with (shared_data / "rms" / "sample_rms_export.csv").open(newline="") as file:
        real = next(csv.reader(file))
    assert here.rms_rows()[0][: len(real)] == real


def test_ragged_rows_are_the_planted_ones(here: County) -> None:
    """An unquoted address shifts every field behind it, as in the real sample."""
    header, *records = here.rms_rows()
    ragged = {n for n, row in enumerate(records, 1) if len(row) != len(header)}
    assert ragged == planted(here, "ragged")
    assert {len(records[n - 1]) for n in ragged} == {len(header) + 2}


def test_planted_faults_are_there_and_no_others(here: County) -> None:
    ok = rows(here)
    broken = {
        "case_number_missing": lambda row: not row["Case Number"],
        "unknown_involvement": lambda row: (
            row["Involvement"] not in {"VIC", "SUS", "ARR", "WIT", "RP", "OTH", "OFC"}
        ),
        "bad_date": lambda row: not is_day(row["Incident Date"]),
        "report_before_incident": lambda row: is_day(row["Incident Date"]) and before(row),
    }
    for fault, is_broken in broken.items():
        assert {n for n, row in ok.items() if is_broken(row)} == planted(here, fault), fault
    repeated = Counter(tuple(row.items()) for row in ok.values())
    assert sum(count - 1 for count in repeated.values()) == len(planted(here, "repeated_row"))


def test_a_case_agrees_with_itself(here: County) -> None:
    cases = defaultdict(list)
    skip = planted(here, "case_number_missing") | planted(here, "bad_date")
    copies = len(here.rms_rows()) - 1 - len(planted(here, "repeated_row"))  # stand at the end
    for n, row in rows(here).items():
        if n not in skip and n <= copies:
            cases[row["Case Number"]].append(row)
    shared = ("Incident Date", "Report Date", "NIBRS Classification", "Narrative", "Latitude")
    for number, group in cases.items():
        assert re.fullmatch(r"2[56]-\d{6}", number)
        for name in shared:
            assert len({row[name] for row in group}) == 1
        people = [(row["Involvement"], row["MNI"]) for row in group]
        assert len(people) == len(set(people))
    assert max(len(group) for group in cases.values()) == 5


def test_rows_are_of_the_people_of_the_truth(here: County) -> None:
    ok = rows(here)
    faults = planted(here, "case_number_missing") | planted(here, "unknown_involvement")
    names = Counter()
    for record in here.truth("records", feed=FEED):
        row, person = ok.get(record["row"]), here.people[record["person_id"]]
        if row is None or record["row"] in faults:
            continue
        assert (row["MNI"], row["Case Number"]) == (record["record_id"], record["unit"])
        assert row["Involvement"] == record["role"]
        assert row["Sex"] == person["sex"]
        assert row["Last Name"] == row["Last Name"].upper()
        if row["SSN"]:
            assert row["SSN"] == person["ssn"]
        if not record["changes"] & (CHANGES["dob_missing"] | CHANGES["dob_day_month"]):
            assert row["DOB"] == person["born"].strftime("%m/%d/%Y")
        names["swapped" if record["changes"] & CHANGES["names_swapped"] else "straight"] += 1
    assert names["swapped"] > 3


def test_narratives_name_the_people_of_the_record(here: County) -> None:
    """In many forms; most of them hold a part of the name as the record has it."""
    named = total = 0
    for row in rows(here).values():
        if row["Involvement"] == "VIC":
            total += 1
            text = row["Narrative"].upper()
            named += row["First Name"] in text or row["Last Name"] in text
    assert named / total > 0.9
    narratives = here.truth("narratives", feed=FEED)
    assert len(narratives) == len({row["unit"] for row in narratives})
    own = [any(span["own"] for span in row["spans"]) for row in narratives]
    assert sum(own) / len(own) > 0.95


def test_spans_of_narratives_stand_where_the_truth_says(here: County) -> None:
    ok = rows(here)
    sevens = 0
    for row in here.truth("narratives", feed=FEED):
        if row["row"] not in ok:
            continue
        text = ok[row["row"]]["Narrative"]
        for span in row["spans"]:
            value = text[span["start"] : span["end"]]
            assert value == value.strip() != ""
            if span["type"] == "CASE_NUMBER" and span["own"] and span["form"] == "as_is":
                assert value.upper() == row["unit"]
                sevens += 1
    assert sevens > 5


def test_trafficking_that_is_coded_otherwise_is_known(here: County) -> None:
    ok = rows(here)
    for row in here.truth("narratives", feed=FEED):
        if row["row"] in ok:
            coded = ok[row["row"]]["NIBRS Classification"][:2] == "64"
            assert row["coded"] == coded
            assert row["flagged_not_64x"] == (row["flagged"] and not coded)
            assert row["flagged"] == ("trafficking/flagged" in row["indicators"])
            if row["story"] == "ordinary":
                assert not row["indicators"]
    assert len(here.truth("narratives", feed=FEED, flagged_not_64x=True)) > 20


def test_trafficking_is_often_called_something_else(here: County) -> None:
    victims = Counter()
    ok = rows(here)
    for record in here.truth("records", feed=FEED, role="VIC"):
        row = ok.get(record["row"])
        if row and here.people[record["person_id"]]["trafficked"] != "none":
            victims[row["NIBRS Classification"][:2] == "64"] += 1
    assert min(victims.values()) >= 11


def test_places_lie_in_harbor_city(here: County) -> None:
    for row in rows(here).values():
        assert row["ZIP Code"] in {"69601", "69602", "69603", "69604"}
        assert 41.2 < float(row["Latitude"]) < 41.5
        assert -98.6 < float(row["Longitude"]) < -98.2


def is_day(text: str) -> bool:
    try:
        return bool(datetime.strptime(text, "%m/%d/%Y"))
    except ValueError:
        return False


def before(row: dict[str, str]) -> bool:
    days = [datetime.strptime(row[name], "%m/%d/%Y") for name in ("Report Date", "Incident Date")]
    return days[0] < days[1]
