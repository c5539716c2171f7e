"""Names that were found once, found again wherever they stand in the same text; given names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import regex

from anonymize.text.names.beside import bare, beside, pair
from anonymize.text.names.grammar import (
    GIVEN_NAME,
    MODALS,
    RUN,
    RUN_BEFORE,
    amid_sentence,
    cut,
    cut_before,
    no_name,
)
from anonymize.text.names.subjects import acting
from anonymize.text.spans import Span
from anonymize.text.vocabulary import (
    CENSUS,
    EVERY_NAME,
    PEOPLE,
    given_names,
    is_ours,
    is_word,
    unaccented,
)
from anonymize.text.words import words

_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['\u2019\u2011-][\p{L}\p{M}]+)*")
_ALIAS = regex.compile(
    r"[ ]\((?:hereafter |hereinafter )?[\"\u201c]?(?:the )?(\p{L}[\p{L}\p{M}-]{1,20})[\"\u201d]?\)"
)
_EVERY_PART = EVERY_NAME | PEOPLE["syllables"]
_NEVER_ALONE = words("function", "calendar", "times", "reports", "indicators", "brands", "colours")
_AMBIGUOUS = words("ambiguous", "calendar")
#: Shorter words and initials are found by their own cues only.
_SHORTEST = 3
#: Unknown words in one case: shorter ones are abbreviations more often than they are names.
_SHORTEST_CASELESS = 4
_BEGINS_LOWER = regex.compile(r"(?:[.!?]|\n|^)[ ]{0,3}\p{Ll}")
_BEGINS_UPPER = regex.compile(r"(?:[.!?]|\n|^)[ ]{0,3}\p{Lu}")
_ARTICLE = regex.compile(r"(?i)\b(?:the|an?|his|her|my|no|any|this|that|their)[ ]$")
#: A word with a capital behind one of these is a person's name, whatever it means otherwise.
_OF_PERSON = regex.compile(r"(?r)(?<=\p{Ll} )(?:of|by)[ ]")
_POSSESSES = regex.compile(r"['\u2019]s \p{Ll}")
_AMONG_PERSONS = regex.compile(
    r"(?r)(?<=[\p{Ll},;] )(?:with|that|told|because|when|where|from|by|and|to|for|but|while|if|"
    r"locate|contact|call|asked|knew|than)[ ]"
)


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
    found += _widened(text, [*spans, *found])
    further = _persons(text, found) - names
    return [*found, *_again(text, further, covered)]


def _again(text: str, names: frozenset[str], covered: bytearray) -> Iterator[Span]:
    """Mentions of what only turned out to be a name beside another one."""
    if not names:
        return
    for match in _WORD.finditer(text):
        name, start = bare(match.group()), match.start()
        if name in names and covered[start] != 1 and _repeats(text, start, name):
            yield Span(start, start + len(name), "PERSON", 0.7)


def _repeats(text: str, start: int, name: str) -> bool:
    """Whether a name that was found stands for the person again: common words by their capital."""
    plain = name.casefold()
    if plain not in _AMBIGUOUS and not is_ours(plain):
        return True
    if name.istitle():
        return amid_sentence(text, start)
    if plain in _NEVER_ALONE or plain in MODALS:
        return False
    return _ARTICLE.search(text, max(0, start - 8), start) is None


def _widened(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Persons with the word beside them that belongs to their name and is a common word too."""
    for span in spans:
        if span.type == "PERSON":
            start, end = beside(text, span.start, span.end)
            if end - start > span.end - span.start:
                yield span._replace(start=start, end=end)


def _covered(text: str, spans: Sequence[Span]) -> bytearray:
    """One byte a character: 1 inside of a span, 2 where it is one word and no person.

    Such a word may be a person's name all the same, but not because it is unknown.
    """
    covered = bytearray(len(text))
    for span in spans:
        mark = b"\2" if span.type != "PERSON" and " " not in text[span.start : span.end] else b"\1"
        covered[span.start : span.end] = mark * (span.end - span.start)
    return covered


