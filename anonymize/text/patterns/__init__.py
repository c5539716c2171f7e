"""Identifiers with a form: numbers, contacts, addresses, plates, dates.

Rules are tried on a text only where it has what they need (``gate``). Patterns read folded text
(``fold``), so that accents, other scripts' digits and odd dashes need no patterns of their own and
offsets need no conversion.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

import re2

from anonymize.text.patterns.fold import folded
from anonymize.text.patterns.gate import marks
from anonymize.text.patterns.rules import HARMLESS, Rule, options, rules
from anonymize.text.spans import Span

#: Rules that share an automaton. One over all of them would not do: its states tell apart every
#: combination of rules that have matched so far, and every new text brings new ones.
_TOGETHER = 8


def find(text: str) -> list[Span]:
    """Spans of every rule, overlaps and all. A generic rule's span is left out where a harmless one
    overlaps it, or where a more special rule masks all of it and knows its type better."""
    plain = folded(text)
    data = plain.encode("ascii")
    special: list[Span] = []
    generic: list[Span] = []
    harmless: list[tuple[int, int]] = []
    for rule in _present(data, marks(plain)):
        if rule.type == HARMLESS:
            harmless += rule.spans(data)
        else:
            into = generic if rule.generic else special
            into += (Span(a, b, rule.type, rule.score) for a, b in rule.spans(data))
    if generic:
        kept, known = _Union(harmless), _Union(span[:2] for span in special)
        special += (s for s in generic if not kept.meets(*s[:2]) and not known.holds(*s[:2]))
    return special


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


def _present(text: bytes, has: frozenset[str]) -> Iterator[Rule]:
    """Rules that match somewhere in a text with these marks."""
    for group, automaton in _groups():
        possible = [rule for rule in group if rule.possible(has)]
        if len(possible) > 2:  # fewer are tried as quickly one by one
            # The answer always holds the empty pattern; none means that memory did not do.
            matching = automaton.Match(text)
            if matching:
                possible = [group[index] for index in sorted(matching) if index < len(group)]
        yield from possible


@functools.cache
def _groups() -> tuple[tuple[tuple[Rule, ...], Any], ...]:
    """All rules in their order, ``_TOGETHER`` at a time, each group with its automaton."""
    every = rules()
    return tuple(
        (group, _automaton(group))
        for group in (every[at : at + _TOGETHER] for at in range(0, len(every), _TOGETHER))
    )


def _automaton(group: Iterable[Rule]) -> Any:  # noqa: ANN401 - re2 has no types
    """Tells the indices of those rules that match a text, and that of the empty pattern."""
    automaton = re2.Set.SearchSet(options())
    for rule in group:
        automaton.Add(rule.regex.pattern)
    automaton.Add(b"")
    automaton.Compile()
    return automaton
