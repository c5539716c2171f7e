"""Agreements as the warehouse knows them: from the day one ends, the database hides its feed."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.contract import Contract
from warehouse.database import Warehouse, translated
from warehouse.ledger import feed
from warehouse.origin import Connection
from warehouse.roles import Role

_RECORD = """
INSERT INTO ops.agreement AS known
    (agency, feed, agreement_id, expires, terminated, grace_days, deconfliction)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (agency, feed) DO UPDATE SET agreement_id = excluded.agreement_id,
    expires = excluded.expires, terminated = excluded.terminated, grace_days = excluded.grace_days,
    deconfliction = excluded.deconfliction
WHERE (known.agreement_id, known.expires, known.terminated, known.grace_days, known.deconfliction)
    IS DISTINCT FROM (
        excluded.agreement_id, excluded.expires, excluded.terminated, excluded.grace_days,
        excluded.deconfliction
    )
"""


def record(connection: Connection, contract: Contract) -> None:
    """Enter the agreement of one feed as its contract has it now."""
    given = contract.agreement
    connection.execute(
        _RECORD,
        (
            *(contract.agency, feed(contract)),
            *(given.id, given.expires, given.terminated, given.grace_days),
            contract.may_deconflict,
        ),
    )


def record_all(warehouse: Warehouse, contracts: Iterable[Contract]) -> None:
    """Enter every feed's agreement, so that one that was terminated hides its rows at once.

    A feed whose contract is gone keeps the terms it had last.

    Raises:
        TransientError, PermanentError: the database.
    """
    with (
        translated("recording agreements"),
        warehouse.connect(Role.LOADER) as connection,
        connection.transaction(),
    ):
        for contract in contracts:
            record(connection, contract)
