"""Names that their own form gives away: initials, a middle initial, "LAST, FIRST DOB"."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from anonymize.text.names.grammar import CUES, INITIAL, PARTICLE, no_name
from anonymize.text.spans import Span
from anonymize.text.vocabulary import is_word
from anonymize.text.words import words

_NO_INITIALS = CUES["abbreviations"]
_LETTER = r"[\p{L}\p{M}'\u2019-]"
_UPPER = r"\p{Lu}[\p{Lu}'\u2019-]{1,25}"
#: "A. Demetriades", "C.-H. Ehrenkrona"
_INITIALS = regex.compile(
    rf"(?<![\w.&])(?:{INITIAL}[ ]?-?){{1,3}}(?:{PARTICLE}[ ]){{0,2}}\p{{Lu}}{_LETTER}{{1,30}}"
)
#: "J.D."
_LETTERED = regex.compile(r"(?<![\w.&-])\p{Lu}\.[ ]?\p{Lu}\.(?:[ ]?\p{Lu}\.)?(?!\w)")
#: "Elita B Desaulniers"
_MIDDLE = regex.compile(
    rf"(?<![\w'\u2019-])\p{{Lu}}\p{{Ll}}{_LETTER}{{0,25}}[ ]{{1,2}}"
    rf"\p{{Lu}}\.?[ ]\p{{Lu}}{_LETTER}{{1,30}}"
)
#: "LOPEZ, MARIA ELENA DOB", "NGUYEN, THI W/F"
_REGISTERED = regex.compile(
    rf"(?<!\w){_UPPER}(?:[ ]{_UPPER})?,[ ]?{_UPPER}"
    r"(?:[ ]\p{Lu}[\p{Lu}'\u2019-]{0,25}){0,2}\.?"
    r"(?=[ ,;/(]{1,3}(?:DOB|D\.O\.B|dob|AGE|YOA|YO\b|\d{1,2}\b"
    r"|(?!OF\b)[WBHAIUO]/?[MF]\b|[MF]/?[WBHAIUO]\b))"
)
#: "Dawn S.", "Lopez, M", "D Green"
_ONE_INITIAL = (
    regex.compile(
        rf"(?<![\w'\u2019-])(?P<name>\p{{Lu}}{_LETTER}{{2,25}}),?[ ]"
        r"\p{Lu}(?:\.|(?![\w'\u2019./-]))"
    ),
    regex.compile(rf"(?<![\w.'\u2019/-])(?![AI]\b)\p{{Lu}}[ ](?P<name>\p{{Lu}}{_LETTER}{{2,25}})"),
)
#: "Big Mike" in quotes, as monikers are given
_QUOTED = regex.compile(
    rf"(?<=[\"\u201c])\p{{Lu}}{_LETTER}{{1,20}}(?:[ ]\p{{Lu}}{_LETTER}{{1,20}})?"
    r"(?=[\"\u201d]|[ ][\d(+$])"
)
#: "(Oberster Gerichtshof)", a name in its own language beside its translation
_GLOSS = regex.compile(r"(?<=\()\p{L}[^()\d\n]{3,80}(?=\))")
_NO_MONIKERS = words("function", "institutions", "times", "calendar", "spanish") | CUES["titles"]
_ENGLISH = words("function", "reports", "indicators", "institutions", "times", "calendar")


def formed(text: str) -> Iterator[Span]:
    """Initials before a family name or alone, a middle initial, a name as registers write it."""
    for pattern in (_INITIALS, _MIDDLE):
        for match in pattern.finditer(text):
            full = match.group().replace(".", ". ").split()
            long = [word for word in (full[0], full[-1]) if len(word.rstrip(".")) > 1]
            letters = "".join(full[:-1]).casefold()
            if letters not in _NO_INITIALS and not any(no_name(word) for word in long):
                yield Span(match.start(), match.end(), "PERSON", 0.8)
    for match in _LETTERED.finditer(text):
        if match.group().casefold().replace(" ", "") not in _NO_INITIALS:
            yield Span(match.start(), match.end(), "PERSON", 0.6)
    for pattern in _ONE_INITIAL:
        for match in pattern.finditer(text):
            if not is_word(match["name"]) and not no_name(match["name"]):
                yield Span(match.start(), match.end(), "PERSON", 0.7)
    for match in _QUOTED.finditer(text):
        if _NO_MONIKERS.isdisjoint(match.group().casefold().split()):
            yield Span(match.start(), match.end(), "PERSON", 0.6)
    for match in _GLOSS.finditer(text):
        if not match.group().isascii() and _ENGLISH.isdisjoint(match.group().casefold().split()):
            yield Span(match.start(), match.end(), "ORGANIZATION", 0.5)
    for match in _REGISTERED.finditer(text):
        family, given = match.group().split(",", 1)
        if not any(no_name(word) for word in (*family.split(), *given.split())):
            yield Span(match.start(), match.end(), "PERSON", 0.9)
