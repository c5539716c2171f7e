"""Incidents as segments: levels 1 to 3, and all levels together, so that every FBI edit is met."""

from __future__ import annotations

import numpy as np

from tributary.county.county import County
from tributary.county.nibrs_incidents import Incidents
from tributary.county.nibrs_layout import Cells, compact, digits, two
from tributary.county.nibrs_level import Fields, Segments, letters, made, nobody
from tributary.county.nibrs_people import arrestees, offenders, victims
from tributary.county.nibrs_scenes import SCENES, VEHICLES, WORTHLESS
from tributary.county.people import RACES
from tributary.county.seeds import Ints, Mask, chance, pick


def segments(
    county: County,
    random: np.random.Generator,
    incidents: Incidents,
    last: np.datetime64,
    atn: Cells,
) -> dict[int, Segments]:
    """Levels 1 to 6. ``last``: end of the month of submission. ``atn``: one number per arrestee."""
    unknown = _unknown_demographics(random, incidents)
    levels = (
        _administrative(random, incidents, _described_offender(county, incidents, unknown), last),
        _offences(random, incidents),
        _property(random, incidents),
        victims(county, random, incidents, unknown),
        offenders(county, random, incidents, unknown),
        arrestees(county, random, incidents, last, atn),
    )
    return {segment.level: segment for segment in levels}


def _unknown_demographics(random: np.random.Generator, incidents: Incidents) -> Mask:
    """Offenders of whom nobody knows age, sex and race; never where someone was arrested."""
    arrested = np.zeros(len(incidents), np.bool_)
    arrested[incidents.arrestees.incident] = True
    return incidents.known & ~arrested & chance(random, 0.05, len(incidents))


def _described_offender(county: County, incidents: Incidents, unknown: Mask) -> Mask:
    """Incidents with an offender of known age, sex and race, as exceptional clearance needs."""
    offenders = incidents.offenders
    race = county.people.race[np.maximum(offenders.person, 0)]
    described = (offenders.person >= 0) & (race != RACES.index("U"))
    found = np.zeros(len(incidents), np.bool_)
    found[offenders.incident[described]] = True
    return found & ~unknown


def _administrative(
    random: np.random.Generator, incidents: Incidents, described: Mask, last: np.datetime64
) -> Segments:
    rows = len(incidents)
    hour = two(random.integers(0, 24, rows))
    arrested = np.zeros(rows, np.bool_)
    arrested[incidents.arrestees.incident] = True
    closed = described & ~arrested & chance(random, 0.04, rows)
    closed_on = np.minimum(incidents.day + random.integers(0, 40, rows), last)
    fields: Fields = {
        "date": compact(incidents.day),
        "hour": np.where(chance(random, 0.03, rows), b"", hour),
        "cleared": np.where(closed, letters("BCD", random, rows), b"N"),
        "cleared_on": compact(np.where(closed, closed_on, np.datetime64("NaT"))),
        "cargo": np.where(incidents.per_scene("cargo"), b"N", b""),
    }
    return made(1, np.arange(rows), np.zeros(rows, np.int64), nobody(rows), fields)


def _offences(random: np.random.Generator, incidents: Incidents) -> Segments:
    first, also = np.arange(len(incidents)), np.flatnonzero(incidents.second)
    incident = np.concatenate([first, also])
    code = incidents.per_scene("code").astype("S3")
    second = incidents.per_scene("second").astype("S3")
    codes = np.concatenate([code, second[also]])
    extra = np.arange(len(incident)) >= len(first)
    burglary = codes == b"220"
    place = incidents.columns["place"][incident]
    activity = np.where(
        extra, np.where(codes == b"35B", b"P", b""), incidents.columns["activity"][incident]
    )
    entry = letters("FN", random, len(incident))
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
    return made(2, incident, extra.astype(np.int64), nobody(len(incident)), fields)


def _property(random: np.random.Generator, incidents: Incidents) -> Segments:
    """One segment a loss code: the scene's own, and damage where a burglary broke something."""
    parts: list[tuple[Ints, str, Cells]] = []
    for number, scene in enumerate(SCENES):
        rows = np.flatnonzero(incidents.scene == number)
        for loss, weights in scene.goods.items():
            codes = np.array(list(weights) or [""], "S2")
            parts.append(
                (rows, loss, codes[pick(random, list(weights.values()) or [1], len(rows))])
            )
        if scene.second == "290":
            broken = rows[incidents.second[rows]]
            parts.append((broken, "4", np.full(len(broken), b"77", "S2")))
    incident = np.concatenate([rows for rows, _, _ in parts])
    losses = np.concatenate([np.full(len(rows), loss, "S1") for rows, loss, _ in parts])
    description = np.concatenate([codes for _, _, codes in parts])
    return _property_fields(random, incidents, incident, losses, description)


def _property_fields(
    random: np.random.Generator,
    incidents: Incidents,
    incident: Ints,
    loss: Cells,
    description: Cells,
) -> Segments:
    rows = len(incident)
    attempted = incidents.attempted[incident]
    loss = np.where(attempted & (loss != b"4"), b"1", loss)
    something = (loss != b"1") & (description != b"")
    drugs = something & (description == b"10")
    dollars = digits(random.integers(5, 4_000, rows), 9)
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
        "drug": np.where(drugs, letters("ABDEGLM", random, rows), b""),
        "quantity": np.where(drugs, digits(random.integers(1, 60, rows) * 500, 12), b""),
        "measure": np.where(drugs, b"GM", b""),
    }
    order = loss.astype("S1").view(np.uint8).reshape(-1).astype(np.int64)
    return made(3, incident, order, nobody(rows), fields)
