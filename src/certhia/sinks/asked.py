"""What people ask of the outbox: to try again what was given up, to drop what nobody wants."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from certhia.render import quoted
from certhia.sinks.notes import stored
from certhia.store.codec import plain
from certhia.store.letters import Wanted
from certhia.store.query import chunks
from certhia.store.schema import DEAD, DROPPED, HELD, PENDING

if TYPE_CHECKING:
    from certhia.store import State

OUTBOX: Final = "outbox"  # the kind of request that has one of these
AT_ONCE: Final = 5000  # deliveries
SINKS: Final = "sinks"  # the setting of the state that says how sinks are doing


@dataclass(frozen=True, slots=True)
class Asked:
    """One wish.

    Attributes:
        do: "retry" or "drop".
        sink: whose deliveries are meant.
        ids: these alone; empty: all dead ones, and those that are held back.
        waiting: of `drop`: also what just waits, digests, and other records besides matches.
    """

    do: str
    sink: str
    ids: Sequence[int] = ()
    waiting: bool = False

    def payload(self) -> str:
        """As a request has it."""
        return json.dumps(asdict(self))


def asked(payload: str) -> Asked:
    """A request's wish. Raises ValueError, LookupError or TypeError for one that makes no sense."""
    content = json.loads(payload)
    wish = Asked(str(content["do"]), str(content["sink"]), [*map(int, content["ids"])], bool(content["waiting"]))
    if wish.do not in ("retry", "drop"):
        raise ValueError(f"{quoted(wish.do)} is nothing that can be done")
    return wish


async def fulfil(state: State, wish: Asked, now: float) -> int:
    """Does it, durably; gives how many deliveries, and records besides, it was done to. Raises StateError."""
    states = {DEAD, HELD, *([PENDING] if wish.do == "drop" and (wish.waiting or wish.ids) else [])}
    writer, count = state.writer, 0
    await writer.durable()
    if not wish.sink:
        return 0  # "" would mean all sinks: a variable of a script that holds nothing asks for nothing
    for ids in chunks(wish.ids) if wish.ids else [()]:
        after = 0
        while some := await state.letter_ids(Wanted(plain(wish.sink), states, ids, after, AT_ONCE)):
            if wish.do == "retry":
                writer.revived(some)
            else:
                writer.dropped(some, now)
            count, after = count + len(some), some[-1]
            await writer.durable()
    if wish.do == "drop" and wish.waiting:
        for digest in list(writer.waiting(wish.sink).closed):
            writer.digested(digest, DROPPED)
            count += 1
        for name in await stored(state, wish.sink):
            writer.remember(name, None)
            count += 1
    await writer.durable()
    return count


def told(wish: Asked, count: int) -> str:
    """What came of it, for people."""
    what = "delivery" if count == 1 else "deliveries"
    return f"{wish.sink}: {count} {what} " + ("to be tried again" if wish.do == "retry" else "dropped")
