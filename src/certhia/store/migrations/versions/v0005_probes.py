"""What is to be asked of the servers that matches name, and what came of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NEEDS = "0.1.0"  # the first Certhia that reads this schema


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "probes",
        sa.Column("match", sa.Integer, sa.ForeignKey("matches.id"), primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("port", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("stage", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("wanted", sa.Float, nullable=False),
        sa.Column("due", sa.Float, nullable=False),
        sa.Column("at", sa.Float),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
    )
    op.create_index("probes_due", "probes", ["at", "due"])
    op.execute(sa.text("UPDATE meta SET value = :needs WHERE name = 'needs'").bindparams(needs=NEEDS))
