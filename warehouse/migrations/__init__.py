"""Alembic migrations of the warehouse; ``warehouse.bootstrap.migrate`` runs them as the owner.

Written in SQL, for what matters here (row-level security, grants, functions) has no other form.
They import nothing from the models: a migration never changes once it is released.

``core`` tables force row-level security on their owner too, who has no policy and so sees no row.
A migration that changes data says ``ALTER TABLE ... NO FORCE ROW LEVEL SECURITY`` first and
``FORCE`` last, in its one transaction.
"""

from __future__ import annotations

from alembic import op


def run(sql: str) -> None:
    """Run several statements at once; SQLAlchemy would take them for one prepared statement."""
    connection = op.get_bind().connection.driver_connection
    assert connection is not None  # noqa: S101 - Alembic runs on an open connection
    connection.execute(sql)
