"""Runs a contract's mapping over the de-identified tables of one package, in memory.

The mapping is DuckDB SQL that consists of ``CREATE VIEW core.<table> AS SELECT ...`` and nothing
else. It sees the package's tables as ``source."<Table>"``: no other file, no network, no disk for
temporary data, and a configuration it cannot change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from anonymize.outputs import output_schema, tokens_of_key
from schemas.contract import Contract, Table
from schemas.errors import ContractError, PackageError
from warehouse.core_tables import CORE, DELETED, Given

#: Rows per Arrow batch.
BATCH_ROWS = 65_536

_COMMENT = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_VIEW = re.compile(rf"{_COMMENT}CREATE\s+VIEW\s+core\.(\w+)\s+AS\b", re.IGNORECASE | re.DOTALL)
_BLANK = re.compile(rf"{_COMMENT};?{_COMMENT}", re.DOTALL)

_DELETED_COLUMNS = (
    Given("unit", "unit", "VARCHAR", "text", required=True),
    Given("token", "token", "VARCHAR", "bytea", required=True),
)
#: Everything a mapping may define, with the columns it may give.
VIEWS: Mapping[str, tuple[Given, ...]] = {
    **{name: table.given for name, table in CORE.items()},
    DELETED: _DELETED_COLUMNS,
}


@dataclass(frozen=True)
class Mapped:
    """A package seen through its contract's mapping.

    ``columns`` maps each view the mapping defines to the columns it gives.
    """

    contract: str
    columns: Mapping[str, tuple[Given, ...]]
    _connection: duckdb.DuckDBPyConnection = field(repr=False)

    def batches(self, view: str) -> Iterator[pa.RecordBatch]:
        """Rows of a view, none if the mapping does not define it.

        Tokens and lists come as text the way PostgreSQL reads bytea and text[].

        Raises:
            ContractError: a value does not fit its column's type, or memory is too small.
        """
        columns = self.columns.get(view)
        if columns is None:
            return
        chosen = ", ".join(f"{_expression(one)} AS {_quoted(one.name)}" for one in columns)
        cursor = self._connection.cursor()
        try:
            found = cursor.sql(f"SELECT {chosen} FROM core.{view}")  # noqa: S608 - models' names
            reader: pa.RecordBatchReader = found.to_arrow_reader(BATCH_ROWS)
            yield from reader
        except (duckdb.Error, pa.ArrowException) as error:
            fault = type(error).__name__
        else:
            return
        finally:
            cursor.close()
        # Outside of the handler: the cause quotes values and must not travel as our context.
        raise ContractError(f"contract {self.contract}: mapping of core.{view} failed: {fault}")

    def deleting(self, table: Table) -> int:
        """Rows of a table that ``loads`` of which ``core.deleted`` names a unit: they give none."""
        tokens = tokens_of_key(table)
        if DELETED not in self.columns or not tokens:
            return 0
        named = " OR ".join(
            f"{_quoted(token.output)} IN (SELECT token FROM core.deleted)"  # noqa: S608
            for token in tokens
        )
        [(rows,)] = self._connection.sql(
            f"SELECT count(*) FROM source.{_quoted(table.name)} WHERE {named}"  # noqa: S608
        ).fetchall()
        return int(rows)


@contextmanager
def mapped(
    contract: Contract,
    files: Mapping[str, Sequence[Path]],
    *,
    memory_limit: str = "1500MB",
    threads: int = 2,
) -> Iterator[Mapped]:
    """Open a package's tables and define the contract's views over them.

    Args:
        contract: its ``mapping_sql`` is run.
        files: Parquet files per table of the contract; a table without files is empty.
        memory_limit: DuckDB's; beyond it the mapping fails instead of using the disk.
        threads: DuckDB's.

    Raises:
        PackageError: a table or column is not the contract's.
        ContractError: the mapping is not of the allowed form, or does not fit.
    """
    unknown = sorted(set(files) - set(contract.by_name))
    if unknown:
        raise PackageError(f"contract {contract.name}: unknown table {', '.join(unknown)}")
    with duckdb.connect(":memory:") as connection:
        _lock(connection, files, memory_limit, threads)
        connection.execute("CREATE SCHEMA source")
        connection.execute("CREATE SCHEMA core")
        for table in contract.tables:
            connection.execute(_source(contract, table, files.get(table.name, ())))
        for statement in statements(contract):
            _define(contract, connection, statement)
        yield Mapped(contract.name, _columns(contract, connection), connection)


def statements(contract: Contract) -> tuple[str, ...]:
    """The mapping's statements, each the definition of one known view.

    Raises:
        ContractError: it does not parse, or holds anything but ``CREATE VIEW core.<table> AS``.
    """
    try:
        found = duckdb.extract_statements(contract.mapping_sql)
    except duckdb.Error as error:
        raise _fault(contract, f"does not parse: {_first_line(error)}") from None
    texts = [one.query for one in found if not _BLANK.fullmatch(one.query)]
    for text in texts:
        view = _VIEW.match(text)
        if view is None:
            raise _fault(contract, "may hold nothing but CREATE VIEW core.<table> AS SELECT ...")
        if view[1] not in VIEWS:
            raise _fault(contract, f"defines core.{view[1]}; known are {', '.join(VIEWS)}")
    return tuple(texts)


def _lock(
    connection: duckdb.DuckDBPyConnection,
    files: Mapping[str, Sequence[Path]],
    memory_limit: str,
    threads: int,
) -> None:
    """Allow the package's files alone, and make that final."""
    connection.execute("SET memory_limit = $1", [memory_limit])
    connection.execute("SET threads = $1", [threads])
    connection.execute("SET allowed_paths = $1", [[str(p) for ps in files.values() for p in ps]])
    for setting in (
        "temp_directory = ''",
        "preserve_insertion_order = false",
        "python_enable_replacements = false",
        "autoload_known_extensions = false",
        "autoinstall_known_extensions = false",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")


def _source(contract: Contract, table: Table, files: Sequence[Path]) -> str:
    """A view of one table: exactly the columns its contract lets out, missing ones unknown."""
    expected: pa.Schema = output_schema(table)
    held: set[str] = set()
    for path in files:
        held.update(pq.read_schema(path).names)
    unknown = sorted(held - set(expected.names))
    if unknown:
        raise PackageError(
            f"contract {contract.name}: {table.name} has columns the contract does not let out: "
            f"{', '.join(unknown)}"
        )
    columns = ", ".join(
        f"CAST({_quoted(name) if name in held else 'NULL'} AS {_duckdb_type(kind)}) "
        f"AS {_quoted(name)}"
        for name, kind in zip(expected.names, expected.types, strict=True)
    )
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    rows = f"FROM read_parquet([{listed}], union_by_name = true)" if files else "WHERE false"
    return f"CREATE VIEW source.{_quoted(table.name)} AS SELECT {columns or 'NULL'} {rows}"


def _duckdb_type(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    if pa.types.is_date(kind):
        return "DATE"
    if pa.types.is_integer(kind):
        return "INTEGER"
    if pa.types.is_floating(kind):
        return "DOUBLE"
    if pa.types.is_list(kind):
        return f"{_duckdb_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        parts = (f"{_quoted(part.name)} {_duckdb_type(part.type)}" for part in kind)
        return f"STRUCT({', '.join(parts)})"
    return "VARCHAR"


def _define(contract: Contract, connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    # Binding a view reads no rows, so DuckDB's message names tables and columns only.
    try:
        connection.execute(statement)
    except duckdb.Error as error:
        raise _fault(contract, _first_line(error)) from None


def _columns(
    contract: Contract, connection: duckdb.DuckDBPyConnection
) -> Mapping[str, tuple[Given, ...]]:
    """Columns per defined view, known and complete."""
    rows = connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() "
        "WHERE schema_name = 'core' ORDER BY column_index"
    ).fetchall()
    found: dict[str, list[str]] = {}
    for view, column in rows:
        found.setdefault(view, []).append(column)
    result = {}
    for view, names in found.items():
        known = {one.name: one for one in VIEWS[view]}
        unknown = sorted(set(names) - set(known))
        missing = sorted(one.name for one in VIEWS[view] if one.required and one.name not in names)
        if unknown or missing:
            faults = [f"unknown column {n}" for n in unknown] + [f"no {n}" for n in missing]
            raise _fault(contract, f"core.{view}: {', '.join(faults)}")
        result[view] = tuple(known[name] for name in names)
    return result


def _expression(column: Given) -> str:
    value = f"CAST({_quoted(column.name)} AS {column.duckdb_type})"
    if column.postgres_type == "bytea":
        return rf"'\x' || {value}"
    if column.postgres_type == "text[]":
        return rf"""'{{' || array_to_string(list_transform({value}, lambda x: '"' ||
            replace(replace(x, '\', '\\'), '"', '\"') || '"'), ',') || '}}'"""
    return value


def _fault(contract: Contract, what: str) -> ContractError:
    return ContractError(f"contract {contract.name}: the mapping {what}")


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
