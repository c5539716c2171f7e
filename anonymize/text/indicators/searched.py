"""What patterns find in a text: each is searched for once, whatever number of rules use it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any, Final

from anonymize.text.indicators.context import sentence_ends, spans
from anonymize.text.indicators.lexicon import Together

Span = tuple[int, int]

#: Characters that may stand between words that belong together.
_REACH: Final = 60


class Searched:
    """The spans of patterns in one text, kept for the next rule that asks."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._kept: dict[int, list[Span]] = {}
        self._ends: list[int] | None = None

    def spans(self, pattern: Any) -> list[Span]:  # noqa: ANN401 - re2 has no types
        """Where ``pattern`` (None: nothing) stands, in order and without overlap."""
        if pattern is None:
            return []
        if id(pattern) not in self._kept:  # rules live as long as the process, and so their ids
            self._kept[id(pattern)] = spans(pattern, self._text)
        return self._kept[id(pattern)]

    def together(self, wanted: Together) -> list[Span]:
        """Where words of all groups meet: from the first word to the last, next to each other as
        nearly as the sentence has them."""
        found: Iterable[Span] = self.spans(wanted.groups[0])
        for group in wanted.groups[1:]:
            others = self.spans(group)
            found = sorted({joint for one in found for joint in self._joined(one, others)})
        return list(found)

    def _joined(self, one: Span, others: list[Span]) -> Iterable[Span]:
        """``one`` with the last of ``others`` before it and the first after it."""
        start, end = one
        at = bisect_left(others, (end, 0))
        if at < len(others) and self._near(one, others[at]):
            yield start, others[at][1]
        at = bisect_right(others, (start, 0)) - 1
        while at >= 0 and others[at][1] > start:  # overlaps
            at -= 1
        if at >= 0 and self._near(others[at], one):
            yield others[at][0], end

    def _near(self, left: Span, right: Span) -> bool:
        if right[0] - left[1] > _REACH:
            return False
        if self._ends is None:
            self._ends = sentence_ends(self._text)
        at = bisect_right(self._ends, left[0])
        return at == len(self._ends) or self._ends[at] > right[0]
