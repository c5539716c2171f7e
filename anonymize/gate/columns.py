"""Which output columns are free, and values of the others that no operator can have made."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.gate.words import Marks, Places
from anonymize.outputs import misfits, output_schema
from schemas.contract import Field, Table

#: What a pattern must not let through, or it is no form but free text.
_SPECIMENS = (
    "Mary Smith",
    "SMITH, MARY",
    "mary smith",
    "Mary-Smith",
    "4155550134",
    "415-555-0134",
    "(415) 555-0134",
    "123-45-6789",
    "123456789",
    "mary.smith@example.org",
    "mary@example.org",
)


def free_columns(table: Table) -> frozenset[str]:
    """Output columns that may hold text of any kind: redacted text, and what is kept as it came
    without a code list or a form that keeps names and numbers out."""
    schema = output_schema(table)
    return frozenset(
        field.output or field.name
        for field in table.kept
        if _is_text(schema.field(field.output or field.name).type) and not _is_closed(field)
    )


def misfit_rows(table: Table, made: pa.RecordBatch) -> Iterator[tuple[str, Places]]:
    """Closed columns that hold what their operators cannot have made, and where."""
    for name in misfits(table, made):
        yield name, _misfits_of(table, made.select([name]))
    for field in table.kept:
        name = field.output or field.name
        if name in made.schema.names and field.pattern and _keeps_a_form(field):
            breaks = _breaks(made.column(name), field.pattern)
            if breaks.any():
                yield name, np.flatnonzero(breaks)


def _misfits_of(table: Table, made: pa.RecordBatch) -> Places:
    """Where the misfits of one column are: it is halved until they are found."""
    found: list[int] = []
    pieces = [(0, made.num_rows)]
    while pieces and len(found) < 16:
        start, count = pieces.pop()
        if not misfits(table, made.slice(start, count)):
            continue
        if count == 1:
            found.append(start)
        else:
            half = count // 2
            pieces += [(start + half, count - half), (start, half)]
    return np.array(found, dtype=np.int64)


def _breaks(values: pa.Array, pattern: str) -> Marks:
    encoded = values.dictionary_encode()
    wrong = [
        one is not None and not re.search(pattern, one) for one in encoded.dictionary.to_pylist()
    ]
    marks = pc.fill_null(pa.array(wrong, pa.bool_()).take(encoded.indices), False)
    found: Marks = marks.to_numpy(zero_copy_only=False)
    return found


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or (pa.types.is_list(kind) and _is_text(kind.value_type)))


def _is_closed(field: Field) -> bool:
    match field.deidentification.operator:
        case "redact":
            return False
        case "keep":
            return field.codes is not None or _keeps_a_form(field)
    return True  # each has a closed list or form of its own: anonymize.operators.registry


def _keeps_a_form(field: Field) -> bool:
    """Whether a kept field has a pattern that no name, number or contact fits."""
    if field.deidentification.operator != "keep" or field.codes or not field.pattern:
        return False
    return not any(re.search(field.pattern, specimen) for specimen in _SPECIMENS)
