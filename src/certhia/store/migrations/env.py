"""Run by Alembic: migrations go into the transaction of the connection that `migrate` was given, all or none."""

from __future__ import annotations

from alembic import context

from certhia.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
