"""Removes records for good: what a signed request names, and everything that hangs on it.

The role that does it holds no right on any table: it calls functions of the schema ``suppression``,
each of which says what goes (migration 0009). One request is one transaction; stopped at any point,
it is as if it had not begun, and handed in again it is carried out.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from anonymize.requests import ExpungeRequest
from schemas.errors import PermanentError, SettingsError
from warehouse.database import Warehouse, translated
from warehouse.roles import Role

_TABLES = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('core', 'linkage', 'linked') AND c.relkind = 'r' ORDER BY 1
"""


@dataclass(frozen=True)
class Expunged:
    """What a request did: ``status`` is ``done``, or ``duplicate`` where it had been done before.

    ``asked`` and ``found`` count units, ``removed`` rows by table, ``withdrawn`` releases.
    """

    request_id: str
    status: str
    asked: int
    found: int
    removed: Mapping[str, int]
    withdrawn: int

    def as_json(self) -> dict[str, Any]:
        return {
            "request_id": self.request_id,
            "status": self.status,
            "asked": self.asked,
            "found": self.found,
            "removed": dict(self.removed),
            "releases_withdrawn": self.withdrawn,
        }


def expunge(warehouse: Warehouse, request: ExpungeRequest) -> Expunged:
    """Carry out a verified request.

    Afterwards nothing of the units stands in any schema but the marks in ``suppression``, and
    releases that drew on the agency are withdrawn, until the next one.

    Raises:
        TransientError, PermanentError: the database.
    """
    feed = request.contract.removeprefix(f"{request.agency}.")
    tokens = [bytes.fromhex(token) for token in request.tokens]
    with translated("expunging"), closing(warehouse.connect(Role.EXPUNGER)) as connection:
        connection.execute("SELECT ops.log_access('expunge', %s)", [request.request_id])
        row = connection.execute(
            "SELECT done_before, units_asked, units_found, removed, withdrawn "
            "FROM suppression.expunge(%s, %s, %s, %s, %s)",
            [request.request_id, request.agency, feed, request.unit, tokens],
        ).fetchone()
        if row is None:
            raise PermanentError("warehouse: expunging gave no answer")
        done_before, asked, found, removed, withdrawn = row
    if not done_before:
        forget_dead_rows(warehouse)
    status = "duplicate" if done_before else "done"
    return Expunged(request.request_id, status, asked, found, removed, withdrawn)


def forget_dead_rows(warehouse: Warehouse) -> None:
    """Take removed rows out of the tables' files, and their keys out of the planner's statistics.

    The owner does it, by VACUUM. Where his password is not on this machine, autovacuum comes in
    its own time.
    """
    try:
        connection = warehouse.connect(Role.OWNER)
    except SettingsError:
        return
    with translated("clearing removed rows away"), closing(connection):
        tables = ", ".join(str(name) for (name,) in connection.execute(_TABLES).fetchall())
        connection.execute(f"VACUUM (ANALYZE, SKIP_LOCKED) {tables}")
