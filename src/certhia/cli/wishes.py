"""Backfills as people see them: left to a running follower and looked on, listed, cancelled."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Sequence

from certhia import render
from certhia.backfilling import FAILED, PROGRESS, REQUEST
from certhia.clock import Clock, iso
from certhia.errors import ConfigError, StateError
from certhia.logs.wishes import cancel as end
from certhia.store.backfills import DONE, Backfill
from certhia.store.lock import Held
from certhia.store.place import Place
from certhia.store.ranges import account
from certhia.store.spans import without
from certhia.store.state import State

ANSWER_WITHIN = 30.0  # seconds that a running follower has to take up a request
LOOK_EVERY = 1.0  # seconds between two looks
TELL_EVERY = 10.0  # seconds between two lines of progress
LEFT = 130  # exit status, as of a program that Ctrl-C ended


class Beside:
    """One request to the process that follows, and what becomes of it."""

    def __init__(self, place: Place, clock: Clock, *, quiet: bool = False) -> None:
        self._place = place
        self._clock = clock
        self._quiet = quiet
        self._waits: dict[bytes, str] = {}  # by log id: what was told already

    async def ask(self, request: str, *, detach: bool) -> int:
        """Gives the exit status: 0 done (or left to the follower, where asked to), 1 not all of it could be verified or
        nobody follows any more, 130 left by Ctrl-C. Raises ConfigError, StateError."""
        async with await State.open(self._place, clock=self._clock, follow=False) as state:
            answer = await _answer(state, request, self._clock)
            keys = [(bytes.fromhex(log_id), int(number)) for log_id, number in answer]
            process = await state.follower() or "?"
            self._say(f"left to the running follower, process {process}, whose rules and outputs count")
            if detach:
                return 0
            return await self._look_on(state, keys)

    async def _look_on(self, state: State, keys: Sequence[tuple[bytes, int]]) -> int:
        left = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, left.set)
        told_at = self._clock.monotonic()
        while True:
            wishes = [one for one in await state.backfills() if (one.log_id, one.number) in keys]
            if not any(one.active for one in wishes):
                return await self._ended(state, wishes)
            if left.is_set():
                self._say("goes on in the follower; `certhia backfill` shows how far it is, --cancel ends it")
                return LEFT
            if await state.follower() is None:
                self._say("nobody follows any more: it goes on when `certhia watch` or this command is started again")
                return 1
            if self._clock.monotonic() - told_at >= TELL_EVERY:
                told_at = self._clock.monotonic()
                kept = await state.recall(PROGRESS)
                self._say(_progress(wishes, kept))
                await self._tell_waits(state, wishes, kept)
            try:
                async with self._clock.deadline(LOOK_EVERY):
                    await left.wait()
            except TimeoutError:
                pass  # the next look

    async def _tell_waits(self, state: State, wishes: Sequence[Backfill], kept: str | None) -> None:
        """What they wait for, each once."""
        waits: dict[str, str] = json.loads(kept or "{}").get("waits", {})
        found = {one.log_id: waits[key] for one in wishes if (key := f"{one.log_id.hex()}:{one.number}") in waits}
        new = {log_id: text for log_id, text in found.items() if self._waits.get(log_id) != text}
        if new:
            names = await _names(state)
            for log_id, text in new.items():
                self._say(f"{names[log_id]}: the backfill waits: {text}")
        self._waits = found

    async def _ended(self, state: State, wishes: Sequence[Backfill]) -> int:
        names = await _names(state)
        for one in wishes:
            self._say(f"{names[one.log_id]}: entries {_range(one)}: {one.outcome}")
        return 0 if all(one.outcome == DONE for one in wishes) else 1

    def _say(self, text: str) -> None:
        if not self._quiet:
            print(render.terminal(text), file=sys.stderr, flush=True)


async def standing(state: State, *, as_json: bool) -> list[str]:
    """A line for each backfill that was ever asked for, the oldest first."""
    names, lines = await _names(state), []
    for one in sorted(await state.backfills(), key=lambda one: one.at):
        done, total = await _done(state, one)
        if as_json:
            lines.append(json.dumps(_fields(one, names[one.log_id], done, total)))
            continue
        how = "backwards" if one.reverse else "forwards"
        standing = one.outcome or (f"{done:,} of {total:,} verified" if one.start is not None else "not begun")
        span = _range(one) if one.start is not None else f"from {one.origin}"
        lines.append(render.terminal(f"{iso(one.at)}  {names[one.log_id]}: entries {span}, {how}: {standing}"))
    return lines


async def cancel(place: Place, wanted: str, clock: Clock) -> int:
    """Ends the backfills of a log, or `all`, beside a follower or without one; gives how many. Raises ConfigError."""
    try:
        async with await State.open(place, clock=clock, follow=True) as own:
            ended = end(own.writer, wanted, clock.now())
            await own.writer.durable()
            return len(ended)
    except Held:
        async with await State.open(place, clock=clock, follow=False) as state:
            return len(await _answer(state, json.dumps({"log": wanted, "cancel": True}), clock))


async def outcome(place: Place, clock: Clock, since: float) -> int:
    """The exit status of a run that worked on backfills alone: 1 where something is not verified, 130 where some are
    not done. `since`: Unix seconds when it began."""
    async with await State.open(place, clock=clock, follow=False) as state:
        wishes = await state.backfills()
    if any(one.active for one in wishes):
        print("not done: the next `certhia watch`, or this command again, goes on with it", file=sys.stderr)
        return LEFT
    return 0 if all(one.outcome == DONE for one in wishes if (one.ended or 0.0) >= since) else 1


async def _answer(state: State, request: str, clock: Clock) -> list[tuple[str, int]]:
    """Leaves a request; gives the wishes that the answer is about, each a log's id (hex) and a number."""
    number = await state.request(REQUEST, request)
    try:
        async with clock.deadline(ANSWER_WITHIN):
            while (answer := await state.answer(number)) is None:
                await clock.sleep(0.2)
    except TimeoutError:
        raise StateError(
            f"{state.place}: the follower did not take it up in {ANSWER_WITHIN:.0f} s; it does when it next looks "
            "for requests"
        ) from None
    if answer.startswith(FAILED):
        raise ConfigError(answer.removeprefix(FAILED))
    try:
        wishes: list[tuple[str, int]] = json.loads(answer)["wishes"]
    except (ValueError, LookupError, TypeError):
        raise StateError(f"{state.place}: the follower could not take it up: {answer}") from None
    return wishes


