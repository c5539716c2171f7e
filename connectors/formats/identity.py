"""Identities of persons and cases, put together on the agency node out of what a row holds.

Not every export has a number for a person. A contract's ``formatOptions.identities`` lists, per
derived field, the alternatives in the order of trust; the first whose every part is filled is the
identity. The result lives in the raw zone alone; what leaves is its keyed pseudonym.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

#: Between the parts of an identity; no cell holds it.
_UNIT_SEPARATOR = "\x1f"


def identity(
    columns: Mapping[str, pa.Array],
    alternatives: Sequence[Sequence[str]],
    placeholders: Sequence[str] = (),
) -> pa.Array:
    """The first complete alternative of each row, as text; null where none is complete.

    Args:
        columns: text columns of equal length, at least those the alternatives name.
        alternatives: field names, in the order of trust. Identities of different alternatives are
            never equal.
        placeholders: values that say a part is not known ("unknown", "n/a"), in lower case.
    """
    found = None
    for rank, names in enumerate(alternatives):
        parts = [plain(columns[name], placeholders) for name in names]
        rows = len(parts[0])
        whole = pc.binary_join_element_wise(
            pa.repeat(str(rank), rows), *parts, _UNIT_SEPARATOR, null_handling="emit_null"
        )
        found = whole if found is None else pc.coalesce(found, whole)
    if found is None:
        raise ValueError("an identity needs at least one alternative")
    return found


def plain(column: pa.Array, placeholders: Sequence[str]) -> pa.Array:
    """Text without differences of case, width and spacing; placeholders and blanks null."""
    text = pc.utf8_lower(pc.utf8_normalize(column, "NFKC"))
    text = pc.utf8_trim_whitespace(pc.replace_substring_regex(text, r"\s+", " "))
    unknown = pc.is_in(text, pa.array(["", *placeholders], pa.string()))
    return pc.if_else(unknown, None, text)
