"""Levels 4 to 7: the people of an incident, and arrests without one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tributary.county.county import County
from tributary.county.nibrs_incidents import Incidents, relations
from tributary.county.nibrs_layout import Cells, ages, compact, digits, two
from tributary.county.nibrs_level import Fields, Segments, letters, made, nobody, stack
from tributary.county.nibrs_scenes import CURFEW, GROUP_B, SOCIETY
from tributary.county.people import MALE, RACES
from tributary.county.seeds import Days, Ints, Mask, chance, pick


def group_b(
    county: County, random: np.random.Generator, day: Days, children: Ints, adults: Ints
) -> Segments:
    """Level 7: arrests without an incident."""
    rows = len(day)
    codes = np.array(list(GROUP_B))[pick(random, list(GROUP_B.values()), rows)]
    young = (codes == CURFEW) & (len(children) > 0)
    codes = np.where((codes == CURFEW) & ~young, "90Z", codes)
    pool = children if len(children) else adults
    person = np.where(
        young,
        pool[random.integers(0, len(pool), rows)],
        adults[random.integers(0, len(adults), rows)],
    )
    fields: Fields = {
        "sequence": "01",
        "date": compact(day),
        "kind": letters("OST", random, rows),
        "code": codes,
        "armed": "01",
        **_arrested(county, random, person, day),
    }
    return made(7, np.arange(rows), np.zeros(rows, np.int64), person, fields, "A")


def victims(
    county: County, random: np.random.Generator, incidents: Incidents, unknown: Mask
) -> Segments:
    """People first, then the business, then society."""
    people = _person_victims(county, random, incidents, unknown)
    code = incidents.per_scene("code").astype("S3")
    second = np.where(incidents.second, incidents.per_scene("second"), "").astype("S3")
    business = np.flatnonzero(incidents.per_scene("victims") == "business")
    only = incidents.society_only
    society = np.flatnonzero(only | np.isin(second, [c.encode() for c in SOCIETY]))
    others = np.concatenate([business, society])
    own = np.concatenate([np.ones(len(business), np.bool_), only[society]])
    count = np.bincount(people.incident, minlength=len(incidents))
    fields: Fields = {
        "sequence": digits(count[others] + 1, 3),
        "code": np.where(own, code[others], second[others]),
        "code_2": np.where(own, second[others], b""),
        "kind": np.concatenate([np.full(len(business), b"B"), np.full(len(society), b"S")]),
    }
    rest = made(4, others, count[others], nobody(len(others)), fields)
    return stack(people, rest)


def offenders(
    county: County, random: np.random.Generator, incidents: Incidents, unknown: Mask
) -> Segments:
    offenders = incidents.offenders
    of, rows = offenders.incident, len(offenders.incident)
    somebody = offenders.person >= 0
    person = np.maximum(offenders.person, 0)
    age = county.people.age(person, incidents.day[of])
    low = np.maximum(age - 3, 1)
    band = np.char.add(two(low), two(low + 5))
    hidden = unknown[of]
    closed = np.isin(of, incidents.arrestees.incident)
    vague = chance(random, 0.06, rows) & ~closed & (age < 90)
    shown = _described(county, random, person)
    fields: Fields = {
        "sequence": np.where(somebody, two(offenders.nth + 1), b"00"),
        "age": _hide(np.where(vague, band, ages(age)), hidden, b"00", somebody),
        "sex": _hide(shown["sex"], hidden, b"U", somebody),
        "race": _hide(shown["race"], hidden, b"U", somebody),
        "ethnicity": _hide(shown["ethnicity"], hidden, b"U", somebody),
    }
    return made(5, of, offenders.nth, offenders.person, fields)


def arrestees(
    county: County,
    random: np.random.Generator,
    incidents: Incidents,
    last: np.datetime64,
    atn: Cells,
) -> Segments:
    arrestees = incidents.arrestees
    of, rows = arrestees.incident, len(arrestees.incident)
    day = np.minimum(incidents.day[of] + random.integers(0, 21, rows), last)
    fields: Fields = {
        "sequence": two(arrestees.nth + 1),
        "number": atn,
        "date": compact(day),
        "kind": letters("OST", random, rows),
        "multiple": "N",
        "code": incidents.per_scene("code").astype("S3")[of],
        "armed": np.where(chance(random, 0.06, rows), b"12", b"01"),
        **_arrested(county, random, arrestees.person, day),
    }
    return made(6, of, arrestees.nth, arrestees.person, fields)


def _person_victims(
    county: County, random: np.random.Generator, incidents: Incidents, unknown: Mask
) -> Segments:
    victims = incidents.victims
    of, rows = victims.incident, len(victims.incident)
    linked = incidents.per_scene("linked")[of]
    second = np.where(incidents.second, incidents.per_scene("second"), "").astype("S3")
    against_society = np.isin(second, [code.encode() for code in SOCIETY])
    age = county.people.age(victims.person, incidents.day[of])
    free = incidents.per_scene("code")[of] != "36B"
    fields: Fields = {
        "sequence": digits(victims.nth + 1, 3),
        "code": incidents.per_scene("code").astype("S3")[of],
        "code_2": np.where(against_society[of], b"", second[of]),
        "kind": "I",
        "age": np.where(free & chance(random, 0.02, rows), b"00", ages(age)),
        **_described(county, random, victims.person),
        "resident": letters("RRRRNU", random, rows),
        "circumstance": incidents.columns["circumstance"][of],
        "injury": incidents.columns["injury"][of],
        **_links(county, random, incidents, linked, unknown),
    }
    return made(4, of, victims.nth, victims.person, fields)


def _links(
    county: County, random: np.random.Generator, incidents: Incidents, linked: Mask, unknown: Mask
) -> Fields:
    """Every offender of the incident, with the relationship; ``00`` where he is unknown."""
    of = incidents.victims.incident
    count = np.bincount(incidents.offenders.incident, minlength=len(incidents))[of]
    known = incidents.known[of]
    fields: Fields = {}
    for nth, tail in enumerate(("", "_2", "_3")):
        there = linked & known & (count > nth)
        number = np.where(there, f"{nth + 1:02d}".encode(), b"")
        fields["offender" + tail] = np.where(linked & ~known & (nth == 0), b"00", number)
        fields["relation" + tail] = np.where(
            there, relations(county, random, incidents, nth, unknown), b""
        )
    return fields


def _hide(cells: npt.ArrayLike, hidden: Mask, unknown: bytes, somebody: Mask) -> Cells:
    return np.where(somebody, np.where(hidden, unknown, cells), b"")


def _arrested(county: County, random: np.random.Generator, person: Ints, day: Days) -> Fields:
    age = county.people.age(person, day)
    return {
        "age": ages(age),
        **_described(county, random, person),
        "resident": letters("RRRRNU", random, len(person)),
        "disposition": np.where(age < 18, letters("HR", random, len(person)), b""),
    }


def _described(county: County, random: np.random.Generator, person: Ints) -> Fields:
    people = county.people
    hispanic = np.where(people.hispanic[person], b"H", b"N")
    return {
        "sex": np.where(people.sex[person] == MALE, b"M", b"F"),
        "race": np.array(RACES, "S1")[people.race[person]],
        "ethnicity": np.where(chance(random, 0.05, len(person)), b"U", hispanic),
    }
