"""How the counts of a cube are made fit to be published, as the contracts behind it ask.

``suppress`` hides cells (``anonymize.disclosure``). ``cell_key`` hides the same cells and puts
keyed noise onto the counts that are left, the same noise for the same records in every release.
``dp`` publishes differentially private counts and nothing else. What the strictest contract of any
contributing agency asks for holds for the whole cube.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.disclosure.release import ALL, Released, Status, release
from anonymize.extracts import dp
from anonymize.extracts.budget import Reserve
from anonymize.extracts.classes import coded
from anonymize.extracts.noise import Noise, record_keys, uniforms
from connectors.zones.secret import derive_key, read_secret
from schemas.contract import Contract
from schemas.errors import SettingsError
from schemas.release import MIN_CELL, ReleaseOptions
from warehouse.publish.cubes import CONTRIBUTORS, UNIT, Cube
from warehouse.publish.domains import UNKNOWN, groups
from warehouse.publish.domains import cells as cells_of
from warehouse.publish.store import PRIVATE

#: Strictest first.
METHODS = ("dp", "cell_key", "suppress")
#: Name of everybody in ``core`` in the ledger of the privacy budget: a person may be in any cube.
DATA = "core"

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Terms:
    """What a release is made under.

    Attributes:
        contracts: those in force.
        secret_file: of the secret of cell noise; it stays the same over all releases.
        reserve: spends privacy budget.
        now: when the release is made.
    """

    contracts: Collection[Contract]
    secret_file: Path | None
    reserve: Reserve
    now: datetime


@dataclass(frozen=True)
class Made:
    """A released cube and how it was made. ``notes`` are for the ledger of releases."""

    released: Released
    notes: Mapping[str, Any]


def options(contracts: Collection[Contract], agencies: Collection[str]) -> ReleaseOptions:
    """The strictest of what the contracts of contributing agencies ask for."""
    asked = [one.release for one in contracts if one.agency in agencies]
    method = next((one for one in METHODS if one in {each.method for each in asked}), "suppress")
    same = [one for one in asked if one.method == method]
    strictest = ReleaseOptions(method, max((one.min_cell for one in asked), default=MIN_CELL))
    if method == "dp":
        return replace(
            strictest,
            epsilon=min(one.epsilon for one in same if one.epsilon is not None),
            max_cells=min(one.max_cells for one in same if one.max_cells is not None),
        )
    if method == "cell_key":
        most = max(one.max_noise for one in same if one.max_noise is not None)
        return replace(
            strictest,
            variance=max(one.variance for one in same if one.variance is not None),
            # a count of min_cell must be able to become 0, whoever raised min_cell
            max_noise=max(most, strictest.min_cell + 1),
        )
    return strictest


def made(cube: Cube, records: pa.Table, terms: Terms, before: Sequence[Released]) -> Made:
    """Release a cube.

    Args:
        records: of the cube, one a unit.
        before: earlier releases, oldest first (``store.decided_before``).

    Raises:
        SettingsError: noise is asked for and its secret is missing.
        PrivacyError: the options contradict each other, or the privacy budget is spent.
    """
    agencies = frozenset(pc.unique(pc.list_flatten(records[CONTRIBUTORS])).to_pylist())
    asked = options(terms.contracts, agencies)
    notes: dict[str, Any] = {"method": asked.method, "units": len(records)}
    if asked.method == "dp":
        spend = f"{cube.name} {terms.now:%Y-%m-%dT%H:%M:%SZ}"
        notes |= {"epsilon": asked.epsilon, "spend": spend}
        return Made(_private(cube, records, terms, asked, spend), notes)
    public = frozenset(one.agency for one in terms.contracts if one.publication.public)
    request = replace(cube.request(public), min_cell=asked.min_cell)
    released = release(records, request, before)
    if asked.method == "cell_key":
        if terms.secret_file is None:
            raise SettingsError("a contract asks for cell noise: set TRIBUTARY_RELEASE_SECRET_FILE")
        noise = Noise(asked.variance or 0.0, asked.max_noise or 0, asked.min_cell)
        secret = read_secret(terms.secret_file)
        released = with_noise(cube, records, released, noise, secret, before)
    return Made(released, notes)


# --- keyed noise -------------------------------------------------------------------------------


def with_noise(
    cube: Cube,
    records: pa.Table,
    released: Released,
    noise: Noise,
    secret: bytes,
    before: Sequence[Released] = (),
) -> Released:
    """Keyed noise on the published counts; what is hidden or zero stays as it is.

    The noise of a cell follows from who is in it (``records``' column ``unit``), so it is the same
    in every release and margin that shows the same records. Where disclosure control gives a cell
    the count it had (``before``), the cell shows what it showed: new noise would tell that somebody
    came or went. A published number may stand for one that is ``max_noise`` away, ``zero`` for as
    many; none is from 1 to ``min_cell`` - 1.

    Returns:
        the audit has a further column ``decided``, the counts before noise.
    """
    key = derive_key(secret, "cell-key", cube.name)
    units = coded(records[UNIT], UNIT)
    keys = record_keys(units, key)[units.codes]
    cells = released.cells
    sums = np.zeros(len(cells), np.uint64)
    for margin in cube.margins:
        place = _places(cube, margin, cells, records)
        # unsigned sums wrap
        np.add.at(sums, place[place >= 0], keys[place >= 0])
    counts = cells["count"].fill_null(0).to_numpy().astype(np.int64)
    noisy = _as_before(cube, cells, noise.applied(counts, uniforms(sums, key)), before)
    told = pc.equal(cells["status"], Status.PUBLISHED).to_numpy()
    noisy = np.where(told, noisy, counts)
    hidden = cells["count"].is_null().to_numpy()
    status = np.where(hidden, Status.SUPPRESSED, np.where(noisy == 0, Status.ZERO, cells["status"]))
    changed = _with(cells, "count", pa.array(noisy, pa.int64(), mask=hidden))
    changed = _with(changed, "status", pa.array(status.tolist(), pa.string()))
    audit = released.audit.append_column("decided", cells["count"])
    return Released(changed, audit, released.summary)


def _as_before(cube: Cube, cells: pa.Table, noisy: Places, before: Sequence[Released]) -> Places:
    """``noisy``, but for cells whose count is the one that was last decided: as they were shown."""
    last: dict[tuple[str, ...], tuple[int | None, ...]] = {}
    for one in before:
        told = _by_cell(cube, one.cells, one.cells["count"], one.audit["shown"])
        last |= {cell: counts for cell, counts in told.items() if counts[1] is not None}
    now = _by_cell(cube, cells, cells["count"], pa.array(noisy))
    found = []
    for cell, (count, fresh) in now.items():
        decided, shown = last.get(cell, (None, None))
        found.append(fresh if shown is None or decided != count else shown)
    return np.array(found, np.int64)


def _by_cell(
    cube: Cube, cells: pa.Table, *columns: pa.Array | pa.ChunkedArray
) -> dict[tuple[str, ...], tuple[int | None, ...]]:
    keys = zip(*(cells[name].to_pylist() for name in cube.dimensions), strict=True)
    values = zip(*(column.to_pylist() for column in columns), strict=True)
    return dict(zip(keys, values, strict=True))


def _places(cube: Cube, margin: tuple[str, ...], cells: pa.Table, records: pa.Table) -> Places:
    """Of each record the row of its cell of a margin in ``cells``, -1 where it has none."""
    inside = pc.scalar(True)
    for name in cube.dimensions:
        everything = pc.equal(pc.field(name), ALL)
        inside = inside & (~everything if name in margin else everything)
    listed = cells.append_column("place", pa.array(np.arange(len(cells)))).filter(inside)
    values = {name: tuple(pc.unique(listed[name]).to_pylist()) for name in margin}
    # the last one is for records of which a value is not listed
    place = np.full(int(np.prod([len(one) for one in values.values()])) + 1, -1, np.int64)
    place[_codes(listed, values)] = listed["place"].to_numpy()
    return place[_codes(records, values)]


def _codes(table: pa.Table, values: Mapping[str, tuple[str, ...]]) -> Places:
    """Of each row the number of its combination of ``values``, -1 where one is not listed."""
    code, known = np.zeros(len(table), np.int64), np.ones(len(table), np.bool_)
    for name, listed in values.items():
        column = coded(table[name], name)
        number = {value: place for place, value in enumerate(listed)}
        found = [number.get(one or UNKNOWN, -1) for one in column.values]
        mine = np.array(found, np.int64)[column.codes] if found else column.codes
        code, known = code * len(listed) + mine, known & (mine >= 0)
    return np.where(known, code, -1)


# --- differential privacy ------------------------------------------------------------------------


def _private(
    cube: Cube, records: pa.Table, terms: Terms, asked: ReleaseOptions, spend: str
) -> Released:
    """Differentially private counts of a cube's margins, all out of one epsilon.

    Which cells there are follows from ``domains``: code lists, the calendar and the terms of the
    contracts, never from the records, so no cell tells by being there that somebody is in it. A
    margin with a dimension that has no such list (``h3_cell``) is not published. Every unit counts
    in one cell of each margin, in ``max_cells`` of them at most; what is protected is one unit of
    the cube: a person, or an incident.
    """
    listed = _listed(cube, terms)
    most = min(asked.max_cells or 1, len(cube.margins))
    units, places = _some_cells(
        (_places(cube, margin, listed, records) for margin in cube.margins), len(records), most
    )
    request = dp.CountRequest(
        dimensions={"cell": tuple(map(str, range(len(listed))))},
        person=UNIT,
        epsilon=asked.epsilon or 0.0,
        max_cells=most,
        data=DATA,
        year=terms.now.year,
        release=spend,
        min_cell=asked.min_cell,
    )
    counted = dp.counts(
        pa.table({UNIT: units, "cell": pa.array(places).cast(pa.string())}), request, terms.reserve
    ).cells
    shown = listed.append_column("count", counted["count"].cast(pa.int64()))
    shown = shown.append_column("status", counted["status"].cast(pa.string()))
    return Released(shown, _audit_of(cube, shown, records), _summary_of(shown, len(records)))


def _some_cells(margins: Iterable[Places], units: int, most: int) -> tuple[Places, Places]:
    """Of each unit ``most`` of its cells, chosen at random: the units and the cells.

    A reservoir (Vitter 1985, algorithm R) holds them while margin by margin goes by: of a million
    records, all cells together would be some gigabytes.
    """
    random = np.random.default_rng()
    chosen, seen = np.full((units, most), -1, np.int64), np.zeros(units, np.int64)
    for place in margins:
        mine = np.flatnonzero(place >= 0)
        slot = np.where(seen[mine] < most, seen[mine], random.integers(0, seen[mine] + 1))
        kept = slot < most
        chosen[mine[kept], slot[kept]] = place[mine[kept]]
        seen[mine] += 1
    rows, columns = np.nonzero(chosen >= 0)
    return rows, chosen[rows, columns]


def _listed(cube: Cube, terms: Terms) -> pa.Table:
    """Every cell of the margins whose dimensions are listed."""
    known = groups(terms.contracts, terms.now.date())
    everything = dict.fromkeys(cube.dimensions, ALL)
    rows = [everything | cell for margin in cube.margins for cell in cells_of(margin, known) or ()]
    schema = pa.schema([(name, pa.string()) for name in cube.dimensions])
    return pa.Table.from_pylist(rows, schema)


def _audit_of(cube: Cube, shown: pa.Table, records: pa.Table) -> pa.Table:
    """The steward's rows; no bounds, for no published number is a true one."""
    true = np.zeros(len(shown), np.int64)
    for margin in cube.margins:
        place = _places(cube, margin, shown, records)
        true += np.bincount(place[place >= 0], minlength=len(shown))
    audit = shown.drop_columns(["count"]).append_column("true_count", pa.array(true))
    audit = audit.append_column("reason", pa.array([PRIVATE] * len(shown)))
    for name in ("lower", "upper", "decided"):
        audit = audit.append_column(name, pa.nulls(len(shown), pa.float64()))
    return audit


def _summary_of(shown: pa.Table, records: int) -> MappingProxyType[str, int | float]:
    statuses = shown["status"].to_pylist()
    counts = {status.value: statuses.count(status) for status in Status}
    return MappingProxyType({"records": records, "cells": len(shown), **counts})


def _with(table: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)
