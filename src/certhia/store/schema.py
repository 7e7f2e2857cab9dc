"""The tables. Their shape is made by `certhia.store.migrations`; a test holds both to be the same.

`mark` columns are checksums of a row's lasting columns (`codec.mark`); `tallies` holds the count and the sum of the
marks of a whole table, so that a row that goes missing shows. `steps.digest` chains the rows of one log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

if TYPE_CHECKING:
    from sqlalchemy import Dialect

SCHEMA: Final = "0010"  # the migration that makes what is described here
NEEDS: Final = "0.1.0"  # the first Certhia that reads it: written into `meta` for older ones to tell their users

metadata: Final = MetaData()


class Bytes(LargeBinary):
    """Bytes as they are: the drivers take and give them, and SQLAlchemy's conversion costs more than the rest."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:  # noqa: ARG002
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> None:  # noqa: ARG002
        return None


# Small settings, and which Certhia the schema needs.
meta: Final = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# Count and sum of marks of each table that must not lose rows; `last` is the last id given.
tallies: Final = Table(
    "tallies",
    metadata,
    Column("name", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("sum", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
)

# One row a log: what it is, and its verified position. `start` to `chain` are null until its first step.
logs: Final = Table(
    "logs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("log_id", Bytes, nullable=False, unique=True),
    Column("key", Bytes, nullable=False),
    Column("description", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("protocol", Text, nullable=False),
    Column("submission_url", Text, nullable=False),
    Column("monitoring_url", Text, nullable=False),
    Column("mmd", BigInteger, nullable=False),
    Column("first_seen", Float, nullable=False),
    Column("start", BigInteger),
    Column("end", BigInteger),
    Column("edge", Bytes),
    Column("head_size", BigInteger),
    Column("head_root", Bytes),
    Column("head_timestamp", BigInteger),
    Column("head_raw", Bytes),
    Column("at", Float),
    Column("seq", BigInteger),
    Column("chain", Bytes),
    Column("mark", BigInteger, nullable=False),
)

# The ledger: one row a verified step. `merged` rows were made one; the next row chains on `link` then, which is what
# the last of them ended in.
steps: Final = Table(
    "steps",
    metadata,
    Column("log", ForeignKey("logs.id"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    Column("edge", Bytes, nullable=False),
    Column("head_size", BigInteger, nullable=False),
    Column("head_root", Bytes, nullable=False),
    Column("head_timestamp", BigInteger, nullable=False),
    Column("head_raw", Bytes, nullable=False),
    Column("proof", Bytes, nullable=False),
    Column("proof_kind", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("merged", BigInteger, nullable=False),
    Column("link", Bytes, nullable=False),
    Column("digest", Bytes, nullable=False),
)

Index("steps_noted", steps.c.log, steps.c.seq, sqlite_where=steps.c.note != "")

# Entries that could not be decoded. `resolved`: when a later version could read it, Unix seconds.
quarantine: Final = Table(
    "quarantine",
    metadata,
    Column("log", ForeignKey("logs.id"), primary_key=True, autoincrement=False),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
    Column("leaf_hash", Bytes, nullable=False),
    Column("leaf_input", Bytes, nullable=False),
    Column("at", Float, nullable=False),
    Column("mark", BigInteger, nullable=False),
    Column("resolved", Float),
)

# Logs that contradicted themselves, `number` counting those of one log. `position`: the verified one; null where there
# was none. `accepted`: when a human had it go on, Unix seconds.
freezes: Final = Table(
    "freezes",
    metadata,
    Column("log", ForeignKey("logs.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger),
    Column("at", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("mark", BigInteger, nullable=False),
    Column("accepted", Float),
)

# What was verified besides the ledger: perfect subtrees of 2**level entries from `start`, each proven to a head by its
# sibling path. Siblings become one row; `merged` counts.
blocks: Final = Table(
    "blocks",
    metadata,
    Column("log", ForeignKey("logs.id"), primary_key=True, autoincrement=False),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("level", Integer, nullable=False),
    Column("root", Bytes, nullable=False),
    Column("path", Bytes, nullable=False),
    Column("head_size", BigInteger, nullable=False),
    Column("head_root", Bytes, nullable=False),
    Column("head_timestamp", BigInteger, nullable=False),
    Column("head_raw", Bytes, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    Column("merged", BigInteger, nullable=False),
    Column("at", Float, nullable=False),
    Column("mark", BigInteger, nullable=False),
)

# Ranges that are to be read besides, `number` counting those of one log. `start` and `end` are null until the log was
# asked where `origin` is, `ended` until there is nothing left to do.
backfills: Final = Table(
    "backfills",
    metadata,
    Column("log", ForeignKey("logs.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("origin", Text, nullable=False),
    Column("reverse", Boolean, nullable=False),
    Column("at", Float, nullable=False),
    Column("start", BigInteger),
    Column("end", BigInteger),
    Column("ended", Float),
    Column("outcome", Text, nullable=False),
)

# Certificates that concern someone, one row an issuance. `verified` and `sightings` follow from the sightings;
# `spki` and `naming` (see `kin`) from the payload.
matches: Final = Table(
    "matches",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("key", Bytes, nullable=False, unique=True),
    Column("tbs_sha256", Bytes, nullable=False),
    Column("seen", Float, nullable=False, index=True),
    Column("verified", Boolean, nullable=False),
    Column("sightings", Integer, nullable=False),
    Column("payload", Text, nullable=False),
    Column("mark", BigInteger, nullable=False),
    Column("spki", Bytes, index=True),
    Column("naming", Bytes, index=True),
)

# Where they stand. An entry of a log is one certificate's.
sightings: Final = Table(
    "sightings",
    metadata,
    Column("log", ForeignKey("logs.id"), primary_key=True, autoincrement=False),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("match", ForeignKey("matches.id"), nullable=False, index=True),
    Column("precert", Boolean, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("mark", BigInteger, nullable=False),
)
Index("sightings_unverified", sightings.c.log, sightings.c.index, sqlite_where=~sightings.c.verified)

PENDING: Final = 0
DONE: Final = 1
HELD: Final = 2  # refused: the others go on, this one is tried again at `next_at`
DEAD: Final = 3  # given up
DROPPED: Final = 4  # a human did not want it any more

# The outbox: who is to be told what. `attempts` counts failed ones; `next_at` is Unix seconds: of the next attempt,
# of a dead one when it was given up. `size` in bytes, about; `error`: why the last attempt failed, of those aside.
deliveries: Final = Table(
    "deliveries",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("match", ForeignKey("matches.id"), nullable=False, index=True),
    Column("sink", Text, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Float),
    Column("mark", BigInteger, nullable=False),
    Column("size", Integer),
    Column("error", Text),
)
Index("deliveries_pending", deliveries.c.sink, deliveries.c.id, sqlite_where=deliveries.c.state == PENDING)
Index(
    "deliveries_aside", deliveries.c.sink, deliveries.c.state, deliveries.c.id, sqlite_where=deliveries.c.state > DONE
)

# What was too much for a sink's queue, see `certhia.store.bounds`: PENDING, DONE or DROPPED. Ids are among those of
# deliveries.
digests: Final = Table(
    "digests",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("sink", Text, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("payload", Text, nullable=False),
)

# Servers that matches name, to be asked `stage` seconds after the certificate was logged: `wanted` is when that was to
# be, `due` when it is, later where others come first (Unix seconds). `at`: when it was done; null until then, and what
# came of it is empty.
probes: Final = Table(
    "probes",
    metadata,
    Column("match", ForeignKey("matches.id"), primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("port", Integer, primary_key=True, autoincrement=False),
    Column("stage", Integer, primary_key=True, autoincrement=False),
    Column("wanted", Float, nullable=False),
    Column("due", Float, nullable=False),
    Column("at", Float),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("sha256", Bytes, nullable=False),
)
Index("probes_due", probes.c.at, probes.c.due)

# What kept us from seeing certificates, and until when: `cleared` is null while it does. Times are Unix seconds.
alarms: Final = Table(
    "alarms",
    metadata,
    Column("since", Float, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("log", Text, nullable=False),
    Column("cleared", Float),
)

# What happened, the last ones of each type: other processes than the follower write them too. Ids sort by time.
events: Final = Table(
    "events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("source", Text, nullable=False),
    Column("correlation", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("data", Text, nullable=False),
)
Index("events_type", events.c.type, events.c.id)

# Certificates of matches whose authority is asked about them again at `due`; null once they have run out. The rest is
# what was answered last (`certhia.store.revocations.Answer`). Times are Unix seconds.
revocations: Final = Table(
    "revocations",
    metadata,
    Column("match", ForeignKey("matches.id"), primary_key=True, autoincrement=False),
    Column("host", Text, nullable=False),
    Column("due", Float),
    Column("state", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("revoked", Float, nullable=False),
    Column("checked", Float, nullable=False),
    Column("failing", Float, nullable=False),
)
Index("revocations_due", revocations.c.due, revocations.c.host)

# Certificates of matches as they were submitted, with their chains: see `certhia.store.submissions`.
submitted: Final = Table(
    "submitted",
    metadata,
    Column("match", ForeignKey("matches.id"), primary_key=True, autoincrement=False),
    Column("ders", Bytes, nullable=False),
)

# What other processes ask of the follower. `answer` is null until it has been taken up.
requests: Final = Table(
    "requests",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("answer", Text),
)
