"""Numbers of the record in a text: other digits for a typing slip, a part, letters or words for
digits. Written out in full with whatever between, they are forms like any other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import re2
from rapidfuzz.distance import OSA

from anonymize.text.known.data import load
from anonymize.text.known.gathered import Number
from anonymize.text.spans import Span

_END = 7  # last digits that give a number away: a phone without its area
_PART = 8  # digits in a row that do, wherever in it
_SLIP = 9  # digits of a number that one slip leaves recognisable
_LONGEST = (
    40  # digits of a run that are searched for slips: longer ones are no number anybody wrote
)
_CUE = 30  # characters before the last four digits
_RUN = re.compile(
    r"(?<![^\W_])[+(]{0,2}[\dOoIl](?:[ \t\r\n().+/_*,\u2010-\u2015-]{0,3}[\dOoIl]){3,200}(?![^\W_])"
)
_DIGIT = {"O": "0", "o": "0", "I": "1", "l": "1"}
_FOUR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_MASKED = re.compile(r"(?:[xX*#•]{2,4}[ .-]?){1,3}$")


@dataclass(frozen=True)
class _Run:
    """Digits of a text and where each stands; one that a word stands for covers that word."""

    digits: str
    places: Sequence[tuple[int, int]]

    def span(self, start: int, end: int, kind: str, score: float) -> Span:
        return Span(self.places[start][0], self.places[end - 1][1], kind, score)


class Numbers:
    """Numbers of one record."""

    def __init__(self, numbers: Sequence[Number]) -> None:
        self._numbers = [one for one in numbers if one.digits.isdigit()]
        partly = [one for one in self._numbers if one.partly]
        self._ends = {one.digits[-_END:]: one.type for one in partly}
        self._parts = {
            one.digits[at : at + _PART]: one.type
            for one in partly
            for at in range(len(one.digits) - _PART + 1)
        }
        self._last = {one.digits[-4:]: one.type for one in partly}

    def find(self, text: str) -> Iterator[Span]:
        """Spans of numbers that are not written out in full."""
        if not self._numbers:
            return
        for run in (*_figures(text), *_spoken(text)):
            yield from self._parts_in(run)
            yield from self._slips_in(run)
        for four in _FOUR.finditer(text):
            kind = self._last.get(four[0])
            if kind and _announced(text[max(0, four.start() - _CUE) : four.start()]):
                yield Span(four.start(), four.end(), kind)

    def _parts_in(self, run: _Run) -> Iterator[Span]:
        for length, parts in ((_END, self._ends), (_PART, self._parts)):
            for at in range(len(run.digits) - length + 1):
                kind = parts.get(run.digits[at : at + length])
                if kind:
                    yield run.span(at, at + length, kind, 1.0)

    def _slips_in(self, run: _Run) -> Iterator[Span]:
        if len(run.digits) > _LONGEST:
            return
        starts = [
            at
            for at, (start, _) in enumerate(run.places)
            if at == 0 or start > run.places[at - 1][1] or run.digits[at - 1] == "1"
        ]
        for one in self._numbers:
            if len(one.digits) < _SLIP:
                continue
            for start in starts:
                for length in (len(one.digits), len(one.digits) - 1, len(one.digits) + 1):
                    window = run.digits[start : start + length]
                    if len(window) == length and OSA.distance(window, one.digits) <= 1:
                        yield run.span(start, start + length, one.type, 0.9)


def _figures(text: str) -> Iterator[_Run]:
    for found in _RUN.finditer(text):
        places = [at for at, sign in enumerate(found[0], found.start()) if sign.isalnum()]
        digits = "".join(_DIGIT.get(text[at], text[at]) for at in places)
        if sum(text[at].isdigit() for at in places) >= _END - 2:
            yield _Run(digits, [(at, at + 1) for at in places])


@cache
def _words() -> tuple[Any, re.Pattern[str], re.Pattern[str], dict[str, str]]:
    """Whether a text has a run at all, a run, one of its words, and the words' digits."""
    data = load("numbers.yaml")
    values = {word: str(digit) for word, digit in (data["words"] | data["tens"]).items()}
    one = "|".join(sorted(values, key=len, reverse=True))
    atom = rf"(?:{one}|double|triple|doble|\d{{1,4}}|[oO])"
    run = re.compile(rf"\b{atom}(?:[\s,.\-()/]{{1,3}}{atom}){{3,40}}\b", re.IGNORECASE)
    two = re2.compile(rf"(?i)\b(?:{one})[\s,.\-()/]{{1,3}}{atom}\b")
    return two, run, re.compile(rf"\b{atom}\b", re.IGNORECASE), values


def _spoken(text: str) -> Iterator[_Run]:
    """Runs with digits as words: ``five one oh, 555 double one two three``."""
    two, run, atom, values = _words()
    if not two.search(text):
        return
    for found in run.finditer(text):
        digits, places, times = "", list[tuple[int, int]](), 1
        for said in atom.finditer(text, found.start(), found.end()):
            word = said[0].lower()
            if word in ("double", "doble", "triple"):
                times = 3 if word == "triple" else 2
                continue
            value = values.get(word, word.replace("o", "0")) * times
            digits += value
            places += [(said.start(), said.end())] * len(value)
            times = 1
        if not found[0].replace(" ", "").isdigit():
            yield _Run(digits, places)


def _announced(before: str) -> bool:
    """Whether the end of ``before`` says that the end of a number follows."""
    words = set(re.findall(r"[a-z]+", before.lower()))
    return bool(_MASKED.search(before)) or not words.isdisjoint(
        load("numbers.yaml")["last"].split()
    )
