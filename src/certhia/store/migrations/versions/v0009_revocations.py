"""Certificates whose authority is asked again and again whether they were revoked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NEEDS = "0.1.0"  # the first Certhia that reads this schema


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "revocations",
        sa.Column(
            "match",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            sa.ForeignKey("matches.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("due", sa.Float),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("revoked", sa.Float, nullable=False),
        sa.Column("checked", sa.Float, nullable=False),
        sa.Column("failing", sa.Float, nullable=False),
    )
    op.create_index("revocations_due", "revocations", ["due", "host"])
    op.execute(sa.text("UPDATE meta SET value = :needs WHERE name = 'needs'").bindparams(needs=NEEDS))
