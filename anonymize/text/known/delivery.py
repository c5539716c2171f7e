"""Names and numbers of all records of a delivery: what one record says of another's people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import re2

from anonymize.text.known.folding import fold, spelling
from anonymize.text.known.hashed import (
    Hashes,
    Sieve,
    Values,
    hashes_of,
    held,
    mapped,
    members,
    pairs,
    spellings,
    strings,
    table,
)
from anonymize.text.known.identifiers import Kind, kind_of
from anonymize.text.known.vocabulary import Usual, listed, tells_nothing, usual
from anonymize.text.spans import Span, merged

_SHORTEST_NUMBER = 7  # letters and digits; the leak gate stops at the same
_SHORTEST_NAME = 3  # letters of a single name that is masked by itself
_CASE_DIGITS = 5
_MOST_SHAPES = 64
_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+")
_CODE = re.compile(r"(?<![^\W_])[^\W_]++(?:[@._+-]{1,3}[^\W_]++){1,8}+")
_FIGURES = re.compile(r"\d(?:[ ().+/_-]{0,3}\d){6,40}")
_GROUP = re.compile(r"\d+")
_MOST_GROUPS = 6
_REACH = 24  # characters between two words of one name: particles, an initial
_NEXT = re.compile(r"[ \t]{0,2}[,.'\u2019-]{0,2}[ \t\n]{0,2}(?:[A-Za-z][.]?[ \t])?")
_SHAPE = table(lambda sign: "9" if sign.isdigit() else "A" if sign.isalpha() else sign)
_LEFT_OUT = listed("particles") | listed("titles")


class DeliveryNames:
    """Names and numbers of all records of a delivery, kept as hashes.

    A full name is masked always, in either order, and so is a number or a handle of seven letters
    and digits. A single name must be written as one (a capital in a text that also has small
    letters) and be no usual word, or stand beside another. Anything of the shape of a case number
    of the delivery is masked.
    """

    def __init__(
        self, full: Hashes, single: Hashes, numbers: Hashes, shapes: Sequence[str]
    ) -> None:
        self._full, self._single, self._numbers = full, single, numbers
        self._shapes: Any = re2.compile(_shaped(shapes)) if shapes else None
        self._pairs = Sieve((full,))
        self._words = Sieve((single, numbers))

    @classmethod
    def of(
        cls,
        full_names: Values,
        single_names: Values,
        numbers: Values,
        case_numbers: Values,
    ) -> DeliveryNames:
        spelled = spellings(numbers)
        abroad = pc.match_substring_regex(spelled, r"^1\d{10}$")
        national = pc.utf8_slice_codeunits(pc.filter(spelled, abroad), 1)
        return cls(
            pairs(full_names, _LEFT_OUT),
            members(spellings(single_names), shortest=2),
            members(pa.concat_arrays([spelled, national]), _SHORTEST_NUMBER),
            _shapes(case_numbers),
        )

    def find(self, text: str) -> list[Span]:
        """Spans of names and numbers of any record, in order and without overlap."""
        found = [*self._names(text), *self._numbered(text)]
        if self._shapes is not None:
            found += [_span(one, Kind.CASE) for one in self._shapes.finditer(text)]
        return merged(found)

    def _names(self, text: str) -> Iterator[Span]:
        plain = text.isascii()
        matches = list((_ASCII_WORD if plain else _WORD).finditer(text))
        if not matches:
            return
        folded = [one[0].lower() if plain else spelling(one[0]) for one in matches]
        hashes = hashes_of(folded)
        words = np.flatnonzero(self._words(hashes))
        single = words[held(self._single, hashes[words])].tolist()
        yield from _singles(text, matches, single)
        numbers = words[held(self._numbers, hashes[words])].tolist()
        yield from (_span(matches[at], _type(matches[at][0])) for at in numbers)
        every = [len(word) > 1 for word in folded]
        kept = [long and word not in _LEFT_OUT for long, word in zip(every, folded, strict=True)]
        for chosen in (every, kept):
            yield from self._full_names(matches, hashes, np.flatnonzero(np.array(chosen)))

    def _full_names(
        self, matches: list[re.Match[str]], hashes: Hashes, places: npt.NDArray[np.intp]
    ) -> Iterator[Span]:
        """Of the words at ``places`` those that are, one after the other, of one full name."""
        sums = hashes[places][:-1] + hashes[places][1:]
        likely = np.flatnonzero(self._pairs(sums))
        for at in likely[held(self._full, sums[likely])].tolist():
            first, last = matches[places[at]], matches[places[at + 1]]
            if last.start() - first.end() <= _REACH and _is_pair(first[0], last[0]):
                yield Span(first.start(), last.end(), Kind.PERSON)

    def _numbered(self, text: str) -> Iterator[Span]:
        places = list(_codes(text))
        if not places or not len(self._numbers):
            return
        hashes = hashes_of([spelling(text[start:end]) for start, end in places])
        for at in np.flatnonzero(held(self._numbers, hashes)).tolist():
            start, end = places[at]
            yield Span(start, end, _type(text[start:end]))


def _span(found: re.Match[str], kind: str) -> Span:
    return Span(found.start(), found.end(), kind)


def _codes(text: str) -> Iterator[tuple[int, int]]:
    """Where a number or a handle may stand: words with signs in them, runs of figures."""
    for code in _CODE.finditer(text):
        yield code.span()
    for run in _FIGURES.finditer(text):
        groups = [group.span() for group in _GROUP.finditer(text, *run.span())]
        for at, (start, _) in enumerate(groups):
            for _, end in groups[at + 1 : at + _MOST_GROUPS]:
                if end - start >= _SHORTEST_NUMBER:
                    yield start, end


def _type(text: str) -> str:
    kind = kind_of(text)
    return Kind.HANDLE if kind in (Kind.PERSON, Kind.ORGANISATION) else kind


def _is_pair(first: str, second: str) -> bool:
    """Not "do an" where the delivery holds an An Do: usual words must be written as a name."""
    kinds = usual(fold(first)), usual(fold(second))
    if Usual.NO in kinds:
        return True
    return (
        first[0].isupper()
        and second[0].isupper()
        and Usual.FUNCTION not in (kinds if first.isupper() and second.isupper() else ())
    )


def _singles(text: str, matches: list[re.Match[str]], known: list[int]) -> Iterator[Span]:
    """Of the words that are a single name those that are written as one."""
    names = set(known)
    for at in known:
        found = matches[at]
        word = found[0]
        if usual(fold(word)) is not Usual.NO:
            continue
        beside = any(
            one in names
            and usual(fold(matches[one][0])) is Usual.NO
            and _NEXT.fullmatch(text, *_between(matches, at, one))
            for one in (at - 1, at + 1)
        )
        if beside or (
            len(word) >= _SHORTEST_NAME
            and word[0].isupper()
            and not tells_nothing(text, found.start(), found.end())
        ):
            yield Span(found.start(), found.end(), Kind.PERSON, 0.7)


def _between(matches: list[re.Match[str]], one: int, other: int) -> tuple[int, int]:
    first, second = sorted((one, other))
    return matches[first].end(), matches[second].start()


def _shapes(case_numbers: Values) -> list[str]:
    """The commonest shapes: ``9`` for a digit, ``A`` for a letter; those too plain are none."""
    values = pc.utf8_trim_whitespace(strings(case_numbers))
    counts = mapped(values, _SHAPE).value_counts()
    common = sorted(counts.to_pylist(), key=lambda one: (-one["counts"], one["values"] or ""))
    shapes = [one["values"] or "" for one in common]
    return [shape for shape in shapes if shape.count("9") >= _CASE_DIGITS][:_MOST_SHAPES]


def _shaped(shapes: Iterable[str]) -> str:
    signs = {"9": "[0-9]", "A": "[A-Za-z]"}
    every = "|".join(
        "".join(signs.get(sign, re.escape(sign)) for sign in shape) for shape in shapes
    )
    return rf"\b(?:{every})\b"
