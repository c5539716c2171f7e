"""Which parts are put together to block tokens, where a schema leaves that to its kinds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from schemas.linkage import CLK, KINDS, LinkageSchema, Part

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
    """For records of one filter far fewer: what tokens tell of fields, one filter does not hide."""
    kinds, few = schema.kinds, schema.mode == CLK

    def sharp(part: Part) -> bool:
        return (kinds[part.column], part.name) in _SHARP

    found = [
        Part(field.column, name)
        for field in schema.fields
        if field.kind not in _NO_PART
        for name in KINDS[field.kind].parts
    ]
    if few:
        found = [p for p in found if sharp(p) or p.name == KINDS[kinds[p.column]].parts[0]]
    pairs = [
        pair
        for pair in combinations(found, 2)
        if _apart(pair) and (not few or any(map(sharp, pair)))
    ]
    middle = [part for part in found if part.name not in _BROAD and not sharp(part)]
    triples = [triple for triple in combinations(middle, 3) if _apart(triple)]
    return (*pairs, *triples)


def _apart(block: Sequence[Part]) -> bool:
    return len({part.column for part in block}) == len(block)
