"""Incidents as segments: the fields of levels 1 to 7, so that every FBI edit is met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tributary.county.county import County
from tributary.county.nibrs_incidents import Incidents, Person, relations
from tributary.county.nibrs_layout import Cells, ages, compact, two
from tributary.county.nibrs_scenes import CURFEW, GROUP_B, SCENES, SOCIETY, VEHICLES, WORTHLESS
from tributary.county.people import MALE, RACES
from tributary.county.seeds import Days, Ints, Mask, chance, pick

Fields = dict[str, npt.ArrayLike]


@dataclass
class Segments:
    """Segments of one level: incident index and order within it, person (-1: none), fields."""

    level: int
    incident: Ints
    order: Ints
    fields: dict[str, Cells]
    person: Ints
    action: str = "I"

    def __len__(self) -> int:
        return len(self.incident)

    def drop(self, rows: Ints) -> Segments:
        keep = np.ones(len(self), np.bool_)
        keep[rows] = False
        fields = {name: cells[keep] for name, cells in self.fields.items()}
        return Segments(
            self.level, self.incident[keep], self.order[keep], fields, self.person[keep], self.action
        )


def segments(
    county: County, random: np.random.Generator, incidents: Incidents, last: np.datetime64, atn: Cells
) -> dict[int, Segments]:
    """Levels 1 to 6. ``last``: end of the month of submission. ``atn``: one number per arrestee."""
    unknown = _unknown_demographics(random, incidents)
    levels = (
        _administrative(random, incidents, unknown, last),
        _offences(random, incidents),
        _property(random, incidents),
        _victims(county, random, incidents, unknown),
        _offenders(county, random, incidents, unknown),
        _arrestees(county, random, incidents, last, atn),
    )
    return {segment.level: segment for segment in levels}


def group_b(county: County, random: np.random.Generator, day: Days, children: Ints, adults: Ints) -> Segments:
    """Level 7: arrests without an incident."""
    rows = len(day)
    codes = np.array(list(GROUP_B))[pick(random, list(GROUP_B.values()), rows)]
    young = (codes == CURFEW) & (len(children) > 0)
    codes = np.where((codes == CURFEW) & ~young, "90Z", codes)
    pool = children if len(children) else adults
    person = np.where(young, pool[random.integers(0, len(pool), rows)], adults[random.integers(0, len(adults), rows)])
    fields: Fields = {
        "sequence": "01",
        "date": compact(day),
        "kind": _letters("OST", random, rows),
        "code": codes,
        "armed": "01",
        **_arrested(county, random, person, day),
    }
    return _segments(7, np.arange(rows), np.zeros(rows, np.int64), person, fields, "A")


def _segments(
    level: int, incident: Ints, order: Ints, person: Ints, fields: Fields, action: str = "I"
) -> Segments:
    cells = {name: np.array(np.broadcast_to(_bytes(value), len(incident))) for name, value in fields.items()}
    return Segments(level, incident, order, cells, person, action)


def _bytes(value: npt.ArrayLike) -> Cells:
    found = np.asarray(value)
    return found if found.dtype.kind == "S" else found.astype("S")


def _nobody(rows: int) -> Ints:
    return np.full(rows, -1, np.int64)


def _letters(letters: str, random: np.random.Generator, rows: int) -> Cells:
    return np.array(list(letters), "S1")[random.integers(0, len(letters), rows)]


def _unknown_demographics(random: np.random.Generator, incidents: Incidents) -> Mask:
    """Offenders of whom nobody knows age, sex and race; never where someone was arrested."""
    arrested = np.zeros(len(incidents), np.bool_)
    arrested[incidents.arrestees.incident] = True
    return incidents.known & ~arrested & chance(random, 0.05, len(incidents))


def _administrative(
    random: np.random.Generator, incidents: Incidents, unknown: Mask, last: np.datetime64
) -> Segments:
    rows = len(incidents)
    hour = two(random.integers(0, 24, rows))
    arrested = np.zeros(rows, np.bool_)
    arrested[incidents.arrestees.incident] = True
    closed = incidents.known & ~arrested & ~unknown & chance(random, 0.04, rows)
    closed_on = np.minimum(incidents.day + random.integers(0, 40, rows), last)
    fields: Fields = {
        "date": compact(incidents.day),
        "hour": np.where(chance(random, 0.03, rows), b"", hour),
        "cleared": np.where(closed, _letters("BCD", random, rows), b"N"),
        "cleared_on": compact(np.where(closed, closed_on, np.datetime64("NaT"))),
        "cargo": np.where(incidents.per_scene("cargo"), b"N", b""),
    }
    return _segments(1, np.arange(rows), np.zeros(rows, np.int64), _nobody(rows), fields)


def _offences(random: np.random.Generator, incidents: Incidents) -> Segments:
    first, also = np.arange(len(incidents)), np.flatnonzero(incidents.second)
    incident = np.concatenate([first, also])
    code = incidents.per_scene("code").astype("S3")
    second = incidents.per_scene("second").astype("S3")
    codes = np.concatenate([code, second[also]])
    extra = np.arange(len(incident)) >= len(first)
    burglary = codes == b"220"
    place = incidents.columns["place"][incident]
    activity = np.where(extra, np.where(codes == b"35B", b"P", b""), incidents.columns["activity"][incident])
    entry = _letters("FN", random, len(incident))
    fields: Fields = {
        "code": codes,
        "attempted": np.where(incidents.attempted[incident] & ~extra, b"A", b"C"),
        "using": np.where(codes == b"370", b"C", b"N"),
        "place": place,
        "premises": np.where(burglary & (place == b"14"), b"01", b""),
        "entry": np.where(burglary, entry, b""),
        "activity": activity,
        "weapon": np.where(extra, b"", incidents.columns["weapon"][incident]),
        "bias": "88",
    }
    return _segments(2, incident, extra.astype(np.int64), _nobody(len(incident)), fields)


def _property(random: np.random.Generator, incidents: Incidents) -> Segments:
    """One segment a loss code: the scene's own, and damage where a burglary broke something."""
    parts: list[tuple[Ints, str, Cells]] = []
    for number, scene in enumerate(SCENES):
        rows = np.flatnonzero(incidents.scene == number)
        for loss, weights in scene.goods.items():
            codes = np.array(list(weights) or [""], "S2")
            parts.append((rows, loss, codes[pick(random, list(weights.values()) or [1], len(rows))]))
        if scene.second == "290":
            broken = rows[incidents.second[rows]]
            parts.append((broken, "4", np.full(len(broken), b"77", "S2")))
    incident = np.concatenate([rows for rows, _, _ in parts])
    loss = np.concatenate([np.full(len(rows), loss, "S1") for rows, loss, _ in parts])
    description = np.concatenate([codes for _, _, codes in parts])
    return _property_fields(random, incidents, incident, loss, description)


