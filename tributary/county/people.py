"""The people of the invented county, as columns of codes; names are indices into the pools."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import numpy as np

from tributary.county import rates
from tributary.county.names import CULTURES, TWO_SURNAMES, given_names, surnames
from tributary.county.places import PLACES, STREETS, country_index, homes
from tributary.county.seeds import Days, Ints, Mask, chance, pick, stream

CULTURE_NAMES = tuple(CULTURES)
FEMALE, MALE = 0, 1
NOT_TRAFFICKED, SEX, LABOUR, BOTH = range(4)
#: Race in NIBRS letters; Hispanic origin is a column of its own.
RACES = ("W", "B", "I", "A", "P", "U")
_RACE_OF_CULTURE = {
    "english": (0.58, 0.33, 0.04, 0.01, 0.01, 0.03),
    "spanish": (0.72, 0.05, 0.08, 0.01, 0.01, 0.13),
    "west_african": (0.01, 0.98, 0, 0, 0, 0.01),
    "arabic": (0.90, 0.04, 0, 0.03, 0, 0.03),
    "east_european": (0.99, 0, 0, 0, 0, 0.01),
}
_ASIAN = (0.01, 0, 0, 0.95, 0.02, 0.02)
_CITIZENS_OF = {
    "english": ("CAN", "GBR", "JAM"),
    "spanish": ("MEX", "MEX", "GTM", "HND", "SLV", "COL", "DOM", "CUB"),
    "west_african": ("NGA", "GHA", "SEN", "MLI", "SLE"),
    "vietnamese": ("VNM",),
    "chinese": ("CHN",),
    "filipino": ("PHL",),
    "arabic": ("IRQ", "EGY", "JOR", "MAR"),
    "east_european": ("UKR", "ROU", "MDA", "RUS", "POL"),
    "south_asian": ("IND", "NPL", "BGD", "PAK", "LKA"),
}
_USA = country_index("USA")
#: Serial numbers that no Social Security number, ITIN or ATIN uses: area 900-999, group 01-49.
_SSN_NUMBERS = 100 * 49 * 9_999
#: Any multiplier without a common factor with ``_SSN_NUMBERS`` runs through all of them once.
_SSN_STEP = 15_485_863


@dataclass
class People:
    """One entry a person in every array; person ``i`` is ``P%07d`` in the truth.

    ``surname2`` and ``middle`` are -1 where there is none. ``home`` indexes ``PLACES``; latitude
    and longitude are WGS 84 degrees. ``phone``: area code * 100 + the last digits of 555-01xx.
    ``kind`` is the latent truth: ``NOT_TRAFFICKED``, ``SEX``, ``LABOUR`` or ``BOTH``.
    """

    culture: Ints
    sex: Ints
    diverse: Mask
    given: Ints
    middle: Ints
    surname: Ints
    surname2: Ints
    born: Days
    race: Ints
    hispanic: Mask
    citizenship: Ints
    ssn: Ints
    phone: Ints
    home: Ints
    street: Ints
    house: Ints
    unit: Ints
    latitude: Any
    longitude: Any
    kind: Ints

    def __len__(self) -> int:
        return len(self.culture)

    @property
    def victim(self) -> Mask:
        return np.asarray(self.kind != NOT_TRAFFICKED)

    def take(self, index: Ints) -> People:
        return People(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    def age(self, index: Ints, day: Days) -> Ints:
        """Full years of person ``index`` on ``day``."""
        return years_between(self.born[index], day)


def invent(persons: int, seed: int, start: date) -> People:
    """``persons`` people as they are at ``start``."""
    if not 1 <= persons < _SSN_NUMBERS:
        raise ValueError(f"persons must be between 1 and {_SSN_NUMBERS - 1}")
    kind = _kinds(stream(seed, "victims"), persons)
    victim = kind != NOT_TRAFFICKED
    culture = _by_victim(stream(seed, "culture"), victim, list(CULTURES.values()))
    female = np.array(
        [
            rates.FEMALE,
            rates.SEX_VICTIMS_FEMALE,
            rates.LABOUR_VICTIMS_FEMALE,
            rates.SEX_VICTIMS_FEMALE,
        ]
    )
    sex = np.where(chance(stream(seed, "sex"), female[kind], persons), FEMALE, MALE)
    who = stream(seed, "who")
    return People(
        culture=culture,
        sex=sex,
        diverse=chance(who, rates.GENDER_DIVERSE, persons),
        born=_born(stream(seed, "born"), victim, start),
        kind=kind,
        **_names(stream(seed, "names"), culture, sex),
        **_origin(stream(seed, "origin"), culture, victim),
        **_contact(stream(seed, "contact"), persons),
        **_address(stream(seed, "address"), persons),
    )


def years_between(born: Days, day: Days) -> Ints:
    """Full years, as ages are counted; a missing date of birth gives -1."""
    born, day = born.astype("datetime64[D]"), np.asarray(day).astype("datetime64[D]")
    years = day.astype("datetime64[Y]").astype(int) - born.astype("datetime64[Y]").astype(int)
    before = _month_day(day) < _month_day(born)
    return np.where(np.isnat(born), -1, years - before).astype(np.int64)


def _month_day(day: Days) -> Ints:
    month = day.astype("datetime64[M]")
    number = month.astype(int) % 12
    return np.asarray(number * 100 + (day - month.astype("datetime64[D]")).astype(int))


def _kinds(random: np.random.Generator, size: int) -> Ints:
    both = 1 - rates.SEX_ONLY - rates.LABOUR_ONLY
    kind = 1 + pick(random, (rates.SEX_ONLY, rates.LABOUR_ONLY, both), size)
    return np.where(chance(random, rates.VICTIMS, size), kind, NOT_TRAFFICKED)


def _by_victim(
    random: np.random.Generator, victim: Mask, shares: list[tuple[float, float]]
) -> Ints:
    others = pick(random, [share[0] for share in shares], len(victim))
    victims = pick(random, [share[1] for share in shares], len(victim))
    return np.where(victim, victims, others)


def _born(random: np.random.Generator, victim: Mask, start: date) -> Days:
    """Victims are younger: minors mostly older teens, adults mostly under 30."""
    size = len(victim)
    minor = chance(random, np.where(victim, rates.VICTIM_MINORS, rates.MINORS), size)
    teen = np.where(chance(random, rates.OLDER_TEENS, size), random.uniform(15, 18, size), 0)
    victim_minor = np.where(teen > 0, teen, random.uniform(11, 15, size))
    minor_age = np.where(victim, victim_minor, random.uniform(0.1, 18, size))
    adult_age = 18 + np.where(victim, random.gamma(1.6, 6.5, size), random.gamma(2.4, 9.5, size))
    age = np.where(minor, minor_age, np.minimum(adult_age, 97))
    return np.datetime64(start) - np.floor(age * 365.25).astype("timedelta64[D]")


def _names(random: np.random.Generator, culture: Ints, sex: Ints) -> dict[str, Any]:
    size = len(culture)
    columns = {
        name: np.full(size, -1, np.int64) for name in ("given", "middle", "surname", "surname2")
    }
    for number, name in enumerate(CULTURE_NAMES):
        for code, word in ((FEMALE, "female"), (MALE, "male")):
            group = np.flatnonzero((culture == number) & (sex == code))
            columns["given"][group] = given_names().draw(random, (name, word), len(group))
            middle = given_names().draw(random, (name, word), len(group))
            columns["middle"][group] = np.where(chance(random, 0.6, len(group)), middle, -1)
        group = np.flatnonzero(culture == number)
        columns["surname"][group] = surnames().draw(random, (name, ""), len(group))
        if name in TWO_SURNAMES:
            columns["surname2"][group] = surnames().draw(random, (name, ""), len(group))
    return columns


def _origin(random: np.random.Generator, culture: Ints, victim: Mask) -> dict[str, Any]:
    size = len(culture)
    race = np.zeros(size, np.int64)
    citizenship = np.full(size, _USA, np.int64)
    foreign = chance(random, np.where(victim, rates.VICTIM_FOREIGN, rates.FOREIGN), size)
    for number, name in enumerate(CULTURE_NAMES):
        group = np.flatnonzero(culture == number)
        race[group] = pick(random, _RACE_OF_CULTURE.get(name, _ASIAN), len(group))
        countries = np.array([country_index(code) for code in _CITIZENS_OF[name]])
        abroad = countries[random.integers(0, len(countries), len(group))]
        rare = 0.15 if name == "english" else 1.0
        there = foreign[group] & chance(random, rare, len(group))
        citizenship[group] = np.where(there, abroad, _USA)
    hispanic = (culture == CULTURE_NAMES.index("spanish")) & chance(random, 0.96, size)
    return {"race": race, "hispanic": hispanic, "citizenship": citizenship}


def _contact(random: np.random.Generator, size: int) -> dict[str, Any]:
    offset = int(random.integers(_SSN_NUMBERS))
    number = (np.arange(size, dtype=np.int64) * _SSN_STEP + offset) % _SSN_NUMBERS
    serial, group = number % 9_999 + 1, number // 9_999 % 49 + 1
    area = number // (9_999 * 49) + 900
    return {"ssn": area * 1_000_000 + group * 10_000 + serial, "phone": phones(random, size)}


def phones(random: np.random.Generator, size: int) -> Ints:
    """Numbers of the range 555-0100 to 555-0199, which is kept free for fiction in every area."""
    return random.integers(201, 990, size) * 100 + random.integers(0, 100, size)


def _address(random: np.random.Generator, size: int) -> dict[str, Any]:
    home = homes(random, size)
    return {"home": home, **addresses(random, size), **coordinates(random, home)}


def addresses(random: np.random.Generator, size: int) -> dict[str, Ints]:
    """Street, house number and flat (0: none)."""
    unit = np.where(chance(random, 0.3, size), random.integers(1, 40, size), 0)
    return {
        "street": random.integers(0, len(STREETS), size),
        "house": random.integers(1, 2_400, size),
        "unit": unit,
    }


def coordinates(random: np.random.Generator, place: Ints) -> dict[str, Any]:
    """Points around the centre of each place, to five decimals (about a metre)."""
    centre = np.array([(p.latitude, p.longitude, p.spread) for p in PLACES])[place]
    return {
        "latitude": np.round(centre[:, 0] + random.normal(0, 1, len(place)) * centre[:, 2], 5),
        "longitude": np.round(centre[:, 1] + random.normal(0, 1.3, len(place)) * centre[:, 2], 5),
    }
