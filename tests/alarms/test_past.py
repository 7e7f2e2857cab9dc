"""One alarm for each backfill that found the past wrong, until its range is proven."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from certhia.alarms.past import Past
from certhia.model import Log, Protocol
from certhia.store.backfills import Backfill
from certhia.store.freezes import Freeze
from certhia.store.ledger import Track
from certhia.store.spans import Span

LOG = Log(bytes(32), b"", "Log", "Op", Protocol.STATIC, "https://log.test/", "https://log.test/", mmd=60)
WISH = Backfill(LOG.id, 3, "beginning", False, 0.0, start=0, end=100)


@dataclass
class Known:
    """What a track says."""

    frozen: object = None
    spans: list[Span] = field(default_factory=list)
    backfills: dict[int, Backfill] = field(default_factory=lambda: {3: WISH})

    def verified(self) -> list[Span]:
        return self.spans


async def test_one_alarm_for_all_stretches_of_a_wish_until_it_is_proven() -> None:
    known = Known()
    past = Past(lambda _: cast("Track", known))
    assert past.doubts(LOG, WISH, "entries 0 to 15 differ")
    assert not past.doubts(LOG, WISH, "entries 16 to 31 differ")
    (found,) = await past.look()
    assert (found.told, str(found.alarm)) == (True, "Log: entries 16 to 31 differ")
    assert past.texts == ["Log: entries 16 to 31 differ"]
    known.spans = [(0, 64)]
    assert len(await past.look()) == 1, "not all of it"
    known.spans = [(0, 64), (64, 128)]
    assert await past.look() == []
    assert past.texts == []


async def test_a_frozen_log_until_it_is_accepted() -> None:
    known = Known(frozen=object())
    past = Past(lambda _: cast("Track", known))
    freeze = Freeze(LOG.id, None, 1.0, "lied", "evidence/file.json")
    text = past.frozen(LOG, freeze)
    assert text.startswith("frozen: lied; evidence: evidence/file.json, for `certhia verify-evidence`; ")
    assert text.endswith("`certhia logs --accept https://log.test/` has it go on")
    assert past.frozen(LOG, freeze) == "", "told once"
    (found,) = await past.look()
    assert found.alarm.key.startswith("log:")
    known.frozen = None
    assert await past.look() == []
