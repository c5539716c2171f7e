"""One Bloom filter for a whole record: a cryptographic long-term key (CLK), for less trust.

The filters of single fields tell the linkage zone which records share a value. A CLK (Schnell,
Bachteler, Reiher 2009) mixes all fields into one filter of 1,024 bits: two are alike where the
records are, and nothing tells which field it is that agrees.

Before the noise a CLK is bit for bit what clkhash makes of the same tokens under the same keys
(its ``blakeHash`` with ``bitsPerFeature``, https://clkhash.readthedocs.io); ``tests/oracle`` holds
it against clkhash:

* A text is cut into bigrams with a blank at either end, a date into year and day with month, so
  that day and month may change places. Sex and category are one token each, with the year of birth:
  values that many records share would show as patterns of bits that are set together. For the same
  reason no single digit or month is a token.
* Each field has so many bits to set as its kind weighs, spread evenly over its value's tokens: of
  ``bits`` and n tokens each sets bits // n, the first bits % n one more. A long name fills no more
  of the filter than a short one.
* The bits of a token are the words of 16 bit, one after the other, of BLAKE2b under the field's
  key, salted "0", "1" and so on where one digest is not enough. No double hashing, which has a
  structure to attack (Kroll and Steinmetzer 2015).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.encoding.features import Grams, bigrams, date_parts, sorts_of, text_of
from anonymize.encoding.filters import VALUES, WHOLE, Filters, Masks, as_filters
from anonymize.encoding.hud import HASHED, HASHED_KINDS
from schemas.linkage import CLK_BITS, KINDS, LinkageSchema

#: Bits that a full record sets, some of them twice: two in five of the filter stand then.
_BITS = CLK_BITS // 2
#: Words of 16 bit of one digest.
_WORDS = 32
#: Of dates (``features.date_parts``): year, its last two digits, month with day, both without their
#: order, and each of the two whichever it is.
_DATE_PARTS = (0, 2, 9, 10, 11)
#: Bits of the number of bits that a token sets: a gram and that number are one key of a mask.
_SHIFT = 9


def bits_of(schema: LinkageSchema) -> Mapping[str, int]:
    """How many bits each field sets."""
    weights = {column: KINDS[kind].weight for column, kind in schema.kinds.items()}
    total = sum(weights.values())
    return {column: max(round(_BITS * one / total), 1) for column, one in weights.items()}


def field_clks(distinct: pa.Array, kind: str, bits: int, key: bytes) -> Filters:
    """What each normalised value adds to the CLK of its record. A hash of HUD's has no characters
    to cut, and adds nothing."""
    made = np.zeros((len(distinct), CLK_BITS // 64), np.uint64)
    if kind in HASHED_KINDS:
        distinct = pc.if_else(pc.starts_with(distinct, HASHED), "", distinct)
    if kind in WHOLE:
        known = np.flatnonzero(pc.not_equal(distinct, "").to_numpy(zero_copy_only=False))
        values = distinct.take(pa.array(known)).to_pylist()
        made[known] = as_filters([_places(value, bits, key) for value in values], CLK_BITS)
        return made
    masks = Masks(lambda keys: _masks(keys, bits, key), CLK_BITS // 64)
    for start in range(0, len(distinct), VALUES):
        found = (_date_parts if kind == "date" else bigrams)(distinct[start : start + VALUES])
        known = np.flatnonzero(found.counts)
        if not len(known):
            continue
        counts = found.counts[known]
        starts = np.cumsum(counts) - counts
        each, more = np.divmod(bits, counts)
        place = np.arange(len(found.keys)) - np.repeat(starts, counts)
        sets = np.repeat(each, counts) + (place < np.repeat(more, counts))
        keyed = masks.of(found.keys << _SHIFT | sets)
        made[start + known] = np.bitwise_or.reduceat(keyed, starts, axis=0)
    return made


def _date_parts(values: pa.Array) -> Grams:
    """Parts of dates without single digits: of ten values each would show as a pattern."""
    found = date_parts(values)
    kept = np.isin(sorts_of(found.keys), _DATE_PARTS)
    rows = np.repeat(np.arange(len(values)), found.counts)[kept]
    return Grams(found.keys[kept], np.bincount(rows, minlength=len(values)))


def _masks(keys: list[int], bits: int, key: bytes) -> Filters:
    """The bits of each gram and number of bits."""
    places: dict[int, npt.NDArray[np.int64]] = {}
    found = []
    for one in keys:
        gram, sets = one >> _SHIFT, one & ((1 << _SHIFT) - 1)
        if gram not in places:
            places[gram] = _places(text_of(gram), bits, key)
        found.append(places[gram][:sets])
    return as_filters(found, CLK_BITS)


def _places(token: str, bits: int, key: bytes) -> npt.NDArray[np.int64]:
    """The first ``bits`` places of a token, some of them the same."""
    digests = (
        hashlib.blake2b(token.encode(), key=key, salt=str(number).encode()).digest()
        for number in range(-(-bits // _WORDS))
    )
    words = np.frombuffer(b"".join(digests), "<u2")[:bits]
    found: npt.NDArray[np.int64] = words.astype(np.int64) % CLK_BITS
    return found
