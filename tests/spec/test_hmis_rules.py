"""What each HMIS rule sets aside, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pytest

from connectors.table_rules import Load
from connectors.validate import Verdict, validate
from schemas.catalogue import rules
from tests.hmis import TODAY, Files, archive, client, contract, enrollment, leaving, structure


class Memory:
    """A raw zone in memory."""

    def __init__(self) -> None:
        self.tables: dict[str, list[pa.RecordBatch]] = {}

    def write(self, table: str, rows: pa.RecordBatch) -> None:
        self.tables.setdefault(table, []).append(rows)

    def finish(self) -> Load:
        def load(name: str, columns: Iterable[str]) -> list[pa.RecordBatch]:
            return self.tables.get(name, [])

        return load


def judged(files: Files) -> Verdict:
    return validate(contract(), archive(files), Memory(), TODAY, "200MB")


def ordinary() -> Files:
    files = structure()
    files["Client"] = [client("A"), client("B")]
    files["Enrollment"] = [enrollment("EA", "A", "P"), enrollment("EB", "B", "P2")]
    files["Exit"] = [leaving("EA", "A")]
    files["Services"] = [service("EA", "A")]
    files["Event"] = [event("EA", "A")]
    return files


def service(number: str, person: str, **more: str) -> dict[str, str]:
    return {
        "EnrollmentID": number,
        "PersonalID": person,
        "DateProvided": "2026-04-05",
        "RecordType": "200",
        "TypeProvided": "200",
        **more,
    }


def event(number: str, person: str, **more: str) -> dict[str, str]:
    return {
        "EnrollmentID": number,
        "PersonalID": person,
        "EventDate": "2026-04-05",
        "Event": "10",
        **more,
    }


def with_changes(files: Files, changes: dict[str, object]) -> Files:
    """``{"Exit.0.ExitDate": ...}`` sets a cell, ``{"Exit": [row]}`` adds rows."""
    for place, value in changes.items():
        table, *rest = place.split(".")
        if not rest:
            files[table] = files[table] + value
        else:
            files[table][int(rest[0])][rest[1]] = value
    return files


OLDER, NEWER = {"DateUpdated": "2026-01-01 00:00:00"}, {"DateUpdated": "2026-02-01 00:00:00"}

#: Changes to an ordinary delivery -> rule -> (table, rows set aside or noted, status of the rule)
CASES: dict[str, tuple[dict[str, object], str, str, tuple[int, ...], bool]] = {
    "a client twice, the newer copy counts": (
        {"Client": [client("C", **NEWER), client("C", **OLDER)]},
        *("HMIS-007", "Client", (4,), True),
    ),
    "a client twice, nobody knows which copy counts": (
        {"Client": [client("C", **NEWER), client("C", Sex="1", **NEWER)]},
        *("DUPLICATE-KEY", "Client", (3, 4), True),
    ),
    "an enrolment twice, the newer copy counts": (
        {"Enrollment": [enrollment("E", "A", "P", **o) for o in (OLDER, NEWER)]},
        *("HMIS-008", "Enrollment", (3,), True),
    ),
    "an enrolment without its client": (
        {"Enrollment": [enrollment("E", "Z", "P")]},
        *("HMIS-009", "Enrollment", (3,), True),
    ),
    "an enrolment at an unknown project": (
        {"Enrollment": [enrollment("E", "A", "Z")]},
        *("HMIS-010", "Enrollment", (3,), True),
    ),
    "an exit without its enrolment": (
        {"Exit": [leaving("Z", "A")]},
        *("HMIS-ORPHAN", "Exit", (2,), True),
    ),
    "an exit of another client than its enrolment": (
        {"Exit": [leaving("EB", "A")]},
        *("HMIS-ORPHAN-EXIT", "Exit", (2,), True),
    ),
    "an exit of an enrolment set aside": (
        {"Enrollment.0.EntryDate": "03/04/26"},
        *("HMIS-ORPHAN-EXIT", "Exit", (1,), True),
    ),
    "a service of an enrolment set aside": (
        {"Enrollment.0.EntryDate": ""},
        *("HMIS-ORPHAN-SERVICES", "Services", (1,), True),
    ),
    "an event of an enrolment set aside": (
        {"Enrollment.0.EntryDate": ""},
        *("HMIS-ORPHAN-EVENT", "Event", (1,), True),
    ),
    "a second exit, the newer one counts": (
        {"Exit": [leaving("EB", "B", **NEWER), leaving("EB", "B", **OLDER)]},
        *("HMIS-EXIT-TWICE", "Exit", (3,), True),
    ),
    "a second exit, a deleted one never counts": (
        {
            "Exit": [
                leaving("EB", "B", DateDeleted="2026-09-09 00:00:00", **NEWER),
                leaving("EB", "B"),
            ]
        },
        *("HMIS-EXIT-TWICE", "Exit", (2,), True),
    ),
    "an entry that is no date": (
        {"Enrollment.0.EntryDate": "2026-02-30"},
        *("HMIS-011", "Enrollment", (1,), True),
    ),
    "an entry left blank": (
        {"Enrollment.0.EntryDate": ""},
        *("HMIS-006", "Enrollment", (1,), True),
    ),
    "a deletion on no date": (
        {"Client.0.DateDeleted": "soon"},
        *("HMIS-011", "Client", (1,), True),
    ),
    "an exit before the entry": (
        {"Exit.0.ExitDate": "2026-03-03"},
        *("HMIS-099", "Exit", (1,), True),
    ),
    "an exit before the entry, in other formats": (
        {"Exit.0.ExitDate": "3/3/2026", "Enrollment.0.EntryDate": "04-MAR-2026"},
        *("HMIS-099", "Exit", (1,), True),
    ),
    "an exit after the export": (
        {"Exit.0.ExitDate": "2026-11-01"},
        *("HMIS-014", "Exit", (1,), True),
    ),
    "an entry after the export": (
        {"Enrollment.1.EntryDate": "2026-11-01"},
        *("HMIS-075", "Enrollment", (2,), False),
    ),
    "an entry before birth": (
        {"Client.0.DOB": "2026-03-05"},
        *("HMIS-084", "Enrollment", (1,), False),
    ),
    "an age over a hundred": (
        {"Client.0.DOB": "1925-01-01"},
        *("HMIS-143", "Enrollment", (1,), False),
    ),
    "two enrolments in a project on a day": (
        {"Enrollment": [enrollment("E", "A", "P")]},
        *("HMIS-001", "Enrollment", (1, 3), False),
    ),
    "a relationship that is no code": (
        {"Enrollment.0.RelationshipToHoH": "0"},
        *("HMIS-053", "Enrollment", (1,), False),
    ),
    "a sex that is no code": (
        {"Client.0.Sex": "F"},
        *("HMIS-050", "Client", (1,), False),
    ),
    "a year of birth of two digits": (
        {"Client.0.DOB": "08-MAY-67"},
        *("VALUE-BLANKED", "Client", (1,), False),
    ),
}


@pytest.fixture(scope="module")
def ordinary_codes() -> set[str]:
    """Rules an ordinary delivery breaks: the victim service provider's own rows, and no others."""
    return {found.code for found in judged(ordinary()).report.findings}