def _property_fields(
    random: np.random.Generator, incidents: Incidents, incident: Ints, loss: Cells, description: Cells
) -> Segments:
    rows = len(incident)
    attempted = incidents.attempted[incident]
    loss = np.where(attempted & (loss != b"4"), b"1", loss)
    something = (loss != b"1") & (description != b"")
    drugs = something & (description == b"10")
    dollars = np.char.zfill(random.integers(5, 4_000, rows).astype("S9"), 9)
    worthless = np.isin(description, [code.encode() for code in WORTHLESS])
    value = np.where(drugs, b"", np.where(worthless, b"0" * 9, dollars))
    vehicle = something & np.isin(description, [c.encode() for c in VEHICLES]) & (loss == b"7")
    kit = drugs & incidents.second[incident]
    fields: Fields = {
        "loss": loss,
        "description": np.where(something, description, b""),
        "value": np.where(something, value, b""),
        "description_2": np.where(kit, b"11", b""),
        "value_2": np.where(kit, b"000000010", b""),
        "stolen": np.where(vehicle, b"01", b""),
        "drug": np.where(drugs, _letters("ABDEGLM", random, rows), b""),
        "quantity": np.where(drugs, np.char.zfill((random.integers(1, 60, rows) * 500).astype("S12"), 12), b""),
        "measure": np.where(drugs, b"GM", b""),
    }
    order = loss.astype("S1").view(np.uint8).reshape(-1).astype(np.int64)
    return _segments(3, incident, order, _nobody(rows), fields)


