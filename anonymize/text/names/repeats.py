"""Names that were found once, found again wherever they stand in the same text; given names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import regex

from anonymize.text.names.grammar import (
    GIVEN_NAME,
    RUN,
    RUN_BEFORE,
    amid_sentence,
    cut,
    cut_before,
    no_name,
)
from anonymize.text.spans import Span
from anonymize.text.vocabulary import given_names, is_thing, is_word
from anonymize.text.words import words

_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['\u2019\u2011-][\p{L}\p{M}]+)*")
_ALIAS = regex.compile(
    r"[ ]\((?:hereafter |hereinafter )?[\"\u201c]?(?:the )?(\p{L}[\p{L}\p{M}-]{1,20})[\"\u201d]?\)"
)
_CALENDAR = words("calendar")
_SURNAMES = words("surnames")
_AMBIGUOUS = words("ambiguous", "calendar")
#: Shorter words and initials are found by their own cues only.
_SHORTEST = 3
#: Unknown words in one case: shorter ones are abbreviations more often than they are names.
_SHORTEST_CASELESS = 4
_BEGINS_LOWER = regex.compile(r"(?:[.!?]|\n|^)[ ]{0,3}\p{Ll}")
_BEGINS_UPPER = regex.compile(r"(?:[.!?]|\n|^)[ ]{0,3}\p{Lu}")
_WORD_BEFORE = regex.compile(r"(?r)(?<![\p{L}\p{M}'\u2019-])([\p{L}\p{M}-]{3,30})[ ]")
_NEXT = regex.compile(r",?[ ](?:\p{L}\.?[ ])?([\p{L}\p{M}'\u2019-]{2,30})")


def propagated(text: str, spans: Sequence[Span]) -> list[Span]:
    """Further mentions of the persons found in ``spans``: each of their names, text-wide.

    A name counts as it is written, capitalised or in capitals; one that is a common word too
    ("May", "Brown") only with a capital in the middle of a sentence. Common given names, and words
    with a capital that are no English words, count as if they had been found. What is inside of a
    longer passage ("the Lopez Bakery") is masked already, as what it is.
    """
    covered = _covered(text, spans)
    names = _persons(text, spans)
    # A name that is a person's and an institution's is taken for the person's.
    institutions = _institutions(text, spans) - names
    found = [
        Span(start, end, kind, 0.7)
        for start, end, kind in _mentions(text, names, institutions, covered)
    ]
    return [*found, *_widened(text, [*spans, *found])]


def _widened(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Persons with the word beside them that belongs to their name and is a common word too."""
    for span in spans:
        if span.type == "PERSON":
            start, end = _beside(text, span.start, span.end)
            if end - start > span.end - span.start:
                yield span._replace(start=start, end=end)


def _covered(text: str, spans: Sequence[Span]) -> bytearray:
    """One byte a character: 1 inside of a span, whose own first and last names stay open."""
    covered = bytearray(len(text))
    for span in spans:
        if span.type != "PERSON" and " " not in text[span.start : span.end]:
            continue
        covered[span.start : span.end] = b"\1" * (span.end - span.start)
    return covered


def _persons(text: str, spans: Sequence[Span]) -> frozenset[str]:
    """Every way the names of the persons found may be written."""
    found: set[str] = set()
    for span in spans:
        if span.type != "PERSON":
            continue
        for match in _WORD.finditer(text, span.start, span.end):
            name = _bare(match.group())
            if len(name) >= _SHORTEST and not no_name(name):
                found |= {name, name.title()} | ({name.upper()} if not name.islower() else set())
    return frozenset(found)


def _institutions(text: str, spans: Sequence[Span]) -> frozenset[str]:
    """Institutions that go by one word: "Domgos", and what stands for them: ("the CRAM")."""
    found: set[str] = set()
    for span in spans:
        if span.type == "ORGANIZATION":
            own = _WORD.fullmatch(text, span.start, span.end)
            alias = _ALIAS.match(text, span.end)
            found |= {match.group(match.lastindex or 0) for match in (own, alias) if match}
    return frozenset(
        name for name in found if len(name) >= _SHORTEST and name[0].isupper() and not no_name(name)
    )


