"""De-identifies one partition of a validated delivery: raw zone in, package files out.

    <outgoing>/tables/<table>/<partition>.parquet      accepted rows, de-identified
    <outgoing>/withheld/<table>/<partition>.parquet    tokens of quarantined rows' keys

A partition writes its own files only, each in one step, so it can be repeated at any time and run
beside others. Raw rows are in memory alone.

Masking texts costs a thousand times what other columns do, so partitions are cut by the bytes of
their texts, too: a task takes minutes, and a scheduler spreads tasks over its workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from anonymize.gate.counts import GateCounts
from anonymize.gate.gate import Gate
from anonymize.identifiers import Gathered, gathered, key_columns, record_keys
from anonymize.manifest import TABLES, WITHHELD
from anonymize.operators.columns import looked_up
from anonymize.operators.registry import Identifying
from anonymize.outputs import output_schema, withheld_schema
from anonymize.policy import Policy, Tally
from connectors.formats.base import ROW
from connectors.table_rules import ACCEPTED
from connectors.zones.durable import make_private, replacing
from connectors.zones.raw import ROW_GROUP_ROWS, RawZone, StoredVerdict
from schemas.contract import Contract, Lookup, Table
from schemas.errors import PrivacyError

if TYPE_CHECKING:
    from anonymize.text.known import DeliveryNames

#: Rows transformed at once: enough that repeated values are tokenised once, 100 MB of wide text.
BATCH_ROWS = 4 * ROW_GROUP_ROWS
#: Bytes of text in one partition, about: a minute's work of one core.
TEXT_BYTES = 5_000_000
#: Partitions that texts are cut into at most. Each gathers the identifiers of the whole delivery:
#: more of them would spend more on that than they spread.
_MOST_TEXT_PARTITIONS = 16


@dataclass(frozen=True)
class Piece:
    """Consecutive rows of one table's raw file, from row ``first`` (counted from 0)."""

    table: str
    first: int
    rows: int


@dataclass(frozen=True)
class Partition:
    """What one task de-identifies. It holds no data, so a scheduler may store it."""

    name: str
    pieces: tuple[Piece, ...]

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "pieces": [[p.table, p.first, p.rows] for p in self.pieces]}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Partition:
        return cls(content["name"], tuple(Piece(*piece) for piece in content["pieces"]))


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


def plan(
    zone: RawZone, contract: Contract, rows_per_partition: int, text_bytes: int = TEXT_BYTES
) -> tuple[Partition, ...]:
    """Cut a delivery into partitions of about ``rows_per_partition`` rows, small tables together.

    A partition holds about ``text_bytes`` of texts that are read as such, and always less than
    twice as much. The same raw files always give the same plan.
    """
    chunks = [(name, _chunks(zone, contract, name)) for name in zone.tables()]
    texts = sum(size for _, found in chunks for _, size in found)
    text_bytes = max(text_bytes, texts // _MOST_TEXT_PARTITIONS)
    partitions: list[tuple[Piece, ...]] = []
    pieces: list[Piece] = []
    room, text_room = rows_per_partition, text_bytes
    for table, found in chunks:
        first = end = 0
        for rows, size in _cut(found, text_bytes):
            end, room, text_room = end + rows, room - rows, text_room - size
            if room <= 0 or text_room <= 0:
                partitions.append((*pieces, Piece(table, first, end - first)))
                pieces, first = [], end
                room, text_room = rows_per_partition, text_bytes
        if first < end or not end:
            pieces.append(Piece(table, first, end - first))
    if pieces:
        partitions.append(tuple(pieces))
    return tuple(Partition(f"p{n:05d}", found) for n, found in enumerate(partitions))


def _chunks(zone: RawZone, contract: Contract, table: str) -> list[tuple[int, int]]:
    """Rows of each row group of a table, and bytes of its texts."""
    texts = {field.source for field in contract.table(table).texts}
    sizes = zone.column_bytes(table, texts)
    return list(zip(zone.row_groups(table), sizes, strict=True))


def _cut(chunks: Iterable[tuple[int, int]], most: int) -> Iterator[tuple[int, int]]:
    """The same rows in parts of at most about ``most`` bytes of text, as even as can be."""
    for rows, size in chunks:
        parts = min(rows, -(-size // most)) or 1
        bounds = [rows * part // parts for part in range(parts + 1)]
        yield from ((b - a, size // parts) for a, b in pairwise(bounds))


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
    lookups = _Lookups(zone, verdict)
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
    found = [record_keys(table, batch) for batch in _rows(zone, piece, key_columns(table))]
    return pc.unique(pa.chunked_array(found, pa.string())).drop_null()


def _batches(
    zone: RawZone, verdict: StoredVerdict, policy: Policy, lookups: _Lookups, piece: Piece
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


def read_marked(
    zone: RawZone,
    verdict: StoredVerdict,
    table: str,
    columns: list[str],
    piece: Piece | None = None,
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
    names = [ROW, *marked, *columns]
    batches = (
        zone.read(table, names, batch_rows=BATCH_ROWS)
        if piece is None
        else _rows(zone, piece, names)
    )
    for batch in batches:
        accepted = ~_among(batch.column(ROW).to_numpy(), aside)
        if marked:
            accepted &= batch.column(ACCEPTED).to_numpy(zero_copy_only=False)
        yield batch, pa.array(accepted)


def _rows(zone: RawZone, piece: Piece, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Columns of the piece's rows; of its row groups no others are read."""
    ends = np.cumsum(zone.row_groups(piece.table), dtype=np.int64)
    end = piece.first + piece.rows
    groups = range(
        int(np.searchsorted(ends, piece.first, side="right")),
        int(np.searchsorted(ends, end)) + (piece.rows > 0),
    )
    at = int(ends[groups.start - 1]) if groups.start else 0
    for batch in zone.read(piece.table, columns, groups, BATCH_ROWS):
        first, last = max(piece.first - at, 0), min(end - at, batch.num_rows)
        at += batch.num_rows
        if first < last:
            yield batch.slice(first, last - first)


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
            for batch, accepted in read_marked(self._zone, self._verdict, lookup.table, columns):
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
