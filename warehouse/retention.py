"""Removes what may no longer be kept: what is older than a contract allows, and ended agreements.

Suppressions and the ledger (``ops``) stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from schemas.contract import Contract
from warehouse import agreements
from warehouse.database import Warehouse, translated
from warehouse.expunge import forget_dead_rows
from warehouse.ledger import feed
from warehouse.origin import Connection
from warehouse.roles import Role

_ENDED = """
SELECT agency, feed FROM ops.agreement
WHERE least(expires, terminated - 1) + grace_days < (now() AT TIME ZONE 'UTC')::date
ORDER BY 1, 2
"""


@dataclass
class Retired:
    """Rows removed by table, of each feed that lost any. On trial: units that would be removed."""

    expired: dict[str, dict[str, int]] = field(default_factory=dict)
    ended: dict[str, dict[str, int]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"expired": self.expired, "ended": self.ended}


def retain(
    warehouse: Warehouse, contracts: Iterable[Contract], today: date, *, trial: bool = False
) -> Retired:
    """Bring agreements up to date, then remove what is over its time, feed by feed.

    Each feed is a transaction of its own: a run that was stopped goes on where it was.

    Args:
        trial: change nothing and count what would go.

    Raises:
        TransientError, PermanentError: the database.
    """
    known = list(contracts)
    if not trial:
        agreements.record_all(warehouse, known)
    done = Retired()
    with (
        translated("removing what is over its time"),
        closing(warehouse.connect(Role.EXPUNGER)) as connection,
    ):
        for agency, name in connection.execute(_ENDED).fetchall():
            _call(connection, "purge", (agency, name, trial), done.ended)
        for contract in known:
            before = today - timedelta(days=contract.retention.core_days)
            given = (contract.agency, feed(contract), before, trial)
            _call(connection, "retire", given, done.expired)
    if not trial and (done.expired or done.ended):
        forget_dead_rows(warehouse)
    return done


def _call(
    connection: Connection,
    function: str,
    given: tuple[object, ...],
    done: dict[str, dict[str, int]],
) -> None:
    places = ", ".join(["%s"] * len(given))
    row = connection.execute(f"SELECT suppression.{function}({places})", given).fetchone()
    removed = row[0] if row else None
    if isinstance(removed, dict) and any(removed.values()):
        done[f"{given[0]}.{given[1]}"] = removed
