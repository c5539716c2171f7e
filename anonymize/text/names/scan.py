"""One pass over the words of a text: where a cue stands, what it announces is looked at."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from anonymize.text.names import institutions, persons
from anonymize.text.names.grammar import CUES
from anonymize.text.spans import Span

_BY_KIND = persons.BY_KIND | institutions.BY_KIND
_WORD = regex.compile(r"[^\W_]+")


def cued_spans(text: str) -> Iterator[Span]:
    """Persons and places that a cue announces or follows, and institutions that end in one."""
    for match in _WORD.finditer(text):
        cues = _STARTS.get(match.group().lower())
        if cues is None:
            continue
        start = match.start()
        for cue, kinds in cues:
            end = start + len(cue)
            if text[start:end].casefold() == cue and not _goes_on(text, end):
                for kind in kinds:
                    yield from _BY_KIND[kind](text, start, end)
                break


def _goes_on(text: str, end: int) -> bool:
    """Whether a word goes on where a cue should end."""
    return text[end - 1].isalnum() and text[end : end + 1].isalnum()


def _starts() -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    """Cues by their first word, the longest first, each with its kinds."""
    kinds: dict[str, list[str]] = {}
    for kind in _BY_KIND:
        for cue in sorted(CUES[kind]):
            kinds.setdefault(cue, []).append(kind)
    starts: dict[str, list[str]] = {}
    for cue in sorted(kinds, key=len, reverse=True):
        first = _WORD.match(cue)
        if first is None:
            raise ValueError(f"a cue begins with a letter or a digit, not {cue!r}")
        starts.setdefault(first.group(), []).append(cue)
    return {
        first: tuple((cue, tuple(kinds[cue])) for cue in cues) for first, cues in starts.items()
    }


_STARTS = _starts()
