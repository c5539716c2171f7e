"""Text in capitals, or without any, written as sentences are: what the language model was taught.

The model takes capitals for names, so of "HER SISTER LONG VU WENT HOME" it makes nothing, and of
"her sister Long Vu went home" a person. A stretch whose case tells nothing is therefore shown to
it with a capital on each word that may be a name, and on no other; whether it is one is for the
model to say. Every character stays where it is.
"""

from __future__ import annotations

from functools import lru_cache

import regex

from anonymize.text.names.grammar import CUES, MODALS
from anonymize.text.vocabulary import (
    CENSUS,
    MAY_BE_NAME,
    PEOPLE,
    given_names,
    is_ours,
    is_spelt,
    is_word,
    unaccented,
)
from anonymize.text.words import words

#: Sentences and lines: within one either all is in capitals or capitals mean something.
_STRETCH = regex.compile(r"(?:[^.!?;\n]|(?<=\b\p{L})\.|[.!?;](?!\s))+[.!?;\n]?\s*")
_WORD = regex.compile(
    r"(?<![\w@#$/\\_.-])\p{L}[\p{L}\p{M}]*(?:['\u2019-][\p{L}\p{M}]+)*+(?!-?[\d@_\\])"
)
#: The first word, and others but for what an apostrophe contracts.
_PART = regex.compile(r"^[\p{L}\p{M}]+|[\p{L}\p{M}]{3,}")
#: Linear: a run of blanks is entered at its beginning only.
_BEGINS = regex.compile(r"(?:^|[.!?]\s++|(?<!\s)[^\S\n]*+\n\s*+)[\"'(\u201c-]{0,2}(\p{L})")
_GAP = regex.compile(r",?[ ](?:\p{L}\.?[ ])?")
_SHORTEST = 8  # letters of a stretch that shows how it is written
_MOSTLY = 6  # capitals to one small letter: a name typed in small letters stands in a few
_NO_NAME = words("function", "calendar") | MODALS
_GIVEN = words("given") | given_names() | CENSUS["proper"]
_ANNOUNCES = CUES["titles"] | CUES["roles"] | CUES["capitalised_titles"]
_SHORT = PEOPLE["given"] | PEOPLE["family"] | PEOPLE["syllables"]
_AS_THEY_ARE = words("abbreviations")


def recased(text: str) -> str:
    """``text`` with the case of its words as prose would have it, where its own tells nothing."""
    if text.islower() or _without_capitals(text):
        return _cased(text)
    if not any(_is_capitals(found[0]) for found in _STRETCH.finditer(text)):
        return text
    return str(_STRETCH.sub(lambda found: _sentence(found[0]), text))


def _without_capitals(text: str) -> bool:
    """Whether more sentences begin with a small letter than with a capital."""
    begin: list[str] = _BEGINS.findall(text)
    return sum(map(str.islower, begin)) * 2 > len(begin)


def _is_capitals(stretch: str) -> bool:
    small = sum(map(str.islower, stretch))
    return _MOSTLY * small < len(stretch) and sum(map(str.isupper, stretch)) >= max(
        _SHORTEST, _MOSTLY * small
    )


def _sentence(stretch: str) -> str:
    first = _WORD.search(stretch) if _is_capitals(stretch) else None
    if first is None:
        return stretch
    cased, at = _cased(stretch), first.start()
    return cased[:at] + (first[0][0] if first[0][0].isupper() else cased[at]) + cased[at + 1 :]


def _cased(text: str) -> str:
    """With a capital on what may be a name; on what is a family name and a common word (Battle,
    Rice) if a name stands beside it, or before it what somebody is."""
    found = list(_WORD.finditer(text))
    ways = [_ways(one[0]) for one in found]
    parts: list[str] = []
    at, before = 0, ("", "", False, False)
    for place, (one, way) in enumerate(zip(found, ways, strict=True)):
        small, name, sure, _ = way
        if not sure and name != small:
            after = found[place + 1] if place + 1 < len(found) else None
            sure = ((before[2] or before[3]) and bool(_GAP.fullmatch(text, at, one.start()))) or (
                after is not None
                and ways[place + 1][2]
                and bool(_GAP.fullmatch(text, one.end(), after.start()))
            )
        parts += (text[at : one.start()], name if sure else small)
        at, before = one.end(), way
    return "".join((*parts, text[at:]))


@lru_cache(maxsize=1 << 15)
def _ways(word: str) -> tuple[str, str, bool, bool]:
    """A word in small letters, with a capital, whether it may well be a name, and whether it says
    who the next one is."""
    plain, small = unaccented(word), word.lower()
    if not (word.isupper() or word.islower()) or not len(plain) == len(word) == len(small):
        return word, word, False, plain in _ANNOUNCES
    if plain in _AS_THEY_ARE or (len(word) < 3 and not (is_ours(plain) or plain in _SHORT)):
        return word, word, False, plain in _ANNOUNCES
    if plain in _NO_NAME:
        return small, small, False, plain in _ANNOUNCES
    name = _PART.sub(lambda part: part[0].capitalize(), small)
    if plain in _GIVEN or not (is_word(word) or is_spelt(plain)):
        return small, name, True, False
    if is_ours(plain):
        return small, small, False, plain in _ANNOUNCES
    return small, name if plain in MAY_BE_NAME else small, False, plain in _ANNOUNCES
