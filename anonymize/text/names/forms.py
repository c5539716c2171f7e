"""Names that their own form gives away: initials, a middle initial, "LAST, FIRST DOB"."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from anonymize.text.names.grammar import CUES, INITIAL, PARTICLE, no_name
from anonymize.text.spans import Span
from anonymize.text.vocabulary import (
    CENSUS,
    EVERY_NAME,
    PEOPLE,
    given_names,
    is_ours,
    is_spelt,
    is_word,
    unaccented,
)
from anonymize.text.words import words

_NO_INITIALS = CUES["abbreviations"]
_LETTER = r"[\p{L}\p{M}'\u2019-]"
_UPPER = r"\p{Lu}[\p{Lu}'\u2019-]{1,25}"
#: "A. Demetriades", "C.-H. Ehrenkrona"
_INITIALS = regex.compile(
    rf"(?<![\w.&])(?:{INITIAL}[ ]?-?){{1,3}}(?:{PARTICLE}[ ]){{0,2}}\p{{Lu}}{_LETTER}{{1,30}}"
)
#: "J.D."
_LETTERED = regex.compile(r"(?<![\w.&-])\p{L}\.[ ]?\p{L}\.(?:[ ]?\p{L}\.)?(?!\w)")
#: "Short, Prince", "MARTINEZ, CAMILO"
_LISTED = regex.compile(
    r"(?<![\w'\u2019])(?P<family>[\p{L}\p{M}'\u2019-]{2,25}),[ ]?"
    r"(?P<given>[\p{L}\p{M}'\u2019-]{2,25})(?![\w'\u2019-]|,?[ ](?i:and|&)[ ])"
)
#: The name an advertisement gives between hearts: "❤️ Angel ❤️"
_ADVERTISED = regex.compile(
    r"(?<=\p{So}\ufe0f?[ ])\p{L}[\p{L}\p{M}]{1,20}(?:[ ]\p{L}[\p{L}\p{M}]{0,20})?(?=[ ]\p{So})"
)
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
#: "Quick, K. /", "HOOKER, D." where the family name is a common word too
_SURNAME_INITIAL = regex.compile(
    r"(?<![\w'\u2019-])(?:(?i:al|el|de|del|de la|van|bin)[ -])?"
    r"(?P<name>\p{Lu}[\p{L}'\u2019-]{2,25}), ?\p{Lu}\.(?!\w)"
)
#: "T BATTLE" at the beginning of a sentence
_INITIAL_SURNAME = regex.compile(
    r"(?:^|[.;:!?\n,]\s{1,2})"
    rf"(?P<all>(?![AI]\b)\p{{Lu}}\.? (?P<name>\p{{Lu}}{_LETTER}{{2,25}}))(?!\w)"
)
#: Who paid or owes, in a list of sums: "Lux - $250 / RD - 0", "Sky: $600"
_LEDGER = regex.compile(
    r"(?<=[\"\u201c/;|,] ?|\n)(?P<name>\p{L}[\p{L}'\u2019]{1,20}(?: \p{L}[\p{L}'\u2019]{1,20})?) ?"
    r"(?:[-\u2013=]|:) ?"
    r"(?:\$ ?\d|\d{1,5}(?:\.\d\d)?(?: dollars?| bucks)?(?=[\"\u201d/;|,\n]| [/|]))"
)
#: "Big Mike" in quotes, as monikers are given
_QUOTED = regex.compile(
    rf"(?<=[\"\u201c])\p{{Lu}}{_LETTER}{{1,20}}(?:[ ]\p{{Lu}}{_LETTER}{{1,20}})?"
    r"(?=[\"\u201d]|[ ][\d(+$])"
)
#: "slim", "t-bone" where all is in small letters
_QUOTED_SMALL = regex.compile(r"(?<=[\"\u201c])\p{Ll}[\p{Ll}'\u2019-]{2,14}(?=[\"\u201d])")
#: "JC's phone"
_POSSESSED = regex.compile(r"(?<![\w.'\u2019-])\p{Lu}{2}(?=['\u2019]s \p{Ll})")
#: As advertisements begin: "Fantasy back in town", and end: "exotic Pony" before a picture
_OFFERED = regex.compile(
    r"(?i)(?<=[\"\u201c])(?P<name>\p{L}[\p{L}'-]{2,14})"
    r"(?= (?:is )?(?:back|avail\w*|here|visiting|new|now) (?:in|now|4|for|to|till|until|again)\b)"
    r"|(?:exotic|sexy|sweet|sassy|petite|busty|naughty|hot|new|(?:yo)?ur girl|it'?s|i'?m|miss) "
    r"(?P<name>\p{L}[\p{L}'-]{2,14})(?= [\p{So}])"
)
#: "(Oberster Gerichtshof)", a name in its own language beside its translation
_GLOSS = regex.compile(r"(?<=\()\p{L}[^()\d\n]{3,80}(?=\))")
_NO_MONIKERS = words("function", "institutions", "times", "calendar", "spanish") | CUES["titles"]
_NO_LISTED = words("function", "reports", "brands", "colours", "times", "indicators", "calendar")
_SURNAMES = EVERY_NAME | CENSUS["surnames"]
#: What a sum may be for, which stands where a name would.
_NO_ACCOUNT = words("function", "times", "calendar", "indicators", "abbreviations") | frozenset(
    {"cash", "total", "rent", "food", "room", "balance", "owed", "paid", "owes", "deposit"}
)
_PLACED = regex.compile(r"(?ri)\b(?:from|at|in|to|near|the|a|an|his|her|my|their|our|that|this) ")
_NO_GIVEN = words("function")
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
        letters = match.group().casefold().replace(" ", "")
        if letters not in _NO_INITIALS and (match.group()[0].isupper() or " " not in match.group()):
            yield Span(match.start(), match.end(), "PERSON", 0.6)
    for pattern in _ONE_INITIAL:
        for match in pattern.finditer(text):
            if not is_word(match["name"]) and not no_name(match["name"]):
                yield Span(match.start(), match.end(), "PERSON", 0.7)
    for match in _INITIAL_SURNAME.finditer(text):
        if unaccented(match["name"]) in _SURNAMES and not no_name(match["name"].title()):
            yield Span(match.start("all"), match.end("all"), "PERSON", 0.6)
    for match in _SURNAME_INITIAL.finditer(text):
        if unaccented(match["name"]) in _SURNAMES:
            yield Span(match.start(), match.end(), "PERSON", 0.7)
    for match in _LEDGER.finditer(text):
        if match["name"].casefold() not in _NO_ACCOUNT:
            yield Span(match.start("name"), match.end("name"), "PERSON", 0.6)
    for match in _QUOTED.finditer(text):
        said = match.group().split()
        common = match.group().isupper() and all(map(is_word, said))
        if len(said) == 1 and said[0].casefold() in PEOPLE["monikers"]:
            yield Span(match.start(), match.end(), "PERSON", 0.7)
            continue
        named = len(said) == 1 and said[0].casefold() in EVERY_NAME
        if (named or not common) and _NO_MONIKERS.isdisjoint(match.group().casefold().split()):
            yield Span(match.start(), match.end(), "PERSON", 0.6)
    for match in _QUOTED_SMALL.finditer(text):
        plain = match.group().casefold()
        if plain not in _NO_MONIKERS and (plain in EVERY_NAME or not is_spelt(plain)):
            yield Span(match.start(), match.end(), "PERSON", 0.5)
    for match in _OFFERED.finditer(text):
        if match["name"].casefold() not in _NO_MONIKERS:
            yield Span(match.start("name"), match.end("name"), "PERSON", 0.6)
    for match in _POSSESSED.finditer(text):
        if not is_ours(match.group().casefold()):
            yield Span(match.start(), match.end(), "PERSON", 0.5)
    for match in _LISTED.finditer(text):
        if _is_listed(match["family"], match["given"]) and not _is_placed(text, match):
            yield Span(match.start(), match.end(), "PERSON", 0.7)
    if not text.isascii():
        yield from _foreign(text)
    for match in _REGISTERED.finditer(text):
        family, given = match.group().split(",", 1)
        if not any(no_name(word) for word in (*family.split(), *given.split())):
            yield Span(match.start(), match.end(), "PERSON", 0.9)


def _foreign(text: str) -> Iterator[Span]:
    """Forms that no text in ASCII has."""
    for match in _ADVERTISED.finditer(text):
        if any(_may_be_name(word) for word in match.group().split()):
            yield Span(match.start(), match.end(), "PERSON", 0.6)
    for match in _GLOSS.finditer(text):
        if not match.group().isascii() and _ENGLISH.isdisjoint(match.group().casefold().split()):
            yield Span(match.start(), match.end(), "ORGANIZATION", 0.5)


def _is_listed(family: str, given: str) -> bool:
    """Whether "family, given" is a name written as registers do: both words are names."""
    if (family.isupper(), family.islower()) < (given.isupper(), given.islower()):
        return False
    if unaccented(given) not in (EVERY_NAME if unaccented(family) in EVERY_NAME else given_names()):
        return False
    caseless = family.isupper() or family.islower()
    if caseless and given.casefold() in _NO_GIVEN:
        return False
    if caseless and family.casefold() in _NO_LISTED:
        return False
    if unaccented(family) in EVERY_NAME:
        return family[0].isupper() == given[0].isupper()
    return not (is_word(family) or no_name(family))


def _is_placed(text: str, listed: regex.Match[str]) -> bool:
    """Whether a word before the comma is where somebody is from: "a lady from church, Rosa"."""
    return is_ours(listed["family"].casefold()) and bool(_PLACED.match(text, 0, listed.start()))


def _may_be_name(word: str) -> bool:
    plain = word.casefold()
    return plain not in _NO_MONIKERS and (plain in EVERY_NAME or not is_word(word))
