"""Raw rows as de-identification reads them: by piece, marked as accepted, fields looked up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.operators.columns import looked_up
from anonymize.partitions import Piece
from connectors.formats.base import ROW
from connectors.table_rules import ACCEPTED
from connectors.zones.raw import ROW_GROUP_ROWS, RawZone, StoredVerdict
from schemas.contract import Lookup
from schemas.errors import PrivacyError

#: Rows transformed at once: enough that repeated values are tokenised once, 100 MB of wide text.
BATCH_ROWS = 4 * ROW_GROUP_ROWS


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
        else piece_rows(zone, piece, names)
    )
    for batch in batches:
        accepted = ~_among(batch.column(ROW).to_numpy(), aside)
        if marked:
            accepted &= batch.column(ACCEPTED).to_numpy(zero_copy_only=False)
        yield batch, pa.array(accepted)


def piece_rows(zone: RawZone, piece: Piece, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
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


class Lookups:
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
