"""Certificates of matches as they were submitted, for modules that look at them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NEEDS = "0.1.0"  # the first Certhia that reads this schema


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "submitted",
        sa.Column(
            "match",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            sa.ForeignKey("matches.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("ders", sa.LargeBinary, nullable=False),
    )
    op.execute(sa.text("UPDATE meta SET value = :needs WHERE name = 'needs'").bindparams(needs=NEEDS))
