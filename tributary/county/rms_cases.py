"""Police cases of Harbor City: what, when, where, and who was involved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from tributary.county import rates
from tributary.county.county import County
from tributary.county.people import BOTH, LABOUR, MALE, NOT_TRAFFICKED, SEX
from tributary.county.places import HARBOR, PLACES
from tributary.county.planted import Ground, ground, later
from tributary.county.seeds import Days, Ints, Mask, chance, pick

ROLES: Final = ("VIC", "SUS", "ARR", "WIT", "RP", "OTH", "OFC")
VICTIM, SUSPECT, ARRESTEE, WITNESS, REPORTER, OTHER, OFFICER = range(7)
#: What narratives tell (``data/narratives``), in the order of ``Cases.story``.
STORIES: Final = ("ordinary", "sex", "labour", "prostitution")


class Type(NamedTuple):
    """Incident types as the department writes them, its NIBRS classification, NIBRS locations."""

    share: float
    first: str
    second: str | None
    nibrs: str | None
    places: str = "20 13 18"


ORDINARY: Final = (
    Type(16, "SIMPLE ASSAULT", None, "13B - Simple Assault"),
    Type(6, "AGGRAVATED ASSAULT", None, "13A - Aggravated Assault"),
    Type(8, "HARASSMENT", None, "13C - Intimidation", "20 58 58"),
    Type(10, "THEFT FROM AUTO", None, "23F - Theft From Motor Vehicle", "18 13 20"),
    Type(8, "THEFT", None, "23H - All Other Larceny"),
    Type(6, "BURGLARY RESIDENTIAL", None, "220 - Burglary/Breaking & Entering", "20"),
    Type(4, "MV THEFT", None, "240 - Motor Vehicle Theft", "18 20"),
    Type(9, "CRIMINAL MISCHIEF", None, "290 - Destruction/Damage/Vandalism of Property"),
    Type(5, "FRAUD", None, "26A - False Pretenses/Swindle/Confidence Game", "58 20"),
    Type(3, "ROBBERY", None, "120 - Robbery", "13 07"),
    Type(4, "MISSING PERSON", None, None),
    Type(6, "WELFARE CHECKS", None, None),
)
SEX_64A: Final = Type(
    1,
    "HUMAN TRAFFICKING",
    "SEX TRAFFICKING",
    "64A - Human Trafficking, Commercial Sex Acts",
    "14 14 20 58",
)
LABOUR_64B: Final = Type(
    1,
    "HUMAN TRAFFICKING",
    "LABOR TRAFFICKING",
    "64B - Human Trafficking, Involuntary Servitude",
    "46 21 20",
)
#: What trafficking is called when nobody calls it trafficking.
MISCODED: Final = (
    Type(4, "SIMPLE ASSAULT", "DV OFFENSES", "13B - Simple Assault", "14 20"),
    Type(3, "MISSING PERSON", "JUVENILE COMPLAINTS", None, "14 20"),
    Type(3, "HARASSMENT", None, "13C - Intimidation", "20 58"),
    Type(2, "SEXUAL ASSAULT", None, "11A - Rape", "14 20"),
    Type(2, "KIDNAPPING/ABDUCTION", "HUMAN TRAFFICKING", "100 - Kidnapping/Abduction", "14 20"),
    Type(3, "SUSPICIOUS PERSON", "PROSTITUTION OFFENSES", None, "14 13"),
)
PROSTITUTION: Final = Type(1, "PROSTITUTION OFFENSES", None, "40A - Prostitution", "14 13 58")
TYPES: Final = (*ORDINARY, SEX_64A, LABOUR_64B, *MISCODED, PROSTITUTION)
_SEX, _LABOUR = len(ORDINARY), len(ORDINARY) + 1
_MISCODED, _PROSTITUTION = len(ORDINARY) + 2, len(TYPES) - 1

#: Types whose NIBRS classification is trafficking.
CODED: Final = (_SEX, _LABOUR)


@dataclass
class Cases:
    """One entry a case, sorted by day. ``subject`` is its victim, or who was arrested in it.

    ``story`` indexes ``STORIES``; ``location`` is a NIBRS code. The involvements have entries of
    their own, sorted by case.
    """

    day: Days
    type: Ints
    story: Ints
    subject: Ints
    ground: Ground
    location: Ints
    case: Ints
    role: Ints
    person: Ints


def cases(county: County) -> Cases:
    """Everybody whom Harbor City's police meet in the period."""
    random, people = county.stream("rms", "cases"), county.people
    rate = np.where(people.victim, rates.RMS_TRAFFICKED, rates.RMS_VICTIM)
    victims = np.flatnonzero(chance(random, rate, len(people)))
    again = victims[chance(random, 0.12, len(victims))]
    sold = np.flatnonzero((people.kind & SEX) > 0)
    arrested = sold[chance(random, 0.08, len(sold))]
    subject = np.concatenate([victims, again, arrested])
    day = county.period.draw(random, len(subject))
    type_ = np.concatenate(
        [
            _types(random, people.kind[np.concatenate([victims, again])]),
            np.full(len(arrested), _PROSTITUTION),
        ]
    )
    day = later(county, "rms", day, people.victim[subject])
    order = np.lexsort((subject, day))
    day, type_, subject = day[order], type_[order], subject[order]
    kind = people.kind[subject]
    story = np.where(kind == NOT_TRAFFICKED, 0, np.where(kind == LABOUR, 2, 1))
    signs = chance(random, rates.SIGNS_IN_40A, len(day))  # written down, and coded 40A all the same
    story = np.where((type_ == _PROSTITUTION) & ~signs, 3, story)
    place = np.array(HARBOR)[pick(random, [PLACES[p].weight for p in HARBOR], len(day))]
    return Cases(
        day=day,
        type=type_,
        story=story,
        subject=subject,
        ground=ground(county, place, day, kind != NOT_TRAFFICKED),
        location=_locations(random, type_),
        **_involved(county, random, type_, subject),
    )


