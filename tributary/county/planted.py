"""Patterns planted into the county's numbers, so that what finds patterns can be put to the test.

A hotspot: in the later two thirds of the period some of the trafficking cases of the police happen
out in the country between Cold Spring and Eastlake. A trend: some trafficking cases of every agency
happen later than they would have. Nothing is invented for it: cases move in space and time.

For a hotspot there must be ground: Harbor City alone lies in half a dozen H3 cells of the finest
resolution a contract may keep, too few for any test. So half of the police cases are spread over
the county, trafficking or not. Every draw is from streams of its own, and without ``planted`` the
county is what it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tributary.county.contacts import Period
from tributary.county.county import County
from tributary.county.places import PLACES
from tributary.county.seeds import Days, Ints, Mask, chance

Degrees = npt.NDArray[np.float64]

#: Share of the trafficking cases that happen later than they would have.
TREND_SHARE: Final = 0.6
#: Share of the police cases out in the country, and the country: latitudes and longitudes.
COUNTRY_SHARE: Final = 0.5
COUNTRY: Final = ((41.15, 41.52), (-98.68, -98.15))
#: Share of the police's trafficking cases that happen at the hotspot while it lasts.
HOTSPOT_SHARE: Final = 0.2
#: Latitude and longitude of its centre, and its radius in kilometres.
HOTSPOT: Final = (41.26, -98.30)
HOTSPOT_KM: Final = 8.0
#: Kilometres in a degree of latitude.
_DEGREE_KM: Final = 111.2
#: The county's ZIP areas, of which the nearest gives a case in the country its address.
_TOWNS: Final = np.array([n for n, place in enumerate(PLACES) if place.county_fips == "99001"])


@dataclass(frozen=True)
class Ground:
    """Where cases happened: ``place`` indexes ``PLACES``; degrees, NaN for a point in the town."""

    place: Ints
    latitude: Degrees
    longitude: Degrees


def later(county: County, feed: str, day: Days, trafficking: Mask) -> Days:
    """The days of a feed's cases, some of the trafficking ones moved (all within the period)."""
    if not county.planted:
        return day
    random = county.stream("planted", "trend", feed)
    moved = trafficking & chance(random, TREND_SHARE, len(day))
    return np.where(moved, county.period.draw(random, len(day), growth(county.period)), day)


def growth(period: Period) -> npt.NDArray[np.float64]:
    """Weight of each month, from almost nothing in the first to twice the mean in the last."""
    return (np.arange(period.months) + 0.5) * 2 / period.months


def growing(county: County, weights: npt.ArrayLike, trafficking: Mask, day: Days) -> Degrees:
    """Weights of kinds of incidents on each day (day by kind), where incidents cannot move."""
    month = (day.astype("datetime64[M]") - county.period.month).astype(np.int64)
    factor = 1 - TREND_SHARE + TREND_SHARE * growth(county.period)[month]
    return np.asarray(weights) * np.where(trafficking, factor[:, None], 1.0)


def ground(county: County, place: Ints, day: Days, trafficking: Mask) -> Ground:
    """Where the police cases happened: half of them out in the country, some at the hotspot."""
    size = len(place)
    nowhere = np.full(size, np.nan)
    if not county.planted:
        return Ground(place, nowhere, nowhere)
    random = county.stream("planted", "ground")
    out = chance(random, COUNTRY_SHARE, size)
    latitude, longitude = (random.uniform(*side, size) for side in COUNTRY)
    hot = trafficking & chance(random, HOTSPOT_SHARE, size) & (day >= _begins(county.period))
    north, east = _in_disk(random, size)
    at = np.round([np.where(hot, north, latitude), np.where(hot, east, longitude)], 5)
    out |= hot
    return Ground(
        np.where(out, _nearest_town(at[0], at[1]), place),
        np.where(out, at[0], np.nan),
        np.where(out, at[1], np.nan),
    )


def planted_table(period: Period) -> pa.Table:
    """The truth: what was planted in which feed, where and when, and how strong.

    ``factor`` of a hotspot: how much more likely a trafficking case is inside than elsewhere in the
    country; of a trend: expected cases of the last month by those of the first, but for the season.
    """
    first, begins, last = (
        month.astype("datetime64[M]").astype("datetime64[D]").astype(object)
        for month in (period.first, _begins(period), period.last)
    )
    rows: list[dict[str, object]] = [
        {"kind": "trend", "feed": feed, "first_month": first, "factor": _trend_factor(period)}
        for feed in ("county_sheriff.nibrs", "harbor_police.rms", "safe_passage.htcds")
    ]
    rows.append(
        {
            "kind": "hotspot",
            "feed": "harbor_police.rms",
            "first_month": begins,
            "latitude": HOTSPOT[0],
            "longitude": HOTSPOT[1],
            "radius_km": HOTSPOT_KM,
            "factor": _hotspot_factor(),
        }
    )
    number = pa.float64()
    columns = {"kind": pa.string(), "feed": pa.string(), "first_month": pa.date32()}
    columns |= {"last_month": pa.date32(), "latitude": number, "longitude": number}
    columns |= {"radius_km": number, "factor": number}
    return pa.Table.from_pylist(
        [{**row, "last_month": last} for row in rows], schema=pa.schema(columns)
    )


def _begins(period: Period) -> np.datetime64:
    """First day of the hotspot."""
    day: np.datetime64 = (period.month + period.months // 3).astype("datetime64[D]")
    return day


def _trend_factor(period: Period) -> float:
    weight = 1 - TREND_SHARE + TREND_SHARE * growth(period)
    return float(weight[-1] / weight[0])


def _hotspot_factor() -> float:
    (south, north), (west, east) = COUNTRY
    width = (east - west) * np.cos(np.radians((south + north) / 2))
    country = (north - south) * width * _DEGREE_KM**2
    before = COUNTRY_SHARE * np.pi * HOTSPOT_KM**2 / country
    return float(1 + HOTSPOT_SHARE / (before * (1 - HOTSPOT_SHARE)))


def _in_disk(random: np.random.Generator, size: int) -> tuple[Degrees, Degrees]:
    """Latitudes and longitudes, evenly spread over the hotspot."""
    away = HOTSPOT_KM / _DEGREE_KM * np.sqrt(random.random(size))
    angle = random.uniform(0, 2 * np.pi, size)
    narrower = np.cos(np.radians(HOTSPOT[0]))
    return HOTSPOT[0] + away * np.sin(angle), HOTSPOT[1] + away * np.cos(angle) / narrower


def _nearest_town(latitude: Degrees, longitude: Degrees) -> Ints:
    at = np.array([(PLACES[n].latitude, PLACES[n].longitude) for n in _TOWNS])
    narrower = np.cos(np.radians(HOTSPOT[0]))
    away = np.hypot(latitude[:, None] - at[:, 0], (longitude[:, None] - at[:, 1]) * narrower)
    return np.asarray(_TOWNS[away.argmin(axis=1)])
