"""The NIBRS rules against the FBI's own verdict on its certification file.

``Test-EDS-1.txt`` is the error return (EDS) for ``Test-Submission-1.txt``: columns 15 to 23 ORI, 24
to 35 incident number, 47 to 49 error number. The FBI rejects the whole incident.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.validate import validate
from schemas.checks import row_checks
from schemas.expectations import breaches
from schemas.odcs import contracts
from tests.nibrs import TODAY, MemoryTables, broken_rules, read_tables

Finding = tuple[str, str, str]
#: What cannot be decided from the file, with the reason.
UNDECIDABLE = {
    # 173: the incident is older than the agency's start with NIBRS, which the FBI has on file
    ("MN0500200", "OCTTARUN111", "NIBRS-173"),
    ("MN0500200", "OCTTARUN113", "NIBRS-173"),
    # 085 asks for three offenders; the incident has two, and falls by 604 anyway
    ("MNBCA0000", "OCTTARUN43", "NIBRS-085"),
}
#: FBI's number where we tell two faults apart.
SAME = {"NIBRS-404-AGE": "NIBRS-404"}


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "nibrs_flat"


def fbi(folder: Path) -> set[Finding]:
    lines = (folder / "Test-EDS-1.txt").read_text("latin-1").splitlines()
    return {
        (line[14:23].strip(), line[23:35].strip(), f"NIBRS-{line[46:49]}")
        for line in lines
        if line[14:23] != "999999999"
    }


@pytest.fixture(scope="module")
def ours(folder: Path) -> set[Finding]:
    """Every rule and every row check on its own: in a delivery the first breach hides the rest."""
    data = (folder / "Test-Submission-1.txt").read_bytes()
    tables, _ = read_tables(data)
    owner = {
        row["_row"]: (row["ori"], row.get("incident_number") or row["arrest_transaction_number"])
        for table in tables.values()
        for row in table.to_pylist()
    }
    rows = {(row, code) for code, found in broken_rules(data).items() for row in found}
    checks = row_checks(contracts()["county_sheriff.nibrs"])
    for name, table in tables.items():
        for batch in table.combine_chunks().to_batches():
            numbers = batch.column("_row").to_pylist()
            for breach in breaches(checks[name], batch):
                rows.update((numbers[at], breach.check.code) for at in breach.positions)
    return {(*owner[row], SAME.get(code, code)) for row, code in rows}


def test_every_error_the_file_itself_shows_is_found_and_no_other(
    folder: Path, ours: set[Finding]
) -> None:
    theirs = fbi(folder)
    assert len(theirs) == 34
    assert theirs - ours == UNDECIDABLE
    assert ours - theirs == set()


def test_a_delivery_rejects_the_incidents_the_fbi_rejects_whole(folder: Path) -> None:
    contract = contracts()["county_sheriff.nibrs"]
    raw = MemoryTables()
    with (folder / "Test-Submission-1.txt").open("rb") as source:
        verdict = validate(contract, source, raw, TODAY, "500MB")
    rejected = raw.rejected(verdict.quarantined)
    expected = {finding[:2] for finding in fbi(folder)} - {("MN0500200", "OCTTARUN113")}
    for table in ("administrative", "offense", "victim", "offender"):
        assert rejected[table] == expected, table
    assert verdict.status == "partial"
    assert verdict.report.tables["administrative"].rows_in == 212
    assert verdict.report.tables["administrative"].quarantined == len(expected) == 25
    assert verdict.report.tables["group_b_arrest"].quarantined == 0


@pytest.mark.parametrize(
    "name", ["Flatfile-XML_Test_1.txt", "NIBRS_Test_Sample.txt", "test_MD0160400.txt"]
)
def test_every_line_of_the_other_files_is_read(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    tables, report = read_tables(data)
    written = sum(1 for line in data.splitlines() if line.strip())
    assert sum(table.num_rows for table in tables.values()) == written
    assert tables["broken_segment"].num_rows == 0
    assert not report.findings
