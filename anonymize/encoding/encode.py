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
from anonymize.encoding.clk import bits_of, field_clks
from anonymize.encoding.features import part as part_of
from anonymize.encoding.filters import WHOLE, Filters, filters, turned
from anonymize.encoding.hud import HASHED
from anonymize.encoding.normalise import normalised_column, told_names
from anonymize.encoding.tokens import Tokens, block_name, composite, part_hashes, swapped
from anonymize.keyed_hash import hash_words
from connectors.zones.secret import derive_key, require_strong
from schemas.linkage import CLK, CLK_BITS, NAMES, LinkageSchema, Part

#: Kinds for which it says something how rare a value is.
RARE = ("given_name", "surname", "full_name", "place", "text")
#: Rarity classes: minus the binary logarithm of a value's share of the records, cut at both ends.
COMMONEST, RAREST = 3, 14


@dataclass(frozen=True)
class Encoded:
    """Records as the linkage zone sees them; all arrays are as long as there are records.

    Attributes:
        filters: field to its Bloom filters; no bit set where the value is unknown. In mode ``clk``
            one for the whole record (``LinkageSchema.filters``).
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
            # Of short rows numpy's ``take`` is twice as fast as brackets.
            {
                name: column[rows] if isinstance(rows, slice) else column.take(rows, axis=0)
                for name, column in self.filters.items()
            },
            {name: column[rows] for name, column in self.tokens.items()},
            {name: column[rows] for name, column in self.rarity.items()},
        )


@dataclass(frozen=True)
class _Column:
    """One field: its distinct normalised values, and which of them each row has."""

    distinct: pa.Array
    rows: npt.NDArray[np.int32]


#: Text of one field: Arrow's, of text or of distinct texts, or any sequence.
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
    given = _told({name: coded(columns[name]) for name in schema.kinds}, schema)
    distinct = {f.column: _column(f.kind, given[f.column]) for f in schema.fields}
    count = len(next(iter(distinct.values())).rows)
    if own is None:
        own = Own(keys.of("own"), np.arange(count, dtype=np.uint64))
    noise = _Keys(require_strong(own.secret, "the node's secret"), schema, epoch)
    if schema.mode == CLK:
        made = {CLK: _clks(distinct, keys, noise, own.records)}
    else:
        made = {n: _filters(n, column, keys, noise, own.records) for n, column in distinct.items()}
    rarity = {name: _rarity(distinct[name], rarity_from) for name in rare_fields(schema)}
    return Encoded(schema, made, _tokens(distinct, keys), rarity, fakes)


def _told(
    columns: Mapping[str, pa.DictionaryArray], schema: LinkageSchema
) -> Mapping[str, pa.DictionaryArray]:
    """Without names that their record shows to be none."""
    found = dict(columns)
    pairs = zip(
        *([n for n, kind in schema.kinds.items() if kind == wanted] for wanted in NAMES),
        strict=False,
    )
    for given, surname in pairs:
        found[given], found[surname] = told_names(columns[given], columns[surname])
    return found


def rare_fields(schema: LinkageSchema) -> list[str]:
    """Fields of whose values a class of rarity is told: it would say something of a single field
    where nothing of one may leave the node."""
    return [f.column for f in schema.fields if f.kind in RARE and schema.mode != CLK]


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

    def domain(self, column: str) -> str:
        """Given name and surname share a key, so that swapped names can be compared crosswise."""
        return "names" if self.schema.kinds[column] in NAMES else column


def coded(values: Texts) -> pa.DictionaryArray:
    """As one array of distinct texts and which of them each row has."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    found = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    return found.dictionary_encode()


def _column(kind: str, given: pa.DictionaryArray) -> _Column:
    """A row without a text has the one that stands last: none."""
    texts = pa.concat_arrays([given.dictionary, pa.nulls(1, given.dictionary.type)])
    spelled = normalised_column(kind, texts).dictionary_encode()
    rows = pc.fill_null(given.indices, len(texts) - 1)
    return _Column(spelled.dictionary, np.asarray(spelled.indices)[np.asarray(rows)])


def _filters(
    name: str, column: _Column, keys: _Keys, noise: _Keys, records: npt.NDArray[np.uint64]
) -> Filters:
    """The noise is of record and value: two forms of one name of a person have each their own."""
    schema = keys.schema
    kind = schema.kinds[name]
    of_distinct = filters(column.distinct, kind, keys.of("filter", keys.domain(name)))
    made = of_distinct.take(column.rows, axis=0)
    if not schema.flip:
        return made
    return turned(
        made, schema.flip, noise.of("noise", name), records ^ _value_codes(name, column, noise)
    )


def _clks(
    columns: Mapping[str, _Column], keys: _Keys, noise: _Keys, records: npt.NDArray[np.uint64]
) -> Filters:
    """All fields in one filter, each under its own key. The noise is of record and all values.

    What has few values goes in together with the year of birth alone: half of all filters sharing
    the bits of one sex, the first principal component would tell it of nearly everybody.
    """
    schema = keys.schema
    made = np.zeros((len(records), CLK_BITS // 64), np.uint64)
    numbers = records.copy()
    born = next((columns[name] for name, kind in schema.kinds.items() if kind == "date"), None)
    for name, bits in bits_of(schema).items():
        column = columns[name]
        if schema.kinds[name] in WHOLE:
            column = _with_year(column, born)
        key = keys.of("clk", keys.domain(name))
        of_distinct = field_clks(column.distinct, schema.kinds[name], bits, key)
        made |= of_distinct.take(column.rows, axis=0)
        if schema.flip:
            numbers ^= _value_codes(name, column, noise)
    return turned(made, schema.flip, noise.of("noise", CLK), numbers)


def _with_year(column: _Column, born: _Column | None) -> _Column:
    """Values with the year of birth behind; unknown where either is."""
    if born is None:
        return _Column(pa.array([""], pa.string()), np.zeros_like(column.rows))
    years = pc.utf8_slice_codeunits(born.distinct, 0, 4).dictionary_encode()
    year = np.asarray(years.indices)[born.rows].astype(np.int64)
    pairs, rows = np.unique(column.rows * len(years.dictionary) + year, return_inverse=True)
    values, of_year = np.divmod(pairs, len(years.dictionary))
    spelled = [
        f"{value} {year}" if value and year.strip() else ""
        for value, year in zip(
            column.distinct.take(pa.array(values)).to_pylist(),
            years.dictionary.take(pa.array(of_year)).to_pylist(),
            strict=True,
        )
    ]
    return _Column(pa.array(spelled, pa.string()), rows.astype(np.int32))


def _value_codes(name: str, column: _Column, noise: _Keys) -> npt.NDArray[np.uint64]:
    return hash_words(column.distinct, noise.of("value", name))[column.rows]


def _tokens(columns: Mapping[str, _Column], keys: _Keys) -> dict[str, Tokens]:
    schema, key = keys.schema, keys.of("block")
    hashed: dict[Part, Tokens] = {}

    def of(part: Part) -> Tokens:
        if part not in hashed:
            kind, column = schema.kinds[part.column], columns[part.column]
            values = part_of(kind, part.name, column.distinct)
            label = f"{keys.domain(part.column)}.{part.name}"
            hashed[part] = part_hashes(values, label, key)[column.rows]
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
