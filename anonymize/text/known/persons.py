"""Forms of a person's name, in whatever order and format a record holds it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations, pairwise, permutations
from typing import NamedTuple

from anonymize.text.known.folding import fold
from anonymize.text.known.forms import Forms, Rule
from anonymize.text.known.gathered import Gathered, form
from anonymize.text.known.identifiers import Kind
from anonymize.text.known.nicknames import abbreviated, diminutives, other_forms, pet_stems
from anonymize.text.known.vocabulary import Usual, listed, usual

_TYPE = Kind.PERSON
_SEVERAL = re.compile(r"\b(?:aka|a/k/a|a\.k\.a\.?|alias|fka|f/k/a|goes by)\b|[;/|]", re.IGNORECASE)
_QUOTED = re.compile(r"[\"\u201c(«]([^\"\u201d)»]+)[\"\u201d)»]")
_NEAR = 3  # letters of a word that one edit leaves recognisable
_NEAR_PAIR = 5
_NEAR_SHORT = 6
_CUT = 6  # letters of a name that is also called by its beginning
_PIECE = 4  # letters of what a name is cut to; one less must be written as a name
_TWO = 2
_MOST_NAMES = 5  # of one person: pairs of more are not written
_TITLES = (listed("family_titles") | listed("adjuncts")) - listed("particles") - {"the", "of"}
_VIETNAMESE = frozenset(("thi", "van"))  # stand after a family name, which may be a particle


def gather(identifier: str, found: Gathered) -> None:
    """Adds all forms of a name such as ``LOPEZ GARCIA, Maria "Lupe" del Carmen aka Big Lu``."""
    for one in _SEVERAL.split(identifier):
        for quoted in _QUOTED.findall(one):
            _one(quoted, found)
        _one(_QUOTED.sub(" ", one), found)


def _one(text: str, found: Gathered) -> None:
    before, _, after = text.partition(",")
    family, given = _words(before, is_family="," in text), _words(after)
    words = given + family
    found.titles.update(_TITLES.intersection(fold(text).split()))
    if not words:
        words = fold(text).split()  # a title alone may be an alias: King, Doc
    if len(words) > 1:
        found.whole(words, _TYPE)
        found.whole(family + given, _TYPE)
    if not words:
        return
    for way in {tuple(words), tuple(abbreviated().get(word, word) for word in words)}:
        _add_names(way, found)
        _add_compounds(way, found)


def gather_doubtful(words: Sequence[str], found: Gathered) -> None:
    """Two words that are a firm or a street, or a person with such a name (Hunter Hotel)."""
    first, last = words
    found.whole((last, first), _TYPE)
    found.word(first, _TYPE, Rule.CUT)
    found.word(last, _TYPE, Rule.CUT)
    found.word(first[0] + last[0], _TYPE, Rule.INITIALS)
    found.initials.update((first[0], last[0]))


def _words(text: str, is_family: bool = False) -> list[str]:
    """Words of a name without titles; one at its end, or before the comma, may be a family name."""
    words = fold(text).split()
    last = len(words) - 1
    return [
        word
        for at, word in enumerate(words)
        if word not in listed("titles")
        or (word in listed("family_titles") and at == last and (last > 0 or is_family))
    ]


def _names(words: Sequence[str]) -> list[str]:
    """The words that name, without particles; the last one may be a family name that is a particle
    elsewhere (Duc Anh Le)."""
    return [
        word
        for at, word in enumerate(words)
        if at == len(words) - 1
        or (at == 0 and words[1] in _VIETNAMESE)
        or (word not in listed("particles") and (at > 0 or word not in listed("adjuncts")))
    ]


def _add_names(words: Sequence[str], found: Gathered) -> None:
    names = _names(words)
    found.initials.update(word[0] for word in words[1:])  # of O'Rourke, too
    for name in names:
        found.initials.add(name[0])
        if len(name) == 1 or name.isdigit():
            continue
        found.names.add(name)
        found.word(name, _TYPE)
        called = _called(name)
        found.words(called.short, Rule.SHORT)
        found.words(called.cut, Rule.CUT)
        found.near.update(called.near)
        found.pets |= called.pets
        if len(name) >= _NEAR:
            found.near[name] = _TYPE
    found.particles.update(listed("particles").intersection(words[:-1]))
    if words[0] not in names and len(words) == _TWO:  # Big of Big Mike; Bin of Bin Dong
        found.word(words[0], _TYPE, Rule.CUT)
    if 1 < len(names) <= _MOST_NAMES:
        for first, second in permutations(names, 2):
            if usual(second) is not Usual.FUNCTION:  # "Lopez will"
                found.whole((first, second), _TYPE)
        letters = "".join(name[0] for name in names)
        ends = {words[0][0] + word[0] for word in words[1:]}
        for initials in (letters, *ends, *map("".join, combinations(letters, 2))):
            found.word(initials, _TYPE, Rule.INITIALS)
            found.word(initials[::-1], _TYPE, Rule.INITIALS)


class _Called(NamedTuple):
    """What else the bearer of one name is called, and what of it may be ill spelt."""

    short: Forms
    cut: Forms
    near: dict[str, str]
    pets: frozenset[str]


@lru_cache(maxsize=1 << 14)
def _called(name: str) -> _Called:
    others, pieces = other_forms(name), _pieces(name)
    short = {*others, *diminutives(name), *(one for one in pieces if len(one) >= _PIECE)}
    near = [one for one in others if len(one) >= _NEAR_SHORT and usual(one) is Usual.NO]
    return _Called(
        dict.fromkeys(short, form(_TYPE, Rule.SHORT)),
        dict.fromkeys(pieces - short, form(_TYPE, Rule.CUT)),
        dict.fromkeys(near, _TYPE),
        pet_stems(name),
    )


def _pieces(name: str) -> set[str]:
    """What a long name is cut short to: its beginning or its end (Xochi, Temo, Tasha)."""
    if len(name) < _CUT:
        return set()
    ends = {
        name[start:stop] for start in range(1, len(name)) for stop in (len(name) - 1, len(name))
    }
    pieces = {piece for piece in ends if len(piece) >= _PIECE}
    pieces |= {name[:length] for length in range(_PIECE - 1, len(name) - 1)}
    return {piece for piece in pieces if usual(piece) is not Usual.FUNCTION}


def _add_compounds(words: Sequence[str], found: Gathered) -> None:
    """``de la Cruz``, ``Xiao Ming``, ``Mc Donald``: words that are also written as one."""
    for pair in pairwise(words):
        if len("".join(pair)) >= _NEAR_PAIR and not listed("particles").intersection(pair):
            found.whole(pair, _TYPE)
            found.near["".join(pair)] = _TYPE
            for other in other_forms("".join(pair)):
                found.word(other, _TYPE, Rule.SHORT)
    start = 0
    for at, word in enumerate(words):
        if word in listed("particles"):
            continue
        if at > start and len(word) > 1:
            found.whole(words[start : at + 1], _TYPE)
            found.near["".join(words[start : at + 1])] = _TYPE
        start = at + 1
    for word in words:
        for prefix, other in (("mc", "mac"), ("mac", "mc")):
            if word.startswith(prefix) and len(word) > len(prefix) + 2:
                rest = word.removeprefix(prefix)
                found.whole((prefix, rest), _TYPE)
                found.whole((other, rest), _TYPE)
