"""Faults planted in the NIBRS submission; the rule is the FBI's error number where there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from tributary.county import rates
from tributary.county.faults import Planter
from tributary.county.nibrs_incidents import Incidents
from tributary.county.nibrs_layout import Cells, compact
from tributary.county.nibrs_level import Segments
from tributary.county.seeds import Days, Ints, Mask

Levels = dict[int, Segments]
#: An offence that no scene has, so that its segment is surely missing.
_ABSENT: Final = b"11B"


@dataclass(frozen=True)
class Fault:
    """``level`` is where the broken segment stands; ``drops`` takes a level out of the incident."""

    name: str
    rule: str
    level: int
    field: str = ""
    value: str = ""
    drops: int = 0


FAULTS: Final = (
    Fault("invalid_sex", "404", 4, "sex", "Z"),
    Fault("victim_type_missing", "401", 4, "kind", ""),
    Fault("offence_of_victim_missing", "466", 4, "code_2", _ABSENT.decode()),
    Fault("offender_of_victim_missing", "070", 4, "offender_2", "09"),
    Fault("invalid_location", "204", 2, "place", "99"),
    Fault("location_missing", "201", 2, "place", ""),
    Fault("invalid_date", "105", 1, "date", "20250231"),
    Fault("incident_after_submission", "170", 1, "date"),
    Fault("disposition_missing", "652", 6, "disposition", ""),
    Fault("arrest_before_incident", "665", 6, "date"),
    Fault("offender_segment_missing", "075", 1, drops=5),
    Fault("property_segment_missing", "074", 2, drops=3),
    Fault("short_line", "LENGTH", 4),
    Fault("invalid_number", "117", 1),
)
GROUP_B_FAULT: Final = Fault("group_a_code", "760", 7, "code", "13A")


@dataclass
class Planted:
    """A fault and the segments (rows of ``fault.level``) that carry it, with their incidents."""

    fault: Fault
    rows: Ints
    incident: Ints


def plant(
    random: np.random.Generator,
    incidents: Incidents,
    levels: Levels,
    clean: Mask,
    last: np.datetime64,
) -> list[Planted]:
    """Spoil some incidents, one fault each; ``clean`` ones (deleted later) stay as they are."""
    planter = Planter(random, len(incidents))
    planter.keep_clean(clean)
    planted = []
    for fault in FAULTS:
        segment = levels[fault.level]
        rows = np.flatnonzero(_eligible(fault, incidents, levels))
        fit = np.zeros(len(incidents), np.bool_)
        fit[segment.incident[rows]] = True
        chosen = planter.rows(fit, rates.NIBRS_FAULT)
        first = rows[np.isin(segment.incident[rows], chosen)]
        _, at = np.unique(segment.incident[first], return_index=True)
        found = Planted(fault, first[at], segment.incident[first[at]])
        _spoil(found, incidents, levels, last)
        planted.append(found)
    return planted


def _eligible(fault: Fault, incidents: Incidents, levels: Levels) -> Mask:
    """Segments of the fault's level that can carry it."""
    segment = levels[fault.level]
    rules: dict[str, Callable[[], Mask]] = {
        "offence_of_victim_missing": lambda: _person(segment) & (segment.fields["code_2"] == b""),
        "offender_of_victim_missing": lambda: (
            (segment.fields["offender"] == b"01") & (segment.fields["offender_2"] == b"")
        ),
        "disposition_missing": lambda: segment.fields["disposition"] != b"",
        "property_segment_missing": lambda: np.isin(segment.incident, levels[3].incident),
    }
    if fault.name in rules:
        return rules[fault.name]()
    return _person(segment) if fault.level == 4 else np.ones(len(segment), np.bool_)


def _person(victims: Segments) -> Mask:
    return np.asarray(victims.fields["kind"] == b"I")


def _spoil(planted: Planted, incidents: Incidents, levels: Levels, last: np.datetime64) -> None:
    fault, segment = planted.fault, levels[planted.fault.level]
    if fault.drops:
        gone = levels[fault.drops]
        levels[fault.drops] = gone.drop(np.flatnonzero(np.isin(gone.incident, planted.incident)))
    elif fault.field:
        cells = segment.fields[fault.field]
        wide = cells.astype(f"S{max(cells.dtype.itemsize, len(fault.value), 1)}")
        wide[planted.rows] = _value(fault, incidents.day[planted.incident], last)
        segment.fields[fault.field] = wide
        if fault.name == "offender_of_victim_missing":
            segment.fields["relation_2"][planted.rows] = b"AQ"


def _value(fault: Fault, day: Days, last: np.datetime64) -> Cells | bytes:
    if fault.name == "incident_after_submission":
        return compact(np.full(len(day), last + 40))
    if fault.name == "arrest_before_incident":
        return compact(day - 30)
    return fault.value.encode()
