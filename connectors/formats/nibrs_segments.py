"""The NIBRS flat file as data: every segment level, its lengths and the columns of each field.

Positions are those of the FBI's *NIBRS Technical Specification* (2019.1), counted from 1 and
inclusive. A position may carry two fields, where one value leaves the agency in two forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: Where every segment names its record: ORI and incident number (level 7: arrest transaction no.).
IDENTITY = (17, 37)
ORI_WIDTH = 9


@dataclass(frozen=True)
class Position:
    """One field: first and last column, from 1, inclusive."""

    name: str
    first: int
    last: int


@dataclass(frozen=True)
class Segment:
    """One segment level.

    Attributes:
        level: column 5.
        table: table its lines become.
        lengths: lengths columns 1 to 4 may declare.
        least: columns a line must reach; what an editor stripped behind them was blank.
        filler: first column of the unused end, if there is one.
    """

    level: str
    table: str
    lengths: tuple[int, ...]
    least: int
    positions: Mapping[str, Position]
    filler: int | None = None

    @property
    def width(self) -> int:
        return max(self.lengths)


def _each(name: str, first: int, width: int, count: int, step: int = 0) -> list[Position]:
    """``count`` fields ``name_1``, ``name_2``, ... of equal width, ``step`` columns apart."""
    starts = range(first, first + count * (step or width), step or width)
    return [Position(f"{name}_{n}", at, at + width - 1) for n, at in enumerate(starts, 1)]


def _segment(
    level: str,
    table: str,
    lengths: tuple[int, ...],
    least: int,
    fields: list[Position],
    *,
    number: str = "incident_number",
    filler: int | None = None,
) -> Segment:
    header = [
        Position("action", 6, 6),
        Position("submission_month", 7, 12),
        Position("city_indicator", 13, 16),
        Position("ori", 17, 25),
        Position(number, 26, 37),
    ]
    named = MappingProxyType({position.name: position for position in [*header, *fields]})
    return Segment(level, table, lengths, least, named, filler)


_ALL = (
    _segment(
        "1",
        "administrative",
        (87, 88),
        45,
        [
            Position("incident_date", 38, 45),
            Position("report_date_flag", 46, 46),
            Position("incident_hour", 47, 48),
            Position("cleared_exceptionally", 49, 49),
            Position("clearance_date", 50, 57),
            Position("cargo_theft", 88, 88),
        ],
    ),
    _segment(
        "2",
        "offense",
        (63, 71),
        46,
        [
            Position("offense_code", 38, 40),
            Position("attempted", 41, 41),
            *_each("suspected_using", 42, 1, 3),
            Position("location_code", 45, 46),
            Position("venue", 45, 46),
            Position("premises_entered", 47, 48),
            Position("method_of_entry", 49, 49),
            *_each("criminal_activity", 50, 1, 3),
            *_each("weapon", 53, 2, 3, step=3),
            *_each("weapon_automatic", 55, 1, 3, step=3),
            *_each("bias", 62, 2, 5),
        ],
    ),
    _segment(
        "3",
        "property",
        (307,),
        38,
        [
            Position("loss", 38, 38),
            *_each("description", 39, 2, 10, step=19),
            *_each("value", 41, 9, 10, step=19),
            *_each("recovered_date", 50, 8, 10, step=19),
            Position("stolen_vehicles", 229, 230),
            Position("recovered_vehicles", 231, 232),
            *_each("drug", 233, 1, 3, step=15),
            *_each("drug_quantity", 234, 12, 3, step=15),
            *_each("drug_measure", 246, 2, 3, step=15),
        ],
        filler=278,
    ),
    _segment(
        "4",
        "victim",
        (129, 141),
        71,
        [
            Position("victim_sequence", 38, 40),
            *_each("offense_code", 41, 3, 10),
            Position("victim_type", 71, 71),
            Position("age", 72, 75),
            Position("age_minor", 72, 75),
            Position("sex", 76, 76),
            Position("race", 77, 77),
            Position("ethnicity", 78, 78),
            Position("resident_status", 79, 79),
            *_each("circumstance", 80, 2, 2),
            Position("justifiable_homicide", 84, 84),
            *_each("injury", 85, 1, 5),
            *_each("offender", 90, 2, 10, step=4),
            *_each("relationship", 92, 2, 10, step=4),
            Position("officer_activity", 130, 131),
            Position("officer_assignment", 132, 132),
            Position("officer_ori", 133, 141),
        ],
    ),
    _segment(
        "5",
        "offender",
        (45, 46),
        39,
        [
            Position("offender_sequence", 38, 39),
            Position("age", 40, 43),
            Position("age_minor", 40, 43),
            Position("sex", 44, 44),
            Position("race", 45, 45),
            Position("ethnicity", 46, 46),
        ],
    ),
    _segment(
        "6",
        "arrestee",
        (110,),
        76,
        [
            Position("arrestee_sequence", 38, 39),
            Position("arrest_transaction_number", 40, 51),
            Position("arrest_date", 52, 59),
            Position("arrest_type", 60, 60),
            Position("multiple_segments", 61, 61),
            Position("offense_code", 62, 64),
            *_each("weapon", 65, 2, 2, step=3),
            *_each("weapon_automatic", 67, 1, 2, step=3),
            Position("age", 71, 74),
            Position("age_minor", 71, 74),
            Position("sex", 75, 75),
            Position("race", 76, 76),
            Position("ethnicity", 77, 77),
            Position("resident_status", 78, 78),
            Position("disposition", 79, 79),
            Position("clearance", 80, 80),
        ],
        filler=81,
    ),
    _segment(
        "7",
        "group_b_arrest",
        (66,),
        39,
        [
            Position("arrestee_sequence", 38, 39),
            Position("arrest_date", 40, 47),
            Position("arrest_type", 48, 48),
            Position("offense_code", 49, 51),
            *_each("weapon", 52, 2, 2, step=3),
            *_each("weapon_automatic", 54, 1, 2, step=3),
            Position("age", 58, 61),
            Position("age_minor", 58, 61),
            Position("sex", 62, 62),
            Position("race", 63, 63),
            Position("ethnicity", 64, 64),
            Position("resident_status", 65, 65),
            Position("disposition", 66, 66),
        ],
        number="arrest_transaction_number",
    ),
    _segment("0", "zero_report", (43,), 43, [Position("reporting_month", 38, 43)]),
)

#: Level (column 5) to its segment.
SEGMENTS: Mapping[str, Segment] = MappingProxyType({segment.level: segment for segment in _ALL})
#: Levels that are a record of their own and belong to no incident.
SINGLE = ("7", "0")
