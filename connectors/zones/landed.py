"""Which landed deliveries are whose, and since when: the landing zone's own names say nothing.

    <root>/<contract>/<delivery id>    empty while the delivery is worked on; then ``done``

A file's time is that of the landing, later that of the end of the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.zones.durable import make_private
from connectors.zones.vault import safe_id

_DONE = "done"


@dataclass(frozen=True)
class Landed:
    """One entry; ``done`` where the delivery's run came to its end."""

    delivery_id: str
    contract: str
    since: datetime
    done: bool

    def older_than(self, days: int, now: datetime) -> bool:
        return now - self.since > timedelta(days=days)


def enter(root: Path, contract: str, delivery_id: str, *, done: bool = False) -> None:
    """Note a delivery that landed, or whose run has ended; replaces its entry."""
    directory = make_private(root / contract)
    (directory / safe_id(delivery_id)).write_text(_DONE if done else "", encoding="ascii")


def entries(root: Path, contract: str | None = None) -> Iterator[Landed]:
    """Entries of one feed, or of all."""
    for path in sorted(root.glob(f"{contract or '*'}/*")):
        yield Landed(
            path.name,
            path.parent.name,
            datetime.fromtimestamp(path.stat().st_mtime, UTC),
            path.read_text(encoding="ascii") == _DONE,
        )


def forget(root: Path, contract: str, delivery_id: str) -> None:
    """Remove an entry; none there is well too."""
    (root / contract / safe_id(delivery_id)).unlink(missing_ok=True)
