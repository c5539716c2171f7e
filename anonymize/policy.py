"""The policy: a contract's de-identification decisions, bound to operators and keys.

It fails closed. A contract with any fault binds to nothing; a column that is not in the contract is
dropped and counted; an error while a batch is transformed yields no rows and no detail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from anonymize.keys import KeyRing
from anonymize.operators.registry import (
    REGISTRY,
    Binding,
    Columns,
    Identifying,
    Transform,
    reads,
)
from anonymize.outputs import output_schema, tokens_of_key, withheld_schema
from anonymize.profiles import profile_faults
from connectors.formats.base import ROW
from connectors.table_rules import ACCEPTED
from schemas.contract import Contract, Field, Table
from schemas.decisions import contract_faults
from schemas.errors import ContractError, PrivacyError, TributaryError


@dataclass
class Tally:
    """What was counted while batches were transformed; holds no value.

    Attributes:
        unknown: (table, field) to values that were present and are unknown in the output.
        dropped: table to columns dropped because the contract does not name them.
    """

    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    dropped: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, dict[str, int]]:
        return {
            "unknown": {".".join(place): n for place, n in sorted(self.unknown.items()) if n},
            "dropped_columns": dict(sorted(self.dropped.items())),
        }


@dataclass(frozen=True)
class _Bound:
    """One output column: its field, the columns it is made of, and how."""

    field: Field
    reads: tuple[str, ...]
    transform: Transform


class Policy:
    """Transforms batches of a contract's tables. Made by ``bind``."""

    def __init__(self, contract: Contract, bound: Mapping[str, tuple[_Bound, ...]]) -> None:
        self.contract = contract
        self._bound = bound

    def inputs(self, table: str) -> tuple[str, ...]:
        """Fields whose values ``apply`` needs, in the contract's order."""
        needed = {name for column in self._bound[table] for name in column.reads}
        return tuple(f.name for f in self.contract.table(table).fields if f.name in needed)

    def apply(
        self,
        table: str,
        batch: pa.RecordBatch,
        tally: Tally | None = None,
        identifying: Identifying | None = None,
    ) -> pa.RecordBatch:
        """De-identify rows of ``table``: exactly the columns of ``output_schema``.

        Args:
            batch: text columns; must hold ``inputs(table)``.
            tally: counts what became unknown and what was dropped.
            identifying: of the same rows; a table whose texts leave redacted needs it.

        Raises:
            PrivacyError: a column is missing or an operator failed; there are no rows then.
        """
        tally = tally or Tally()
        found = self.contract.table(table)
        unnamed = set(batch.schema.names) - set(found.by_name) - {ROW, ACCEPTED}
        if unnamed:
            tally.dropped[table] = max(len(unnamed), tally.dropped.get(table, 0))
        columns = _columns(batch, identifying)
        made = [self._column(found, column, columns, tally) for column in self._bound[table]]
        return pa.RecordBatch.from_arrays(made, schema=output_schema(found))

    def withheld(self, table: str, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Tokens of the primary key of quarantined rows, and nothing else of them.

        The loader keeps the last accepted version of what they name. Rows with a blank key are
        left out: they name nothing.
        """
        found = self.contract.table(table)
        schema = withheld_schema(found)
        columns = _columns(batch)
        made = [
            self._column(found, column, columns, Tally())
            for column in self._bound[table]
            if column.field in tokens_of_key(found)
        ]
        return pa.RecordBatch.from_arrays(made, schema=schema).drop_null()

    def _column(self, table: Table, bound: _Bound, columns: Columns, tally: Tally) -> pa.Array:
        name, operator = bound.field.name, bound.field.deidentification.operator
        cause = "a result of the wrong type"
        try:
            made: pa.Array | None = bound.transform(columns)
            tally.unknown[table.name, name] += _became_unknown(columns[bound.field.source], made)
            sound = made is not None and made.type == REGISTRY[operator].output(bound.field)
        except TributaryError as error:  # its text is ours and quotes nothing
            sound, cause = False, str(error)
        except Exception as error:  # whatever it is, its text may quote a value
            sound, cause = False, type(error).__name__
        # Raised outside of the handler: not even as its context does the error carry the cause.
        if not sound:
            raise PrivacyError(
                f"contract {self.contract.name}: operator {operator} failed on "
                f"{table.name}.{name} ({cause}); no rows were written"
            )
        return made


def bind(contract: Contract, keyring: KeyRing | None) -> Policy:
    """Bind every decision of ``contract``.

    Raises:
        ContractError: a decision is missing, unknown, incomplete or against the profile.
        PrivacyError: a key is needed and there is none, or it is of another epoch.
    """
    faults = [*contract_faults(contract), *profile_faults(contract), *_binding_faults(contract)]
    if faults:
        raise ContractError(f"contract {contract.name}:\n  " + "\n  ".join(faults))
    if keyring is not None and keyring.epoch != contract.key_epoch:
        raise PrivacyError(
            f"contract {contract.name} needs keys of epoch {contract.key_epoch}; the key ring is "
            f"of epoch {keyring.epoch}"
        )
    bound = {
        table.name: tuple(
            _Bound(
                one,
                reads(one),
                REGISTRY[one.deidentification.operator].bind(
                    Binding(contract, table, one, keyring)
                ),
            )
            for one in table.kept
        )
        for table in contract.tables
    }
    return Policy(contract, bound)


def _columns(batch: pa.RecordBatch, identifying: Identifying | None = None) -> Columns:
    return Columns({name: batch.column(name) for name in batch.schema.names}, identifying)


def _became_unknown(given: pa.Array, made: pa.Array) -> int:
    lost: int = pc.sum(pc.and_(pc.is_valid(given), pc.is_null(made)), min_count=0).as_py() or 0
    return lost


def _binding_faults(contract: Contract) -> Iterator[str]:
    """Faults that show only where decisions meet."""
    domains: dict[str, tuple[str, int]] = {}
    for table in contract.tables:
        for one in table.kept:
            where = f"{table.name}.{one.name}"
            operator, parameters = one.deidentification.operator, one.deidentification.parameters
            if operator not in REGISTRY:
                yield f"{where}: operator {operator} is not implemented"
                continue
            by_date = parameters.get("unit", "date") == "date"
            if operator in ("age_band", "minor") and by_date and "reference" not in parameters:
                yield f"{where}: {operator} of a date needs `reference: <date field>`"
            if operator == "pseudonym":
                domain, size = str(parameters.get("domain")), len(reads(one))
                first, expected = domains.setdefault(domain, (where, size))
                if size != expected:
                    yield (
                        f"{where}: tokens of domain {domain} are made of {size} fields here and of "
                        f"{expected} in {first}; they would never meet"
                    )
            yield from _chained_lookups(contract, table, one)


def _chained_lookups(contract: Contract, table: Table, one: Field) -> Iterator[str]:
    for name in reads(one):
        lookup = table.by_name[name].lookup if name in table.by_name else None
        source = contract.by_name.get(lookup.table) if lookup else None
        column = source.by_name.get(lookup.column) if source and lookup else None
        if column is not None and column.lookup is not None:
            yield f"{table.name}.{name}: looks up a field that is itself looked up"
