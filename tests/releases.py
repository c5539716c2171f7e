"""Invented records of persons and incidents, and the cubes released of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.disclosure.release import Released, release
from warehouse.publish.cubes import CONTRIBUTORS, UNIT, Cube, cubes

#: Values of dimensions; what is not listed is yes, no or unknown.
VALUES: Mapping[str, tuple[str | None, ...]] = {
    "year": ("2025", "2026"),
    "quarter": ("2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2"),
    "month": ("2025-07", "2025-10", "2026-01", "2026-04"),
    "fiscal_year": ("FY2025", "FY2026"),
    "exploitation": ("none known", "sexual", "labour", "both", "not stated"),
    "identified": ("yes", "no"),
    "trafficking": ("yes", "no"),
    "coding": ("none", "64A", "64B", "flagged, not 64x"),
    "age": ("adult", "minor", None),
    "gender": ("Woman", "Man", None),
    "origin": ("USA", "Americas", "Asia", None),
    "state": ("XX",),
    "county": ("99001", "99003", None),
    "systems": ("law_enforcement", "social_service", "law_enforcement + social_service"),
    "first_system": ("law_enforcement", "social_service"),
    "gap": ("same month", "1-3 months", "4-12 months", "over 12 months", None),
    "venue": ("hotel_motel", "residence", "street", None),
    "means_told": ("yes", "no"),
    "recruiter_told": ("yes", "no"),
    "period": ("2025-Q4", "2026-Q1"),
    "measure": ("new", "continuing"),
    "reported_age": ("adult", "minor", None),
    "reported_gender": ("Woman", "Man", None),
    "reported_citizenship": ("us_citizen", "foreign_national", None),
    "reported_exploitation": ("sexual", "labour", None),
    "h3_cell": ("86261d417ffffff", "86261d407ffffff", "86261d437ffffff", "86261d41fffffff", None),
}
_YES_NO = ("yes", "no")
#: What a value of one dimension says of another.
_DECIDED: Mapping[tuple[str, str], Mapping[str | None, str]] = {
    ("quarter", "year"): {quarter: quarter[:4] for quarter in VALUES["quarter"] if quarter},
    ("quarter", "fiscal_year"): {
        "2025-Q3": "FY2025", "2025-Q4": "FY2026", "2026-Q1": "FY2026", "2026-Q2": "FY2026",
    },
    ("month", "quarter"): dict(zip(VALUES["month"], VALUES["quarter"], strict=True)),
    ("month", "year"): {month: month[:4] for month in VALUES["month"] if month},
    ("exploitation", "identified"): {
        value: "no" if value == "none known" else "yes" for value in VALUES["exploitation"]
    },
    ("coding", "trafficking"): {
        value: "no" if value == "none" else "yes" for value in VALUES["coding"]
    },
    ("county", "state"): dict.fromkeys(VALUES["county"], "XX"),
}  # fmt: skip
AGENCIES = ("first", "second", "third")


def _minors(identified: pa.Array, age: pa.Array, random: np.random.Generator) -> pa.Array:
    """As the cube's query says it: a value that decides whether identified, and the age."""
    arrested = random.random(len(age)) < 0.3
    return pa.array(
        [
            ("arrested" if one else "identified")
            if (known, years) == ("yes", "minor")
            else f"{'identified' if known == 'yes' else 'other'} {years or 'unknown'}"
            for known, years, one in zip(
                identified.to_pylist(), age.to_pylist(), arrested, strict=True
            )
        ]
    )


def invented(cube: Cube, count: int, seed: int) -> pa.Table:
    """``count`` records; the first values of a dimension are the commonest."""
    random = np.random.default_rng(seed)
    columns: dict[str, pa.Array] = {}
    for name in cube.dimensions:
        values = VALUES.get(name, _YES_NO)
        weights = 1.0 / np.arange(1, len(values) + 1)
        picked = random.choice(len(values), count, p=weights / weights.sum())
        columns[name] = pa.array([values[at] for at in picked], pa.string())
    for pair in cube.within:
        first, second = pair
        if pair in _DECIDED:
            columns[second] = pa.array([_DECIDED[pair][one.as_py()] for one in columns[first]])
        elif second.endswith("_told"):
            told = pc.equal(columns[second], "yes")
            columns[first] = pc.if_else(told, columns[first], "not told")
    if "minors" in columns:
        columns["minors"] = _minors(columns["identified"], columns["age"], random)
    columns[UNIT] = pa.array([f"{seed}-{number}" for number in range(count)])
    first, both = random.choice(3, count), random.random(count) < 0.1
    columns[CONTRIBUTORS] = pa.array(
        [
            sorted({AGENCIES[at], AGENCIES[(at + 1) % 3]}) if more else [AGENCIES[at]]
            for at, more in zip(first, both, strict=True)
        ]
    )
    return pa.table(columns)


@cache
def released_cubes() -> Mapping[str, Released]:
    """Every cube, released of 700 invented records each."""
    return {
        name: release(invented(cube, 700, seed), cube.request(frozenset()))
        for seed, (name, cube) in enumerate(cubes().items())
    }
