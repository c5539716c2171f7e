"""Classes of trend and hotspot, computed from the products' own rows: anybody could."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from schemas.contract import Contract
from warehouse.patterns.areas import hex_neighbours
from warehouse.patterns.hotspots import Basis, hotspots
from warehouse.patterns.trends import Period, trends

POLICE = "law_enforcement"
Rows = list[dict[str, Any]]


def with_classes(
    made: Mapping[str, pa.Table], contracts: Collection[Contract]
) -> dict[str, pa.Table]:
    """The products, those that have classes with them."""
    filed = made["coverage"].to_pylist()
    police = {one.agency for one in contracts if one.sector == POLICE}
    of_police = [row for row in filed if row["agency"] in police]
    return {
        **made,
        "trend": _with_trends(made["trend"], filed, of_police),
        "hotspot": _with_hotspots(made["hotspot"], of_police, contracts),
    }


# --- trend ----------------------------------------------------------------------------------------


def _with_trends(product: pa.Table, filed: Rows, of_police: Rows) -> pa.Table:
    """The class of each series of persons by quarter and of incidents by month."""
    rows = product.to_pylist()
    found = {
        **_trends(rows, "persons", Period.QUARTER, filed),
        **_trends(rows, "incidents", Period.MONTH, of_police),
    }
    classes = [
        found.get(_series(row)) if _length(row["period"]) is not None else None for row in rows
    ]
    return product.append_column("trend", pa.array(classes, pa.string()))


def _trends(rows: Rows, measure: str, length: Period, filed: Rows) -> dict[str, str]:
    chosen = [row for row in rows if row["measure"] == measure and _length(row["period"]) is length]
    agencies: dict[date, set[str]] = {}
    for row in filed:
        if row["status"] != "missing":
            agencies.setdefault(_first(row["month"], length), set()).add(row["agency"])
    periods = pa.table(
        {
            "series": pa.array([_series(row) for row in chosen], pa.string()),
            "period": pa.array([_date(row["period"]) for row in chosen], pa.date32()),
            "count": pa.array([row["count"] for row in chosen], pa.int64()),
            "exposure": pa.array(
                [len(agencies.get(_date(row["period"]), ())) for row in chosen], pa.float64()
            ),
        }
    )
    found = trends(periods, length)
    return dict(zip(found["series"].to_pylist(), found["class"].to_pylist(), strict=True))


def _series(row: Mapping[str, Any]) -> str:
    return f"{row['measure']} {row['exploitation']}"


def _length(period: str) -> Period | None:
    """``2026-Q1`` is a quarter, ``2026-01`` a month, ``2026`` neither."""
    if "-" not in period:
        return None
    return Period.QUARTER if "Q" in period else Period.MONTH


def _date(period: str) -> date:
    year, _, part = period.partition("-")
    month = 3 * int(part[1:]) - 2 if part.startswith("Q") else int(part)
    return date(int(year), month, 1)


def _first(month: date, length: Period) -> date:
    return date(month.year, (month.month - 1) // length.months * length.months + 1, 1)


# --- hotspot --------------------------------------------------------------------------------------


def _with_hotspots(product: pa.Table, of_police: Rows, contracts: Collection[Contract]) -> pa.Table:
    """The class of each H3 cell; counties here have no neighbours to be hotter than."""
    rows = product.to_pylist()
    in_county = {one.agency: one.publication.county for one in contracts if one.publication.county}
    shares = {
        "h3": lambda _area: _filed_share(of_police),
        "county": lambda area: _filed_share(
            row for row in of_police if in_county.get(row["agency"]) == area
        ),
    }
    classes: dict[tuple[str, str], tuple[str, str]] = {}
    for kind, share in shares.items():
        areas = [row for row in rows if row["area_kind"] == kind and row["area"] != "unknown"]
        classes |= _hotspots(kind, areas, share)
    told = [classes.get((row["area_kind"], row["area"]), (None, None)) for row in rows]
    product = product.append_column("class", pa.array([one for one, _ in told], pa.string()))
    return product.append_column("coverage", pa.array([other for _, other in told], pa.string()))


def _hotspots(
    kind: str, areas: Rows, share: Callable[[str], float | None]
) -> dict[tuple[str, str], tuple[str, str]]:
    names = [row["area"] for row in areas]
    found = hotspots(
        pa.table(
            {
                "area": pa.array(names, pa.string()),
                "count": pa.array([row["count"] for row in areas], pa.int64()),
                "denominator": pa.array([row["incidents"] for row in areas], pa.float64()),
                "coverage": pa.array([share(name) for name in names], pa.float64()),
            }
        ),
        hex_neighbours(names) if kind == "h3" else dict.fromkeys(names, ()),
        Basis.INCIDENTS,
    )
    return {(kind, row["area"]): (row["class"], row["coverage"]) for row in found.to_pylist()}


def _filed_share(filed: Iterable[Mapping[str, Any]]) -> float | None:
    """Share of the months due that were filed; None where nobody is there to file."""
    missing = [bool(row["status"] == "missing") for row in filed]
    return 1 - sum(missing) / len(missing) if missing else None
