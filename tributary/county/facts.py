"""The latent truth about each trafficked person, of which every agency learns a part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from tributary.county import rates
from tributary.county.people import LABOUR, SEX, People, years_between
from tributary.county.places import ORIGIN_STATES, country_index
from tributary.county.seeds import Days, Ints, Mask, chance, pick, stream

#: Means of control in the order of HTCDS 2.0, with their probability where sex or where labour is
#: exploited (assumptions). Bit ``i`` of ``Facts.means`` is the i-th.
MEANS = {
    "PhysicalThreats": (0.40, 0.30),
    "ThreatsLawEnforcement": (0.15, 0.35),
    "ThreatensChildrenFamily": (0.18, 0.22),
    "DebtBondage": (0.20, 0.45),
    "FalsePromises": (0.45, 0.55),
    "PhysicalAbuse": (0.40, 0.20),
    "SexualAbuse": (0.45, 0.06),
    "TakesEarnings": (0.50, 0.45),
    "RestrictsFinancialAccess": (0.25, 0.25),
    "RestrictsMedicalCare": (0.12, 0.15),
    "WithholdsNecessities": (0.20, 0.18),
    "PsychologicalAbuse": (0.60, 0.45),
    "PsychoactiveSubstance": (0.35, 0.05),
    "ExcessiveWorkingHours": (0.15, 0.60),
    "WithholdsDocuments": (0.10, 0.40),
    "Other": (0.05, 0.05),
}
#: Who recruited (assumptions); for minors the share of family is the source's.
RECRUITERS = {
    "intimate_partner": 0.33,
    "friend": 0.15,
    "family": 0.12,
    "other": 0.25,
    "unknown": 0.15,
}
FAMILY = list(RECRUITERS).index("family")
METHODS = {
    "AtAPlaceOfBusiness": 0.06,
    "AtAnEducationalInstitution": 0.05,
    "AtWork": 0.10,
    "ThroughOnlineSocialNetworks": 0.24,
    "ThroughAnOnlineAdvertisement": 0.15,
    "ThroughATelevisionAdvert": 0.01,
    "ThroughANewspaperAdvert": 0.03,
    "ThroughFamilyOrFamilyEvents": 0.13,
    "ThroughFriendsOrSocialEvents": 0.18,
    "Other": 0.05,
}
#: ISIC rev. 4 sections with the most cases, by letter (assumptions).
INDUSTRIES = {
    "A": 0.22,
    "C": 0.10,
    "F": 0.14,
    "H": 0.04,
    "I": 0.20,
    "N": 0.06,
    "S": 0.08,
    "T": 0.16,
}
SEX_TYPES = {
    "Prostitution": 0.80,
    "Pornography": 0.22,
    "RemoteInteractiveServices": 0.15,
    "PrivateSexualServices": 0.12,
}
#: Where sex is exploited, as NIBRS locations: hotel, residence, cyberspace, street, shop.
SEX_VENUES = {"14": 0.38, "20": 0.22, "58": 0.20, "13": 0.14, "24": 0.06}
LABOUR_VENUES = {"46": 0.24, "20": 0.20, "21": 0.20, "06": 0.14, "48": 0.12, "14": 0.10}


@dataclass
class Facts:
    """One entry a victim; ``slot[person]`` is the entry of a person, -1 for people without one.

    ``months`` is how long it lasted; ``began`` the first day. ``venue`` is a NIBRS location code.
    ``origin`` indexes ``COUNTRIES``; ``origin_state`` indexes ``ORIGIN_STATES``, -1: from here or
    from abroad. ``industry`` and ``sex_types`` are empty where the kind does not apply.
    """

    person: Ints
    slot: Ints
    kind: Ints
    means: Ints
    recruiter: Ints
    method: Ints
    industry: Ints
    sex_types: Ints
    began: Days
    months: Ints
    minor: Mask
    venue: Ints
    origin: Ints
    origin_state: Ints

    def of(self, person: Ints) -> Ints:
        """Entries of people who are all victims."""
        return self.slot[person]


def establish(people: People, seed: int, start: date) -> Facts:
    """What happened to the victims among ``people``."""
    random = stream(seed, "facts")
    person = np.flatnonzero(people.victim)
    kind = people.kind[person]
    sex, labour = (kind & SEX) > 0, (kind & LABOUR) > 0
    months = np.maximum(1, random.gamma(1.3, 12, len(person)).astype(np.int64))
    ended = np.datetime64(start) + random.integers(-400, 400, len(person)).astype("timedelta64[D]")
    eighth = (
        people.born[person].astype("datetime64[D]") + 8 * 366
    )  # nobody is younger when it begins
    began = np.maximum(ended - (months * 30).astype("timedelta64[D]"), eighth)
    minor = years_between(people.born[person], began) < 18
    slot = np.full(len(people), -1, np.int64)
    slot[person] = np.arange(len(person))
    return Facts(
        person=person,
        slot=slot,
        kind=kind,
        means=_means(random, sex, labour),
        recruiter=_recruiter(random, minor),
        method=pick(random, list(METHODS.values()), len(person)),
        industry=np.where(labour, pick(random, list(INDUSTRIES.values()), len(person)), -1),
        sex_types=_some_of(random, list(SEX_TYPES.values()), sex),
        began=began,
        months=months,
        minor=minor,
        venue=_venue(random, sex),
        **_origin(random, people.citizenship[person]),
    )


def venue_codes() -> list[str]:
    """What ``Facts.venue`` indexes."""
    return [*SEX_VENUES, *LABOUR_VENUES]


def _means(random: np.random.Generator, sex: Mask, labour: Mask) -> Ints:
    means = np.zeros(len(sex), np.int64)
    for bit, (in_sex, in_labour) in enumerate(MEANS.values()):
        rate = np.maximum(np.where(sex, in_sex, 0), np.where(labour, in_labour, 0))
        means |= chance(random, rate, len(sex)).astype(np.int64) << bit
    return means


def _recruiter(random: np.random.Generator, minor: Mask) -> Ints:
    recruiter = pick(random, list(RECRUITERS.values()), len(minor))
    others = np.where(recruiter == FAMILY, 0, recruiter)
    by_family = chance(random, rates.FAMILY_RECRUITER_MINOR, len(minor))
    return np.where(minor, np.where(by_family, FAMILY, others), recruiter)


def _some_of(random: np.random.Generator, shares: list[float], where: Mask) -> Ints:
    """Bits of the kinds that apply; the first where none was drawn, none outside ``where``."""
    bits = np.zeros(len(where), np.int64)
    for bit, share in enumerate(shares):
        bits |= chance(random, share, len(where)).astype(np.int64) << bit
    return np.where(where, np.where(bits == 0, 1, bits), 0)


def _venue(random: np.random.Generator, sex: Mask) -> Ints:
    in_sex = pick(random, list(SEX_VENUES.values()), len(sex))
    in_labour = len(SEX_VENUES) + pick(random, list(LABOUR_VENUES.values()), len(sex))
    return np.where(sex, in_sex, in_labour)


def _origin(random: np.random.Generator, citizenship: Ints) -> dict[str, Ints]:
    domestic = citizenship == country_index("USA")
    away = domestic & chance(random, 0.35, len(citizenship))
    state = random.integers(0, len(ORIGIN_STATES), len(citizenship))
    return {"origin": citizenship, "origin_state": np.where(away, state, -1)}
