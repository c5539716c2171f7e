"""Alembic environment: runs on the connection that ``warehouse.bootstrap.migrate`` hands in."""

from __future__ import annotations

from alembic import context

from warehouse.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table_schema="ops",
    include_schemas=True,
)
with context.begin_transaction():
    context.run_migrations()
