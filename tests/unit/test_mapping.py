"""The mapping: what it may say, what it sees, and that it says no value."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anonymize.outputs import output_schema
from schemas.contract import Contract, Table
from schemas.errors import ContractError, PackageError
from tests.contracts import contract, field
from warehouse.mapping import mapped, statements

TABLE = Table(
    "People",
    (
        field("Id", "pseudonym", domain="person", output="person_token"),
        field("Sex"),
        field("Seen", "period", to="month"),
        field("Kinds", "recode", codes="x", column="y", separator=";"),
        field("Child", "minor"),
        field("FirstName", "drop", classification="direct-identifier"),
    ),
)
TOKEN = "0123456789abcdef" * 2
ROW = [TOKEN, "Woman", date(2026, 3, 1), ["a", None, 'b"\\'], True]
VICTIM = """CREATE VIEW core.victim AS
SELECT person_token AS victim_token, 'victim' AS victim_role, Sex AS gender FROM source."People";
"""
CANARY = "Zebedee"


def with_mapping(sql: str) -> Contract:
    return contract(TABLE, mapping_sql=sql)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "People.parquet"
    columns = [[value] for value in ROW]
    pq.write_table(pa.table(columns, schema=output_schema(TABLE)), path)
    return path


def rows(sql: str, view: str, *files: Path, **given: Any) -> list[dict[str, Any]]:
    with mapped(with_mapping(sql), {"People": files} if files else {}, **given) as found:
        return [row for batch in found.batches(view) for row in batch.to_pylist()]


# --- what it may say ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        VICTIM,
        "-- a comment first\n" + VICTIM,
        "/* two\n lines */ " + VICTIM + "\n-- and one last\n",
        VICTIM.lower().replace('source."people"', 'source."People"'),
        VICTIM.rstrip().rstrip(";"),
    ],
)
def test_views_of_core_are_allowed(sql: str, people: Path) -> None:
    assert [r["gender"] for r in rows(sql, "victim", people)] == ["Woman"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "CREATE TABLE core.victim AS SELECT 1",
        "CREATE VIEW victim AS SELECT 1",
        "CREATE VIEW source.victim AS SELECT 1",
        "CREATE VIEW core.person AS SELECT 1",
        "CREATE OR REPLACE VIEW core.victim AS SELECT 1",
        "CREATE TEMP VIEW core.victim AS SELECT 1",
        "CREATE MACRO core.victim(x) AS x",
        "COPY (SELECT 1) TO '/tmp/tributary-escape.csv'",
        "ATTACH '/tmp/tributary-escape.db'",
        "INSTALL httpfs",
        "SET memory_limit = '1TB'",
        "PRAGMA database_list",
        VICTIM + "DROP VIEW core.victim;",
        VICTIM + "; -- x\n COPY (SELECT 1) TO '/tmp/tributary-escape.csv'",
        "/* CREATE VIEW core.victim AS */ COPY (SELECT 1) TO '/tmp/tributary-escape.csv'",
        "this is not SQL",
    ],
)
def test_anything_else_is_refused_before_it_runs(sql: str) -> None:
    with pytest.raises(ContractError, match=r"contract test_agency\.feed: the mapping"):
        statements(with_mapping(sql))
    assert not Path("/tmp/tributary-escape.csv").exists()


@pytest.mark.parametrize(
    "source",
    [
        "read_csv('/etc/passwd')",
        "read_text('/etc/passwd')",
        "read_parquet('{other}')",
        "'{other}'",
        "glob('/etc/*')",
        "read_csv('http://127.0.0.1:9/x.csv')",
        "some_python_frame",
        "information_schema.no_such_table",
    ],
)
def test_it_sees_nothing_but_the_package(source: str, people: Path, tmp_path: Path) -> None:
    some_python_frame = pa.table({"x": [1]})
    assert some_python_frame.num_rows == 1
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"x": [1]}), other)
    sql = (
        "CREATE VIEW core.victim AS SELECT 'a' AS victim_token, 'victim' AS victim_role "
        f"FROM {source.format(other=other)}"
    )
    with pytest.raises(ContractError):
        rows(sql, "victim", people)


def test_columns_are_checked_against_core(people: Path) -> None:
    wrong = VICTIM.replace("Sex AS gender", "Sex AS sex")
    with pytest.raises(ContractError, match=r"core\.victim: unknown column sex"):
        rows(wrong, "victim", people)
    missing = VICTIM.replace("'victim' AS victim_role, ", "")
    with pytest.raises(ContractError, match=r"core\.victim: no victim_role"):
        rows(missing, "victim", people)
    filled_by_the_loader = VICTIM.replace("Sex AS gender", "'other' AS agency")
    with pytest.raises(ContractError, match="unknown column agency"):
        rows(filled_by_the_loader, "victim", people)


def test_a_dropped_field_does_not_exist_for_it(people: Path) -> None:
    with pytest.raises(ContractError, match="FirstName"):
        rows(VICTIM.replace("Sex AS gender", "FirstName AS gender"), "victim", people)


# --- what it sees and gives -----------------------------------------------------------------------


def test_values_come_in_postgresqls_text_form(people: Path) -> None:
    sql = """
    CREATE VIEW core.event AS SELECT person_token AS event_token, 'case' AS event_type,
        Seen AS event_month FROM source."People";
    CREATE VIEW core.offense AS SELECT person_token AS event_token, '64A' AS offense_code,
        NOT Child AS attempted, Kinds AS criminal_activity FROM source."People";
    """
    assert rows(sql, "event", people) == [
        {"event_token": rf"\x{TOKEN}", "event_type": "case", "event_month": date(2026, 3, 1)}
    ]
    assert rows(sql, "offense", people) == [
        {
            "event_token": rf"\x{TOKEN}",
            "offense_code": "64A",
            "attempted": False,
            "criminal_activity": r'{"a","b\"\\"}',
        }
    ]


def test_a_table_without_files_is_empty_and_a_view_not_defined_too() -> None:
    assert rows(VICTIM, "victim") == []
    assert rows(VICTIM, "event") == []


def test_a_missing_column_is_unknown_and_an_extra_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "People.parquet"
    pq.write_table(pa.table({"person_token": [TOKEN]}), path)
    assert [row["gender"] for row in rows(VICTIM, "victim", path)] == [None]
    pq.write_table(pa.table({"person_token": [TOKEN], "FirstName": [CANARY]}), path)
    with pytest.raises(PackageError, match="FirstName") as caught:
        rows(VICTIM, "victim", path)
    assert CANARY not in str(caught.value)


def test_an_unknown_table_is_refused(people: Path) -> None:
    with (
        pytest.raises(PackageError, match="unknown table Suspects"),
        mapped(with_mapping(VICTIM), {"Suspects": [people]}),
    ):
        pass


def test_a_path_with_a_quote_in_it(tmp_path: Path, people: Path) -> None:
    place = tmp_path / "it's here"
    place.mkdir()
    assert len(rows(VICTIM, "victim", people.rename(place / "People.parquet"))) == 1


def test_a_value_that_does_not_fit_is_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "People.parquet"
    pq.write_table(pa.table({"person_token": [TOKEN], "Sex": [CANARY]}), path)
    sql = VICTIM.replace("Sex AS gender", 'Sex AS "yearOfRegistration"')
    with pytest.raises(ContractError, match=r"core\.victim") as caught:
        rows(sql, "victim", path)
    assert CANARY not in repr(caught.value)
    assert caught.value.__cause__ is None and caught.value.__context__ is None


def test_too_little_memory_fails_instead_of_using_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "People.parquet"
    tokens = pa.array([f"{n:032x}" for n in range(400_000)])
    pq.write_table(pa.table({"person_token": tokens}), path)
    sorted_whole = VICTIM.replace(";", " ORDER BY md5(person_token)")
    before = set(tmp_path.rglob("*"))
    with pytest.raises(ContractError, match="OutOfMemory"):
        rows(sorted_whole, "victim", path, memory_limit="8MB", threads=1)
    assert set(tmp_path.rglob("*")) == before