def _victims(county: County, random: np.random.Generator, incidents: Incidents, unknown: Mask) -> Segments:
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
        "sequence": np.char.zfill((count[others] + 1).astype("S3"), 3),
        "code": np.where(own, code[others], second[others]),
        "code_2": np.where(own, second[others], b""),
        "kind": np.concatenate([np.full(len(business), b"B"), np.full(len(society), b"S")]),
    }
    rest = _segments(4, others, count[others], _nobody(len(others)), fields)
    return _stack(people, rest)


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
        "sequence": np.char.zfill((victims.nth + 1).astype("S3"), 3),
        "code": incidents.per_scene("code").astype("S3")[of],
        "code_2": np.where(against_society[of], b"", second[of]),
        "kind": "I",
        "age": np.where(free & chance(random, 0.02, rows), b"00", ages(age)),
        **_described(county, random, victims.person),
        "resident": _letters("RRRRNU", random, rows),
        "circumstance": incidents.columns["circumstance"][of],
        "injury": incidents.columns["injury"][of],
        **_links(county, random, incidents, linked, unknown),
    }
    return _segments(4, of, victims.nth, victims.person, fields)


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
        fields["relation" + tail] = np.where(there, relations(county, random, incidents, nth, unknown), b"")
    return fields


def _offenders(county: County, random: np.random.Generator, incidents: Incidents, unknown: Mask) -> Segments:
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
    return _segments(5, of, offenders.nth, offenders.person, fields)


def _hide(cells: npt.ArrayLike, hidden: Mask, unknown: bytes, somebody: Mask) -> Cells:
    return np.where(somebody, np.where(hidden, unknown, cells), b"")


def _arrestees(
    county: County, random: np.random.Generator, incidents: Incidents, last: np.datetime64, atn: Cells
) -> Segments:
    arrestees = incidents.arrestees
    of, rows = arrestees.incident, len(arrestees.incident)
    day = np.minimum(incidents.day[of] + random.integers(0, 21, rows), last)
    fields: Fields = {
        "sequence": two(arrestees.nth + 1),
        "number": atn,
        "date": compact(day),
        "kind": _letters("OST", random, rows),
        "multiple": "N",
        "code": incidents.per_scene("code").astype("S3")[of],
        "armed": np.where(chance(random, 0.06, rows), b"12", b"01"),
        **_arrested(county, random, arrestees.person, day),
    }
    return _segments(6, of, arrestees.nth, arrestees.person, fields)


def _arrested(county: County, random: np.random.Generator, person: Ints, day: Days) -> Fields:
    age = county.people.age(person, day)
    return {
        "age": ages(age),
        **_described(county, random, person),
        "resident": _letters("RRRRNU", random, len(person)),
        "disposition": np.where(age < 18, _letters("HR", random, len(person)), b""),
    }


def _described(county: County, random: np.random.Generator, person: Ints) -> Fields:
    people = county.people
    hispanic = np.where(people.hispanic[person], b"H", b"N")
    return {
        "sex": np.where(people.sex[person] == MALE, b"M", b"F"),
        "race": np.array(RACES, "S1")[people.race[person]],
        "ethnicity": np.where(chance(random, 0.05, len(person)), b"U", hispanic),
    }


def _stack(first: Segments, second: Segments) -> Segments:
    """Segments of one level that lack some of each other's fields."""
    blank = {name: np.zeros(len(second), "S1") for name in first.fields}
    fields = {
        name: np.concatenate([first.fields[name], second.fields.get(name, blank[name])])
        for name in first.fields
    }
    return Segments(
        first.level,
        np.concatenate([first.incident, second.incident]),
        np.concatenate([first.order, second.order]),
        fields,
        np.concatenate([first.person, second.person]),
        first.action,
    )
