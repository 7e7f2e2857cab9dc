"""Digests by which certificates that continue others are found; quarantined entries that could be read later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from certhia.store import codec, kin
from certhia.store.schema import Bytes

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NEEDS = "0.1.0"  # the first Certhia that reads this schema

AT_ONCE = 1000  # rows in memory


def upgrade() -> None:
    """Adds the columns, and fills those of matches from their payloads."""
    op.add_column("quarantine", sa.Column("resolved", sa.Float))
    for name in ("spki", "naming"):
        op.add_column("matches", sa.Column(name, sa.LargeBinary))
    _fill()
    for name in ("spki", "naming"):
        op.create_index(f"ix_matches_{name}", "matches", [name])
    op.execute(sa.text("INSERT INTO tallies VALUES ('resolved', 0, 0, 0)"))
    op.execute(sa.text("UPDATE meta SET value = :needs WHERE name = 'needs'").bindparams(needs=NEEDS))


def _fill() -> None:
    connection = op.get_bind()
    matches = sa.table(
        "matches",
        sa.column("id", sa.BigInteger),
        sa.column("spki", Bytes),
        sa.column("naming", Bytes),
        *(sa.column(name) for name in ("key", "tbs_sha256", "seen", "verified", "sightings", "payload")),
    )
    after = -1
    change = sa.update(matches).where(matches.c.id == sa.bindparam("row"))
    while True:
        some = sa.select(matches).where(matches.c.id > after).order_by(matches.c.id).limit(AT_ONCE)
        rows = connection.execute(some).mappings().all()
        if not rows:
            return
        after = rows[-1]["id"]
        changed = []
        for row in rows:
            try:
                spki, naming = kin.digests(codec.decode_match(dict(row)))
            except (ValueError, LookupError, TypeError):  # changed by hand: for fsck to tell
                continue
            changed.append({"row": row["id"], "spki": spki, "naming": naming})
        if changed:
            connection.execute(change, changed)
