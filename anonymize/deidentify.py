"""De-identifies one partition of a validated delivery: raw zone in, package files out.

    <outgoing>/tables/<table>/<partition>.parquet      accepted rows, de-identified
    <outgoing>/withheld/<table>/<partition>.parquet    tokens of quarantined rows' keys

A partition writes its own files only, each in one step, so it can be repeated at any time and run
beside others. Raw rows are in memory alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from anonymize.gate.counts import GateCounts
from anonymize.gate.gate import Gate
from anonymize.identifiers import Gathered, gathered, key_columns, record_keys
from anonymize.manifest import TABLES, WITHHELD
from anonymize.operators.registry import Identifying
from anonymize.outputs import output_schema, withheld_schema
from anonymize.partitions import Partition, Piece
from anonymize.policy import Policy, Tally
from anonymize.raw_rows import Lookups, piece_rows, read_marked
from connectors.formats.base import ROW
from connectors.zones.durable import make_private, replacing
from connectors.zones.raw import RawZone, StoredVerdict
from schemas.contract import Contract, Table

if TYPE_CHECKING:
    from anonymize.text.known import DeliveryNames


@dataclass
class PartitionCounts:
    """Rows written, by table, and what was counted on the way."""

    rows: dict[str, int] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    gate: GateCounts = field(default_factory=GateCounts)

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "withheld": self.withheld,
            "gate": self.gate.as_json(),
            **self.tally.as_json(),
        }


def deidentify(
    zone: RawZone, verdict: StoredVerdict, policy: Policy, partition: Partition, outgoing: Path
) -> PartitionCounts:
    """De-identify ``partition`` into the directory ``outgoing``.

    Raises:
        PrivacyError: a raw file is not what was written, or an operator failed.
        LeakError: the gate found an identifier in what would leave. In either case the table at
            hand is not written.
    """
    counts = PartitionCounts()
    lookups = Lookups(zone, verdict)
    texts = _Texts.of(zone, policy.contract, partition)
    for piece in partition.pieces:
        table = policy.contract.table(piece.table)
        if not table.kept:
            continue  # it served rules and look-ups; nothing of it leaves
        keyed = len(withheld_schema(table)) > 0
        gate = Gate.of(policy.contract, table, texts.gathered.delivery if texts.gathered else None)
        aside: list[pa.RecordBatch] = []
        path = _path(outgoing, TABLES, table.name, partition)
        counts.rows[table.name] = 0
        with _writer(path, output_schema(table)) as writer:
            for batch, accepted in _batches(zone, verdict, policy, lookups, piece):
                rows = batch.filter(accepted)
                identifying = texts.identifying(table, rows)
                made = policy.apply(table.name, rows, counts.tally, identifying)
                known = identifying and identifying.known
                counts.gate += gate.check(rows.column(ROW), known, made)
                writer.write_batch(made)
                counts.rows[table.name] += made.num_rows
                if keyed:
                    aside.append(policy.withheld(table.name, batch.filter(pc.invert(accepted))))
        path = _path(outgoing, WITHHELD, table.name, partition)
        if withheld := _write_withheld(path, withheld_schema(table), aside):
            counts.withheld[table.name] = withheld
    return counts


@dataclass(frozen=True)
class _Texts:
    """What a partition's texts are masked with; nothing is gathered where it has none."""

    gathered: Gathered | None = None
    delivery: DeliveryNames | None = None

    @classmethod
    def of(cls, zone: RawZone, contract: Contract, partition: Partition) -> _Texts:
        keys = {
            piece.table: _keys(zone, table, piece)
            for piece in partition.pieces
            if (table := contract.table(piece.table)).redacts
        }
        if not keys:
            return cls()
        from anonymize.text.known import DeliveryNames

        found = gathered(zone, contract, keys)
        of = found.delivery
        parts = (of.full_names, of.single_names, of.numbers, of.case_numbers)
        return cls(found, DeliveryNames.of(*parts))

    def identifying(self, table: Table, rows: pa.RecordBatch) -> Identifying | None:
        """What is known of each row, where texts of the table leave."""
        if self.gathered is None or table.name not in self.gathered.records:
            return None
        known = self.gathered.records[table.name].of(record_keys(table, rows))
        return Identifying(known, self.delivery)


def _keys(zone: RawZone, table: Table, piece: Piece) -> pa.Array:
    """Keys of the piece's records, each once."""
    found = [record_keys(table, batch) for batch in piece_rows(zone, piece, key_columns(table))]
    return pc.unique(pa.chunked_array(found, pa.string())).drop_null()


def _batches(
    zone: RawZone, verdict: StoredVerdict, policy: Policy, lookups: Lookups, piece: Piece
) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    """Batches of a piece with looked-up fields filled in, and which of their rows are accepted."""
    table = policy.contract.table(piece.table)
    inputs = policy.inputs(piece.table)
    filled = {name: found for name in inputs if (found := table.by_name[name].lookup) is not None}
    wanted = {*inputs, *(lookup.key for lookup in filled.values())} - set(filled)
    if table.redacts:
        wanted |= set(table.record)
    for batch, accepted in read_marked(zone, verdict, piece.table, sorted(wanted), piece):
        for name, lookup in filled.items():
            batch = batch.append_column(name, lookups.values(lookup, batch.column(lookup.key)))
        yield batch, accepted


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
