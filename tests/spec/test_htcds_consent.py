"""When a row of a case sheet may be stored.

Each line is one row of a workbook taken in on 2026-11-01: what the consent columns hold, and
whether the row is stored. A consent without an expiry of its own holds 24 months.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from tests.feeds import TODAY, read
from tests.workbooks import ADDED, CONSENTED, workbook

CONTRACT = "safe_passage.htcds"
STORED, REFUSED = True, False
SIGNED = date(2026, 3, 1)


def stored(
    consent: Any, signed: Any, expires: Any = None, withdrawn: Any = None, **row: Any
) -> bool:
    found = read(
        CONTRACT,
        workbook(
            [
                {
                    **CONSENTED,
                    "Consent": consent,
                    "Consent Date": signed,
                    "Consent Expiry": expires,
                    "Consent Withdrawn": withdrawn,
                    **row,
                }
            ],
            added=[*ADDED, *({"Guardian Consent", "Consent Scope"} & row.keys())],
        ),
    )
    count = found.report.table("case")
    assert (count.rows_in, count.quarantined) == (1, 0)
    assert count.refused + len(found.rows["case"]) == 1
    assert found.report.lane_violated == (count.refused == 1)
    assert found.count("CONSENT") == count.refused
    return count.refused == 0


@pytest.mark.parametrize(
    ("consent", "expected"),
    [
        ("Yes", STORED),
        ("yes", STORED),
        (" YES ", STORED),
        ("Y", STORED),
        (True, STORED),
        ("TRUE", STORED),
        (1, STORED),
        ("1", STORED),
        ("x", STORED),
        ("X", STORED),
        ("✓", STORED),
        ("☑", STORED),
        ("Signed", STORED),
        ("No", REFUSED),
        (False, REFUSED),
        (0, REFUSED),
        (None, REFUSED),
        ("", REFUSED),
        ("?", REFUSED),
        ("Maybe", REFUSED),
        ("pending", REFUSED),
        ("yes?", REFUSED),
        ("not yes", REFUSED),
        ("no - yes to police only", REFUSED),
        ("verbal", REFUSED),
        ("☐", REFUSED),
        (2, REFUSED),
        (45000, REFUSED),
    ],
)
def test_what_the_consent_cell_says(consent: Any, expected: bool) -> None:
    assert stored(consent, SIGNED) is expected


@pytest.mark.parametrize(
    ("signed", "expected"),
    [
        (SIGNED, STORED),
        (datetime(2026, 3, 1, 9, 30), STORED),
        ("2026-03-01", STORED),
        ("3/1/2026", STORED),
        (46082, STORED),
        (TODAY, STORED),
        (None, REFUSED),
        ("yes", REFUSED),
        ("unknown", REFUSED),
        ("2026", REFUSED),
        ("2026-02-30", REFUSED),
        (date(2026, 11, 2), REFUSED),
        ("2062-03-01", REFUSED),
        (date(2024, 11, 1), STORED),
        (date(2024, 10, 31), REFUSED),
        (date(2019, 3, 1), REFUSED),
    ],
)
def test_when_it_was_signed(signed: Any, expected: bool) -> None:
    assert stored("Yes", signed) is expected


@pytest.mark.parametrize(
    ("consent", "signed", "expected"),
    [
        (SIGNED, None, STORED),
        ("2026-03-01", None, STORED),
        ("Yes, 2026-03-01", None, STORED),
        ("yes 3/1/2026", None, STORED),
        ("Signed: 2026-03-01", None, STORED),
        ("x (2026-03-01)", None, STORED),
        ("No, 2026-03-01", None, REFUSED),
        ("refused 2026-03-01", None, REFUSED),
        ("Yes, 2026-13-01", None, REFUSED),
        (date(2026, 12, 1), None, REFUSED),
        (date(2024, 1, 1), None, REFUSED),
        # two dates: the earlier one starts the clock, the later one may not lie ahead
        (SIGNED, date(2026, 4, 1), STORED),
        (SIGNED, date(2020, 1, 1), REFUSED),
        (date(2020, 1, 1), SIGNED, REFUSED),
        (SIGNED, date(2027, 1, 1), REFUSED),
        (SIGNED, "illegible", REFUSED),
    ],
)
def test_a_date_in_the_consent_cell_itself(consent: Any, signed: Any, expected: bool) -> None:
    assert stored(consent, signed) is expected


@pytest.mark.parametrize(
    ("signed", "expires", "expected"),
    [
        (SIGNED, date(2026, 12, 31), STORED),
        (SIGNED, "12/31/2026", STORED),
        (SIGNED, TODAY, STORED),
        (SIGNED, date(2026, 10, 31), REFUSED),
        (SIGNED, date(2025, 1, 1), REFUSED),
        (SIGNED, "never", REFUSED),
        # an expiry of its own goes before the contract's 24 months
        (date(2023, 1, 1), date(2026, 12, 31), STORED),
        (None, date(2026, 12, 31), REFUSED),
    ],
)
def test_until_when_it_holds(signed: Any, expires: Any, expected: bool) -> None:
    assert stored("Yes", signed, expires) is expected


@pytest.mark.parametrize(
    ("withdrawn", "expected"),
    [
        (None, STORED),
        ("No", STORED),
        (False, STORED),
        ("n/a", STORED),
        (date(2026, 5, 1), REFUSED),
        (TODAY, REFUSED),
        ("5/1/2026", REFUSED),
        # a withdrawal is believed at once, however it is written
        (date(2026, 12, 1), REFUSED),
        ("yes", REFUSED),
        (True, REFUSED),
        ("by phone", REFUSED),
    ],
)
def test_whether_it_was_withdrawn(withdrawn: Any, expected: bool) -> None:
    assert stored("Yes", SIGNED, withdrawn=withdrawn) is expected


MINOR, ADULT = date(2010, 1, 1), date(2008, 3, 1)


@pytest.mark.parametrize(
    ("born", "guardian", "expected"),
    [
        (MINOR, {"Guardian Consent": "Yes"}, STORED),
        (MINOR, {"Guardian Consent": "No"}, REFUSED),
        (MINOR, {"Guardian Consent": None}, REFUSED),
        (ADULT, {"Guardian Consent": None}, STORED),
        # the template has no such column: it cannot be asked for
        (MINOR, {}, STORED),
    ],
)
def test_a_guardian_signs_for_a_minor_where_the_sheet_records_it(
    born: date, guardian: dict[str, Any], expected: bool
) -> None:
    assert stored("Yes", SIGNED, Birthdate=born, **guardian) is expected


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({}, STORED),
        ({"Consent Scope": "Statistics"}, STORED),
        ({"Consent Scope": "housing; data sharing"}, STORED),
        ({"Consent Scope": "housing"}, REFUSED),
        ({"Consent Scope": "no data sharing"}, REFUSED),
        ({"Consent Scope": None}, REFUSED),
    ],
)
def test_what_it_is_for_where_the_sheet_records_it(scope: dict[str, Any], expected: bool) -> None:
    assert stored("Yes", SIGNED, **scope) is expected


def test_without_any_date_column_nothing_is_stored() -> None:
    rows = [{k: v for k, v in CONSENTED.items() if k != "Consent Date"}] * 3
    found = read(CONTRACT, workbook(rows, added=[]))
    assert found.rows["case"] == []
    assert found.report.table("case").refused == 3


def test_of_a_withdrawn_consent_only_the_identity_goes_on_to_be_deleted() -> None:
    """Never of somebody who did not consent with a date: of them nothing was ever stored."""
    withdrawn = {**CONSENTED, "Consent Withdrawn": date(2026, 5, 1), "Gender": "Feminine"}
    rows = [
        withdrawn,
        {**withdrawn, "First Name": "Olga", "Consent": "No"},
        {**withdrawn, "First Name": "Nina", "Consent Date": None},
        {**CONSENTED, "First Name": "Mona"},
    ]
    found = read(CONTRACT, workbook(rows))
    [gone] = found.rows["withdrawal"]
    assert set(gone) == {"_row", "case_key", "person_key"}
    assert gone["_row"] == 3
    assert [row["_row"] for row in found.rows["case"]] == [6]
    assert found.report.table("case").as_json()["refused"] == 3
    stored_row = read(CONTRACT, workbook([CONSENTED])).rows["case"][0]
    assert gone["person_key"] == stored_row["person_key"]
    assert gone["case_key"] == stored_row["case_key"]
