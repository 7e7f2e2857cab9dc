"""Dead letters, and those held back; how large deliveries are, and why one failed; digests of what was too much.

Those of before have no size, and count as small.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NEEDS = "0.1.0"  # the first Certhia that reads this schema


def upgrade() -> None:
    """Adds columns, index and table."""
    op.add_column("deliveries", sa.Column("size", sa.Integer))
    op.add_column("deliveries", sa.Column("error", sa.Text))
    op.create_index("deliveries_aside", "deliveries", ["sink", "state", "id"], sqlite_where=sa.text("state > 1"))
    op.create_table(
        "digests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("sink", sa.Text, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
    )
    op.execute(sa.text("UPDATE meta SET value = :needs WHERE name = 'needs'").bindparams(needs=NEEDS))
