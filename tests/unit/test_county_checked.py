"""The county through the real checks: what was planted is found where it stands, and nothing else.

The generator and the checks were written apart; where they disagree, one of them is wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from connectors.table_rules import ACCEPTED, Load
from connectors.validate import Verdict, validate
from schemas.odcs import contract
from tests.counties import County, county, incident

TODAY = date(2026, 11, 22)
#: Kept in the truth under a name that is no rule with row numbers: lanes count only, deletions are
#: no fault, and nobody checks health data, which the contract leaves behind.
NOT_ROW_RULES = {"HMIS-VSP", "HMIS-RHY", "CONSENT", "DateDeleted", "NIBRS-D", "LSASampleCode-1006"}


class Memory:
    """Raw tables that are never written."""

    def __init__(self) -> None:
        self.batches: dict[str, list[pa.RecordBatch]] = defaultdict(list)

    def write(self, table: str, rows: pa.RecordBatch) -> None:
        self.batches[table].append(rows)

    def finish(self) -> Load:
        def load(table: str, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
            for batch in self.batches[table]:
                yield batch.select(list(dict.fromkeys([*columns, "_row", ACCEPTED])))

        return load


@pytest.fixture(scope="module")
def here() -> County:
    return county(6_000, 21)


def checked(name: str, path: Path) -> Verdict:
    with path.open("rb") as source:
        return validate(contract(name), source, Memory(), TODAY, "1500MB")


@pytest.mark.parametrize(
    "name", ["county_coc.hmis", "county_sheriff.nibrs", "harbor_police.rms", "safe_passage.htcds"]
)
def test_planted_faults_are_found_where_they_stand(here: County, name: str) -> None:
    looked_for = 0
    for path in here.made.paths[name]:
        verdict = checked(name, path)
        assert verdict.status in ("accepted", "partial")
        found: dict[str, set[int]] = defaultdict(set)
        for finding in verdict.report.findings:
            found[finding.code] |= set(finding.rows)
        for fault in here.truth("faults", feed=name, file=path.name):
            if fault["rule"] not in NOT_ROW_RULES:
                assert fault["row"] in found[fault["rule"]], fault["fault"]
                looked_for += 1
    assert looked_for >= 4


def test_nothing_but_planted_incidents_is_set_aside(here: County) -> None:
    name = "county_sheriff.nibrs"
    for number, path in enumerate(here.made.paths[name]):
        spoilt = {
            row["key"]
            for row in here.truth("faults", feed=name, file=path.name)
            if row["fault"] != "deleted"
        }
        lines = here.lines(number)
        for finding in checked(name, path).report.findings:
            numbers = {incident(lines[row - 1])[1] for row in finding.rows}
            assert numbers <= spoilt, finding.code


def test_refused_rows_are_those_the_truth_counts(here: County) -> None:
    (path,) = here.made.paths["safe_passage.htcds"]
    planted = here.truth("faults", feed="safe_passage.htcds", rule="CONSENT")
    assert checked("safe_passage.htcds", path).report.tables["case"].refused == len(planted) > 0

    (path,) = here.made.paths["county_coc.hmis"]
    planted = here.truth("faults", feed="county_coc.hmis", fault="vsp")
    planted += here.truth("faults", feed="county_coc.hmis", fault="rhy_without_consent")
    assert checked("county_coc.hmis", path).report.tables["Enrollment"].refused == len(planted) > 0
