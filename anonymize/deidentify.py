"""De-identifies one partition of a validated delivery: raw zone in, package files out.

    <outgoing>/tables/<table>/<partition>.parquet      accepted rows, de-identified
    <outgoing>/withheld/<table>/<partition>.parquet    tokens of quarantined rows' keys

A partition writes its own files only, each in one step, so it can be repeated at any time and run
beside others. Raw rows are in memory alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from anonymize.manifest import TABLES, WITHHELD
from anonymize.operators.columns import looked_up
from anonymize.outputs import output_schema, withheld_schema
from anonymize.policy import Policy, Tally
from connectors.formats.base import ROW
from connectors.table_rules import ACCEPTED
from connectors.zones.durable import make_private, replacing
from connectors.zones.raw import ROW_GROUP_ROWS, RawZone, StoredVerdict
from schemas.contract import Lookup
from schemas.errors import PrivacyError

#: Rows transformed at once: enough that repeated values are tokenised once, 100 MB of wide text.
BATCH_ROWS = 4 * ROW_GROUP_ROWS


@dataclass(frozen=True)
class Piece:
    """Consecutive row groups of one table's raw file."""

    table: str
    first: int
    count: int


@dataclass(frozen=True)
class Partition:
    """What one task de-identifies. It holds no data, so a scheduler may store it."""

    name: str
    pieces: tuple[Piece, ...]

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "pieces": [[p.table, p.first, p.count] for p in self.pieces]}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Partition:
        return cls(content["name"], tuple(Piece(*piece) for piece in content["pieces"]))


@dataclass
class PartitionCounts:
    """Rows written, by table, and what was counted on the way."""

    rows: dict[str, int] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    def as_json(self) -> dict[str, Any]:
        return {"rows": self.rows, "withheld": self.withheld, **self.tally.as_json()}


def plan(zone: RawZone, rows_per_partition: int) -> tuple[Partition, ...]:
    """Cut a delivery into partitions of about ``rows_per_partition`` rows, small tables together.

    The same raw files always give the same plan.
    """
    partitions: list[tuple[Piece, ...]] = []
    pieces: list[Piece] = []
    room = rows_per_partition
    for table in zone.tables():
        first, groups = 0, zone.row_groups(table)
        for number, rows in enumerate(groups):
            room -= rows
            if room <= 0:
                partitions.append((*pieces, Piece(table, first, number + 1 - first)))
                pieces, first, room = [], number + 1, rows_per_partition
        if first < len(groups) or not groups:
            pieces.append(Piece(table, first, len(groups) - first))
    if pieces:
        partitions.append(tuple(pieces))
    return tuple(Partition(f"p{n:05d}", found) for n, found in enumerate(partitions))


def deidentify(
    zone: RawZone, verdict: StoredVerdict, policy: Policy, partition: Partition, outgoing: Path
) -> PartitionCounts:
    """De-identify ``partition`` into the directory ``outgoing``.

    Raises:
        PrivacyError: a raw file is not what was written, or an operator failed; the table at hand
            is not written then.
    """
    counts = PartitionCounts()
    lookups = _Lookups(zone, verdict)
    for piece in partition.pieces:
        table = policy.contract.table(piece.table)
        if not table.kept:
            continue  # it served rules and look-ups; nothing of it leaves
        keyed = len(withheld_schema(table)) > 0
        aside: list[pa.RecordBatch] = []
        path = _path(outgoing, TABLES, table.name, partition)
        counts.rows[table.name] = 0
        with _writer(path, output_schema(table)) as writer:
            for batch, accepted in _batches(zone, verdict, policy, lookups, piece):
                made = policy.apply(table.name, batch.filter(accepted), counts.tally)
                writer.write_batch(made)
                counts.rows[table.name] += made.num_rows
                if keyed:
                    aside.append(policy.withheld(table.name, batch.filter(pc.invert(accepted))))
        path = _path(outgoing, WITHHELD, table.name, partition)
        if withheld := _write_withheld(path, withheld_schema(table), aside):
            counts.withheld[table.name] = withheld
    return counts