async def _names(state: State) -> dict[bytes, str]:
    return {seen.log.id: seen.log.description or seen.log.url for seen in await state.logs_seen()}


def _range(one: Backfill) -> str:
    if one.start is None or one.end is None:
        return f"from {one.origin}"
    return f"{one.start:,} to {one.end - 1:,}" if one.end > one.start else f"from {one.start:,}: there are none"


async def _done(state: State, one: Backfill) -> tuple[int, int]:
    """How many of its entries are verified by now, and how many there are."""
    if one.start is None or one.end is None:
        return 0, 0
    read = await account(state.steps(one.log_id), await state.blocks(one.log_id))
    left = without((one.start, one.end), [(verified.start, verified.end) for verified in read.verified])
    total = one.end - one.start
    return total - sum(end - start for start, end in left), total


def _progress(wishes: Sequence[Backfill], kept: str | None) -> str:
    """How far they are, as the follower saved it some seconds ago."""
    done: dict[str, int] = json.loads(kept or "{}").get("done", {})
    begun = [one for one in wishes if one.start is not None and one.end is not None]
    total = sum((one.end or 0) - (one.start or 0) for one in begun)
    read = sum(
        done.get(f"{one.log_id.hex()}:{one.number}", 0) if one.active else (one.end or 0) - (one.start or 0)
        for one in begun
    )
    waiting = len(wishes) - len(begun)
    return f"{read:,} of {total:,} entries" + (f"; {waiting} logs are not begun" if waiting else "")


def _fields(one: Backfill, name: str, done: int, total: int) -> dict[str, object]:
    return {
        "log": name,
        "log_id": one.log_id.hex(),
        "number": one.number,
        "from": one.origin,
        "reverse": one.reverse,
        "start": one.start,
        "end": one.end,
        "verified": done,
        "entries": total,
        "asked": one.at,
        "ended": one.ended,
        "outcome": one.outcome,
    }
