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

from anonymize.cmac import cmac
from anonymize.encoding.blocks import blocks_of
from anonymize.encoding.features import part as part_of
from anonymize.encoding.filters import Filters, filters, turned
from anonymize.encoding.hud import HASHED
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

    def take(self, rows: npt.NDArray[np.int64] | slice) -> Encoded:
        """These records alone."""
        return Encoded(
            self.schema,
            {name: column[rows] for name, column in self.filters.items()},
            {name: column[rows] for name, column in self.tokens.items()},
            {name: column[rows] for name, column in self.rarity.items()},
        )


@dataclass(frozen=True)
class _Column:
    """One field: its distinct normalised values, and which of them each row has."""

    distinct: pa.Array
    rows: npt.NDArray[np.int32]


#: Text of one field: Arrow's, or any sequence.
Texts: TypeAlias = pa.Array | pa.ChunkedArray | Sequence[str | None]


@dataclass(frozen=True, repr=False)
class Own:
    """What the noise of the filters is made of: known to the agency alone.

    Attributes:
        secret: the agency's own, never the agreement's: who shares that could take the noise off.
        records: a number for each record, the same whenever it is encoded.
    """

    secret: bytes
    records: npt.NDArray[np.uint64]


def encode(
    columns: Mapping[str, Texts],
    schema: LinkageSchema,
    secret: bytes,
    fakes: int = 0,
    *,
    epoch: str = "",
    own: Own | None = None,
    rarity_from: int = 0,
) -> Encoded:
    """Encode records.

    Args:
        columns: a column of text for each field of the schema, all of one length.
        secret: of the agreement, at least 32 random bytes, the same at all agencies.
        fakes: how many of the records are of nobody.
        epoch: version of the keys; encodings of two epochs have nothing in common.
        own: left out where one and the same party encodes both sides.
        rarity_from: fewer known values than these tell no rarity.

    Raises:
        SettingsError: the secret is too short.
    """
    keys = _Keys(require_strong(secret, "the linkage secret"), schema, epoch)
    distinct = {f.column: _column(f.kind, columns[f.column]) for f in schema.fields}
    count = len(next(iter(distinct.values())).rows)
    if own is None:
        own = Own(keys.of("own"), np.arange(count, dtype=np.uint64))
    noise = _Keys(require_strong(own.secret, "the node's secret"), schema, epoch)
    return Encoded(
        schema,
        {
            name: _filters(name, column, keys, noise, own.records)
            for name, column in distinct.items()
        },
        _tokens(distinct, keys),
        {
            field.column: _rarity(distinct[field.column], rarity_from)
            for field in schema.fields
            if field.kind in RARE
        },
        fakes,
    )


def key_check(schema: LinkageSchema, secret: bytes, epoch: str) -> str:
    """Tells whether two agencies encode under the same keys, and nothing of these."""
    keys = _Keys(require_strong(secret, "the linkage secret"), schema, epoch)
    return keys.of("check")[:8].hex()


@dataclass(frozen=True, repr=False)
class _Keys:
    """Keys of one secret by agreement (the schema's name), version, epoch and purpose."""

    secret: bytes
    schema: LinkageSchema
    epoch: str

    def of(self, *purpose: str) -> bytes:
        name, version = self.schema.name, str(self.schema.version)
        return derive_key(self.secret, "linkage", name, version, self.epoch, *purpose)


def as_texts(values: Texts) -> pa.Array:
    """As one Arrow array of text."""
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks()
    return values if isinstance(values, pa.Array) else pa.array(values, pa.string())


def _column(kind: str, values: Texts) -> _Column:
    given = as_texts(values).dictionary_encode("encode")
    spelled = normalised_column(kind, given.dictionary).dictionary_encode()
    return _Column(spelled.dictionary, np.asarray(spelled.indices)[np.asarray(given.indices)])


def _filters(
    name: str, column: _Column, keys: _Keys, noise: _Keys, records: npt.NDArray[np.uint64]
) -> Filters:
    """Given name and surname share a key, so that swapped names can be compared crosswise.

    The noise is of record and value: two forms of one name of a person have each their own.
    """
    schema = keys.schema
    kind = schema.kinds[name]
    domain = "names" if kind in NAMES else name
    made = filters(column.distinct, kind, keys.of("filter", domain))[column.rows]
    if not schema.flip:
        return made
    values = cmac(column.distinct, noise.of("value", name))[:, 0][column.rows]
    return turned(made, schema.flip, noise.of("noise", name), records ^ values)


def _tokens(columns: Mapping[str, _Column], keys: _Keys) -> dict[str, Tokens]:
    schema, key = keys.schema, keys.of("block")
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


def _rarity(column: _Column, least: int) -> npt.NDArray[np.int8]:
    """Classes of the values' rarity; -1 where unknown or hashed, everywhere if too few are known.

    Among few records a common name looks no commoner than a rare one, and a class would tell how
    often each stands in this very delivery.
    """
    spelled = pc.invert(pc.starts_with(column.distinct, HASHED))
    known = pc.and_(spelled, pc.not_equal(column.distinct, "")).to_numpy(zero_copy_only=False)
    counts = np.bincount(column.rows, minlength=len(known))
    total = counts[known].sum()
    share = np.maximum(counts, 1) / max(total, 1)
    classes = np.clip(np.round(-np.log2(share)), COMMONEST, RAREST).astype(np.int8)
    classes[~known if total >= least else slice(None)] = -1
    found: npt.NDArray[np.int8] = classes[column.rows]
    return found
