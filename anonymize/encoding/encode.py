"""Encodes records for linkage: filters, block tokens and rarity classes, no plain value and no key.

Done on the agency node, in the privacy step. What comes out compares with what any other agency
made under the same schema and key, and tells who lacks the key nothing about a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.encoding.blocks import blocks_of
from anonymize.encoding.features import part as part_of
from anonymize.encoding.filters import Filters, filters, turned
from anonymize.encoding.normalise import normalised_column
from anonymize.encoding.tokens import Tokens, block_name, composite, part_hashes, swapped
from connectors.zones.secret import derive_key, require_strong
from schemas.linkage import NAMES, LinkageSchema, Part

#: Kinds for which it says something how rare a value is.
RARE = ("given_name", "surname", "full_name", "place", "text")
#: Rarity classes: minus the binary logarithm of a value's share of the records, cut at both ends.
COMMONEST, RAREST = 3, 14


@dataclass(frozen=True)
class Encoded:
    """Records as the linkage zone sees them; all arrays are as long as there are records.

    Attributes:
        filters: field to its Bloom filters; no bit set where the value is unknown.
        tokens: block to its tokens; 0 where a part is unknown. ``name~`` holds the tokens that
            the block ``name`` has when given name and surname stand in each other's place.
        rarity: field to the class of its value's rarity among the records encoded together, -1
            where unknown.
        fakes: how many of the records are of nobody (``disguise``), not which.
    """

    schema: LinkageSchema
    filters: Mapping[str, Filters]
    tokens: Mapping[str, Tokens]
    rarity: Mapping[str, npt.NDArray[np.int8]]
    fakes: int = 0

    def __len__(self) -> int:
        return len(next(iter(self.filters.values())))

    def head(self, count: int) -> Encoded:
        """The first ``count`` records."""
        return Encoded(
            self.schema,
            {name: column[:count] for name, column in self.filters.items()},
            {name: column[:count] for name, column in self.tokens.items()},
            {name: column[:count] for name, column in self.rarity.items()},
        )


@dataclass(frozen=True)
class _Column:
    """One field: its distinct normalised values, and which of them each row has."""

    distinct: pa.Array
    rows: npt.NDArray[np.int32]


#: Text of one field: Arrow's, or any sequence.
Texts: TypeAlias = pa.Array | pa.ChunkedArray | Sequence[str | None]


def encode(
    columns: Mapping[str, Texts], schema: LinkageSchema, secret: bytes, fakes: int = 0
) -> Encoded:
    """Encode records.

    Args:
        columns: a column of text for each field of the schema, all of one length.
        secret: of the agreement, at least 32 random bytes, the same at all agencies.
        fakes: how many of the records are of nobody.

    Raises:
        SettingsError: the secret is too short.
    """
    secret = require_strong(secret, "the linkage secret")
    distinct = {f.column: _column(f.kind, columns[f.column]) for f in schema.fields}
    return Encoded(
        schema,
        {name: _filters(name, column, schema, secret) for name, column in distinct.items()},
        _tokens(distinct, schema, secret),
        {
            field.column: _rarity(distinct[field.column])
            for field in schema.fields
            if field.kind in RARE
        },
        fakes,
    )


def as_texts(values: Texts) -> pa.Array:
    """As one Arrow array of text."""
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks()
    return values if isinstance(values, pa.Array) else pa.array(values, pa.string())


def _column(kind: str, values: Texts) -> _Column:
    given = as_texts(values).dictionary_encode("encode")
    spelled = normalised_column(kind, given.dictionary).dictionary_encode()
    return _Column(spelled.dictionary, np.asarray(spelled.indices)[np.asarray(given.indices)])


def _key(secret: bytes, schema: LinkageSchema, *purpose: str) -> bytes:
    return derive_key(secret, "linkage", schema.name, str(schema.version), *purpose)


def _filters(name: str, column: _Column, schema: LinkageSchema, secret: bytes) -> Filters:
    """Given name and surname share a key, so that swapped names can be compared crosswise."""
    kind = schema.kinds[name]
    domain = "names" if kind in NAMES else name
    made = filters(column.distinct, kind, _key(secret, schema, "filter", domain))[column.rows]
    return turned(made, schema.flip, _key(secret, schema, "noise", name), 0)


def _tokens(
    columns: Mapping[str, _Column], schema: LinkageSchema, secret: bytes
) -> dict[str, Tokens]:
    key = _key(secret, schema, "block")
    hashed: dict[Part, Tokens] = {}

    def of(part: Part) -> Tokens:
        if part not in hashed:
            kind, column = schema.kinds[part.column], columns[part.column]
            values = part_of(kind, part.name, column.distinct)
            domain = "names" if kind in NAMES else part.column
            hashed[part] = part_hashes(values, f"{domain}.{part.name}", key)[column.rows]
        return hashed[part]

    tokens = {}
    for block in blocks_of(schema):
        name = block_name(block)
        tokens[name] = composite([of(part) for part in block], name, key)
        if (other := swapped(block, schema)) is not None:
            tokens[f"{name}~"] = composite([of(part) for part in other], name, key)
    return tokens


def _rarity(column: _Column) -> npt.NDArray[np.int8]:
    known = pc.not_equal(column.distinct, "").to_numpy(zero_copy_only=False)
    counts = np.bincount(column.rows, minlength=len(known))
    total = max(counts[known].sum(), 1)
    share = np.maximum(counts, 1) / total
    classes = np.clip(np.round(-np.log2(share)), COMMONEST, RAREST).astype(np.int8)
    classes[~known] = -1
    found: npt.NDArray[np.int8] = classes[column.rows]
    return found
