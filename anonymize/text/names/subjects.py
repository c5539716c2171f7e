"""Names of persons that stand before what tells of them: a verb, a date of birth."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from anonymize.text.names.grammar import ANY, BLANK, CUES, RUN_BEFORE, cut_before
from anonymize.text.spans import Span
from anonymize.text.vocabulary import EVERY_NAME, given_names, is_ours, is_word, unaccented
from anonymize.text.words import words

#: What stands before a clause.
_CLAUSE = regex.compile(
    r"(?ri)(?:^|[.!?:;,\n\"\u201c(|*]|\b(?:that|and|but|because|when|where|while|if|so|since|after|"
    r"before|until|said|says|stated|claims|&|bc))[ ]{0,2}"
)
#: What stands between a name and "DOB", and the words before it.
_NAMED_BEFORE = regex.compile(
    rf"(?r)(?<![\w'\u2019])(?:{ANY}{BLANK}){{0,3}}{ANY}[ ]?[,;(|]{{0,2}}[ ]?"
)
_SENTENCE = regex.compile(r"(?r)(?:^|[.!?:;,\n\"\u201c(|*])[ ]{0,2}")
_OPENING = '"\u201c(*|'
_NO_SUBJECT = words("function", "reports", "times", "institutions", "indicators") - words("given")
_ANY_WORD = regex.compile(ANY)
_NO_NAME = words("function", "reports", "times", "calendar", "nationalities")
_NO_TITLED_SUBJECT = words("function", "times")
_ROLES = CUES["roles"] | CUES["titles"] | CUES["capitalised_titles"]
#: How far before a verb its subject is looked for.
_BEFORE = 80


def said(text: str, start: int, end: int) -> Iterator[Span]:
    yield from _subject(text, start, EVERY_NAME)


def weakly_said(text: str, start: int, end: int) -> Iterator[Span]:
    yield from _subject(text, start, given_names(), known=True)


def _subject(
    text: str, start: int, homographs: frozenset[str], *, known: bool = False
) -> Iterator[Span]:
    """The name before a verb; a common word only if it is a name too and begins the clause.

    Args:
        homographs: names, which may be common words.
        known: no other words count as names.
    """
    if text[start - 1 : start] != " ":
        return
    at = max(text.rfind(" ", max(0, start - 30), start - 1), text.rfind("\n", 0, start - 1)) + 1
    word = text[at : start - 1].lstrip(_OPENING)
    at = start - 1 - len(word)
    plain = unaccented(word)
    no_subject = _NO_TITLED_SUBJECT if word.istitle() else _NO_SUBJECT
    if plain in homographs and plain not in no_subject:
        clause = _SENTENCE if word.islower() else _CLAUSE
        if (word.istitle() and plain not in _NO_SUBJECT) or clause.match(text, max(0, at - 20), at):
            yield Span(at, start - 1, "PERSON", 0.7)
    elif (
        len(word) == 2
        and word.isalpha()
        and word.isupper()
        and text[start].islower()
        and not is_ours(plain)
    ):
        yield Span(at, start - 1, "PERSON", 0.6)
    elif not known and word[:1].isupper():
        before = RUN_BEFORE.match(text, max(0, start - _BEFORE), start)
        first, last = cut_before(text, before.start(), start) if before else (0, 0)
        # A common word with the capital of a sentence's beginning is no name.
        if last > first and not is_word(text[first:last]):
            yield Span(first, last, "PERSON", 0.7)


def dated(text: str, start: int, end: int) -> Iterator[Span]:
    before = _NAMED_BEFORE.match(text, max(0, start - _BEFORE), start)
    if before is None:
        return
    found: list[regex.Match[str]] = []
    for word in reversed(list(_ANY_WORD.finditer(text, before.start(), before.end()))):
        if word.group().casefold() in _NO_NAME or word.group().casefold() in _ROLES:
            break
        found.append(word)
    if found and any(not is_word(word.group()) for word in found):
        yield Span(found[-1].start(), found[0].end(), "PERSON", 0.8)
