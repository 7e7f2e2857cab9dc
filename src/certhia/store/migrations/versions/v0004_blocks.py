"""What was read besides following: wishes, and the blocks that were proven."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NEEDS = "0.1.0"  # the first Certhia that reads this schema


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "blocks",
        sa.Column("log", sa.Integer, sa.ForeignKey("logs.id"), primary_key=True, autoincrement=False),
        sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("head_size", sa.BigInteger, nullable=False),
        sa.Column("head_root", sa.LargeBinary, nullable=False),
        sa.Column("head_timestamp", sa.BigInteger, nullable=False),
        sa.Column("head_raw", sa.LargeBinary, nullable=False),
        sa.Column("quarantined", sa.BigInteger, nullable=False),
        sa.Column("merged", sa.BigInteger, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("mark", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "backfills",
        sa.Column("log", sa.Integer, sa.ForeignKey("logs.id"), primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("reverse", sa.Boolean, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("start", sa.BigInteger),
        sa.Column("end", sa.BigInteger),
        sa.Column("ended", sa.Float),
        sa.Column("outcome", sa.Text, nullable=False),
    )
    op.execute(sa.text("INSERT INTO tallies VALUES ('blocks', 0, 0, 0)"))
    op.execute(sa.text("UPDATE meta SET value = :needs WHERE name = 'needs'").bindparams(needs=NEEDS))