def _batches(
    zone: RawZone, verdict: StoredVerdict, policy: Policy, lookups: _Lookups, piece: Piece
) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    """Batches of a piece with looked-up fields filled in, and which of their rows are accepted."""
    table = policy.contract.table(piece.table)
    inputs = policy.inputs(piece.table)
    filled = {name: found for name in inputs if (found := table.by_name[name].lookup) is not None}
    wanted = {*inputs, *(lookup.key for lookup in filled.values())} - set(filled)
    groups = range(piece.first, piece.first + piece.count)
    for batch, accepted in _read(zone, verdict, piece.table, sorted(wanted), groups):
        for name, lookup in filled.items():
            batch = batch.append_column(name, lookups.values(lookup, batch.column(lookup.key)))
        yield batch, accepted


def _read(
    zone: RawZone,
    verdict: StoredVerdict,
    table: str,
    columns: list[str],
    groups: range | None = None,
) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    """Batches of raw rows and a mark for each row that validation accepted.

    Raises:
        PrivacyError: validation did not read a column that the policy needs.
    """
    there = set(zone.schema(table).names)
    if missing := sorted({ROW, *columns} - there):
        raise PrivacyError(
            f"the raw file {table} lacks {', '.join(missing)}; validate the delivery again"
        )
    marked = [ACCEPTED] if ACCEPTED in there else []
    aside = verdict.quarantined.get(table, np.array([], dtype=np.int64))
    for batch in zone.read(table, [ROW, *marked, *columns], groups, BATCH_ROWS):
        accepted = ~_among(batch.column(ROW).to_numpy(), aside)
        if marked:
            accepted &= batch.column(ACCEPTED).to_numpy(zero_copy_only=False)
        yield batch, pa.array(accepted)


def _among(rows: npt.NDArray[np.int64], ascending: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    if not len(ascending):
        return np.zeros(len(rows), dtype=bool)
    places = np.minimum(np.searchsorted(ascending, rows), len(ascending) - 1)
    among: npt.NDArray[np.bool_] = ascending[places] == rows
    return among


class _Lookups:
    """Fields taken from another table of the same delivery; two columns of it in memory.

    Accepted rows alone are looked at. A key that stands more than once decides nothing.
    """

    def __init__(self, zone: RawZone, verdict: StoredVerdict) -> None:
        self._zone, self._verdict = zone, verdict
        self._loaded: dict[Lookup, tuple[pa.Array, pa.Array]] = {}

    def values(self, lookup: Lookup, keys: pa.Array) -> pa.Array:
        """The looked-up value of each key; null where there is none."""
        if lookup not in self._loaded:
            self._loaded[lookup] = self._load(lookup)
        known, found = self._loaded[lookup]
        return looked_up(keys, known, found)

    def _load(self, lookup: Lookup) -> tuple[pa.Array, pa.Array]:
        batches: list[pa.RecordBatch] = []
        if lookup.table in self._zone.tables():
            columns = [lookup.key, lookup.column]
            for batch, accepted in _read(self._zone, self._verdict, lookup.table, columns):
                batches.append(batch.select(columns).filter(accepted))
        schema = pa.schema([pa.field("key", pa.string()), pa.field("value", pa.string())])
        table = pa.Table.from_batches([b.rename_columns(schema.names) for b in batches], schema)
        table = table.filter(pc.is_valid(table["key"]))
        if pc.count_distinct(table["key"]).as_py() < table.num_rows:
            grouped = table.group_by("key", use_threads=False)
            counted = grouped.aggregate([("value", "first"), ([], "count_all")])
            once = counted.filter(pc.equal(counted["count_all"], 1))
            table = pa.table({"key": once["key"], "value": once["value_first"]})
        return table["key"].combine_chunks(), table["value"].combine_chunks()


def _write_withheld(path: Path, schema: pa.Schema, batches: list[pa.RecordBatch]) -> int:
    """One row for each quarantined row whose key is known; returns how many that were."""
    rows = pa.Table.from_batches(batches, schema)
    if not rows.num_rows:
        path.unlink(missing_ok=True)
        return 0
    with _writer(path, schema) as writer:
        writer.write_table(rows)
    return int(rows.num_rows)


@contextmanager
def _writer(path: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    make_private(path.parent)
    with (
        replacing(path) as partial,
        pq.ParquetWriter(partial, schema, compression="zstd") as writer,
    ):
        yield writer


def _path(outgoing: Path, kind: str, table: str, partition: Partition) -> Path:
    return outgoing / kind / table / f"{partition.name}.parquet"
