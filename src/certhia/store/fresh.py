"""A new state's tables, as the migrations would make them, without Alembic: it costs 11 MB and a fifth of a second."""

from __future__ import annotations

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, text

from certhia.store.schema import NEEDS, SCHEMA, metadata

_COUNTED = (  # of `tallies`
    *("logs", "quarantine", "matches", "sightings", "deliveries", "delivered", "resolved", "freezes", "accepted"),
    "blocks",
)
_version = Table(  # as Alembic makes it
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def make(connection: Connection) -> None:
    """Makes all tables inside the transaction that `connection` is in; the caller commits."""
    _version.create(connection)
    metadata.create_all(connection, checkfirst=False)
    connection.execute(text("INSERT INTO meta (name, value) VALUES ('needs', :needs)"), {"needs": NEEDS})
    rows = [{"name": name} for name in _COUNTED]
    connection.execute(text("INSERT INTO tallies VALUES (:name, 0, 0, 0)"), rows)
    connection.execute(text("INSERT INTO alembic_version VALUES (:schema)"), {"schema": SCHEMA})
