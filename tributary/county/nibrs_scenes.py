"""Kinds of incident, with what the FBI's edits allow in each (NIBRS technical specification 2019.1).

Shares are assumptions: ordinary crime in about the proportions of a county, trafficking and
prostitution far above them (see ``rates``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from tributary.county.facts import LABOUR_VENUES, SEX_VENUES

Weights = Mapping[str, float]
_NONE: Weights = MappingProxyType({})


def _nothing() -> dict[str, float]:
    return {}


STREET: Final = {"13": 5, "18": 2, "20": 6, "03": 1, "25": 1}
HOME: Final = {"20": 8, "13": 1, "18": 1, "25": 1}
SHOP: Final = {"08": 4, "12": 3, "07": 3, "24": 2}
WEAPONS: Final = {"40": 5, "12": 2, "20": 2, "99": 1, "90": 1}
#: None, minor, broken bones, severe laceration, internal, unconscious.
INJURIES: Final = {"N": 5, "M": 5, "B": 1, "L": 1}


@dataclass(frozen=True)
class Scene:
    """One kind of incident.

    Attributes:
        victims: whom it happens to: a pool of people (``nibrs_incidents``), ``business`` or ``society``.
        offenders: the pool of offenders.
        goods: loss code to the property descriptions it may have; empty: no property segment.
        second: an offence that comes along with probability ``with_second``.
        linked: a crime against a person or robbery: victims are linked to offenders.
    """

    code: str
    share: float
    victims: str
    places: Weights
    offenders: str = "suspects"
    weapons: Weights = field(default_factory=_nothing)
    injuries: Weights = field(default_factory=_nothing)
    activities: Weights = field(default_factory=_nothing)
    circumstances: Weights = field(default_factory=_nothing)
    goods: Mapping[str, Weights] = field(default_factory=dict)
    second: str = ""
    with_second: float = 0.0
    attempted: float = 0.0
    known: float = 0.8
    arrested: float = 0.34
    linked: bool = False
    cargo: bool = False
    several: float = 0.0


# fmt: off
SCENES: Final = (
    Scene("13B", 17, "anyone", HOME | {"03": 1}, weapons={"40": 8, "90": 1, "99": 1},
          injuries={"N": 5, "M": 5}, linked=True, several=0.1, arrested=0.4),
    Scene("13A", 5, "anyone", STREET, weapons={"12": 3, "20": 3, "30": 1, "35": 1, "40": 2},
          injuries=INJURIES, circumstances={"01": 5, "06": 3, "09": 2, "10": 2}, linked=True, several=0.1),
    Scene("13C", 6, "anyone", HOME | {"58": 2}, linked=True),
    Scene("11A", 1.2, "women", HOME | {"14": 2}, offenders="men", weapons={"40": 8, "12": 1, "95": 1},
          injuries={"N": 5, "M": 4, "O": 1}, linked=True),
    Scene("11D", 0.8, "children", HOME | {"53": 1}, weapons={"40": 9, "99": 1}, injuries={"N": 8, "M": 1},
          linked=True),
    Scene("36B", 0.6, "children", HOME | {"14": 1}, offenders="men", linked=True),
    Scene("100", 0.8, "anyone", STREET | {"14": 1}, weapons=WEAPONS, injuries=INJURIES,
          goods={"1": _NONE}, linked=True, attempted=0.1),
    Scene("64A", 7, "sex_victims", SEX_VENUES, offenders="men", weapons={"99": 5, "40": 4, "12": 1, "70": 1},
          injuries={"N": 6, "M": 3, "O": 1}, second="40B", with_second=0.3, linked=True, several=0.15,
          known=0.92, arrested=0.5, attempted=0.04),
    Scene("64B", 3.5, "labour_victims", LABOUR_VENUES, weapons={"99": 6, "40": 2, "95": 1},
          injuries={"N": 7, "M": 2}, linked=True, several=0.25, known=0.92, arrested=0.4),
    Scene("120", 2, "anyone", STREET | {"07": 2}, weapons=WEAPONS, injuries={"N": 6, "M": 3},
          goods={"7": {"20": 5, "75": 3, "25": 2}}, linked=True, cargo=True),
    Scene("220", 4, "anyone", {"20": 8, "14": 1, "05": 1}, goods={"7": {"26": 3, "17": 3, "07": 3, "20": 2}},
          second="290", with_second=0.2, known=0.4, cargo=True),
    Scene("23C", 7, "business", SHOP, goods={"7": {"06": 3, "08": 3, "19": 4}}, known=0.7),
    Scene("23D", 4, "anyone", {"05": 2, "11": 1, "14": 1, "20": 4}, goods={"7": {"20": 3, "75": 4, "17": 2}},
          known=0.4, cargo=True),
    Scene("23F", 7, "anyone", {"18": 5, "13": 3, "20": 4}, goods={"7": {"25": 3, "75": 3, "77": 2, "36": 2}},
          known=0.2, cargo=True),
    Scene("23H", 7, "anyone", STREET, goods={"7": {"20": 3, "75": 3, "77": 3, "04": 2}}, known=0.4, cargo=True),
    Scene("240", 3, "anyone", {"20": 4, "18": 4, "13": 3}, goods={"7": {"03": 7, "37": 2, "24": 1}},
          known=0.3, cargo=True),
    Scene("290", 7, "anyone", HOME, goods={"4": {"03": 3, "38": 2, "29": 2, "77": 2}}, known=0.5),
    Scene("26A", 3, "anyone", {"58": 5, "20": 3, "02": 2}, goods={"7": {"20": 8, "21": 2}}, known=0.5, cargo=True),
    Scene("26F", 2, "anyone", {"58": 5, "20": 3}, goods={"7": {"66": 6, "65": 2}}, known=0.3),
    Scene("35A", 7, "society", {"13": 5, "18": 3, "20": 3, "14": 1}, activities={"P": 6, "U": 3, "D": 2},
          goods={"6": {"10": 1}}, second="35B", with_second=0.35, arrested=0.85, known=1.0),
    Scene("520", 1.5, "society", {"13": 4, "18": 2, "20": 2}, weapons={"12": 6, "20": 2}, activities={"P": 1},
          arrested=0.85, known=1.0),
    Scene("370", 1.5, "society", {"58": 7, "20": 3}, activities={"D": 3, "P": 4, "E": 3}, known=0.9, arrested=0.5),
    Scene("40A", 4, "society", {"14": 5, "13": 4, "58": 2}, offenders="prostituted", known=1.0, arrested=0.9),
    Scene("40B", 1.5, "society", {"14": 5, "58": 3, "20": 2}, known=1.0, arrested=0.8),
    Scene("40C", 3, "society", {"14": 5, "13": 4, "58": 2}, offenders="men", known=1.0, arrested=0.9),
)
# fmt: on
#: Group B offences of arrests without an incident; curfew is for children.
GROUP_B: Final = {"90Z": 8, "90D": 5, "90C": 4, "90J": 4, "90G": 2, "90B": 1}
CURFEW: Final = "90B"
#: Crimes against society: their victim is society itself.
SOCIETY: Final = ("35A", "35B", "370", "40A", "40B", "40C", "520")
#: Property descriptions that must have no value, by edit 391, and vehicles.
WORTHLESS: Final = ("65", "66")
VEHICLES: Final = ("03", "24", "37")
