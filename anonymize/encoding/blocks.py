"""Which parts are put together to block tokens, where a schema leaves that to its kinds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from schemas.linkage import KINDS, LinkageSchema, Part

#: Parts that, with any part of another field, leave few records together.
_SHARP = {
    ("date", "full"),
    ("date", "turned"),
    ("date", "month_day"),
    ("date", "year_month"),
    ("date", "year_day"),
    ("phone", "last7"),
    ("ssn", "whole"),
    ("email", "whole"),
    ("address", "words"),
}
#: Parts too broad for anything but a sharp one.
_BROAD = {"initial", "start", "end", "last4"}
#: Fields whose parts say too little to be worth a token.
_NO_PART = ("sex", "category")


def blocks_of(schema: LinkageSchema) -> tuple[tuple[Part, ...], ...]:
    """The schema's own blocks, or all sensible ones: pairs of parts of two fields, and triples of
    parts that are neither sharp nor broad. The linkage zone uses those that pay."""
    return schema.blocks or _derived(schema)


def _derived(schema: LinkageSchema) -> tuple[tuple[Part, ...], ...]:
    kinds = schema.kinds
    found = [
        Part(field.column, name)
        for field in schema.fields
        if field.kind not in _NO_PART
        for name in KINDS[field.kind].parts
    ]
    pairs = [pair for pair in combinations(found, 2) if _apart(pair)]
    middle = [p for p in found if p.name not in _BROAD and (kinds[p.column], p.name) not in _SHARP]
    triples = [triple for triple in combinations(middle, 3) if _apart(triple)]
    return (*pairs, *triples)


def _apart(block: Sequence[Part]) -> bool:
    return len({part.column for part in block}) == len(block)
