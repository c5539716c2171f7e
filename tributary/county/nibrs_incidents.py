"""What happened: incidents with their victims, offenders and arrests, before any layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tributary.county import rates
from tributary.county.county import County
from tributary.county.facts import RECRUITERS, venue_codes
from tributary.county.nibrs_layout import Cells
from tributary.county.nibrs_scenes import SCENES, SOCIETY, Scene
from tributary.county.people import FEMALE, LABOUR, MALE, SEX
from tributary.county.planted import growing
from tributary.county.seeds import Days, Ints, Mask, chance, pick

Pools = Mapping[str, Ints]
_PROSTITUTED, _SUSPECTS = "prostituted", "suspects"
#: Relationship codes by recruiter, in the order of ``RECRUITERS``; the last where unknown.
_RECRUITER_CODES = ("BG", "FR", "OF", "AQ", "RU")
_RELATIONS = {"AQ": 26, "ST": 26, "OK": 12, "FR": 8, "NE": 5, "BG": 14, "XR": 6, "RU": 3}
_OF_PARTNERS = (b"BG", b"XR")
#: Which scenes are trafficking.
TRAFFICKING = np.isin([scene.code for scene in SCENES], ("64A", "64B"))


@dataclass
class Person:
    """People of one role: the incident and number of each, and who it is (-1: not a person)."""

    incident: Ints
    nth: Ints
    person: Ints


@dataclass
class Incidents:
    """One entry an incident; the three roles have entries of their own, sorted by incident."""

    day: Days
    scene: Ints
    columns: dict[str, Cells]
    attempted: Mask
    second: Mask
    known: Mask
    victims: Person
    offenders: Person
    arrestees: Person
    pools: Pools = field(repr=False)

    def __len__(self) -> int:
        return len(self.day)

    def per_scene(self, name: str) -> npt.NDArray[Any]:
        """An attribute of each incident's scene."""
        return np.array([getattr(scene, name) for scene in SCENES])[self.scene]

    @property
    def society_only(self) -> Mask:
        return np.isin(self.per_scene("code"), SOCIETY)


def pools(county: County) -> Pools:
    """Who can take which part. A child is under 18 during the whole period."""
    people = county.people
    index = np.arange(len(people))
    first = people.age(index, np.full(len(people), county.period.first))
    last = people.age(index, np.full(len(people), county.period.end))
    child, adult = (first >= 12) & (last < 18), first >= 18
    sex, labour = (people.kind & SEX) > 0, (people.kind & LABOUR) > 0
    masks = {
        "anyone": first >= 10,
        "children": child,
        "women": (people.sex == FEMALE) & (first >= 14),
        "men": (people.sex == MALE) & adult,
        "sex_victims": sex,
        "labour_victims": labour,
        "prostituted_minors": sex & child,
        "prostituted_adults": (sex & adult) | ((people.sex == FEMALE) & adult & (first < 45)),
        _SUSPECTS: adult & (first < 70),
    }
    return {name: np.flatnonzero(mask) for name, mask in masks.items()}


def draw(county: County, random: np.random.Generator, day: Days, found: Pools) -> Incidents:
    """Incidents on the days ``day``, with people from ``pools``."""
    scene = _scenes(county, random, day, [_share(scene, found) for scene in SCENES])
    columns = {
        name: _choices(random, scene, attribute)
        for name, attribute in (
            ("place", "places"),
            ("weapon", "weapons"),
            ("injury", "injuries"),
            ("activity", "activities"),
            ("circumstance", "circumstances"),
        )
    }
    rows = len(day)
    of = {name: np.array([getattr(s, name) for s in SCENES])[scene] for name in _RATES}
    known = chance(random, of["known"], rows)
    victims = _victims(random, scene, of["several"], found)
    offenders = _offenders(random, scene, known, found, county, victims)
    arrested = known & chance(random, of["arrested"], rows)
    incidents = Incidents(
        day=day,
        scene=scene,
        columns=columns,
        attempted=chance(random, of["attempted"], rows),
        second=chance(random, of["with_second"], rows),
        known=known,
        victims=victims,
        offenders=offenders,
        arrestees=_arrestees(random, offenders, arrested),
        pools=found,
    )
    _place_of_exploitation(county, incidents)
    return incidents


def _scenes(county: County, random: np.random.Generator, day: Days, shares: list[float]) -> Ints:
    if not county.planted:
        return pick(random, shares, len(day))
    weights = growing(county, shares, TRAFFICKING, day)
    edges = np.cumsum(weights, axis=1)
    drawn = random.random(len(day)) * edges[:, -1]
    return np.asarray((edges <= drawn[:, None]).sum(axis=1), np.int64)


_RATES = ("known", "several", "arrested", "attempted", "with_second")


def relations(
    county: County, random: np.random.Generator, incidents: Incidents, nth: int, unknown: Mask
) -> Cells:
    """Relationship of each victim to offender ``nth`` of the incident; RU where he is not known."""
    victims = incidents.victims
    codes = np.array([code.encode() for code in _RELATIONS], "S2")
    relation = codes[pick(random, list(_RELATIONS.values()), len(victims.incident))]
    trafficked = np.isin(incidents.per_scene("code"), ("64A", "64B"))[victims.incident]
    slot = county.facts.slot[np.maximum(victims.person, 0)]
    recruiter = np.where(slot >= 0, county.facts.recruiter[slot], len(RECRUITERS) - 1)
    told = np.array(_RECRUITER_CODES, "S2")[recruiter]
    relation = np.where(trafficked & (nth == 0), told, relation)
    offender = _nth_offender(incidents, nth)[victims.incident]
    same = (
        county.people.sex[np.maximum(victims.person, 0)]
        == county.people.sex[np.maximum(offender, 0)]
    )
    partner = np.isin(relation, _OF_PARTNERS)
    return np.where(unknown[victims.incident], b"RU", np.where(partner & same, b"AQ", relation))


