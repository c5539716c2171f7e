"""Values of a code list as people write them, as the list's own codes.

A cell of a hand-filled sheet holds the code, its label, or either in other spelling ("Follow up",
"FollowUp"); a multi-select holds several. Values no list knows stay as they are, for a check to
find.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.codes import code_list
from schemas.contract import Field

#: Columns of a code list a value may match; ``also`` holds more spellings, ``|`` between them.
_SPELLINGS = ("code", "label", "also")
#: What stands between choices, in the order of trial. Labels hold commas and spaces themselves, so
#: the later ones count only where every part is a choice.
_SEPARATORS = (";", "\n", "|", ",", " ")


_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


class Canonical(NamedTuple):
    """A column of codes, and which of its rows hold something that is no choice."""

    codes: pa.Array
    unknown: npt.NDArray[np.bool_]


def choices_of(field: Field) -> tuple[str, str | None] | None:
    """Code list a field's values come from, and the separator its decision expects between them."""
    parameters = field.deidentification.parameters
    name = field.codes or parameters.get("codes")
    return None if name is None else (str(name), parameters.get("separator"))


def canonical(column: pa.Array, codes: str, separator: str | None = None) -> Canonical:
    """Each value as a code of the list ``codes``; several joined by ``separator``, if one is given.

    Each distinct value is looked at once.
    """
    known = _known(codes)
    encoded = column.dictionary_encode()
    found = [_as_codes(text, known, separator) for text in encoded.dictionary.to_pylist()]
    texts = pa.array([text for text, _ in found], pa.string())
    strange = pa.array([strange for _, strange in found], pa.bool_())
    unknown = pc.fill_null(pc.take(strange, encoded.indices), False)
    return Canonical(pc.take(texts, encoded.indices), unknown.to_numpy(zero_copy_only=False))


def folded(text: str) -> str:
    """Text without case, accents, spaces and punctuation."""
    plain = unicodedata.normalize("NFKD", text.replace("&", " and ")).casefold()
    return _NOT_ALPHANUMERIC.sub("", plain)


@cache
def _known(codes: str) -> Mapping[str, str]:
    """Folded spelling to code; a code's own spelling goes before another's label."""
    listed = code_list(codes)
    known: dict[str, str] = {}
    for name in _SPELLINGS:
        if name in listed.table.column_names:
            for code, texts in listed.column(name).items():
                for text in (texts or "").split("|" if name == "also" else "\0"):
                    known.setdefault(folded(text), code)
    known.pop("", None)
    return MappingProxyType(known)


def _as_codes(text: str, known: Mapping[str, str], separator: str | None) -> tuple[str, bool]:
    whole = known.get(folded(text))
    if whole is not None:
        return whole, False
    if separator is None:
        return text, True
    for mark in _SEPARATORS:
        parts = _rejoined(text.split(mark), mark, known)
        if parts and all(part in known for part in map(folded, parts)):
            return separator.join(dict.fromkeys(known[folded(part)] for part in parts)), False
    parts = _rejoined(text.split(_SEPARATORS[0]), _SEPARATORS[0], known)
    return separator.join(known.get(folded(part), part) for part in parts) or text, True


def _rejoined(parts: list[str], mark: str, known: Mapping[str, str]) -> list[str]:
    """Parts of one value; a label that holds the separator itself is put together again."""
    whole: list[str] = []
    at = 0
    while at < len(parts):
        reach = next(
            (n for n in range(len(parts), at + 1, -1) if folded(mark.join(parts[at:n])) in known),
            at + 1,
        )
        whole.append(mark.join(parts[at:reach]).strip())
        at = reach
    return [part for part in whole if part]
