"""The invented ground: Ansel County and two neighbours in a state that does not exist.

State ``XX`` and state FIPS 99 are not assigned; ZIP prefixes 696 to 698 are in no use by the Postal
Service; the coordinates are on dry land but no such towns stand there.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from tributary.county.data import text
from tributary.county.seeds import Ints, pick

STATE: Final = "XX"
COC: Final = "XX-501"
#: ORIs of the sheriff's submission; the last agency files a zero report in its quiet month.
SHERIFF_ORIS: Final = ("XX0010000", "XX0010200", "XX0010300", "XX0010400")


class Place(NamedTuple):
    """A ZIP area. ``weight``: share of the people; ``spread``: degrees of latitude (1 s.d.)."""

    zip_code: str
    town: str
    county_fips: str
    latitude: float
    longitude: float
    spread: float
    weight: float


PLACES: Final = (
    Place("69601", "Harbor City", "99001", 41.332, -98.412, 0.010, 0.15),
    Place("69602", "Harbor City", "99001", 41.351, -98.438, 0.012, 0.13),
    Place("69603", "Harbor City", "99001", 41.318, -98.446, 0.012, 0.12),
    Place("69604", "Harbor City", "99001", 41.340, -98.380, 0.014, 0.10),
    Place("69610", "Eastlake", "99001", 41.377, -98.227, 0.016, 0.12),
    Place("69612", "Millbrook", "99001", 41.243, -98.521, 0.018, 0.09),
    Place("69615", "Fort Ansel", "99001", 41.462, -98.603, 0.020, 0.08),
    Place("69618", "Cold Spring", "99001", 41.201, -98.284, 0.022, 0.04),
    Place("69620", "Ansel Junction", "99001", 41.410, -98.498, 0.040, 0.05),
    Place("69701", "Brandt Mills", "99003", 41.655, -98.390, 0.022, 0.05),
    Place("69704", "Teller", "99003", 41.702, -98.150, 0.030, 0.02),
    Place("69801", "Corley", "99005", 41.020, -98.460, 0.025, 0.04),
    Place("69805", "Dry Fork", "99005", 40.951, -98.210, 0.035, 0.01),
)
#: Indices of ``PLACES`` where Harbor City's police answer.
HARBOR: Final = (0, 1, 2, 3)

STREETS: Final = tuple(text("streets.txt").splitlines())


class Country(NamedTuple):
    """ISO 3166 codes and the English short name the HTCDS lists use."""

    alpha3: str
    alpha2: str
    name: str


COUNTRIES: Final = tuple(Country(*line.split("|")) for line in text("countries.txt").splitlines())
#: States from which domestic victims are brought.
ORIGIN_STATES: Final = ("TX", "CA", "FL", "NY", "GA", "NV", "OH", "WA")


def country_index(alpha3: str) -> int:
    return next(i for i, country in enumerate(COUNTRIES) if country.alpha3 == alpha3)


def homes(random: np.random.Generator, size: int) -> Ints:
    """Indices of ``PLACES`` by their share of the people."""
    return pick(random, [place.weight for place in PLACES], size)
