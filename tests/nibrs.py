"""Writes NIBRS segments for tests, from the same layout the reader uses. Nobody in them is real."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from io import BytesIO

import duckdb
import pyarrow as pa

from connectors.formats.base import Intake, batch_schema
from connectors.formats.nibrs_flat import read
from connectors.formats.nibrs_segments import SEGMENTS
from connectors.table_rules import ACCEPTED, Load, Rows
from schemas.checks import applicable_rules, intake_columns
from schemas.codes import code_list
from schemas.odcs import contracts
from schemas.report import IntakeReport

ORI = "MN9990000"
TODAY = date(2026, 11, 1)

#: What a segment of each level says unless a test says otherwise.
_USUAL = {
    "1": {"incident_date": "20260314", "incident_hour": "21", "cleared_exceptionally": "N"},
    "2": {
        "offense_code": "64A",
        "attempted": "C",
        "suspected_using_1": "N",
        "location_code": "14",
        "weapon_1": "40",
        "bias_1": "88",
    },
    "3": {"loss": "7", "description_1": "20", "value_1": "000000100"},
    "4": {
        "victim_sequence": "001",
        "offense_code_1": "64A",
        "victim_type": "I",
        "age": "16",
        "sex": "F",
        "race": "U",
        "ethnicity": "U",
        "injury_1": "N",
        "offender_1": "01",
        "relationship_1": "AQ",
    },
    "5": {"offender_sequence": "01", "age": "35", "sex": "M", "race": "U"},
    "6": {
        "arrestee_sequence": "01",
        "arrest_transaction_number": "T1",
        "arrest_date": "20260320",
        "arrest_type": "T",
        "multiple_segments": "N",
        "offense_code": "64A",
        "weapon_1": "01",
        "age": "35",
        "sex": "M",
        "race": "U",
    },
    "7": {
        "arrestee_sequence": "01",
        "arrest_date": "20260320",
        "arrest_type": "O",
        "offense_code": "90C",
        "weapon_1": "01",
        "age": "35",
        "sex": "M",
        "race": "U",
    },
    "0": {"reporting_month": "022026"},
}
#: A victim of an offense against society: no person.
SOCIETY = {
    "victim_type": "S",
    **dict.fromkeys(
        ("age", "sex", "race", "ethnicity", "injury_1", "offender_1", "relationship_1"), ""
    ),
}


def segment(
    level: str,
    number: str = "26-000001",
    *,
    ori: str = ORI,
    action: str | None = None,
    month: str = "042026",
    length: int | None = None,
    usual: bool = True,
    **fields: str,
) -> str:
    """One line without its end; ``length`` defaults to the longest of the level.

    Args:
        number: incident number (level 7: arrest transaction number).
        usual: fill in what the test does not care about.
    """
    layout = SEGMENTS[level]
    width = length or layout.width
    name = "arrest_transaction_number" if level == "7" else "incident_number"
    values = {
        "action": action or ("A" if level in "07" else "I"),
        "submission_month": month,
        "ori": ori,
        name: "0" * 12 if level == "0" else number,
        **(_USUAL[level] if usual else {}),
        **fields,
    }
    cells = list(f"{width:04}{level}".ljust(width))
    for field, value in values.items():
        place = layout.positions[field]
        assert len(value) <= place.last - place.first + 1, field
        cells[place.first - 1 : place.first - 1 + len(value)] = value
    assert len(cells) == width, "a value goes beyond the segment"
    return "".join(cells)


def incident(number: str = "26-000001", *, ori: str = ORI, offense: str = "64A") -> list[str]:
    """A whole incident: levels 1, 2, 4 and 5."""
    return [
        segment("1", number, ori=ori),
        segment("2", number, ori=ori, offense_code=offense),
        segment("4", number, ori=ori, offense_code_1=offense),
        segment("5", number, ori=ori),
    ]


def text(*lines: str, end: str = "\r\n") -> bytes:
    """A file of the given lines."""
    return "".join(line + end for line in lines).encode("latin-1")


def read_tables(
    data: bytes, columns: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[dict[str, pa.Table], IntakeReport]:
    """What the reader makes of a file; ``columns`` defaults to every field of the contract."""
    contract = contracts()["county_sheriff.nibrs"]
    wanted = columns or {table.name: tuple(table.by_name) for table in contract.tables}
    report = IntakeReport()
    found: dict[str, list[pa.RecordBatch]] = {name: [] for name in wanted}
    for table, rows in read(BytesIO(data), Intake(contract, wanted, report, TODAY)):
        found[table].append(rows)
    schemas = {name: batch_schema(names) for name, names in wanted.items()}
    return {
        name: pa.Table.from_batches(batches, schema=schemas[name])
        for name, batches in found.items()
    }, report


def broken_rules(data: bytes, only: str | None = None) -> dict[str, list[int]]:
    """Row numbers by rule code, each query rule (or ``only`` one) run for itself over the file.

    In a delivery a rule sees only what earlier rules left; here each one shows what it finds.
    """
    contract = contracts()["county_sheriff.nibrs"]
    tables, _ = read_tables(data, intake_columns(contract))
    found = {}
    with duckdb.connect(":memory:") as database:
        for name, rows in tables.items():
            database.register(name, rows)
        for rule in applicable_rules(contract):
            if only not in (None, rule.code):
                continue
            for name in rule.codes:
                database.register(name, code_list(name).table)
            rows = database.execute(str(rule.sql)).fetchnumpy()["_row"]
            if len(rows):
                found[rule.code] = sorted({int(row) for row in rows})
    return found


class MemoryTables:
    """A raw zone in memory, for tests of what validation decides."""

    def __init__(self) -> None:
        self._rows: dict[str, list[pa.RecordBatch]] = {}

    def write(self, table: str, rows: pa.RecordBatch) -> None:
        self._rows.setdefault(table, []).append(rows)

    def finish(self) -> Load:
        return lambda table, _: self._rows.get(table, [])

    def rejected(self, quarantined: Mapping[str, Rows]) -> dict[str, set[tuple[str, str]]]:
        """(ORI, incident number) of rows set aside, by table that holds both."""
        return {
            name: {
                (row["ori"], row["incident_number"])
                for batch in batches
                for row in batch.to_pylist()
                if not row[ACCEPTED] or row["_row"] in quarantined.get(name, ())
            }
            for name, batches in self._rows.items()
            if "incident_number" in batches[0].schema.names
        }
