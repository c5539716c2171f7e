"""The ledger of the privacy budget, ``ops.privacy_spend``: entries are added, never changed.

A reservation is a transaction of its own, committed before any noise is drawn. Whatever stops the
release afterwards, a crash included, gives nothing back: somebody may have seen the numbers.
"""

from __future__ import annotations

from contextlib import closing

from anonymize.extracts.budget import Budget, Reserve, Spend
from warehouse.database import Warehouse, translated
from warehouse.roles import Role

_SPENT = "SELECT data, year, epsilon, release FROM ops.privacy_spend WHERE data = %s AND year = %s"
_SPEND = "INSERT INTO ops.privacy_spend (data, year, epsilon, release) VALUES (%s, %s, %s, %s)"


def reserver(warehouse: Warehouse, budget: Budget | None = None) -> Reserve:
    """What ``dp.counts`` calls before it draws noise.

    It raises ``PrivacyError`` where the spend is beyond the budget, and ``TransientError`` or
    ``PermanentError`` where the database does not answer; nothing is spent then.
    """
    limits = budget or Budget()

    def reserve(wanted: Spend) -> None:
        with (
            translated("reserving privacy budget"),
            closing(warehouse.connect(Role.PUBLISHER)) as connection,
            connection.transaction(),
        ):
            # one at a time, or two releases could both take the last of the budget
            connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
                [f"tributary privacy budget {wanted.year} {wanted.data}"],
            )
            past = connection.execute(_SPENT, [wanted.data, wanted.year]).fetchall()
            limits.require((Spend(*row) for row in past), wanted)
            connection.execute(_SPEND, [wanted.data, wanted.year, wanted.epsilon, wanted.release])

    return reserve
