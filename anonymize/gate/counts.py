"""What the gate says of a delivery: the one line that its package, its receipt and the hub hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class GateCounts:
    """What was searched. ``hits`` is 0 in all that is ever sealed: a hit stops the delivery.

    Attributes:
        texts: values of free columns.
        values: values of all output columns.
        identifiers: ways of writing names, numbers and contacts of the delivery.
    """

    texts: int = 0
    values: int = 0
    identifiers: int = 0
    hits: int = 0

    def __add__(self, other: GateCounts) -> GateCounts:
        """Of two parts of one delivery, which are searched for the same identifiers."""
        return GateCounts(
            self.texts + other.texts,
            self.values + other.values,
            max(self.identifiers, other.identifiers),
            self.hits + other.hits,
        )

    def as_json(self) -> dict[str, int]:
        return asdict(self)


def gate_line(parts: Iterable[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """The line of a delivery from the counts of its partitions; null where one has none."""
    total, seen = GateCounts(), False
    for part in parts:
        if not _counts(part):
            return None
        total, seen = total + GateCounts(**part), True  # type: ignore[arg-type]
    return {"checked": True, **total.as_json()} if seen else None


def is_clean(line: object) -> bool:
    """Whether a delivery went through the gate, as a whole and without a hit."""
    if not isinstance(line, Mapping) or line.get("checked") is not True:
        return False
    counts = {name: count for name, count in line.items() if name != "checked"}
    return _counts(counts) and counts["hits"] == 0


def _counts(part: object) -> bool:
    names = {field.name for field in fields(GateCounts)}
    return (
        isinstance(part, Mapping)
        and part.keys() == names
        and all(type(count) is int and count >= 0 for count in part.values())
    )
