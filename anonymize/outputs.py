"""What leaves the privacy step, known from the contract alone: no key is needed to check it."""

from __future__ import annotations

import pyarrow as pa

from anonymize.operators.registry import REGISTRY
from schemas.contract import Field, Table


def output_schema(table: Table) -> pa.Schema:
    """Columns that leave the privacy step, in the contract's order; all nullable."""
    return _schema_of(table.kept)


def withheld_schema(table: Table) -> pa.Schema:
    """Token columns of the primary key; empty where the table has none."""
    return _schema_of(tokens_of_key(table))


def misfits(table: Table, rows: pa.RecordBatch) -> tuple[str, ...]:
    """Output columns that hold a value their operator cannot have made.

    The hub's own look at what it was given, needing no key: a name in a token column shows.
    """
    by_output = {_output(one): one for one in table.kept}
    return tuple(
        name
        for name in rows.schema.names
        if not REGISTRY[by_output[name].deidentification.operator].fits(by_output[name])(
            rows.column(name)
        )
    )


def _schema_of(fields: tuple[Field, ...]) -> pa.Schema:
    return pa.schema(
        [
            pa.field(_output(one), REGISTRY[one.deidentification.operator].output(one))
            for one in fields
        ]
    )


def _output(field: Field) -> str:
    return field.output or field.name


def tokens_of_key(table: Table) -> tuple[Field, ...]:
    return tuple(
        one
        for one in table.kept
        if one.primary_key and one.deidentification.operator == "pseudonym"
    )
