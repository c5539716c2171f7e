"""Names of persons that stand before what tells of them: a verb, a date of birth."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from anonymize.text.names.grammar import ANY, BLANK, CUES, RUN_BEFORE, cut_before
from anonymize.text.spans import Span
from anonymize.text.vocabulary import (
    MAY_BE_NAME,
    PEOPLE,
    given_names,
    is_finite,
    is_ours,
    is_thing,
    is_word,
    unaccented,
)
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
_VERB_BEHIND = regex.compile(
    r" (?:(?:never|also|then|just|always|still|later|already|only|often) )?"
    r"(\p{Ll}{3,20})(?= \p{Ll})"
)
_VERB_IN_CAPITALS = regex.compile(r" (?:(?:NEVER|ALSO|THEN|JUST) )?(\p{Lu}{3,20})(?= \p{Lu})")
_UNCHANGED = frozenset({"cut", "hit", "let", "put", "set", "quit", "beat", "shut", "hurt"})
_MODAL_BEHIND = regex.compile(
    r" (?:would|could|won't|wouldn't|couldn't|can't|didn't|doesn't) \p{Ll}"
)
#: "Cash (" at the beginning of a sentence, before "DOB"
_ALONE_BEFORE = regex.compile(r"(?r)(?<=(?:^|[.!?\n*]\s{0,2}))(\p{Lu}\p{Ll}{2,20})[ ]\(")
_SENTENCE = regex.compile(r"(?r)(?:^|[.!?:;,\n\"\u201c(|*])[ ]{0,2}")
_OPENING = '"\u201c(*|'
_NO_SUBJECT = words("function", "reports", "times", "institutions", "indicators") - words("given")
_ANY_WORD = regex.compile(ANY)
_NO_NAME = words("function", "reports", "times", "calendar", "nationalities")
_NO_TITLED_SUBJECT = words("function", "times")
_ACTORS = (
    (
        MAY_BE_NAME
        - words("function", "reports", "calendar", "institutions", "brands")
        - (words("times") - {"summer", "autumn", "winter"})
    )
    | PEOPLE["monikers"]
    | ((PEOPLE["syllables"] | words("given")) - words("function"))
)
_ROLES = CUES["roles"] | CUES["titles"] | CUES["capitalised_titles"]
#: How far before a verb its subject is looked for.
_BEFORE = 80


def said(text: str, start: int, end: int) -> Iterator[Span]:
    yield from _subject(text, start, MAY_BE_NAME)


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


def acting(text: str, start: int, word: str, end: int) -> bool:
    """Whether what may be a name begins a sentence without an article, and a verb follows: so no
    common noun stands ("Boss sent", "Lexus kept")."""
    plain = unaccented(word)
    if plain not in _ACTORS or word.islower() or not _SENTENCE.match(text, 0, start):
        return False
    if word.istitle() and _MODAL_BEHIND.match(text, end):
        return True
    verb = (_VERB_BEHIND if word.istitle() else _VERB_IN_CAPITALS).match(text, end)
    return verb is not None and (
        verb[1].casefold() in _UNCHANGED or (is_finite(verb[1]) and not is_thing(verb[1]))
    )


def dated(text: str, start: int, end: int) -> Iterator[Span]:
    before = _NAMED_BEFORE.match(text, max(0, start - _BEFORE), start)
    if before is None:
        return
    alone = _ALONE_BEFORE.match(text, 0, start)
    if alone is not None and alone[1].casefold() not in _NO_NAME - _ROLES:
        yield Span(alone.start(1), alone.end(1), "PERSON", 0.7)
        return
    found: list[regex.Match[str]] = []
    for word in reversed(list(_ANY_WORD.finditer(text, before.start(), before.end()))):
        if word.group().casefold() in _NO_NAME or word.group().casefold() in _ROLES:
            break
        found.append(word)
    if found and any(not is_word(word.group()) for word in found):
        yield Span(found[-1].start(), found[0].end(), "PERSON", 0.8)
