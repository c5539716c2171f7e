"""Cuts a delivery into partitions, one to a task.

Masking texts costs a thousand times what other columns do, so partitions are cut by the bytes of
their texts, too: a task takes minutes, and a scheduler spreads tasks over its workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from connectors.zones.raw import RawZone
from schemas.contract import Contract

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