def _types(random: np.random.Generator, kind: Ints) -> Ints:
    size = len(kind)
    ordinary = pick(random, [t.share for t in ORDINARY], size)
    miscoded = _MISCODED + pick(random, [t.share for t in MISCODED], size)
    either = np.where(chance(random, 0.5, size), _SEX, _LABOUR)
    named = np.where(kind == BOTH, either, np.where(kind == SEX, _SEX, _LABOUR))
    right = chance(random, rates.CODED_AS_TRAFFICKING, size)
    return np.where(kind == NOT_TRAFFICKED, ordinary, np.where(right, named, miscoded))


def _locations(random: np.random.Generator, type_: Ints) -> Ints:
    location = np.zeros(len(type_), np.int64)
    for number, kind in enumerate(TYPES):
        rows = np.flatnonzero(type_ == number)
        codes = np.array([int(code) for code in kind.places.split()])
        location[rows] = codes[random.integers(0, len(codes), len(rows))]
    return location


def _involved(
    county: County, random: np.random.Generator, type_: Ints, subject: Ints
) -> dict[str, Ints]:
    """Its subject, often a suspect or arrestee, sometimes a witness or caller, a relative, a second
    officer."""
    people, size = county.people, len(type_)
    index = np.arange(len(people))
    adult = np.flatnonzero(people.age(index, np.full(len(people), county.period.first)) >= 18)
    men = adult[people.sex[adult] == MALE]
    every, arrest = np.arange(size), type_ == _PROSTITUTION
    trafficking = np.isin(type_, CODED)
    suspect = ~arrest & chance(random, np.where(trafficking, 0.8, rates.RMS_SUSPECT), size)
    other = chance(random, rates.RMS_WITNESS, size)
    relative = chance(random, rates.RMS_OTHER, size)
    officer = chance(random, rates.RMS_OFFICER, size)
    parts = [
        (every, np.where(arrest, ARRESTEE, VICTIM), subject),
        (
            every[suspect],
            np.where(chance(random, 0.5, size), ARRESTEE, SUSPECT)[suspect],
            _some(random, men, suspect),
        ),
        (
            every[other],
            np.where(chance(random, 0.5, size), WITNESS, REPORTER)[other],
            _some(random, adult, other),
        ),
        (every[relative], np.full(relative.sum(), OTHER), _some(random, adult, relative)),
        (every[officer], np.full(officer.sum(), OFFICER), _some(random, adult, officer)),
    ]
    case = np.concatenate([part[0] for part in parts])
    role = np.concatenate([part[1] for part in parts])
    person = np.concatenate([part[2] for part in parts])
    keep = (person != subject[case]) | (np.arange(len(case)) < size)
    order = np.lexsort((role[keep], case[keep]))
    return {"case": case[keep][order], "role": role[keep][order], "person": person[keep][order]}


def _some(random: np.random.Generator, pool: Ints, mask: Mask) -> Ints:
    return pool[random.integers(0, len(pool), int(mask.sum()))]
