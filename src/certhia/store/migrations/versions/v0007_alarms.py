"""Alarms, with the time they cleared."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NEEDS = "0.1.0"  # the first Certhia that reads this schema


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "alarms",
        sa.Column("since", sa.Float, primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("log", sa.Text, nullable=False),
        sa.Column("cleared", sa.Float),
    )
    op.execute(sa.text("UPDATE meta SET value = :needs WHERE name = 'needs'").bindparams(needs=NEEDS))
