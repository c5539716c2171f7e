"""Kinds of incident (``data/scenes.yaml``), and the code lists their segments depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tributary.county.data import load

Weights = Mapping[str, float]


def _nothing() -> Weights:
    return {}


@dataclass(frozen=True)
class Scene:
    """One kind of incident; the data file says what each field means."""

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


SCENES: Final = tuple(Scene(**entry) for entry in load("scenes.yaml"))
#: Group B offences of arrests without an incident; curfew is for children.
GROUP_B: Final = {"90Z": 8, "90D": 5, "90C": 4, "90J": 4, "90G": 2, "90B": 1}
CURFEW: Final = "90B"
#: Crimes against society: their victim is society itself.
SOCIETY: Final = ("35A", "35B", "370", "40A", "40B", "40C", "520")
#: Property descriptions that must have no value, by edit 391, and vehicles.
WORTHLESS: Final = ("65", "66")
VEHICLES: Final = ("03", "24", "37")
