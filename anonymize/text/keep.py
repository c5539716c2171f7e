"""Which of the model's entities identify nobody and may stay, and which of their words.

The model marks institutions every country has ("the Court of Appeal"), durations ("two weeks"),
the jargon of reports ("VICTIM") and the words that carry indicators ("Motel"). What consists of
such words alone is let go; at the edges of a passage they are cut off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from anonymize.text.spans import Span, merged
from anonymize.text.vocabulary import EVERY_NAME, PEOPLE, is_spelt, is_thing, is_word
from anonymize.text.words import ROLE, words

_WORD = re.compile(r"\w+(?:['\u2019/&-]\w+)*['\u2019]?")
_AGE = re.compile(r"(?i)\bage\b|\baged\b|\byears?[ -]old\b|\by/?o\b")
_DURATION = re.compile(r"(?i)\d{1,3}\+?|\d{1,3}-(?:year|month|week|day|hour|minute)s?")

_UNIT = r"(?:years?|months?|weeks?|days?)(?:['\u2019]s?)?"
_SENTENCE = re.compile(
    rf"(?:['\u2019]s?)?,?[ ]?(?:and \w{{1,12}} {_UNIT} )?(?:of |in )?"
    r"(?:imprisonment|prison|jail|custody|probation|detention)"
)
_SENTENCED = re.compile(
    r"(?:sentenced|imprison|convicted|banned|debarred|term of|sentence of)[^.]{0,50}$"
)
#: What stands joined to a passage belongs to it: "DHKP-C", "Marxist-Leninist".
_JOINED = re.compile(r"(?:[-\u2011](?:[A-Z]\w{0,30}|[a-z]{2,5}\b)){1,3}")
_JOINING = re.compile(r"\b(?:\w{1,30}[-\u2011]){1,3}$")

_FUNCTION = words("function")
_JARGON = words(
    "function", "reports", "indicators", "brands", "spanish", "abbreviations", "colours"
)
_GENERIC = _JARGON | words("institutions", "nationalities")
_CALENDAR = words("calendar")
_PARTICLES = words("particles")
_LINKS = words("function", "spanish") - _PARTICLES
_EVERYWHERE = words("everywhere")
_VAGUE = words("function", "times")
_PLACES = _GENERIC - {"united"}
_EDGES = {
    "ORGANIZATION": words("function", "indicators", "abbreviations"),
    "LOCATION": words("function", "indicators", "abbreviations"),
    "PERSON": _JARGON,
}

_CASELESS = frozenset({"PERSON", "ORGANIZATION", "LOCATION"})

Words = list[re.Match[str]]


def identifying(text: str, entities: Iterable[Span], sure: Sequence[Span]) -> list[Span]:
    """Of the model's entities what could help to find a person.

    Args:
        sure: spans of the other recognisers, which the model's entities give way to.
    """
    left = (
        Span(start, end, entity.type, entity.score)
        for entity, start, end in _beside(sorted(entities), merged(sure))
        # the model takes emoji and the unseen marks between digits for names
        if any(map(str.isalnum, text[start:end]))
    )
    return [
        span for entity in left for line in _lines(text, entity) for span in _trimmed(text, line)
    ]


def _lines(text: str, span: Span) -> Iterator[Span]:
    """A name ends with its line: the model joins it with the label or the address below.

    In capitals and in lower case the model joins whole phrases; English words end a name there.
    """
    if span.type in _CASELESS and text[span.start : span.end].isupper():
        yield from _between(text, span, _is_no_name)
    elif span.type == "PERSON":
        lower = text[span.start : span.end].islower()
        yield from _between(text, span, _is_no_part if lower else _is_small)
    else:
        yield span


def _is_no_name(word: str) -> bool:
    return is_word(word) and word.casefold() not in _PARTICLES


def _is_link(word: str) -> bool:
    return word.casefold() in _LINKS and not word.istitle()


def _is_no_part(word: str) -> bool:
    """Of words in small letters those that are neither names nor nouns, as family names are."""
    plain = word.casefold()
    return _is_link(word) or (
        plain not in EVERY_NAME | _PARTICLES and is_word(word) and not is_thing(word)
    )


def _is_small(word: str) -> bool:
    """Beside words with a capital those without one are no names."""
    plain = word.casefold()
    return _is_link(word) or (
        word.islower() and plain not in _PARTICLES and (plain not in EVERY_NAME or is_word(word))
    )


def _between(text: str, span: Span, ends: Callable[[str], bool]) -> Iterator[Span]:
    """The passages of a span between line ends and words that belong to no name."""
    start = end = span.start
    for word in _WORD.finditer(text, span.start, span.end):
        no_part = ends(word.group())
        if end > start and (no_part or "\n" in text[end : word.start()]):
            yield span._replace(start=start, end=end)
            end = start
        if no_part:
            start = end = word.end()
        else:
            start, end = (start if end > start else word.start()), word.end()
    if end > start:
        yield span._replace(start=start, end=end)


def _beside(entities: Sequence[Span], sure: Sequence[Span]) -> Iterator[tuple[Span, int, int]]:
    """The parts of each entity that no sure span covers; the sure ones do not overlap."""
    at = 0
    for entity in entities:
        start = entity.start
        while at < len(sure) and sure[at].end <= start:
            at += 1
        last = at
        while last < len(sure) and sure[last].start < entity.end:
            if sure[last].start > start:
                yield entity, start, sure[last].start
            start = max(start, sure[last].end)
            last += 1
        if start < entity.end:
            yield entity, start, entity.end


def _trimmed(text: str, span: Span) -> list[Span]:
    found = list(_WORD.finditer(text, span.start, span.end))
    if sum(len(word.group()) for word in found) < 2 or _NOBODY.get(span.type, _nothing)(found):
        return []
    edges = _EDGES.get(span.type, _FUNCTION)
    cut = _strict if span.type == "PERSON" else _any
    while found and cut(found[0].group(), found, edges):
        del found[0]
    while found and (cut(found[-1].group(), found, edges) or _is_particle(span, found[-1])):
        del found[-1]
    if not found:
        return []
    start, end = _joined(text, found[0].start(), found[-1].end())
    if text.endswith(("'s", "\u2019s"), start, end):
        end -= 2
    kind = span.type
    if kind == "DATE_TIME" and _AGE.search(text, start, end + 4):
        kind = "AGE"
    return [Span(start, max(end, _closing(text, end, span.end)), kind, span.score)]


def _is_particle(span: Span, word: re.Match[str]) -> bool:
    """No name of a person ends with a particle: "Ford van"."""
    return span.type == "PERSON" and word.group().islower() and word.group() in _PARTICLES


def _joined(text: str, start: int, end: int) -> tuple[int, int]:
    after = _JOINED.match(text, end)
    before = (
        _JOINING.search(text, max(0, start - 40), start)
        if text[start - 1 : start] in "-\u2011"
        else None
    )
    if after and after.group()[1:].islower() and after.group()[1:] not in PEOPLE["syllables"]:
        after = None
    return before.start() if before else start, after.end() if after else end


def _closing(text: str, end: int, limit: int) -> int:
    """A full stop that belongs to an abbreviation at the end stays inside."""
    return end + 1 if text[end:limit] == "." else end


def _any(word: str, found: Words, edges: frozenset[str]) -> bool:
    return word.casefold() in edges or bool(ROLE.fullmatch(word))


def _strict(word: str, found: Words, edges: frozenset[str]) -> bool:
    """Of a name only what is not written like one: "Will Best" stays whole."""
    if not _any(word, found, edges):
        return False
    return len(found) == 1 or not word.istitle() or word.casefold() in _FUNCTION


def _common_institution(found: Words) -> bool:
    """Generic words alone, and one of them or one that every country has.

    "the Court", "the Polish Government", "the Penal Code" point at nobody; "the Social Insurance
    Authority" or "the Labour Court" tells which office had to do with a person.
    """
    if all(word.group().islower() or word.group().casefold() in _JARGON for word in found):
        return all(is_word(name) or is_spelt(name) for name in (w.group() for w in found))
    names = [word.group().casefold() for word in found]
    said = [name for name in names if name not in _FUNCTION]
    few = len(said) < 2 or not _EVERYWHERE.isdisjoint(said)
    return few and all(name in _GENERIC for name in names)


def _all_in(known: frozenset[str]) -> Callable[[Words], bool]:
    return lambda found: all(_stands(word.group(), known) for word in found)


def _stands(word: str, known: frozenset[str]) -> bool:
    plain = word.casefold()
    return plain in known or bool(ROLE.fullmatch(word)) or known.issuperset(plain.split("/"))


def _no_person(found: Words) -> bool:
    """Generic words alone, unless they are written and known as a name ("Bill Law")."""
    named = len(found) > 1 and all(
        word.group().istitle() and word.group().casefold() in EVERY_NAME for word in found
    )
    return not named and all(_stands(word.group(), _GENERIC) for word in found)


def _vague(found: Words) -> bool:
    """Durations and times of day: no digits but a small number before a unit of time.

    Not so a sentence that was served ("five years' imprisonment"), nor an age.
    """
    text, start, end = found[0].string, found[0].start(), found[-1].end()
    if _SENTENCE.match(text, end) or _SENTENCED.search(text[max(0, start - 70) : start]):
        return False
    texts = [word.group().casefold() for word in found]
    if any(word.group().istitle() and word.group().casefold() not in _VAGUE for word in found):
        return False
    if _AGE.search(" ".join(texts)) and any(text[0].isdigit() for text in texts):
        return False
    numbers = [text for text in texts if text[0].isdigit() and text not in _VAGUE]
    others = [text for text in texts if text not in numbers]
    counted = all(_DURATION.fullmatch(text) for text in numbers)
    units = bool(others) or any("-" in text for text in numbers)
    return counted and units and all(text in _VAGUE or _unnamed(text) for text in others)


def _unnamed(word: str) -> bool:
    """Words beside a time that name no day: "payday", "normal hours"."""
    return word.replace("-", "").isalpha() and word not in _CALENDAR and is_word(word)


def _nothing(found: Words) -> bool:
    return False


_NOBODY: dict[str, Callable[[Words], bool]] = {
    "PERSON": _no_person,
    "ORGANIZATION": _common_institution,
    "LOCATION": _all_in(_PLACES),
    "DATE_TIME": _vague,
    "NRP": _all_in(_JARGON),
}
