"""Words of a text that are nearly one of the record's: one slip, another spelling of the sound, a
look-alike letter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from anonymize.text.known.folding import fold, spelling
from anonymize.text.known.identifiers import Kind
from anonymize.text.known.nicknames import pet_stem
from anonymize.text.known.sounds import consonants, looks, sound
from anonymize.text.known.vocabulary import (
    Usual,
    always_capital,
    begins_sentence,
    inflected,
    means_person,
    tells_nothing,
    usual,
)
from anonymize.text.spans import Span

# Words, and what signs link: O'Brien, big_mike, a.lopez@mail.org. Linear: a run of letters is never
# entered twice.
_LINKED = re.compile(
    r"[^\W_][^\W_\u0300-\u036f]*+(?:[.'\u2019`_@\u0300-\u036f\u00ad\u200b-\u200d-][^\W_]++){0,8}+"
)
_ASCII_LINKED = re.compile(r"[A-Za-z0-9]++(?:[.'`_@-][A-Za-z0-9]++){0,8}+")
_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f\u00ad\u200b-\u200d])*")
_TITLED = re.compile(r"\b(?:[Mm][Rr][Ss]?|[Mm][Ss]|[Mm]iss|MISS)\b\.? ([^\W\d_]+)")
_SHORTEST = 3  # letters of a word that may be near to a name
_LONGEST = 64  # of a word that is looked at: no name is longer
_DOUBTFUL = 5  # letters of a usual word that may be a name ill spelt
_ONE_SLIP = 3  # letters of a name that one slip leaves recognisable
_SURE = 4  # letters of a name that it leaves recognisable wherever the word stands
_TWO_SLIPS = 8
_SOUND = 3
_PET = 3  # letters of a syllable that tells a pet name where case tells nothing
_SOUND_SLIP = 6
_CONSONANTS = 4
_SYLLABLES = 7  # letters of a name that two slips leave recognisable if they are an exchange
_ALIKE = 0.5  # share of a word's letters that may differ where its consonants are the same


class _Where(IntEnum):
    """Where a word that is near to a name is that name; the higher, the more widely."""

    WITHIN = 0  # where it is written as a name, and not because a sentence begins
    WRITTEN = 1  # where it is written as a name
    CASELESS = 2  # and where case tells nothing
    ANYWHERE = 3


class _Reading(NamedTuple):
    word: str
    sound: str
    consonants: str
    looks: str
    letters: str  # in the order of the alphabet
    pet: str
    doubtful: bool


@lru_cache(maxsize=1 << 16)
def _reading(word: str) -> _Reading | None:
    """A word of a text, read; None where it is too short, no word, or a usual one. A usual one with
    a capital is read, but doubtful."""
    folded = spelling(word)
    if len(folded) < _SHORTEST or sum(map(str.isalpha, folded)) < 2 or len(word) > _LONGEST:
        return None
    kind = word.isascii() and (
        usual(folded) or usual(fold(word)) or usual(fold(word).removesuffix(" s"))
    )
    if kind and not (kind is Usual.WORD and len(folded) >= _DOUBTFUL and word.istitle()):
        return None
    if kind and folded in always_capital():
        return None
    said = sound(folded)
    letters = "".join(sorted(folded))
    hard, shape = consonants(said), looks(folded)
    return _Reading(folded, said, hard, shape, letters, pet_stem(folded), bool(kind))


def _is_there(text: str, start: int, end: int, where: _Where) -> bool:
    if where is _Where.WITHIN:
        return means_person(text, start, end, own=False) and not begins_sentence(text, start)
    return (
        where is _Where.ANYWHERE
        or means_person(text, start, end, own=False)
        or (where is _Where.CASELESS and tells_nothing(text, start, end))
    )


def _close(
    words: list[str], targets: list[str], slips: npt.NDArray[np.uint8] | int
) -> Iterator[tuple[int, str]]:
    """Which word is within so many slips of which target: the word's place and the target."""
    if targets:
        distances = cdist(words, targets, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8)
        rows, columns = (distances <= slips).nonzero()
        if len(rows):
            yield from zip(rows.tolist(), map(targets.__getitem__, columns.tolist()), strict=True)