def _nth_offender(incidents: Incidents, nth: int) -> Ints:
    found = np.full(len(incidents), -1, np.int64)
    of = incidents.offenders
    chosen = of.nth == nth
    found[of.incident[chosen]] = of.person[chosen]
    return found


def _share(scene: Scene, found: Pools) -> float:
    """No share where nobody could take part: a very small county has no such crime."""
    needs = [scene.victims] if scene.victims not in ("business", "society") else []
    needs.append("prostituted_adults" if scene.offenders == _PROSTITUTED else scene.offenders)
    return scene.share if all(len(found[name]) for name in needs) else 0.0


def _choices(random: np.random.Generator, scene: Ints, attribute: str) -> Cells:
    """A code by the weights of each scene; blank where the scene has none."""
    found = np.zeros(len(scene), "S2")
    for number, kind in enumerate(SCENES):
        weights = getattr(kind, attribute)
        rows = np.flatnonzero(scene == number)
        if weights and len(rows):
            codes = np.array([code.encode() for code in weights], "S2")
            found[rows] = codes[pick(random, list(weights.values()), len(rows))]
    return found


def _several(random: np.random.Generator, more: Ints) -> tuple[Ints, Ints]:
    """Incident and number of each of ``more[i]`` entries of incident ``i``."""
    incident = np.repeat(np.arange(len(more)), more)
    return incident, np.arange(len(incident)) - np.searchsorted(incident, incident)


def _from(random: np.random.Generator, pool: Ints, rows: int) -> Ints:
    return pool[random.integers(0, len(pool), rows)] if rows else np.zeros(0, np.int64)


def _victims(random: np.random.Generator, scene: Ints, several: Mask, found: Pools) -> Person:
    """People who are victims; businesses and society are not people and have no entry here."""
    who = np.array([kind.victims for kind in SCENES])[scene]
    people = ~np.isin(who, ("business", "society"))
    count = np.where(people, 1 + chance(random, several, len(scene)), 0)
    incident, nth = _several(random, count)
    person = np.full(len(incident), -1, np.int64)
    for name in np.unique(who[people]).tolist():
        rows = np.flatnonzero(who[incident] == name)
        person[rows] = _from(random, found[name], len(rows))
    twice = (nth > 0) & (person == np.roll(person, 1))
    return Person(incident[~twice], nth[~twice], person[~twice])


def _offenders(
    random: np.random.Generator,
    scene: Ints,
    known: Mask,
    found: Pools,
    county: County,
    victims: Person,
) -> Person:
    """One to three known offenders, or one entry for the unknown."""
    alone = np.array([kind.offenders == _PROSTITUTED or kind.code == "11A" for kind in SCENES])[
        scene
    ]
    count = np.where(alone, 1, 1 + pick(random, (0.77, 0.18, 0.05), len(scene)))
    incident, nth = _several(random, np.where(known, count, 1))
    who = np.array([kind.offenders for kind in SCENES])[scene][incident]
    men = chance(random, 0.8, len(incident)) & (who == _SUSPECTS)
    minors = chance(random, rates.MINOR_ARRESTED_40A, len(incident)) & (
        len(found["prostituted_minors"]) > 0
    )
    pool = np.where(men, "men", who)
    pool = np.where(
        who == _PROSTITUTED, np.where(minors, "prostituted_minors", "prostituted_adults"), pool
    )
    person = np.full(len(incident), -1, np.int64)
    for name in np.unique(pool).tolist():
        rows = np.flatnonzero(pool == name)
        person[rows] = _from(random, found[name if len(found[name]) else _SUSPECTS], len(rows))
    victim = np.full(len(scene), -1, np.int64)
    victim[victims.incident] = victims.person
    himself = person == victim[incident]
    person = np.where(himself, _from(random, found["men"], len(person)), person)
    return Person(incident, nth, np.where(known[incident], person, -1))


def _arrestees(random: np.random.Generator, offenders: Person, arrested: Mask) -> Person:
    """The first offender, and each other one half of the time."""
    caught = arrested[offenders.incident] & (
        (offenders.nth == 0) | chance(random, 0.5, len(offenders.nth))
    )
    incident = offenders.incident[caught]
    nth = np.arange(len(incident)) - np.searchsorted(incident, incident)
    return Person(incident, nth, offenders.person[caught])


def _place_of_exploitation(county: County, incidents: Incidents) -> None:
    """Trafficking happens where the victim's facts say."""
    facts, victims = county.facts, incidents.victims
    codes = np.array([code.encode() for code in venue_codes()], "S2")
    first = (victims.nth == 0) & np.isin(incidents.per_scene("code"), ("64A", "64B"))[
        victims.incident
    ]
    slot = facts.slot[victims.person[first]]
    incidents.columns["place"][victims.incident[first]] = codes[facts.venue[slot]]
