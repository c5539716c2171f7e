"""One delivery through reader, row checks, rules and thresholds, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import BytesIO

import pyarrow as pa
import pytest

import connectors.validate as validation
from connectors.formats.base import Intake, TableBatch
from connectors.table_rules import Load
from connectors.validate import SHARE_FROM_ROWS, Verdict
from schemas.contract import Contract, Table, Thresholds
from schemas.errors import DeliveryError
from tests.contracts import contract, field

PERSON = Table(
    "Person",
    (
        field("ID", required=True, primary_key=True),
        field("Born", logical_type="date", invalid="blank"),
        field("Size", pattern="^[SML]$"),
    ),
    loads="victim",
)


class Memory:
    """A raw zone in memory."""

    def __init__(self) -> None:
        self.batches: dict[str, list[pa.RecordBatch]] = {}

    def write(self, table: str, rows: pa.RecordBatch) -> None:
        self.batches.setdefault(table, []).append(rows)

    def finish(self) -> Load:
        def load(table: str, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
            for batch in self.batches.get(table, []):
                yield batch.select(["_row", "_accepted", *columns])

        return load


def person(rows: list[tuple[str | None, str | None, str | None]]) -> TableBatch:
    columns = list(zip(*rows, strict=True))
    batch = pa.record_batch(
        {
            "_row": pa.array(range(1, len(rows) + 1), pa.int64()),
            **{
                name: pa.array(column, pa.string())
                for name, column in zip(("ID", "Born", "Size"), columns, strict=True)
            },
        }
    )
    return TableBatch("Person", batch)


def run(
    monkeypatch: pytest.MonkeyPatch,
    *batches: TableBatch | Exception,
    of: Contract | None = None,
) -> tuple[Verdict, Memory]:
    def read(source: BytesIO, intake: Intake) -> Iterator[TableBatch]:
        for batch in batches:
            if isinstance(batch, Exception):
                raise batch
            intake.report.read(batch.table, batch.rows.num_rows)
            yield batch

    monkeypatch.setattr(validation, "reader", lambda _: read)
    raw = Memory()
    of = of or contract(PERSON, format="rms_csv")
    return validation.validate(of, BytesIO(), raw, date(2026, 1, 1), "500MB"), raw


def test_a_clean_delivery_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict, _ = run(monkeypatch, person([("a", "2000-01-01", "S"), ("b", None, None)]))
    assert verdict.status == "accepted"
    assert verdict.report.tables["Person"].accepted == 2
    assert verdict.report.findings == ()


def test_a_row_is_quarantined_once_under_its_first_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict, raw = run(monkeypatch, person([(None, None, "X"), ("b", None, "S")]))
    assert verdict.status == "partial"
    assert verdict.report.tables["Person"].as_json() == {
        "rows_in": 2,
        "accepted": 1,
        "quarantined": 1,
        "refused": 0,
        "loaded": 0,
    }
    assert [(f.code, f.rows) for f in verdict.report.findings] == [("REQUIRED", (1,))]
    assert raw.batches["Person"][0].column("_accepted").to_pylist() == [False, True]


def test_a_bad_optional_value_becomes_unknown_and_the_row_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verdict, raw = run(monkeypatch, person([("a", "7/14/16", "S"), ("b", "2016-07-14", "S")]))
    assert verdict.status == "accepted"
    assert raw.batches["Person"][0].column("Born").to_pylist() == [None, "2016-07-14"]
    assert [(f.code, f.field, f.rows) for f in verdict.report.findings] == [
        ("VALUE-BLANKED", "Born", (1,))
    ]


def test_a_delivery_that_cannot_be_read_is_refused_with_its_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = DeliveryError("FILE-TRUNCATED", "send it again", table="Person", row=7)
    verdict, _ = run(monkeypatch, person([("a", None, "S")]), broken)
    assert verdict.status == "refused"
    [found] = verdict.report.findings
    assert (found.code, found.table, found.rows) == ("FILE-TRUNCATED", "Person", (7,))


def test_too_large_a_share_refuses_but_a_handful_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    half_bad = [(str(n) if n % 2 else None, None, "S") for n in range(SHARE_FROM_ROWS)]
    limits = Thresholds(max_quarantined_share=0.4, max_delete_share=0.1, min_rows=0)
    strict = contract(PERSON, format="rms_csv", thresholds=limits)
    verdict, _ = run(monkeypatch, person(half_bad), of=strict)
    assert verdict.status == "refused"
    assert {f.code for f in verdict.report.findings} == {"REQUIRED", "QUARANTINE-SHARE"}
    verdict, _ = run(monkeypatch, person(half_bad[: SHARE_FROM_ROWS - 2]), of=strict)
    assert verdict.status == "partial"


def test_fewer_rows_than_the_contract_demands(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Thresholds(max_quarantined_share=1, max_delete_share=0.1, min_rows=2)
    verdict, _ = run(
        monkeypatch,
        person([("a", None, "S")]),
        of=contract(PERSON, format="rms_csv", thresholds=limits),
    )
    assert verdict.status == "refused"
    assert [f.code for f in verdict.report.findings] == ["MIN-ROWS"]


def test_an_aggregate_lane_takes_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict, raw = run(
        monkeypatch,
        person([("a", None, "S")]),
        of=contract(PERSON, format="rms_csv", lane="aggregate_only"),
    )
    assert verdict.status == "refused"
    assert raw.batches == {}
    assert [f.code for f in verdict.report.findings] == ["LANE-AGGREGATE"]
    assert verdict.report.lane_violated, "the landed file must go"
