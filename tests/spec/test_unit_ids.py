"""What an agency calls a record, line by line, becomes the key the readers make of its export."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from anonymize.keys import KeyRing
from anonymize.operators.registry import REGISTRY, Binding, Columns
from anonymize.unit_ids import identifiers, tokens, unit_key
from schemas.errors import ContractError, DeliveryError
from schemas.odcs import contract as contract_named
from schemas.odcs import contracts
from tests.feeds import read
from tests.rms_exports import export
from tests.workbooks import CONSENTED, workbook

HMIS, NIBRS, RMS, HTCDS = (
    *("county_coc.hmis", "county_sheriff.nibrs"),
    *("harbor_police.rms", "safe_passage.htcds"),
)
COUNTS = [name for name, one in contracts().items() if one.lane == "aggregate_only"]
KEYS = KeyRing(bytes(range(32)), "2026")


def of_lines(name: str, unit: str, *lines: str, by: str = "") -> list[str]:
    contract = contract_named(name)
    key = unit_key(contract, unit, [one for one in by.split(",") if one])
    return tokens(contract, key, identifiers(contract, key, lines), KEYS)


def of_rows(name: str, place: str, *rows: dict[str, Any]) -> list[str]:
    """Tokens as de-identification makes them of raw rows, by its own operator."""
    contract = contract_named(name)
    table, _, field = place.partition(".")
    found = contract.table(table)
    bound = Binding(contract, found, found.by_name[field], KEYS)
    columns = {column: pa.array([row[column] for row in rows], pa.string()) for column in rows[0]}
    made: list[str] = REGISTRY["pseudonym"].bind(bound)(Columns(columns)).to_pylist()
    return made


@pytest.mark.parametrize(
    ("name", "unit", "by", "line", "place", "row"),
    [
        (HMIS, "victim", "", "C-1", "Client.PersonalID", {"PersonalID": "C-1"}),
        (HMIS, "victim", "", " C-1 \r\n", "Client.PersonalID", {"PersonalID": "C-1"}),
        (HMIS, "event", "", "E-1", "Enrollment.EnrollmentID", {"EnrollmentID": "E-1"}),
        (
            *(NIBRS, "event", "", "26-000123\tMN0020100", "administrative.incident_number"),
            {"incident_number": "26-000123", "ori": "MN0020100"},
        ),
        (
            *(NIBRS, "event", "ori,incident_number", "MN0020100\t26-000123"),
            "administrative.incident_number",
            {"incident_number": "26-000123", "ori": "MN0020100"},
        ),
        (
            *(
                NIBRS,
                "event",
                "arrest_transaction_number,ori,arrestee_sequence",
                "A1\tMN0020100\t01",
            ),
            "group_b_arrest.arrest_transaction_number",
            {"arrest_transaction_number": "A1", "ori": "MN0020100", "arrestee_sequence": "01"},
        ),
        (
            *(NIBRS, "victim", "", "001\tMN0020100\t26-000123", "victim.victim_sequence"),
            {"victim_sequence": "001", "ori": "MN0020100", "incident_number": "26-000123"},
        ),
        (RMS, "event", "", "26-77", "involvement.CaseNumber", {"CaseNumber": "26-77"}),
    ],
)
def test_ids_that_stand_in_the_export(
    name: str, unit: str, by: str, line: str, place: str, row: dict[str, Any]
) -> None:
    assert of_lines(name, unit, line, by=by) == of_rows(name, place, row)


def htcds(**cells: Any) -> dict[str, Any]:
    [row] = read(HTCDS, workbook([{**CONSENTED, **cells}])).rows["case"]
    return {name: row[name] for name in ("case_key", "person_key")}


@pytest.mark.parametrize(
    ("by", "line"),
    [
        ("prs_FirstName,prs_SecondName,prs_Birthdate", "Petra\tTestdottir\t1990-04-02"),
        ("prs_FirstName,prs_SecondName,prs_Birthdate", "PETRA \t testdottir\t4/2/1990"),
        ("prs_Birthdate,prs_FirstName,prs_SecondName", "1990-04-02\tPetra\tTestdottir"),
    ],
)
def test_a_person_known_by_names_and_birth_date(by: str, line: str) -> None:
    expected = of_rows(HTCDS, "case.person_key", htcds())
    assert of_lines(HTCDS, "victim", line, by=by) == expected


def test_a_case_known_by_its_number() -> None:
    expected = of_rows(HTCDS, "case.case_key", htcds(**{"Case Number": "SP-17"}))
    assert of_lines(HTCDS, "event", "sp-17") == expected


def test_a_victim_known_by_the_master_name_index() -> None:
    found = read(RMS, export([{"CaseNumber": "26-77", "Involvement": "VIC", "MNI": "M-5"}]))
    [row] = found.rows["involvement"]
    expected = of_rows(RMS, "involvement.VictimKey", {"VictimKey": row["VictimKey"]})
    assert of_lines(RMS, "victim", "m-5") == expected


def test_blank_lines_are_none_and_repeated_ones_are_one() -> None:
    assert len(of_lines(HMIS, "victim", "C-1", "", "  \n", "C-2", "C-1")) == 2
    assert of_lines(HMIS, "victim") == []


@pytest.mark.parametrize(
    ("name", "unit", "by", "line"),
    [
        (HMIS, "victim", "", "SECRET-1\tSECRET-2"),
        (NIBRS, "event", "", "SECRET-1"),
        (NIBRS, "event", "", "SECRET-1\t"),
        (HTCDS, "victim", "", "unknown"),
        (HTCDS, "victim", "prs_FirstName,prs_SecondName,prs_Birthdate", "SECRET-1\tx\t1990-01-01"),
    ],
)
def test_a_line_that_names_no_record_is_refused_without_quoting_it(
    name: str, unit: str, by: str, line: str
) -> None:
    with pytest.raises(DeliveryError) as caught:
        of_lines(name, unit, "", line, by=by)
    assert "SECRET" not in str(caught.value)


def test_a_way_the_contract_does_not_know_is_refused_with_those_it_knows() -> None:
    with pytest.raises(ContractError, match="prs_ClientID; prs_IdentityNumber"):
        unit_key(contract_named(HTCDS), "victim", ["prs_LastName"])


@pytest.mark.parametrize("name", sorted(set(contracts()) - set(COUNTS)))
@pytest.mark.parametrize("unit", ["event", "victim"])
def test_every_feed_of_records_says_what_names_them(name: str, unit: str) -> None:
    assert unit_key(contract_named(name), unit).columns


@pytest.mark.parametrize("name", COUNTS)
def test_a_feed_of_counts_has_nobody_to_be_named(name: str) -> None:
    with pytest.raises(ContractError, match="does not say what names a victim"):
        unit_key(contract_named(name), "victim")
