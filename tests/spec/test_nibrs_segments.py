"""Every segment of the NIBRS flat file, column by column.

Positions are the FBI's (NIBRS Technical Specification 2019.1), written out here a second time as
literal lines. Blank is unknown.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from connectors.formats.nibrs_segments import SEGMENTS
from tests.nibrs import read_tables

HEADER = {
    "submission_month": "042026",
    "city_indicator": "0012",
    "ori": "MN9990000",
}
#: level, length, columns 6 to the end (padded with blanks), what must be read.
CASES = [
    (
        "1",
        88,
        "I0420260012MN999000026-000001   20260314R21A20260401" + " " * 30 + "Y",
        {
            "action": "I",
            "incident_number": "26-000001",
            "incident_date": "20260314",
            "report_date_flag": "R",
            "incident_hour": "21",
            "cleared_exceptionally": "A",
            "clearance_date": "20260401",
            "cargo_theft": "Y",
        },
    ),
    (
        "1",
        87,
        "D0420260012MN999000026-000001   20260314   N",
        {
            "action": "D",
            "incident_number": "26-000001",
            "incident_date": "20260314",
            "report_date_flag": None,
            "incident_hour": None,
            "cleared_exceptionally": "N",
            "cargo_theft": None,
        },
    ),
    (
        "2",
        71,
        "I0420260012MN999000026-000001   64ACACD1402FBET11A40 99 8812345678",
        {
            "offense_code": "64A",
            "attempted": "C",
            "suspected_using_1": "A",
            "suspected_using_2": "C",
            "suspected_using_3": "D",
            "location_code": "14",
            "venue": "14",
            "premises_entered": "02",
            "method_of_entry": "F",
            "criminal_activity_1": "B",
            "criminal_activity_2": "E",
            "criminal_activity_3": "T",
            "weapon_1": "11",
            "weapon_automatic_1": "A",
            "weapon_2": "40",
            "weapon_automatic_2": None,
            "weapon_3": "99",
            "bias_1": "88",
            "bias_2": "12",
            "bias_3": "34",
            "bias_4": "56",
            "bias_5": "78",
        },
    ),
    (
        "2",
        63,
        "I0420260012MN999000026-000001   64BAN  20      99       88",
        {
            "offense_code": "64B",
            "attempted": "A",
            "suspected_using_2": None,
            "location_code": "20",
            "criminal_activity_1": None,
            "weapon_1": "99",
            "bias_1": "88",
            "bias_2": None,
        },
    ),
    (
        "3",
        307,
        "I0420260012MN999000026-000001   7"
        + "20000000100        "
        + "0300001500020260321"
        + " " * 133
        + "77000000001202603300102"
        + "E000000000001LB"
        + "B000000002000GM"
        + "X              ",
        {
            "loss": "7",
            "description_1": "20",
            "value_1": "000000100",
            "recovered_date_1": None,
            "description_2": "03",
            "value_2": "000015000",
            "recovered_date_2": "20260321",
            "description_3": None,
            "description_10": "77",
            "value_10": "000000001",
            "recovered_date_10": "20260330",
            "stolen_vehicles": "01",
            "recovered_vehicles": "02",
            "drug_1": "E",
            "drug_quantity_1": "000000000001",
            "drug_measure_1": "LB",
            "drug_2": "B",
            "drug_quantity_2": "000000002000",
            "drug_measure_2": "GM",
            "drug_3": "X",
            "drug_measure_3": None,
        },
    ),
    (
        "4",
        141,
        "I0420260012MN999000026-000001   00164A13A100" + " " * 21 + "I2530FBHR0102AMNOBL"
        "01BG02AQ" + " " * 28 + "10ST04FMN0050000",
        {
            "victim_sequence": "001",
            "offense_code_1": "64A",
            "offense_code_2": "13A",
            "offense_code_3": "100",
            "offense_code_4": None,
            "offense_code_10": None,
            "victim_type": "I",
            "age": "2530",
            "age_minor": "2530",
            "sex": "F",
            "race": "B",
            "ethnicity": "H",
            "resident_status": "R",
            "circumstance_1": "01",
            "circumstance_2": "02",
            "justifiable_homicide": "A",
            "injury_1": "M",
            "injury_5": "L",
            "offender_1": "01",
            "relationship_1": "BG",
            "offender_2": "02",
            "relationship_2": "AQ",
            "offender_3": None,
            "offender_10": "10",
            "relationship_10": "ST",
            "officer_activity": "04",
            "officer_assignment": "F",
            "officer_ori": "MN0050000",
        },
    ),
    (
        "4",
        129,
        "I0420260012MN999000026-000001   00240A" + " " * 27 + "S",
        {
            "victim_sequence": "002",
            "offense_code_1": "40A",
            "victim_type": "S",
            "age": None,
            "offender_1": None,
            "officer_ori": None,
        },
    ),
    (
        "5",
        46,
        "I0420260012MN999000026-000001   0135  MWN",
        {"offender_sequence": "01", "age": "35", "sex": "M", "race": "W", "ethnicity": "N"},
    ),
    (
        "5",
        45,
        "I0420260012MN999000026-000001   00",
        {"offender_sequence": "00", "age": None, "sex": None, "race": None, "ethnicity": None},
    ),
    (
        "6",
        110,
        "I0420260012MN999000026-000001   0126A-77      20260320TM40A12A01 15  FWNRRY",
        {
            "arrestee_sequence": "01",
            "arrest_transaction_number": "26A-77",
            "arrest_date": "20260320",
            "arrest_type": "T",
            "multiple_segments": "M",
            "offense_code": "40A",
            "weapon_1": "12",
            "weapon_automatic_1": "A",
            "weapon_2": "01",
            "weapon_automatic_2": None,
            "age": "15",
            "sex": "F",
            "race": "W",
            "ethnicity": "N",
            "resident_status": "R",
            "disposition": "R",
            "clearance": "Y",
        },
    ),
    (
        "7",
        66,
        "A0420260012MN999000026B-0000001 0120260320O90D01    35  MWHNH",
        {
            "action": "A",
            "arrest_transaction_number": "26B-0000001",
            "arrestee_sequence": "01",
            "arrest_date": "20260320",
            "arrest_type": "O",
            "offense_code": "90D",
            "weapon_1": "01",
            "age": "35",
            "sex": "M",
            "race": "W",
            "ethnicity": "H",
            "resident_status": "N",
            "disposition": "H",
        },
    ),
    (
        "0",
        43,
        "A0420260012MN9990000000000000000022026",
        {"action": "A", "incident_number": "000000000000", "reporting_month": "022026"},
    ),
]


@pytest.mark.parametrize(
    ("level", "length", "columns", "expected"), CASES, ids=[f"level {c[0]}, {c[1]}" for c in CASES]
)
def test_a_segment_reads_column_by_column(
    level: str, length: int, columns: str, expected: dict[str, str | None]
) -> None:
    line = f"{length:04}{level}{columns}".ljust(length)
    assert len(line) == length
    tables, report = read_tables(line.encode() + b"\r\n")
    table = tables[SEGMENTS[level].table]
    [row] = table.to_pylist()
    assert row["_row"] == 1
    assert {name: row[name] for name in {**HEADER, **expected}} == {**HEADER, **expected}
    assert report.tables[SEGMENTS[level].table].rows_in == 1
    assert not report.findings


def test_every_length_of_every_level_is_shown() -> None:
    shown = {(case[0], case[1]) for case in CASES}
    assert shown == {(s.level, length) for s in SEGMENTS.values() for length in s.lengths}


@pytest.mark.parametrize("segment", SEGMENTS.values(), ids=lambda s: f"level {s.level}")
def test_fields_stay_inside_their_segment_and_apart(segment) -> None:
    """Only a field that leaves in two forms may share its columns with another, and wholly."""
    places = sorted({(p.first, p.last) for p in segment.positions.values()})
    assert places[0][0] == 6
    assert places[-1][1] <= (segment.filler or segment.width + 1) - 1
    assert all(before[1] < after[0] for before, after in pairwise(places))
