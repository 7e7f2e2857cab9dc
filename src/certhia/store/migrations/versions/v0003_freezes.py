"""Logs that contradicted themselves: where they were frozen, and when that was accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NEEDS = "0.1.0"  # the first Certhia that reads this schema


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "freezes",
        sa.Column("log", sa.Integer, sa.ForeignKey("logs.id"), primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("mark", sa.BigInteger, nullable=False),
        sa.Column("accepted", sa.Float),
    )
    for name in ("freezes", "accepted"):
        op.execute(sa.text("INSERT INTO tallies VALUES (:name, 0, 0, 0)").bindparams(name=name))
    op.execute(sa.text("UPDATE meta SET value = :needs WHERE name = 'needs'").bindparams(needs=NEEDS))
