"""The known truth about narratives: where identifiers stand in them and what they carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import pyarrow as pa

from tributary.county.narratives.telling import Told

_SPAN = pa.struct(
    [
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("type", pa.string()),
        ("own", pa.bool_()),
        ("form", pa.string()),
    ]
)
_WORD = pa.struct([("start", pa.int32()), ("end", pa.int32())])
NARRATIVES = pa.schema(
    [
        ("feed", pa.string()),
        ("file", pa.string()),
        ("field", pa.string()),
        ("row", pa.int64()),
        ("unit", pa.string()),
        ("story", pa.string()),
        ("flagged", pa.bool_()),
        ("coded", pa.bool_()),
        ("flagged_not_64x", pa.bool_()),
        ("indicators", pa.list_(pa.string())),
        ("spans", pa.list_(_SPAN)),
        ("words", pa.list_(_WORD)),
    ]
)


@dataclass(frozen=True)
class Narratives:
    """One column of narratives. ``rows``: the first row that has each; ``units``: as in
    ``records``; ``stories``: what each tells; ``coded``: whether its case has offense 64A or 64B,
    ``None`` in feeds without offenses."""

    rows: Sequence[int]
    units: Sequence[str]
    stories: Sequence[str]
    told: Sequence[Told]
    coded: Sequence[bool] | None = None


def narratives_table(feed: str, file: str, field: str, given: Narratives) -> pa.Table:
    """Rows of ``narratives.parquet``."""
    size = len(given.told)
    flagged = [one.flagged for one in given.told]
    coded = [None] * size if given.coded is None else list(given.coded)
    columns = {
        "feed": pa.array([feed] * size, pa.string()),
        "file": pa.array([file] * size, pa.string()),
        "field": pa.array([field] * size, pa.string()),
        "row": pa.array(given.rows, pa.int64()),
        "unit": pa.array(given.units, pa.string()),
        "story": pa.array(given.stories, pa.string()),
        "flagged": pa.array(flagged, pa.bool_()),
        "coded": pa.array(coded, pa.bool_()),
        "flagged_not_64x": pa.array(
            [yes and code is False for yes, code in zip(flagged, coded, strict=True)], pa.bool_()
        ),
        "indicators": pa.array(
            [[f"{i.kind}/{i.code}" for i in one.indicators] for one in given.told],
            pa.list_(pa.string()),
        ),
        "spans": _structs([one.spans for one in given.told], _SPAN),
        "words": _structs([one.words for one in given.told], _WORD),
    }
    return pa.table(columns, schema=NARRATIVES)


def _structs(rows: Sequence[Sequence[tuple[object, ...]]], kind: pa.StructType) -> pa.Array:
    """Lists of tuples as lists of structs."""
    flat = [entry for row in rows for entry in row]
    columns = zip(*flat, strict=True) if flat else [()] * kind.num_fields
    arrays = [pa.array(column, field.type) for column, field in zip(columns, kind, strict=True)]
    offsets = pa.array([0, *accumulate(len(row) for row in rows)], pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(arrays, fields=list(kind)))
