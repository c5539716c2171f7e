"""Operators on free text: what leaves is the text without what identifies, or codes.

The language model and the lexicon are loaded when the first text comes, once a process: the hub and
the scheduler import this module, too.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.operators.columns import over_distinct, text

if TYPE_CHECKING:
    from anonymize.text.known import DeliveryNames

#: Longest text that leaves, in characters; what is longer is no narrative and becomes unknown.
LONGEST_TEXT = 1_000_000
#: Texts that are masked at once: enough for the model's batches, few enough to hold their spans.
_AT_ONCE = 2_048

INDICATOR = pa.struct(
    [
        pa.field("kind", pa.string()),
        pa.field("code", pa.string()),
        pa.field("rule", pa.string()),
        pa.field("confidence", pa.float64()),
    ]
)
INDICATORS = pa.list_(INDICATOR)
_RULE = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$"


def redact(
    values: pa.Array, known: pa.DictionaryArray, delivery: DeliveryNames | None, style: str
) -> pa.Array:
    """Texts with everything that identifies replaced in one of ``anonymize.text.replace.STYLES``.

    The same text of the same record is masked once: a narrative often stands in every row of a
    case.

    Args:
        known: identifiers of each text's record.
        delivery: names and numbers of all records of the delivery.
    """
    encoded = text(values).dictionary_encode()
    places = np.stack([_places(encoded), _places(known)], axis=1)
    pairs, rows = np.unique(places, axis=0, return_inverse=True)
    texts = encoded.dictionary.take(pa.array(pairs[:, 0], mask=pairs[:, 0] < 0))
    records = pa.array(pairs[:, 1], mask=pairs[:, 1] < 0)
    made = [
        masked
        for at in range(0, len(pairs), _AT_ONCE)
        for masked in _masked(
            texts.slice(at, _AT_ONCE).to_pylist(),
            known.dictionary.take(records.slice(at, _AT_ONCE)).to_pylist(),
            delivery,
            style,
        )
    ]
    return pa.array(made, pa.string()).take(pa.array(rows.reshape(-1)))


def _places(encoded: pa.DictionaryArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Places in the dictionary; -1 where there is no value."""
    places = pc.fill_null(encoded.indices.cast(pa.int64()), -1)
    return np.asarray(places.to_numpy(zero_copy_only=False), dtype=np.int64)


def _masked(
    texts: list[str | None],
    known: list[list[str] | None],
    delivery: DeliveryNames | None,
    style: str,
) -> list[str | None]:
    from anonymize.text.known import Known
    from anonymize.text.redactor import engine
    from anonymize.text.replace import redacted

    read = [(one, own) for one, own in zip(texts, known, strict=True) if _readable(one)]
    records = [Known.of(own or ()) for _, own in read]
    spans = iter(engine().find([str(one) for one, _ in read], records, delivery))
    made = [redacted(str(one), next(spans), style) if _readable(one) else None for one in texts]
    return [one if _readable(one) else None for one in made]


def _readable(text: str | None) -> bool:
    return text is not None and len(text) <= LONGEST_TEXT


def indicators(values: pa.Array) -> pa.Array:
    """What each text says, as codes; an empty list where it says nothing."""
    from anonymize.text.indicators import read_all, summarise

    def found(distinct: pa.Array) -> pa.Array:
        texts = distinct.to_pylist()
        said = iter(read_all([one for one in texts if _readable(one)]))
        lists = [summarise(next(said)) if _readable(one) else None for one in texts]
        names = [field.name for field in INDICATOR]
        return pa.array(
            [
                None if one is None else [dict(zip(names, each, strict=True)) for each in one]
                for one in lists
            ],
            INDICATORS,
        )

    return over_distinct(text(values), found)


# --- what an output may look like ---------------------------------------------------------------


def fits_redact(values: pa.Array) -> bool:
    """Not longer than any that leaves, and without anything that has the form of an identifier."""
    from anonymize.gate.patterns import swept

    texts = values.drop_null()
    return _all(pc.less_equal(pc.utf8_length(texts), LONGEST_TEXT)) and not swept(texts)


def fits_indicators(values: pa.Array) -> bool:
    """Kind and code from the closed list, a rule's id, a confidence between 0 and 1."""
    found = pc.list_flatten(values)
    if found.null_count:
        return False
    kind, code, rule, confidence = (pc.struct_field(found, [n]) for n in range(4))
    if any(part.null_count for part in (kind, code, rule, confidence)):
        return False
    listed = pc.is_in(pc.binary_join_element_wise(kind, code, " "), value_set=_listed())
    sure = pc.and_(pc.greater_equal(confidence, 0), pc.less_equal(confidence, 1))
    return _all(listed) and _all(pc.match_substring_regex(rule, _RULE)) and _all(sure)


@cache
def _listed() -> pa.Array:
    from anonymize.text.indicators import KINDS, codes

    return pa.array([f"{kind} {code}" for kind in KINDS for code in codes(kind)], pa.string())


def _all(marks: pa.Array) -> bool:
    return pc.all(marks, min_count=0).as_py() is not False
