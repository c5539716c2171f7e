"""What a record holds of the people and things its narrative speaks of, a column each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from random import Random
from typing import Final, NamedTuple

from tributary.county.names import CULTURES, TWO_SURNAMES, given_names, surnames, variants
from tributary.county.narratives.grammar import read

#: People whom a record may name; everybody else in a narrative is invented.
OWN_ROLES: Final = ("victim", "suspect", "officer", "backup", "witness", "relative", "worker")
#: People without whom sex and age make no story: 3 of 4 are women, or men.
_WOMEN: Final = frozenset({"victim", "girl", "worker", "clerk", "doctor"})
_MEN: Final = frozenset({"suspect", "buyer", "manager", "recruiter"})


class Person(NamedTuple):
    """A person of a narrative. ``own``: the record has this name in its fields."""

    given: str
    surname: str
    female: bool
    own: bool = False
    family_first: bool = False


@dataclass(frozen=True)
class Records:
    """A batch. Lists have one entry a narrative, ``None`` where the record has nothing.

    ``people``: by role of ``OWN_ROLES``. ``values``: what else the fields hold, by slot; dates of
    birth as dates, telephones as ten digits. ``day``: of the incident or of the note. ``exact``:
    own names stay letter by letter as they are (a canary test searches for them). ``barred``: what
    the narrative must not say (names of ``says``), because the record says otherwise.
    """

    day: Sequence[date]
    people: Mapping[str, Sequence[Person | None]] = field(default_factory=dict)
    values: Mapping[str, Sequence[str | date | None]] = field(default_factory=dict)
    exact: bool = False
    barred: Sequence[frozenset[str]] | None = None

    def __len__(self) -> int:
        return len(self.day)


@dataclass(frozen=True)
class Names:
    """Name lists of a split: (female given, male given, surnames, family name first) by culture."""

    cultures: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], bool, bool], ...]
    shares: tuple[float, ...]
    nicknames: Mapping[str, Sequence[str]]


@cache
def names(split: str) -> Names:
    """The lists of a split. Training has the county's own besides."""
    raw = read(split)["names"]
    cultures, shares = [], []
    if split == "train":
        given, family = given_names(), surnames()
        for culture, share in CULTURES.items():
            women, men = (
                tuple(given.names.to_pylist()[given.groups[culture, sex]])
                for sex in ("female", "male")
            )
            listed = tuple(family.names.to_pylist()[family.groups[culture, ""]])
            two, first = culture in TWO_SURNAMES, culture in ("chinese", "vietnamese")
            cultures.append((women, men, listed, two, first))
            shares.append(share[1])
    for entry in raw["cultures"].values():
        women, men, listed = (_listed(entry[part]) for part in ("female", "male", "surnames"))
        cultures.append((women, men, listed, entry.get("two", False), entry.get("first", False)))
        shares.append(entry["share"])
    return Names(tuple(cultures), tuple(shares), raw["nicknames"] | _short(split))


def _short(split: str) -> Mapping[str, Sequence[str]]:
    if split != "train":
        return {}
    pool, other = given_names().names.to_pylist(), variants()
    short = other.names.to_pylist()
    return {
        name: [short[i] for i in row if i >= 0]
        for name, row in zip(pool, other.nicknames.tolist(), strict=True)
        if max(row) >= 0
    }


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def invented(random: Random, pool: Names, role: str = "") -> Person:
    """Somebody of the lists of a split; earlier names are commoner."""
    at = random.random() * sum(pool.shares)
    which = 0
    while which + 1 < len(pool.shares) and at > pool.shares[which]:
        at -= pool.shares[which]
        which += 1
    women, men, family, two, first = pool.cultures[which]
    lean = 0.8 if role in _WOMEN else 0.2 if role in _MEN else 0.5
    female = random.random() < lean
    surname = _early(random, family)
    if two and random.random() < 0.5:
        surname = f"{surname} {_early(random, family)}"
    return Person(_early(random, women if female else men), surname, female, family_first=first)


def _early(random: Random, listed: Sequence[str]) -> str:
    return listed[int(random.random() ** 1.5 * len(listed))]