class Near:
    """Spellings of one record, to be found again in other words.

    Args:
        targets: spelling to the type of its spans.
        pets: ``pet_stems`` of persons' names.
    """

    def __init__(self, targets: Mapping[str, str], pets: Set[str] = frozenset()) -> None:
        self._pets = pets
        self._types = dict(targets)
        self._words = [word for word in targets if len(word) >= _ONE_SLIP]
        slips = [2 if len(word) >= _TWO_SLIPS else 1 for word in self._words]
        self._slips = np.array(slips, dtype=np.uint8)
        said = {sound(word): word for word in targets if word.isalpha()}
        self._sounds = {key: word for key, word in said.items() if len(key) >= _SOUND}
        self._long_sounds = [key for key in self._sounds if len(key) >= _SOUND_SLIP]
        hard = {consonants(key): word for key, word in self._sounds.items()}
        self._consonants = {
            key: word
            for key, word in hard.items()
            if len(key) >= _CONSONANTS or len(word) >= _SYLLABLES
        }
        self._long = {"".join(sorted(word)): word for word in targets if len(word) >= _SYLLABLES}
        self._looks = {looks(word): word for word in targets}

    def find(self, text: str) -> Iterator[Span]:
        """Spans of the words of ``text`` that are near."""
        if not self._types:
            return
        yield from self._titled(text)
        pattern = _ASCII_LINKED if text.isascii() else _LINKED
        words = set(pattern.findall(text))
        for linked in [word for word in words if not word.isalnum()]:
            words.update(_WORD.findall(linked))
        near = self._near(words)
        if not near:
            return
        for found in pattern.finditer(text):
            linked = [] if found[0].isalnum() else _WORD.finditer(text, *found.span())
            for word in (found, *linked):
                kind, where = near.get(word[0], ("", _Where.WITHIN))
                if kind and _is_there(text, word.start(), word.end(), where):
                    yield Span(word.start(), word.end(), kind, 0.9)

    def _titled(self, text: str) -> Iterator[Span]:
        """Words after a title: there even a usual word may be a name ill spelt."""
        for titled in _TITLED.finditer(text):
            folded = spelling(titled[1])
            if len(folded) >= _ONE_SLIP and any(
                OSA.distance(folded, name, score_cutoff=1) <= 1 for name in self._words
            ):
                yield Span(titled.start(1), titled.end(1), Kind.PERSON, 0.9)

    def _near(self, words: set[str]) -> dict[str, tuple[str, _Where]]:
        """Of these words those that are near: the type of what they are near to, and where they
        are it."""
        readings = [(word, read) for word in words if (read := _reading(word))]
        found: dict[str, tuple[str, _Where]] = {}
        if not readings:
            return found
        near = [(at, self._by_key(read)) for at, (_, read) in enumerate(readings)]
        near += _close([read.word for _, read in readings], self._words, self._slips)
        sounds = _close([read.sound for _, read in readings], self._long_sounds, 1)
        near += [(at, self._sounds[said]) for at, said in sounds]
        for at, target in near:
            if target:
                word, read = readings[at]
                sure = not read.doubtful and (len(target) >= _SURE or read.word == target)
                where = _Where.ANYWHERE if sure else _Where.WRITTEN
                if inflected(read.word):  # Denies is no Denise
                    where = _Where.WITHIN
                found[word] = self._types[target], max(where, found.get(word, ("", where))[1])
        for word, read in readings:
            if read.pet in self._pets and word not in found:
                sure = not read.doubtful and len(read.pet) >= _PET
                found[word] = Kind.PERSON, _Where.CASELESS if sure else _Where.WRITTEN
        return found

    def _by_key(self, read: _Reading) -> str | None:
        target = self._sounds.get(read.sound) or self._looks.get(read.looks)
        if target:
            return target
        exchanged = self._long.get(read.letters)
        if exchanged and exchanged[0] == read.word[0]:
            return exchanged  # Okwonko of Okonkwo
        hard = self._consonants.get(read.consonants, "")
        slips = len(hard) * _ALIKE if len(read.consonants) >= _CONSONANTS else 2
        if hard and OSA.distance(read.word, hard) <= slips:
            return hard
        return None
