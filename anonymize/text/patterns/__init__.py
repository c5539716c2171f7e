"""Identifiers with a form: numbers, contacts, addresses, plates, dates.

RE2's filter first tells which rules match at all, a few in a hundred. Patterns read folded text
(``fold``), so that accents, other scripts' digits and odd dashes need no patterns of their own and
offsets need no conversion.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

import re2

from anonymize.text.patterns.fold import folded
from anonymize.text.patterns.rules import HARMLESS, Rule, options, rules
from anonymize.text.spans import Span
from anonymize.text.words import ROLE


def find(text: str) -> list[Span]:
    """Spans of every rule, overlaps and all. A generic rule's span is left out where a harmless one
    overlaps it, or where a more special rule masks all of it and knows its type better."""
    data = folded(text).encode("ascii")
    special: list[Span] = []
    generic: list[Span] = []
    harmless: list[tuple[int, int]] = []
    for rule in matching(data):
        if rule.type == HARMLESS:
            harmless += rule.spans(data)
        else:
            into = generic if rule.generic else special
            into += (Span(a, b, rule.type, rule.score) for a, b in rule.spans(data))
    if generic:
        kept, known = _Union(harmless), _Union(span[:2] for span in special)
        special += (s for s in generic if not kept.meets(*s[:2]) and not known.holds(*s[:2]))
    return [*special, *_listed(data, special), *_lettered(data, special)]


#: Types whose numbers stand in lists: rooms of a floor, officers of a squad, cards of a purchase.
_IN_LISTS = frozenset({"ROOM", "BADGE_NUMBER", "GIFT_CARD", "CREDIT_CARD", "ID", "ZIP_CODE"})
_LIST = re2.compile(
    rb"\b\d{3,6}(?:(?:\s\([^()\n]{1,20}\))?(?:,\s(?:and\s|or\s|plus\s|&\s)?|\s?[&/+;-]\s?|\s(?:and|or|then|plus|to|for|thru|through)\s)"
    rb"#?\d{3,6}\b){1,30}"
)
_DIGITS = re.compile(rb"\d+")


def _listed(data: bytes, found: Iterable[Span]) -> Iterator[Span]:
    """Numbers that stand in a list with one that was found and are as long as it."""
    ends = {span.end: span for span in found if span.type in _IN_LISTS}
    if not ends:
        return
    for listed in _LIST.finditer(data):
        numbers = [m.span() for m in _DIGITS.finditer(data, *listed.span())]
        like = {end - start: ends[end] for start, end in numbers if end in ends}
        for start, end in numbers:
            if end - start in like and end not in ends:
                yield like[end - start]._replace(start=start, end=end)


#: A room's number with a letter behind or before it; and those whose letter is also an hour's or a
#: sex's.
_LETTERED = re.compile(rb"(?<![\w/-])(?:\d{1,2}-?[A-Z]|[A-Z]-?\d{1,3})(?![\w/-])")
_AMBIGUOUS = re.compile(rb"\d{1,2}(?:[APMFHK]|-[KH])")


def _lettered(data: bytes, found: Iterable[Span]) -> Iterator[Span]:
    """Rooms written like one that was found: "7U" tells of "7L"."""
    shapes = {
        _shape(m.group()): span
        for span in found
        if span.type == "ROOM"
        for m in _LETTERED.finditer(data, span.start, span.end)
    }
    if not shapes:
        return
    for m in _LETTERED.finditer(data):
        like = shapes.get(_shape(m.group()))
        role = ROLE.fullmatch(m.group().decode("ascii"))
        if like and not role and not _AMBIGUOUS.fullmatch(m.group()):
            yield like._replace(start=m.start(), end=m.end())


def _shape(room: bytes) -> bytes:
    """``room`` with one figure for its figures and one letter for its letter."""
    return re.sub(rb"[A-Z]", b"A", re.sub(rb"\d+", b"1", room))


class _Union:
    """Stretches of text, those that overlap joined."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def holds(self, start: int, end: int) -> bool:
        """Whether one stretch covers all of ``start`` to ``end``."""
        place = bisect_right(self._starts, start) - 1
        return place >= 0 and end <= self._ends[place]

    def meets(self, start: int, end: int) -> bool:
        """Whether any stretch covers some of it."""
        place = bisect_right(self._ends, start)
        return place < len(self._starts) and self._starts[place] < end


def matching(text: bytes) -> list[Rule]:
    """Rules that match somewhere in a text, in their order."""
    every = rules()
    return [every[index] for index in sorted(_filter().Match(text, False) or ())]


@functools.cache
def _filter() -> Any:  # noqa: ANN401 - re2 has no types
    """Tells the indices of the rules that match a text: it looks for the strings they need first,
    all at once, and tries only those whose strings are there."""
    made = re2.Filter()
    for rule in rules():
        made.Add(rule.regex.pattern, options())
    made.Compile()
    return made
