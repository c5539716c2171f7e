"""Other names of the same person: short and pet forms, the name in another language."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache, lru_cache

import nicknames

from anonymize.text.known.data import load
from anonymize.text.known.sounds import sound

_SHORTEST = 3  # letters of a stem that an ending makes a pet name of
_VOWELS = "aeiou"
_FIRST_SYLLABLE = re.compile("[^aeiouy]*[aeiouy]+[^aeiouy]{1,2}")
_LAST_SYLLABLE = re.compile("[^aeiouy]+[aeiouy]+[^aeiouy]+(?=[aeiouy]?$)")
_PET = re.compile("(.*[^aeiouy])(?:y|i|ie|ey|ee|o|u)")
_SHORTEST_PET = 4  # letters


@cache
def _groups() -> dict[str, set[str]]:
    lines: dict[str, list[str]] = load("nicknames.yaml")
    found: dict[str, set[str]] = defaultdict(set)
    for line in (*lines["short"], *lines["spellings"]):
        names = line.replace("-", "").split()
        for name in names:
            found[name].update(names)
    return found


@cache
def _english() -> nicknames.NickNamer:
    return nicknames.NickNamer()


@lru_cache(maxsize=1 << 14)
def other_forms(name: str) -> frozenset[str]:
    """What else the person named ``name`` (folded, one word) may be called; without ``name``."""
    english = _english()
    found = english.nicknames_of(name) | english.canonicals_of(name)
    found |= _groups().get(name, set())
    return frozenset(form for form in found if form.isalpha() and len(form) > 1) - {name}


@cache
def abbreviated() -> dict[str, str]:
    """Abbreviations of given names in files, such as ``ma`` and ``wm``, to the names."""
    lines: list[str] = load("nicknames.yaml")["abbreviated"]
    return {short: name for name, *shorts in map(str.split, lines) for short in shorts}


@lru_cache(maxsize=1 << 14)
def diminutives(name: str) -> frozenset[str]:
    """Pet forms that an ending makes: Spanish -ito and -ita, English -y and -ie, both ways."""
    found = set[str]()
    stem = name.rstrip(_VOWELS)
    if len(stem) >= _SHORTEST:
        soft = stem[:-1] + "qu" if stem.endswith("c") else stem
        found |= {f"{soft}ito", f"{soft}ita", f"{soft}cito", f"{soft}cita"}
        found |= {f"{name}y", f"{name}ie", f"{name}cito", f"{name}cita"}
    for ending, bases in {
        "ito": ("o", ""),
        "ita": ("a", ""),
        "cito": ("", "e"),
        "cita": ("", "e"),
    }.items():
        if name.endswith(ending) and len(name) - len(ending) >= _SHORTEST:
            found |= {name.removesuffix(ending) + base for base in bases}
    if name.endswith(("y", "ie")) and len(name) > _SHORTEST + 1:
        found.add(name.removesuffix("y").removesuffix("ie"))
    return frozenset(found) - {name}


@lru_cache(maxsize=1 << 14)
def pet_stems(name: str) -> frozenset[str]:
    """``sound`` of the syllables of a name that pet names are made of: ``fran`` of Francesca
    (Franny), ``gur`` of Gurpreet (Guri), ``Sel`` of Maricel (Cely)."""
    first, last = _FIRST_SYLLABLE.match(name), _LAST_SYLLABLE.search(name)
    stems = {first[0], first[0][:-1]} if first else set[str]()
    if last:
        stems.add(last[0])
    return frozenset(
        _stem_sound(stem)
        for stem in stems
        if len(stem) > 1 and stem != name and not stem.endswith(tuple(_VOWELS))
    )


def pet_stem(word: str) -> str:
    """``sound`` of what a word is the pet name of, if by its ending it may be one; else empty."""
    found = _PET.fullmatch(word) if len(word) >= _SHORTEST_PET else None
    return _stem_sound(found[1]) if found else ""


def _stem_sound(stem: str) -> str:
    """``sound`` of letters that are no end of a word."""
    return sound(f"{stem}a").removesuffix("a")
