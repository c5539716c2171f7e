"""What a text affirms and what it denies, asks, or tells of others (after NegEx, Chapman 2001).

Words that deny reach forward to the end of their clause; see ``context.yaml``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any, Final

import re2

from anonymize.text.indicators.lexicon import compiled, data, expanded, options

_SENTENCE_END = re2.compile(rb"[.!?;](?:[\s\"')]|\z)|\n\s*(?:\n|[-*]|\d+[.)])", options())
#: Kinds of trigger that reach forward.
_FORWARD: Final = ("deny", "not", "ask", "others", "doubt")
#: Characters after a mention in which it may be denied or an answer may come.
_AFTER: Final = 60
_ANSWER: Final = 120
#: Longest word that counts as one where the reach of a trigger is measured.
_LONGEST: Final = 30


class Stance(IntEnum):
    """How a text stands to one of its mentions."""

    AFFIRMED = 0
    DOUBTED = 1
    NOT_SAID = 2
    DENIED = 3


@dataclass(frozen=True)
class _Triggers:
    forward: dict[str, tuple[Any, int]]
    never: Any
    after: Any
    yes: Any
    ends: Any
    aside: Any


@cache
def _triggers() -> _Triggers:
    raw = data("context")
    after = "|".join(expanded(phrase) for phrase in raw["denied_after"])
    return _Triggers(
        {name: (compiled(raw[name]["phrases"]), raw[name]["words"]) for name in _FORWARD},
        compiled(raw["not_negations"]),
        re2.compile(f"(?:{after})".encode("ascii"), options()),
        compiled(raw["answers"]),
        re2.compile(
            ("(?:" + "|".join(expanded(phrase) for phrase in raw["ends"]) + r")\b").encode("ascii"),
            options(),
        ),
        compiled(raw["aside"]),
    )


@cache
def soliciting() -> Any:  # noqa: ANN401 - re2 has no types
    """What tells of a sting, or of somebody who works alone."""
    return compiled(data("context")["soliciting"])


class Context:
    """The triggers of one text, found once for all its mentions."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        triggers = _triggers()
        self._stops = sentence_ends(text)
        self._ends = [match.span() for match in triggers.ends.finditer(text)]
        self._asides = {self.sentence(start) for start, _ in spans(triggers.aside, text)}
        never = [match.span() for match in triggers.never.finditer(text)]
        self._forward = {
            name: ([span for span in spans(pattern, text) if not meets(span, never)], words)
            if name in ("deny", "not")
            else (spans(pattern, text), words)
            for name, (pattern, words) in triggers.forward.items()
        }

    def sentence(self, start: int) -> int:
        """Number of the sentence in which a character stands."""
        return bisect_right(self._stops, start)

    def opening(self, start: int) -> int:
        """First character of the sentence in which a character stands."""
        at = self.sentence(start)
        return self._stops[at - 1] if at else 0

    def stance(self, start: int, end: int, inside: bool = False) -> Stance:
        """How the text stands to what it says between ``start`` and ``end``.

        Args:
            inside: what denies may also stand inside the mention, between its words.
        """
        if self.sentence(start) in self._asides:
            return Stance.NOT_SAID
        opening = self.opening(start)
        at = bisect_left(self._stops, end)
        closing = self._stops[at] if at < len(self._stops) else len(self._text)
        triggers = _triggers()
        # a denial may be the next sentence: "Was she hit? No."
        asked = b"?" in self._text[end:closing]
        reach = end + _ANSWER if asked else min(end + _AFTER, closing)
        if triggers.after.match(self._text, end, reach):
            return Stance.DENIED
        for name in ("deny", "not"):
            if self._reaches(name, opening, start) or (inside and self._within(name, start, end)):
                return Stance.DENIED
        if self._reaches("ask", opening, start):
            answer = triggers.yes.search(self._text, end, min(end + _ANSWER, len(self._text)))
            if answer is None or self._negated_answer(end, answer.start()):
                return Stance.NOT_SAID
            return Stance.AFFIRMED
        if self._reaches("others", opening, start):
            return Stance.NOT_SAID
        if self._reaches("doubt", opening, start) or self._within("doubt", start, end):
            return Stance.DOUBTED
        return Stance.AFFIRMED

    def _negated_answer(self, start: int, end: int) -> bool:
        """Whether a denial comes before the yes that was found."""
        return self._within("deny", start, end) or self._within("not", start, end)

    def _within(self, name: str, start: int, end: int) -> bool:
        """Whether a trigger begins between ``start`` and ``end``."""
        spans, _ = self._forward[name]
        at = bisect_left(spans, (start, 0))
        return at < len(spans) and spans[at][0] < end

    def _reaches(self, name: str, opening: int, start: int) -> bool:
        """Whether a trigger in the same clause reaches forward to ``start``.

        One that runs into the mention ("no indication | of trafficking") reaches it; but a bare
        "was not" may be part of what is said ("was | not allowed to leave").
        """
        spans, words = self._forward[name]
        at = bisect_right(spans, (start, 0))
        while at and spans[at - 1][0] >= opening:
            at -= 1
            after = spans[at][1]
            if start - after > words * _LONGEST:
                return False
            if after > start + 1:
                if name == "not":
                    continue
                return True
            if self._ended(after, start):
                continue
            if len(self._text[after:start].split()) <= words:
                return True
        return False

    def _ended(self, after: int, start: int) -> bool:
        """Whether a clause ends between a trigger and a mention."""
        at = bisect_left(self._ends, (after - 1, 0))
        return at < len(self._ends) and self._ends[at][0] < start


def sentence_ends(text: bytes) -> list[int]:
    """Where the sentences of ``text`` end, the last one left out."""
    return [match.end() for match in _SENTENCE_END.finditer(text)]


def spans(pattern: Any, text: bytes) -> list[tuple[int, int]]:  # noqa: ANN401 - re2 has no types
    """Where ``pattern`` stands in ``text``."""
    return [match.span() for match in pattern.finditer(text)]


def meets(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    """Whether ``span`` meets one of ``others``, which are in order and do not overlap."""
    at = bisect_left(others, (span[1], 0))
    return at > 0 and others[at - 1][1] > span[0]
