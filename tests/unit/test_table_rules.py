"""Query rules over a delivery: what each decides, in which order, and that no value gets out."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

import connectors.table_rules as table_rules
import schemas.catalogue
import schemas.report
from connectors.table_rules import TableRules
from schemas.catalogue import Rule
from schemas.contract import Contract, Table
from schemas.errors import ContractError, PermanentError
from schemas.report import IntakeReport
from tests.contracts import contract, field

CLIENT = Table("Client", (field("PersonalID", primary_key=True),))
STAY = Table("Stay", (field("StayID", primary_key=True), field("PersonalID"), field("Exit")))
HEAD = Table("Head", (field("Number"), field("Month")), record=("Number",))
PART = Table("Part", (field("Number"), field("Code")), record=("Number",))

ORPHAN = Rule(
    "TEST-ORPHAN",
    "hmis_csv",
    "error",
    "row",
    "s",
    "f",
    table="Stay",
    field="PersonalID",
    needs={"Stay": ("PersonalID",), "Client": ("PersonalID",)},
    sql="SELECT s._row FROM Stay s ANTI JOIN Client c USING (PersonalID)",
)
CODE = Rule(
    "TEST-CODE",
    "hmis_csv",
    "error",
    "record",
    "s",
    "f",
    table="Part",
    field="Code",
    needs={"Part": ("Number", "Code")},
    sql="SELECT _row FROM Part WHERE Code = 'bad'",
)
STOP = Rule(
    "TEST-STOP",
    "hmis_csv",
    "high_priority",
    "delivery",
    "s",
    "f",
    table="Part",
    needs={"Part": ("Code",)},
    sql="SELECT _row FROM Part WHERE Code = 'stop'",
)
LEAKY = Rule(
    "TEST-LEAKY",
    "hmis_csv",
    "error",
    "row",
    "s",
    "f",
    table="Part",
    needs={"Part": ("Code",)},
    sql="SELECT _row FROM Part WHERE Code::INTEGER > 3",
)


class Rows:
    """Tables in memory: name -> list of rows as dicts; ``_row`` counts from 1."""

    def __init__(self, tables: dict[str, list[dict[str, object]]]) -> None:
        self.tables = tables

    def load(self, table: str, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        rows = self.tables.get(table, [])
        arrays = {
            "_row": pa.array(range(1, len(rows) + 1), pa.int64()),
            "_accepted": pa.array([row.get("_accepted", True) for row in rows], pa.bool_()),
            **{name: pa.array([row.get(name) for row in rows], pa.string()) for name in columns},
        }
        yield pa.RecordBatch.from_pydict(arrays)


def run(
    monkeypatch: pytest.MonkeyPatch,
    tables: tuple[Table, ...],
    rules: tuple[Rule, ...],
    rows: dict[str, list[dict[str, object]]],
) -> tuple[dict[str, list[int]], IntakeReport, TableRules]:
    known = {**schemas.catalogue.rules(), **{rule.code: rule for rule in rules}}
    monkeypatch.setattr(schemas.report, "rule", known.__getitem__)
    monkeypatch.setattr(table_rules, "applicable_rules", lambda _: rules)
    report = IntakeReport()
    for name, found in rows.items():
        report.read(name, len(found))
    engine = TableRules(a_contract(*tables), report)
    found = engine.run(Rows(rows).load)
    return {name: numbers.tolist() for name, numbers in found.items()}, report, engine


def a_contract(*tables: Table) -> Contract:
    return contract(*tables)


def test_a_later_rule_sees_what_an_earlier_one_quarantined(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {
        "Client": [{"PersonalID": "A"}, {"PersonalID": "B", "_accepted": False}],
        "Stay": [{"StayID": "1", "PersonalID": "A"}, {"StayID": "2", "PersonalID": "B"}],
    }
    found, report, _ = run(monkeypatch, (CLIENT, STAY), (ORPHAN,), rows)
    assert found == {"Stay": [2]}
    assert report.tables["Stay"].as_json()["quarantined"] == 1


def test_a_record_stands_or_falls_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {
        "Head": [{"Number": "1"}, {"Number": "2"}],
        "Part": [
            {"Number": "1", "Code": "ok"},
            {"Number": "1", "Code": "bad"},
            {"Number": "2", "Code": "ok"},
        ],
    }
    found, report, _ = run(monkeypatch, (HEAD, PART), (CODE,), rows)
    assert found == {"Part": [1, 2], "Head": [1]}
    codes = {(f.code, f.table, f.rows) for f in report.findings}
    assert codes == {
        ("TEST-CODE", "Part", (2,)),
        ("RECORD-INCOMPLETE", "Part", (1,)),
        ("RECORD-INCOMPLETE", "Head", (1,)),
    }


def test_a_row_check_takes_its_record_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {
        "Head": [{"Number": "1"}],
        "Part": [{"Number": "1", "_accepted": False}, {"Number": "1"}],
    }
    found, _, _ = run(monkeypatch, (HEAD, PART), (), rows)
    assert found == {"Part": [2], "Head": [1]}


def test_a_delivery_rule_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    _, report, engine = run(
        monkeypatch, (HEAD, PART), (STOP,), {"Part": [{"Number": "1", "Code": "stop"}]}
    )
    assert engine.refused == "TEST-STOP"
    assert report.tables["Part"].quarantined == 0


def test_a_key_that_stands_twice_is_never_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"Client": [{"PersonalID": "A"}, {"PersonalID": "A"}, {"PersonalID": "B"}]}
    found, report, _ = run(monkeypatch, (CLIENT,), (), rows)
    assert found == {"Client": [1, 2]}
    assert [f.code for f in report.findings] == ["DUPLICATE-KEY"]


def test_an_error_in_a_rule_does_not_quote_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ContractError) as raised:
        run(monkeypatch, (PART,), (LEAKY,), {"Part": [{"Number": "1", "Code": "CANARY"}]})
    assert "TEST-LEAKY" in str(raised.value) and "CANARY" not in str(raised.value)
    assert raised.value.__cause__ is None and raised.value.__suppress_context__


def test_too_little_memory_is_an_error_and_spills_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_rules, "applicable_rules", lambda _: (ORPHAN,))
    rows = [{"PersonalID": f"{number:0100d}"} for number in range(200_000)]
    engine = TableRules(a_contract(CLIENT, STAY), IntakeReport())
    with pytest.raises(PermanentError, match="TRIBUTARY_MEMORY_LIMIT"):
        engine.run(Rows({"Client": rows}).load, memory_limit="10MB")
