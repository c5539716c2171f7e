"""How narratives write people: in full, family name first, by initials, by nickname, misspelt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final

from tributary.county.names import plain
from tributary.county.narratives.records import Person

#: Words that depend on somebody's sex and say nothing about who it is: (woman, man).
SEXED: Final[Mapping[str, tuple[str, str]]] = {
    "she": ("she", "he"),
    "her": ("her", "his"),
    "them": ("her", "him"),
    "hers": ("hers", "his"),
    "herself": ("herself", "himself"),
    "mr": ("Ms.", "Mr."),
    "mrs": ("Mrs", "Mr"),
    "miss": ("Miss", "Mister"),
    "sra": ("Sra.", "Sr."),
    "woman": ("woman", "man"),
    "lady": ("lady", "gentleman"),
    "girl": ("girl", "boy"),
    "female": ("female", "male"),
    "f": ("F", "M"),
    "mother": ("mother", "father"),
    "mom": ("mom", "dad"),
    "sister": ("sister", "brother"),
    "aunt": ("aunt", "uncle"),
    "daughter": ("daughter", "son"),
    "girlfriend": ("girlfriend", "boyfriend"),
    "wife": ("wife", "husband"),
    "niece": ("niece", "nephew"),
}
_VOWELS: Final = "aeiou"
#: Pairs of letters that are words or abbreviations themselves.
_WORDS: Final = frozenset((
    "AM", "AN", "AS", "AT", "BE", "BY", "DO", "DR", "GO", "HE", "HI", "ID", "IF", "IN", "IS", "IT",
    "ME", "MY", "NO", "OF", "OK", "ON", "OR", "PD", "PO", "RO", "SO", "TO", "TV", "UP", "US", "WE",
))  # fmt: skip
_SOUNDS: Final = (
    ("kh", "h"), ("ou", "u"), ("ph", "f"), ("tz", "s"), ("sh", "sch"), ("ch", "tch"), ("ee", "i"),
    ("y", "i"), ("w", "v"), ("j", "y"), ("z", "s"), ("c", "k"), ("q", "k"), ("v", "b"), ("i", "y"),
)  # fmt: skip


def _mi(random: Random) -> str:
    return "ABCDEFGHJLMNRSTV"[int(random.random() * 16)]


def _initial(name: str) -> str:
    return name[:1].upper()


def _bare(letters: str) -> str:
    """Initials without stops, unless they are a word: nobody writes HE for Hana Eze."""
    return f"{letters[:1]}.{letters[1:]}." if letters in _WORDS else letters


def _one_surname(person: Person) -> str:
    """The first of two surnames, particles kept (De la Cruz stays whole)."""
    words = re.split(r"[ -]", person.surname)
    for at, word in enumerate(words):
        if word.lower() not in {
            "de",
            "la",
            "del",
            "dela",
            "los",
            "al",
            "el",
            "van",
            "der",
            "abu",
            "ben",
            "sta",
            "san",
            "le",
            "von",
            "das",
            "dos",
            "da",
            "bin",
            "st.",
        }:
            return person.surname[: sum(map(len, words[: at + 1])) + at]
    return person.surname


def typo(random: Random, name: str) -> str:
    """One slip of the keyboard behind the first letter."""
    if len(name) < 3:
        return name
    at = 1 + int(random.random() * (len(name) - 1))
    kind = int(random.random() * 4)
    if kind == 0 and at + 1 < len(name):
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    if kind == 1:
        return name[:at] + name[at + 1 :]
    if kind == 2:
        return name[:at] + name[at] + name[at:]
    return name[:at] + "aeilnorstuy"[int(random.random() * 11)] + name[at + 1 :]


def transliterated(random: Random, name: str) -> str:
    """As somebody writes it who heard it: one or two sounds by other letters."""
    lower = name.lower()
    can = [(old, new) for old, new in _SOUNDS if old in lower[1:]]
    if not can:
        return typo(random, name)
    old, new = can[int(random.random() * len(can))]
    at = lower.index(old, 1)
    return name[:at] + new + name[at + len(old) :]


def _cut(name: str) -> str:
    """A short form by cutting: Alexandra, Alexa; Oluwaseun, Oluwa."""
    name = name.split(" ")[0]
    for at in range(4, len(name) - 1):
        if name[at - 1].lower() not in _VOWELS and name[at].lower() in _VOWELS:
            return name[:at]
    return name


def _diminutive(person: Person) -> str:
    stem = person.given.rstrip("aoe")
    if " " in stem or len(stem) < 3 or stem[-1] in "hyk":
        return person.given
    return stem + ("ita" if person.female else "ito")


Form = Callable[[Random, Person], str]
FORMS: Final[Mapping[str, Form]] = {
    "full": lambda r, p: (
        f"{p.surname} {p.given}" if p.family_first and r.random() < 0.4
        else f"{p.given} {p.surname}"
    ),
    "first": lambda r, p: p.given,
    "last": lambda r, p: p.surname,
    "last_first": lambda r, p: f"{p.surname}, {p.given}",
    "last_first_tight": lambda r, p: f"{p.surname},{p.given}",
    "last_first_mi": lambda r, p: f"{p.surname}, {p.given} {_mi(r)}.",
    "last_comma_initial": lambda r, p: f"{p.surname}, {_initial(p.given)}.",
    "reversed": lambda r, p: f"{p.surname} {p.given}",
    "full_mi": lambda r, p: f"{p.given} {_mi(r)}. {p.surname}",
    "initials": lambda r, p: f"{_initial(p.given)}.{_initial(p.surname)}.",
    "initials_bare": lambda r, p: _bare(f"{_initial(p.given)}{_initial(p.surname)}"),
    "initials_spaced": lambda r, p: f"{_initial(p.given)}. {_initial(p.surname)}.",
    "initial_last": lambda r, p: f"{_initial(p.given)}. {p.surname}",
    "initial_last_bare": lambda r, p: f"{_initial(p.given)} {p.surname}",
    "first_initial": lambda r, p: f"{p.given} {_initial(p.surname)}.",
    "first_initial_bare": lambda r, p: f"{p.given} {_initial(p.surname)}",
    "one_surname": lambda r, p: _one_surname(p),
    "full_one_surname": lambda r, p: f"{p.given} {_one_surname(p)}",
    "first_word": lambda r, p: p.given.split(" ")[0],
    "hyphened": lambda r, p: f"{p.given} {p.surname.replace(' ', '-')}",
    "glued": lambda r, p: f"{p.given} {p.surname.replace(' ', '').replace('-', '')}",
    "split": lambda r, p: f"{p.given} {p.surname.replace('-', ' ').replace(chr(39), ' ')}",
    "plain": lambda r, p: f"{plain(p.given)} {plain(p.surname)}",
    "cut": lambda r, p: _cut(p.given),
    "diminutive": lambda r, p: _diminutive(p),
    "typo_full": lambda r, p: f"{typo(r, p.given)} {p.surname}",
    "typo_last": lambda r, p: typo(r, p.surname),
    "typo_full_last": lambda r, p: f"{p.given} {typo(r, p.surname)}",
    "typo_first": lambda r, p: typo(r, p.given),
    "sound_full": lambda r, p: f"{transliterated(r, p.given)} {transliterated(r, p.surname)}",
    "sound_first": lambda r, p: transliterated(r, p.given),
    "sound_last": lambda r, p: transliterated(r, p.surname),
    "caps_last": lambda r, p: f"{p.given} {p.surname.upper()}",
    "caps_last_first": lambda r, p: f"{p.surname.upper()}, {p.given}",
    "shout": lambda r, p: f"{p.given} {p.surname}".upper(),
    "shout_last": lambda r, p: p.surname.upper(),
}  # fmt: skip
#: Forms that keep a canary's name as it is.
EXACT: Final = ("full", "first", "last", "last_first")


def nicknamed(random: Random, person: Person, nicknames: Mapping[str, Sequence[str]]) -> str | None:
    """A usual short form of the given name; ``None`` where the lists have none."""
    known = nicknames.get(person.given.split(" ")[0])
    return known[int(random.random() * len(known))] if known else None
