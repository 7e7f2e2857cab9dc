"""The last events of each type."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NEEDS = "0.1.0"  # the first Certhia that reads this schema


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "events",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("correlation", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("events_type", "events", ["type", "id"])
    op.execute(sa.text("UPDATE meta SET value = :needs WHERE name = 'needs'").bindparams(needs=NEEDS))