@pytest.mark.parametrize(("changes", "code", "table", "rows", "aside"), CASES.values(), ids=CASES)
def test_a_rule_finds_its_rows(
    changes: dict[str, object],
    code: str,
    table: str,
    rows: tuple[int, ...],
    aside: bool,
    ordinary_codes: set[str],
) -> None:
    assert code not in ordinary_codes
    verdict = judged(with_changes(ordinary(), changes))
    found = [f for f in verdict.report.findings if (f.code, f.table) == (code, table)]
    assert [f.rows for f in found] == [rows]
    quarantined = verdict.report.tables[table].quarantined
    assert quarantined == (len(rows) if aside else 0)
    assert verdict.status == "partial"  # of the provider's own rows, if of nothing else


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-04 00:00:00",
        "2026-03-04T10:11:12",
        "2026-03-04 10:11:12.123",
        "3/4/2026",
        "03/04/2026 8:15",
        "04-MAR-2026",
    ],
)
def test_dates_of_the_wild_that_can_mean_one_day_only_are_taken(written: str) -> None:
    verdict = judged(with_changes(ordinary(), {"Enrollment.0.EntryDate": written}))
    assert verdict.report.tables["Enrollment"].quarantined == 0


@pytest.mark.parametrize("written", ["7/14/16", "04-28-19", "20260304", "2026-13-01", "March 4"])
def test_others_are_not(written: str) -> None:
    verdict = judged(with_changes(ordinary(), {"Enrollment.0.EntryDate": written}))
    assert verdict.report.tables["Enrollment"].quarantined == 1


def test_good_people_are_not_thrown_away_for_the_faults_of_others() -> None:
    changes = {
        "Enrollment.0.EntryDate": "never",
        "Client": [client("C", DOB="x", Sex="?"), client(""), client("D"), client("D")],
    }
    report = judged(with_changes(ordinary(), changes)).report
    assert report.tables["Client"].accepted == 3  # A, B, C
    assert report.tables["Enrollment"].accepted == 1


def test_every_hmis_rule_has_a_test() -> None:
    tested = {code for _, code, *_ in CASES.values()}
    raised_by_code = {
        code for code, rule in rules().items() if rule.family == "hmis_csv" and not rule.sql
    }
    queries = {code for code, rule in rules().items() if rule.family == "hmis_csv" and rule.sql}
    assert queries - tested == {"HMIS-R15-LOGIC"}  # below
    assert raised_by_code  # test_hmis_lanes.py, test_hmis_csv.py


def test_follow_up_answers_against_the_first_one_are_noted_where_they_may_be_read() -> None:
    files = ordinary()
    files["Exit"][0].update(ExchangeForSex="0", AskedOrForcedToExchangeForSex="1")
    assert "HMIS-R15-LOGIC" not in {f.code for f in judged(files).report.findings}
    files["Consent"] = [
        {"PersonalID": "A", "SignedDate": "2026-01-01", "ExpiresDate": "2027-01-01"}
    ]
    [found] = [f for f in judged(files).report.findings if f.code == "HMIS-R15-LOGIC"]
    assert found.rows == (1,)
