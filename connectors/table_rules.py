"""Runs the catalogue's query rules over a delivery: duplicates, orphans, dates out of order.

The columns the rules need are held in an in-memory DuckDB that can neither spill to disk nor reach
the network. A rule sees accepted rows only: what an earlier rule quarantined is gone, so an orphan
of a quarantined client is found by the rule for orphans.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from connectors.formats.base import ROW
from schemas.catalogue import Rule
from schemas.checks import applicable_rules
from schemas.codes import code_list
from schemas.contract import Contract, Table
from schemas.errors import ContractError, PermanentError
from schemas.report import IntakeReport

#: Column that is false where a row check has already quarantined the row.
ACCEPTED = "_accepted"

Rows = npt.NDArray[np.int64]
#: Reads the named columns of a table, with ``_row`` and ``_accepted``.
Load = Callable[[str, tuple[str, ...]], Iterable[pa.RecordBatch]]


@dataclass
class TableRules:
    """One run of the rules over one delivery.

    Attributes:
        quarantined: rows set aside so far, by table; row checks' own rows are not in it.
        refused: code of a rule that refuses the delivery, if one was broken.
    """

    contract: Contract
    report: IntakeReport
    quarantined: dict[str, list[Rows]] = field(default_factory=dict)
    refused: str | None = None

    def run(self, load: Load, memory_limit: str = "1500MB") -> Mapping[str, Rows]:
        """Run every rule; returns the rows they quarantined, by table, sorted.

        Raises:
            ContractError: a rule's query does not run on this contract.
            PermanentError: the key columns do not fit in ``memory_limit``.
        """
        settings: dict[str, str | bool | int | float | list[str]] = {
            "temp_directory": "",
            "memory_limit": memory_limit,
            "threads": 2,
        }
        with duckdb.connect(":memory:", config=settings) as database:
            try:
                self._fill(database, load)
                self._spread(database, self._records_of_refused_rows(database))
                self._drop_unaccepted(database)
                for rule in applicable_rules(self.contract):
                    self._apply(database, rule)
                for table in self.contract.tables:
                    self._unique_keys(database, table)
            except duckdb.OutOfMemoryException:
                raise PermanentError(
                    f"contract {self.contract.name}: the delivery's key columns need more than "
                    f"{memory_limit}; raise TRIBUTARY_MEMORY_LIMIT or send smaller deliveries"
                ) from None
        return {name: np.sort(np.concatenate(rows)) for name, rows in self.quarantined.items()}

    # --- filling ---------------------------------------------------------------------------

    def _columns(self) -> Mapping[str, tuple[str, ...]]:
        needed: dict[str, dict[str, None]] = {}
        for rule in applicable_rules(self.contract):
            for name, columns in rule.needs.items():
                needed.setdefault(name, {}).update(dict.fromkeys(columns))
        for table in self.contract.tables:
            keys = (*table.record, *table.primary_key)
            if keys:
                needed.setdefault(table.name, {}).update(dict.fromkeys(keys))
        return {name: tuple(columns) for name, columns in needed.items()}

    def _fill(self, database: duckdb.DuckDBPyConnection, load: Load) -> None:
        for name, columns in self._columns().items():
            schema = pa.schema(
                [
                    pa.field(ROW, pa.int64()),
                    pa.field(ACCEPTED, pa.bool_()),
                    *(pa.field(column, pa.string()) for column in columns),
                ]
            )
            batches = (batch.select(schema.names) for batch in load(name, columns))
            reader = pa.RecordBatchReader.from_batches(schema, batches)
            database.register("incoming", reader)
            database.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming')  # noqa: S608
            database.unregister("incoming")
        for name in {name for rule in applicable_rules(self.contract) for name in rule.codes}:
            database.register(name, code_list(name).table)

    def _drop_unaccepted(self, database: duckdb.DuckDBPyConnection) -> None:
        for name in self._columns():
            database.execute(f'DELETE FROM "{name}" WHERE NOT {ACCEPTED}')  # noqa: S608

    # --- rules -----------------------------------------------------------------------------

    def _apply(self, database: duckdb.DuckDBPyConnection, rule: Rule) -> None:
        table = self.contract.table(str(rule.table))
        try:
            found = database.execute(str(rule.sql)).fetchnumpy()[ROW]
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error:
            # DuckDB quotes the value that did not convert.
            raise ContractError(f"rule {rule.code} does not run on {self.contract.name}") from None
        rows = _sorted(found)
        if not len(rows):
            return
        if rule.decides in ("row", "record"):
            records = self._records(database, table, rows) if rule.decides == "record" else None
            self._quarantine(database, rule.code, table, rule.field, rows)
            if records is not None:
                self._spread(database, records)
        else:
            self.report.note(rule.code, table.name, rule.field, rows.tolist())
            if rule.decides == "delivery":
                self.refused = self.refused or rule.code

    def _unique_keys(self, database: duckdb.DuckDBPyConnection, table: Table) -> None:
        """A key that still stands twice would load one record as two, or two as one."""
        if not table.primary_key:
            return
        keys = ", ".join(f'"{name}"' for name in table.primary_key)
        rows = database.execute(
            f'SELECT {ROW} FROM "{table.name}" '  # noqa: S608 - names come from the contract
            f"QUALIFY count(*) OVER (PARTITION BY {keys}) > 1"
        ).fetchnumpy()[ROW]
        if len(rows):
            self._quarantine(database, "DUPLICATE-KEY", table, table.primary_key[0], _sorted(rows))

    def _quarantine(
        self,
        database: duckdb.DuckDBPyConnection,
        code: str,
        table: Table,
        field: str | None,
        rows: Rows,
    ) -> None:
        self.report.quarantine(code, table.name, field, rows.tolist())
        self.quarantined.setdefault(table.name, []).append(rows)
        database.register("gone", pa.table({ROW: pa.array(rows)}))
        database.execute(
            f'DELETE FROM "{table.name}" WHERE {ROW} IN (SELECT {ROW} FROM gone)'  # noqa: S608
        )
        database.unregister("gone")

    # --- records that stand or fall whole ----------------------------------------------------

    def _bound(self) -> Sequence[Table]:
        return [table for table in self.contract.tables if table.record]

    def _records_of_refused_rows(self, database: duckdb.DuckDBPyConnection) -> pa.Table | None:
        parts = [
            f'SELECT {_as_key(table)} FROM "{table.name}" WHERE NOT {ACCEPTED}'  # noqa: S608
            for table in self._bound()
        ]
        if not parts:
            return None
        return database.sql(" UNION ".join(parts)).to_arrow_table()

    def _records(
        self, database: duckdb.DuckDBPyConnection, table: Table, rows: Rows
    ) -> pa.Table | None:
        if not table.record:
            return None
        database.register("broken", pa.table({ROW: pa.array(rows)}))
        records = database.sql(
            f'SELECT DISTINCT {_as_key(table)} FROM "{table.name}" '  # noqa: S608
            f"WHERE {ROW} IN (SELECT {ROW} FROM broken)"
        ).to_arrow_table()
        database.unregister("broken")
        return records

    def _spread(self, database: duckdb.DuckDBPyConnection, records: pa.Table | None) -> None:
        """Quarantine every accepted row of the given records, in every table they reach into."""
        if records is None or not records.num_rows:
            return
        for table in self._bound():
            database.register("records", records)
            rows = database.execute(
                f'SELECT {ROW} FROM "{table.name}" '  # noqa: S608
                f"WHERE {ACCEPTED} AND {_key(table)} IN (SELECT record FROM records) ORDER BY 1"
            ).fetchnumpy()[ROW]
            database.unregister("records")
            if len(rows):
                self._quarantine(database, "RECORD-INCOMPLETE", table, None, _sorted(rows))


def _sorted(rows: object) -> Rows:
    return np.unique(np.asarray(rows, dtype=np.int64))


def _key(table: Table) -> str:
    return "struct_pack(" + ", ".join(f'k{i} := "{n}"' for i, n in enumerate(table.record)) + ")"


def _as_key(table: Table) -> str:
    return f"{_key(table)} AS record"
