"""What the hot path asks the state, and what it writes by range. See `certhia.store.query`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, select, update

from certhia.store.bulk import IS_PENDING, NO, YES, Bulk
from certhia.store.dialects import First, Last
from certhia.store.query import Query
from certhia.store.schema import blocks, deliveries, logs, matches, quarantine, sightings

_OF_LOG: Final = sightings.c.log == bindparam("log")
BY_KEY: Final = Query(select(matches.c.key, matches.c.id), matches.c.key)
BY_INDEX: Final = Query(
    select(sightings.c.log, sightings.c.index, sightings.c.match, sightings.c.verified, sightings.c.mark).where(
        _OF_LOG
    ),
    sightings.c.index,
)
QUARANTINED: Final = Query(
    select(quarantine.c.log, quarantine.c.index, quarantine.c.resolved).where(quarantine.c.log == bindparam("log")),
    quarantine.c.index,
)
BLOCKS: Final = Query(select(blocks.c.mark).where(blocks.c.log == bindparam("log")), blocks.c.start)
HOW_THEY_ARE: Final = Query(
    select(deliveries.c.id, deliveries.c.state, deliveries.c.sink, deliveries.c.size), deliveries.c.id
)
_GONE: Final = (
    (quarantine.c.log == bindparam("b_log"))
    & (quarantine.c.index >= bindparam("b_start"))
    & (quarantine.c.index < bindparam("b_end"))
)
FORGOTTEN: Final = Query(
    select(quarantine.c.log, quarantine.c.index, quarantine.c.mark, quarantine.c.resolved).where(_GONE)
)
FORGET: Final = Bulk(delete(quarantine).where(_GONE))
_IN_RANGE: Final = (
    (sightings.c.log == bindparam("b_log"))
    & (sightings.c.index >= bindparam("b_start"))
    & (sightings.c.index < bindparam("b_end"))
    & (sightings.c.verified == NO)
)
UNPROVEN: Final = Query(select(sightings.c.match, sightings.c.mark).where(_IN_RANGE))
WITHDRAW: Final = Bulk(delete(sightings).where(_IN_RANGE))
PROVE: Final = Bulk(update(sightings).where(_IN_RANGE).values(verified=YES))
STILL_WAITS: Final = Query(select(func.min(sightings.c.index)).where(_OF_LOG, sightings.c.verified == NO))
PLACES: Final = Query(
    select(sightings.c.index).join(logs).where(logs.c.log_id == bindparam("log_id")), sightings.c.index
)
FIRST_AND_LAST: Final = Query(select(func.min(matches.c.id), func.max(matches.c.id)))
DIGESTS: Final = Query(
    select(matches.c.key, matches.c.spki, matches.c.naming).where(
        matches.c.id > bindparam("after"), matches.c.id <= bindparam("last")
    )
)
# By key, and by names with the issuer.
KIN: Final = tuple(
    Query(select(column, First(matches.c.tbs_sha256), Last(matches.c.tbs_sha256)).group_by(column), column)
    for column in (matches.c.spki, matches.c.naming)
)

# The next deliveries that wait for a sink, and how large their matches are; and then these with their matches.
WAITING: Final = Query(
    select(deliveries.c.id, func.length(matches.c.payload))
    .join(matches)
    .where(deliveries.c.sink == bindparam("sink"), IS_PENDING, deliveries.c.id > bindparam("after"))
    .order_by(deliveries.c.id)
    .limit(bindparam("most"))
)
_OF_MATCH: Final = ("key", "tbs_sha256", "payload", "verified", "seen", "sightings")
TOLD: Final = Query(
    select(deliveries.c.id, deliveries.c.attempts, *(matches.c[name] for name in _OF_MATCH))
    .join(matches)
    .where(
        deliveries.c.sink == bindparam("sink"),
        IS_PENDING,
        deliveries.c.id > bindparam("after"),
        deliveries.c.id <= bindparam("last"),
    )
    .order_by(deliveries.c.id)
)


def told(row: Sequence[Any]) -> dict[str, Any]:
    """What `codec.decode_match` takes, of the columns behind the first two of `TOLD`."""
    fields = dict(zip(_OF_MATCH, row, strict=True))
    fields["verified"] = bool(fields["verified"])
    return fields
