"""Institutions and companies by the form of their names: "X Ltd", "University of X", "X Prison".

What no part of is a name ("the Court of Appeal") is none of them. Of venues ("Sunset Motel") the
name alone is marked: what kind of place it is has to survive redaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import regex

from anonymize.text.names.grammar import RUN, no_name
from anonymize.text.spans import Span
from anonymize.text.words import words

#: How far before its last word a name is looked for.
_BEFORE = 100
_CAPITAL = r"\p{Lu}[\p{L}\p{M}\d]{0,30}(?:['\u2019&.\u2011-][\p{L}\p{M}\d]{1,30}){0,3}"
_LINK = r"(?:,|&|and|of|of the|for|in|de|del|de la|du|des|der|für|und|e|y|van|do|da)"
_BLANK = r"[ \t\u00a0]{1,2}"
_NAME_BEFORE = regex.compile(
    rf"(?r)(?<![\w'\u2019&.-]){_CAPITAL}(?:(?:{_BLANK}{_LINK})?{_BLANK}{_CAPITAL}){{0,6}},?{_BLANK}"
)
_WORD = regex.compile(r"[\w'\u2019&.\u2011-]+")
_GENERIC = words(
    "function", "reports", "indicators", "institutions", "nationalities", "times", "calendar"
)
_VENUES = words("indicators")
_LEADING = words("function", "reports", "calendar")


def company(text: str, start: int, end: int) -> Iterator[Span]:
    """A name before "Ltd", "GmbH", "& Sons"."""
    if text[start:end].islower():
        return
    if text.startswith(".", end):
        end += 1
    yield from _ending(text, start, end)


def institution(text: str, start: int, end: int) -> Iterator[Span]:
    """A name before "Prison", "District Court", "University"."""
    if text[start].isupper() or text[start:end].casefold() == "school":
        yield from _ending(text, start, end)


def venue(text: str, start: int, end: int) -> Iterator[Span]:
    """The name before "Motel", without it."""
    if text[start].isupper():
        for span in _ending(text, start, end):
            own = [word for word in _WORD.finditer(text, span.start, start) if _is_own(word)]
            yield span._replace(end=own[-1].end())


def institution_of(text: str, start: int, end: int) -> Iterator[Span]:
    """ "University of X" """
    if not text[start].isupper():
        return
    at = end + 1
    if text.startswith("the ", at):
        at += 4
    run = RUN.match(text, at)
    if run and any(_is_own(word) for word in _WORD.finditer(text, at, run.end())):
        yield Span(start, run.end(), "ORGANIZATION", 0.7)


BY_KIND: dict[str, Callable[[str, int, int], Iterator[Span]]] = {
    "companies": company,
    "institutions": institution,
    "institutions_of": institution_of,
    "venues": venue,
}


def _ending(text: str, start: int, end: int) -> Iterator[Span]:
    before = _NAME_BEFORE.match(text, max(0, start - _BEFORE), start)
    found = _own_words(text, before) if before else []
    if found and any(_is_own(word) for word in found):
        yield Span(found[0].start(), end, "ORGANIZATION", 0.7)


def _own_words(text: str, run: regex.Match[str]) -> list[regex.Match[str]]:
    """The words of the run that belong to this name.

    In capitals throughout, where a name begins shows only by the words that are none; another
    venue's name ("Sunrise Farms and ...") ends the one before.
    """
    found = list(_WORD.finditer(text, run.start(), run.end()))
    capitals = run.group().isupper()
    while found and found[0].group().casefold() in _LEADING:
        del found[0]
    for at in range(len(found) - 1, 0, -1):
        word = found[at].group().casefold()
        if capitals and (no_name(found[at].group()) or at < len(found) - 3):
            return found[at + 1 :]
        if word in ("and", "&", ",") and found[at - 1].group().casefold() in _VENUES:
            return found[at + 1 :]
    return found


def _is_own(word: regex.Match[str]) -> bool:
    """Whether a word is more than a word every institution has."""
    return word.group().casefold() not in _GENERIC and word.group()[0].isupper()
