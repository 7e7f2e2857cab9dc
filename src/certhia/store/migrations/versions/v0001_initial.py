"""The first schema: positions, ledger, quarantine, matches, outbox, requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NEEDS = "0.1.0"  # the first Certhia that reads this schema

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes all tables."""
    _small_tables()
    _ledger()
    _matches()
    op.execute(sa.text("INSERT INTO meta (name, value) VALUES ('needs', :needs)").bindparams(needs=NEEDS))
    for name in ("logs", "quarantine", "matches", "sightings", "deliveries", "delivered"):
        op.execute(sa.text("INSERT INTO tallies VALUES (:name, 0, 0, 0)").bindparams(name=name))


def _small_tables() -> None:
    op.create_table("meta", sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False))
    op.create_table(
        "tallies",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("sum", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "requests",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("answer", sa.Text),
    )


def _ledger() -> None:
    op.create_table(
        "logs",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("log_id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("operator", sa.Text, nullable=False),
        sa.Column("protocol", sa.Text, nullable=False),
        sa.Column("submission_url", sa.Text, nullable=False),
        sa.Column("monitoring_url", sa.Text, nullable=False),
        sa.Column("mmd", sa.BigInteger, nullable=False),
        sa.Column("first_seen", sa.Float, nullable=False),
        sa.Column("start", sa.BigInteger),
        sa.Column("end", sa.BigInteger),
        sa.Column("edge", sa.LargeBinary),
        sa.Column("head_size", sa.BigInteger),
        sa.Column("head_root", sa.LargeBinary),
        sa.Column("head_timestamp", sa.BigInteger),
        sa.Column("head_raw", sa.LargeBinary),
        sa.Column("at", sa.Float),
        sa.Column("seq", sa.BigInteger),
        sa.Column("chain", sa.LargeBinary),
        sa.Column("mark", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "steps",
        sa.Column("log", sa.Integer, sa.ForeignKey("logs.id"), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("quarantined", sa.BigInteger, nullable=False),
        sa.Column("edge", sa.LargeBinary, nullable=False),
        sa.Column("head_size", sa.BigInteger, nullable=False),
        sa.Column("head_root", sa.LargeBinary, nullable=False),
        sa.Column("head_timestamp", sa.BigInteger, nullable=False),
        sa.Column("head_raw", sa.LargeBinary, nullable=False),
        sa.Column("proof", sa.LargeBinary, nullable=False),
        sa.Column("proof_kind", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("merged", sa.BigInteger, nullable=False),
        sa.Column("link", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
    )
    op.create_index("steps_noted", "steps", ["log", "seq"], sqlite_where=sa.text("note != ''"))
    op.create_table(
        "quarantine",
        sa.Column("log", sa.Integer, sa.ForeignKey("logs.id"), primary_key=True, autoincrement=False),
        sa.Column("index", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
        sa.Column("leaf_input", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("mark", sa.BigInteger, nullable=False),
    )


def _matches() -> None:
    op.create_table(
        "matches",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("key", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("tbs_sha256", sa.LargeBinary, nullable=False),
        sa.Column("seen", sa.Float, nullable=False),
        sa.Column("verified", sa.Boolean, nullable=False),
        sa.Column("sightings", sa.Integer, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("mark", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_matches_seen", "matches", ["seen"])
    op.create_table(
        "sightings",
        sa.Column("log", sa.Integer, sa.ForeignKey("logs.id"), primary_key=True, autoincrement=False),
        sa.Column("index", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("match", _ID, sa.ForeignKey("matches.id"), nullable=False),
        sa.Column("precert", sa.Boolean, nullable=False),
        sa.Column("timestamp", sa.BigInteger, nullable=False),
        sa.Column("verified", sa.Boolean, nullable=False),
        sa.Column("mark", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_sightings_match", "sightings", ["match"])
    op.create_index("sightings_unverified", "sightings", ["log", "index"], sqlite_where=sa.text("verified = 0"))
    op.create_table(
        "deliveries",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("match", _ID, sa.ForeignKey("matches.id"), nullable=False),
        sa.Column("sink", sa.Text, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Float),
        sa.Column("mark", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_deliveries_match", "deliveries", ["match"])
    op.create_index("deliveries_pending", "deliveries", ["sink", "id"], sqlite_where=sa.text("state = 0"))