def _persons(text: str, spans: Sequence[Span]) -> frozenset[str]:
    """Every way the names of the persons found may be written."""
    found: set[str] = set()
    for span in spans:
        if span.type != "PERSON":
            continue
        several = " " in text[span.start : span.end]
        if several:
            found |= _initials(text[span.start : span.end])
        for match in _WORD.finditer(text, span.start, span.end):
            name = bare(match.group())
            if len(name) < _SHORTEST:
                continue
            if not no_name(name) or (several and name.casefold() not in _NEVER_ALONE):
                found |= {name, name.title()} | ({name.upper()} if not name.islower() else set())
    return frozenset(found)


def _initials(name: str) -> set[str]:
    """ "Rosa Alvarez" is "RA" to those in a hurry."""
    letters = "".join(word[0] for word in name.replace(",", " ").split() if word[0].isalpha())
    wanted = letters.isupper() and 1 < len(letters) < 4 and not is_ours(letters.casefold())
    return {letters} if wanted else set()


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
        name = bare(word)
        end = start + len(name)
        if covered[start] == 1 or covered[end - 1] == 1:
            continue
        if name in names:
            if _repeats(text, start, name) or acting(text, start, name, end):
                yield start, end, "PERSON"
            elif both := pair(text, end, name):
                yield start, both, "PERSON"
        elif name in institutions:
            yield start, end, "ORGANIZATION"
        elif acting(text, start, name, end):
            yield start, end, "PERSON"
        elif "-" in word and any(part in names for part in word.split("-")):
            yield start, match.end(), "PERSON"
        elif covered[start] and unaccented(name) not in _EVERY_PART:
            continue
        elif (lower or name[0].isupper()) and _is_name(text, start, name):
            if _is_place(text, start, name):
                yield start, end, "LOCATION"
                continue
            start, end = _whole(text, start, end)
            yield start, pair(text, end, name) or end, "PERSON"
        elif (lower or name[0].isupper()) and (both := pair(text, end, name)):
            yield start, both, "PERSON"


def _without_capitals(text: str) -> bool:
    """Whether more sentences begin with a small letter than with a capital."""
    return len(_BEGINS_LOWER.findall(text)) > len(_BEGINS_UPPER.findall(text))


def _is_place(text: str, start: int, name: str) -> bool:
    """Whether an unknown word follows "in" or "at"."""
    return text[max(0, start - 4) : start].casefold() in (" in ", " at ") and (
        unaccented(name) not in _EVERY_PART
    )


def _is_name(text: str, start: int, name: str) -> bool:
    """A given name or no word at all; what may be either, by its capital alone."""
    plain = unaccented(name)
    if plain not in given_names() and name.isascii() and len(name) < _least(name):
        return False
    if plain in _AMBIGUOUS:
        known = plain in given_names() or plain in PEOPLE["monikers"]
        family = name.istitle() and not is_ours(plain) and plain not in MODALS
        return (known and _stands_as_name(text, start, name)) or (
            family and _AMONG_PERSONS.match(text, 0, start) is not None
        )
    if plain in CENSUS["surnames"] and _stands_as_name(text, start, name):
        return not is_ours(plain) and _POSSESSES.match(text, start + len(name)) is not None
    if name.istitle() and not is_ours(plain) and _AMONG_PERSONS.match(text, 0, start):
        return len(name) > _SHORTEST
    if plain in PEOPLE["monikers"] and _stands_as_name(text, start, name):
        return True
    return plain in given_names() or not (is_word(name) or no_name(name))


def _least(name: str) -> int:
    return _SHORTEST if name.istitle() else _SHORTEST_CASELESS


def _stands_as_name(text: str, start: int, name: str) -> bool:
    return name.istitle() and (
        amid_sentence(text, start) or _OF_PERSON.match(text, 0, start) is not None
    )


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