def _mentions(
    text: str, names: frozenset[str], institutions: frozenset[str], covered: bytearray
) -> Iterator[tuple[int, int, str]]:
    lower = _without_capitals(text)
    for match in _WORD.finditer(text):
        word, start = match.group(), match.start()
        name = _bare(word)
        end = start + len(name)
        if covered[start] or covered[end - 1]:
            continue
        if name in names:
            if name.casefold() in _AMBIGUOUS and not _stands_as_name(text, start, name):
                continue
            yield start, end, "PERSON"
        elif name in institutions:
            yield start, end, "ORGANIZATION"
        elif "-" in word and any(part in names for part in word.split("-")):
            yield start, match.end(), "PERSON"
        elif (lower or name[0].isupper()) and _is_name(text, start, name):
            yield *_whole(text, start, end), "PERSON"
        elif (lower or name[0].isupper()) and (both := _pair(text, end, name)):
            yield start, both, "PERSON"


def _without_capitals(text: str) -> bool:
    """Whether more sentences begin with a small letter than with a capital."""
    return len(_BEGINS_LOWER.findall(text)) > len(_BEGINS_UPPER.findall(text))


def _pair(text: str, end: int, name: str) -> int | None:
    """Where a family name ends that follows a name which is a common word too ("April Marsh")."""
    plain = name.casefold()
    if plain not in _AMBIGUOUS and plain not in given_names():
        return None
    match = _NEXT.match(text, end)
    if match is None or match.group(1).isupper() != name.isupper():
        return None
    family = _bare(match.group(1))
    if family.casefold() in _CALENDAR or (name[0].isupper() and family.islower()):
        return None
    if is_word(family) and family.casefold() not in _SURNAMES:
        return None
    return int(match.start(1)) + len(family)


def _is_name(text: str, start: int, name: str) -> bool:
    """A given name or no word at all; what may be either, by its capital alone."""
    plain = name.casefold()
    if plain not in given_names() and name.isascii() and len(name) < _least(name):
        return False
    if plain in _AMBIGUOUS:
        return plain in given_names() and _stands_as_name(text, start, name)
    return plain in given_names() or not (is_word(name) or no_name(name))


def _least(name: str) -> int:
    return _SHORTEST if name.istitle() else _SHORTEST_CASELESS


def _stands_as_name(text: str, start: int, name: str) -> bool:
    return name.istitle() and amid_sentence(text, start)


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """The run of names around one: given and family names beside it belong to the same person."""
    before = RUN_BEFORE.match(text, max(0, start - 60), start)
    if before is not None:
        first, last = cut_before(text, before.start(), start)
        start = first if last > first else start
    run = RUN.match(text, start)
    end = max(end, cut(text, start, run.end())[1]) if run else end
    given = GIVEN_NAME.match(text, end)
    if given is not None:
        first, last = cut(text, *given.span(1))
        end = max(end, last) if last > first else end
    return start, end


def _beside(text: str, start: int, end: int) -> tuple[int, int]:
    """With the noun before or behind a name that is written like it and no word of reports."""
    name = text[start:end]
    before = _WORD_BEFORE.match(text, max(0, start - 30), start)
    after = _NEXT.match(text, end)
    if before and _alike(before.group(1), name) and is_thing(before.group(1)):
        start = before.start()
    if after and _alike(after.group(1), name) and is_thing(after.group(1)):
        end = after.end(1)
    return start, end


def _alike(word: str, name: str) -> bool:
    return (word.isupper(), word.islower()) == (name.isupper(), name.islower())


def _bare(word: str) -> str:
    return word[:-2] if word.endswith(("'s", "\u2019s")) else word
