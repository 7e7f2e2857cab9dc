"""Backfills: wishes to read what stands before the live range, taken up, worked on beside the logs, and ended.

A wish is a row of the state; whichever process writes that state works on it, for as long as that takes and over
restarts. How far it is, the state says: what is verified.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import Final

from certhia._core import Issuers
from certhia.alarms.past import Past
from certhia.awaiting import Waits, stuck
from certhia.errors import ConfigError, Lagging, Malformed, RemoteError, Throttled, Unverified, first_of
from certhia.freezing import Freezing
from certhia.logs import start as starts
from certhia.logs.backfill import Backfiller, Disagreement, Takers, Unproven, agree, gather, hashed, named
from certhia.logs.budget import Budget
from certhia.logs.chains import Chains
from certhia.logs.client import LogClient
from certhia.logs.client import client as make_client
from certhia.logs.contradiction import Witness
from certhia.logs.evidence import Evidence
from certhia.logs.finding import find
from certhia.logs.rereading import Rereading
from certhia.logs.select import Chosen
from certhia.logs.wishes import ALL, Owner, active, cancel, owners_of, read, setting, written
from certhia.model import Arrival, Log
from certhia.parts import Parts
from certhia.quantity import point
from certhia.store.backfills import DONE, Backfill
from certhia.store.blocks import Block
from certhia.store.ledger import Track, row_head, row_log
from certhia.supervision import supervised
from certhia.telling import Limits

REQUEST: Final = "backfill"  # the request that a wish be taken up, or cancelled
PROGRESS: Final = "backfills"  # the setting that says how far wishes are that are worked on
FAILED: Final = "failed: "  # begins an answer that says why not
KEEP_EVERY: Final = 5.0  # seconds between two saves of that
TELL_EVERY: Final = 60.0
LONGEST: Final = 300.0  # seconds between two tries of a log that fails


class Backfilling:
    """Works on all wishes until cancelled: one at a time of each log, in the order in which they were asked for."""

    def __init__(
        self,
        parts: Parts,
        chains: Chains,
        issuers: Issuers,
        budget: Budget,
        executor: Executor,
        *,
        freezing: Freezing,
        chosen: Callable[[], Sequence[Chosen]],
        follows: Callable[[bytes], bool],
        again: Callable[[bytes], None],
    ) -> None:
        """`chosen`: all known logs; `follows`: whether a log's live range is read, or about to be; `again` has it
        begin anew, from what the state says."""
        self._parts = parts
        self._chains = chains
        self._issuers = issuers
        self._budget = budget
        self._executor = executor
        self._chosen = chosen
        self._follows = follows
        self._freezing = freezing
        self._again = again
        self._clock = parts.clock
        self._wanted = asyncio.Event()
        self._tasks: dict[bytes, asyncio.Task[None]] = {}
        self._fillers: dict[tuple[bytes, int], Backfiller] = {}
        self.past = Past(self._track)
        self._waits = Waits(self._track, partial(self._notice, level="warning"), parts.clock)
        self._said = set[str]()  # once is enough
        self._narrow = set[str]()  # settings of wishes for some programmes alone
        self.logs: set[bytes] = set()  # that were worked on
        self.entries = 0  # read
        self.verified = 0

    def client(self, log: Log) -> LogClient:
        """A client whose requests let those of the live range go first."""
        parts = self._parts
        most = parts.reading.unpacked
        return make_client(log, parts.transport, parts.paces, self._issuers, self._clock, later=True, unpacked=most)

    # --- wishes ---

    async def fulfil(self, request: str) -> None:
        """Takes up a request (see `take`), and returns when nothing is wished for any more; meanwhile `run` works on
        it. Raises ConfigError where it can't be taken up, Unverified where all that is left is of frozen logs."""
        answer = await self.take(request)
        if answer.startswith(FAILED):
            raise ConfigError(answer.removeprefix(FAILED))
        while active := self._active():
            logs = {one.log_id: self._track(one.log_id) for one in active}
            if all(track.frozen is not None for track in logs.values()):
                raise Unverified("\n".join(map(_stuck, logs.values())))
            await self._clock.sleep(0.2)

    async def take(self, payload: str) -> str:
        """Takes up a request: a JSON object with `log` (a URL, id or words; "all": those that are followed), and either
        `from`, `reverse` and perhaps `programmes` (lists of programme and platform: their rules alone count, for
        entries that are verified too) or `cancel`. Gives the answer: a JSON object with the wishes that it is about,
        each a log's id (hex) and a number; or `failed: ` and why."""
        try:
            asked = json.loads(payload)
            wanted, ends = str(asked["log"]), bool(asked.get("cancel"))
            origin = "" if ends else str(point(asked["from"]))
            owners = owners_of(asked.get("programmes"))
            wishes = (
                self._cancel(wanted) if ends else self._wish(wanted, origin, owners, reverse=bool(asked["reverse"]))
            )
        except ConfigError as error:
            return f"{FAILED}{error}"
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            return f"{FAILED}the request makes no sense: {type(error).__name__}: {error}"
        await self._parts.state.writer.durable()
        self._wanted.set()
        return json.dumps({"wishes": [[one.log_id.hex(), one.number] for one in wishes]})

    def _wish(self, wanted: str, origin: str, owners: Collection[Owner], *, reverse: bool) -> list[Backfill]:
        chosen = self._chosen()
        if wanted == ALL:
            logs = [one.log for one in chosen if one.followed]
        else:
            logs = [find([one.log for one in chosen], wanted)]
        writer, wishes = self._parts.state.writer, []
        for log in logs:
            writer.log(log)
            known = self._track(log.id).backfills
            alike = [one for one in known.values() if one.active and (one.origin, one.reverse) == (origin, reverse)]
            same = [one for one in alike if not owners and setting(one) not in self._narrow]
            wish = same[0] if same else Backfill(log.id, len(known), origin, reverse, self._clock.now())
            if not same:
                writer.backfill(wish)
                if owners:
                    self._narrow.add(setting(wish))
                    writer.remember(setting(wish), written(owners))
            wishes.append(wish)
        return wishes

    def _cancel(self, wanted: str) -> list[Backfill]:
        ended = cancel(self._parts.state.writer, wanted, self._clock.now())
        for wish in ended:
            if (task := self._tasks.get(wish.log_id)) is not None:
                task.cancel()
        return ended

    def _active(self) -> list[Backfill]:
        return active(self._parts.state.writer)

    def _track(self, log_id: bytes) -> Track:
        return self._parts.state.writer.tracks[log_id]

    def _end(self, wish: Backfill, outcome: str) -> None:
        writer = self._parts.state.writer
        writer.backfill(replace(wish, ended=self._clock.now(), outcome=outcome))
        writer.remember(setting(wish), None)

    # --- work ---

    async def run(self, _faults: int = 0) -> None:
        """Until cancelled. Raises StateError."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_progress())
                group.create_task(self._tell_progress())
                self._tell_frozen()
                while True:
                    self._wanted.clear()
                    for wish in self._active():
                        if wish.log_id not in self._tasks:
                            self._tasks[wish.log_id] = group.create_task(self._work(wish))
                    await self._wanted.wait()
        except BaseExceptionGroup as errors:
            raise first_of(errors) from errors

    async def _work(self, wish: Backfill) -> None:
        log = self._log(wish.log_id)
        self.logs.add(log.id)
        try:
            await supervised(lambda _: self._fulfil(log, wish), partial(self._notice, log, level="error"), self._clock)
        finally:
            self._fillers.pop((wish.log_id, wish.number), None)
            self._tasks.pop(log.id, None)
            self._wanted.set()

    async def _fulfil(self, log: Log, wish: Backfill) -> None:
        """Tries until there is nothing left of it."""
        failures, before = 0, -1
        filler: Backfiller | None = None
        again: Rereading | None = None
        wait = partial(self._waits.accepted, log, wish)
        while True:
            try:
                if filler is None:
                    begun = await self._begin(log, wish)
                    if begun is None:
                        return
                    filler, wish, again = begun
                await filler.run(wait if again is None else again.waiting(wait))
                if again is not None:
                    await again.tell()
            except (Throttled, Lagging) as error:
                self._notice(log, f"the backfill waits: {error}", level="debug")
                await self._clock.sleep(self._clock.jitter(5.0))
            except (RemoteError, Malformed) as error:
                if isinstance(error, Unproven | Disagreement) and await self._freeze(log, wish, error):
                    return
                done = filler.done if filler is not None else -1
                failures, before = (failures + 1 if done == before else 1), done
                level = "warning" if failures == 3 else "debug"
                self._notice(log, f"the backfill failed {failures} times without getting on: {error}", level=level)
                await self._clock.sleep(self._clock.jitter(min(2.0**failures, LONGEST)))
            else:
                self._finish(log, wish, filler)
                return

    async def _begin(self, log: Log, wish: Backfill) -> tuple[Backfiller, Backfill, Rereading | None] | None:
        """Looks where the range is, the first time, and which head it is to be proven to. None where the wish is for
        programmes of which nothing is watched any more: then it is ended. Raises RemoteError."""
        owners = read(await self._parts.state.recall(setting(wish)))
        rules = self._parts.narrowed(owners) if owners else None
        if owners and rules is None:
            self._notice(log, "nothing to backfill: nothing is watched any more for the programmes that it is for")
            self._end(wish, DONE)
            return None
        client = self.client(log)
        await self._waits.begun(log, wish, self._follows)
        track = self._track(log.id)
        live = track.end
        head = await client.head() if live is None or rules is not None else row_head(track.row)
        origin = point(wish.origin)
        how = "backwards" if wish.reverse else "forwards"
        if wish.start is None or wish.end is None:
            end = head.size if live is None or rules is not None else live  # what is on its way was read by older rules
            start = min(await starts.resolve(origin, client, head, self._clock), end)
            wish = replace(wish, start=start, end=end)
            self._parts.state.writer.backfill(wish)
            text = f"backfill of entries {start:,} to {end - 1:,}, {how}" if end > start else "nothing to backfill"
            self._notice(log, text)
        else:
            self._notice(log, f"goes on with the backfill of entries {wish.start:,} to {wish.end - 1:,}, {how}")
        assert wish.start is not None
        assert wish.end is not None
        if head.size < wish.end:
            raise Lagging(f"{log.url}: its head covers {head.size} entries, a backfill is to read {wish.end}")
        accepted = [one for one in await self._parts.state.freezes() if one.log_id == log.id and one.accepted]
        since = max((one.accepted or 0.0 for one in accepted), default=0.0)  # by the view that was accepted then
        await agree(client, head, [block.head for block in track.blocks.values() if block.at > since])
        takers = self._takers(log, wish, [one.reason for one in accepted])
        again = Rereading(takers, rules, verified=track.verified) if rules is not None else None
        filler = self._fillers[wish.log_id, wish.number] = Backfiller(
            client,
            (wish.start, wish.end),
            head,
            takers if again is None else again.takers,
            reverse=wish.reverse,
            reading=self._parts.reading.of(log),
            budget=self._budget,
            clock=self._clock,
            executor=self._executor,
        )
        return filler, wish, again

    def _takers(self, log: Log, wish: Backfill, accepted: Sequence[str]) -> Takers:
        """`accepted`: reasons for which the log was frozen, and which a human accepted."""
        parts, writer, origin = self._parts, self._parts.state.writer, point(wish.origin)
        since = origin.value if origin.kind == "date" else None

        async def accept(arrival: Arrival) -> None:
            if parts.room is not None:
                await parts.room()
            await parts.teller.accept(arrival, self._chains, Limits(since=since))
            self.entries += len(arrival.page)

        def proven(block: Block) -> None:
            writer.block(block)
            self.verified += block.end - block.start

        return Takers(
            accept=accept,
            proven=proven,
            verified=self._track(log.id).verified,
            forget=partial(writer.forget, log.id),
            alarm=partial(self._doubts, log, wish),
            unreadable=partial(self._unreadable, log),
            notice=lambda log, text, level: self._notice(log, text, level=level),
            rules=parts.rules,
            precerts=parts.precerts,
            accepted=lambda block: any(
                reason.startswith(named(block.start, block.end)) and hashed(block.root) in reason for reason in accepted
            ),
        )

    async def _freeze(self, log: Log, wish: Backfill, error: Unproven | Disagreement) -> bool:
        """The log contradicts itself: evidence, and nothing of it is verified until a human accepts. Ends the wish.
        False where nothing shows that it does: it may be its answer that was wrong, and is asked for again."""
        if self._track(log.id).frozen is None:
            evidence = await gather(Witness(self.client(log), self._clock), error, self._track(log.id).blocks)
            if evidence is None:
                return False
            if self._track(log.id).frozen is None:  # its follower may have come first, and told it
                await self._keep_frozen(log, evidence)
        what = "signed heads that contradict each other"
        if isinstance(error, Unproven):
            what = f"not what the log signed: entries {error.block.start:,} to {error.block.end - 1:,}"
        self._end(wish, f"{what}; the log is frozen")
        return True

    async def _keep_frozen(self, log: Log, evidence: Evidence) -> None:
        """Who follows the log hears of it also where the wish is cancelled meanwhile."""
        try:
            await self._freezing.freeze(evidence, None)
        finally:
            self._tell_frozen()
            if self._follows(log.id):
                self._again(log.id)

    def _tell_frozen(self) -> None:
        """Of logs that nobody follows; else their followers tell."""
        for freeze in self._freezing.standing:
            log = self._log(freeze.log_id)
            if not self._follows(log.id) and (text := self.past.frozen(log, freeze)):
                self._notice(log, text, level="error")

    def _finish(self, log: Log, wish: Backfill, filler: Backfiller) -> None:
        spans = ", ".join(f"{start:,} to {end - 1:,}" for start, end in filler.doubtful)
        outcome = f"not what the log signed: entries {spans}" if spans else DONE
        self._end(wish, outcome)
        start, end = filler.span
        if end > start:
            text = f"backfill of entries {start:,} to {end - 1:,}: {outcome}"
            self._notice(log, text, level="warning" if spans else "info")

    # --- telling ---

    def _log(self, log_id: bytes) -> Log:
        listed = [one.log for one in self._chosen() if one.log.id == log_id]
        return listed[0] if listed else row_log(self._track(log_id).row)

    def _notice(self, log: Log, text: str, *, level: str = "info") -> None:
        self._parts.tell(text, level=level, log=log.description or log.url)

    def _doubts(self, log: Log, wish: Backfill, text: str) -> None:
        """One alarm for each wish, however many stretches of it are not what the log signed."""
        if self.past.doubts(log, wish, text):
            self._notice(log, text, level="error")

    def _unreadable(self, log: Log, text: str) -> None:
        """The entries are in quarantine, which is an alarm as long as they stand there."""
        if text not in self._said:
            self._said.add(text)
            self._notice(log, text, level="warning")

    async def _keep_progress(self) -> None:
        """Saves how far it is, for whoever asked."""
        while True:
            if self._tasks:
                done = {f"{log_id.hex()}:{number}": one.done for (log_id, number), one in self._fillers.items()}
                waits = {f"{log_id.hex()}:{number}": text for (log_id, number), text in self._waits.texts.items()}
                kept = {"at": self._clock.now(), "done": done, "waits": waits}
                await self._parts.state.remember(PROGRESS, json.dumps(kept))
            await self._clock.sleep(KEEP_EVERY)

    async def _tell_progress(self) -> None:
        """Tells now and then how far it is, and how long it will take."""
        before = 0
        while True:
            await self._clock.sleep(TELL_EVERY)
            left = sum(one.total - one.done for one in self._fillers.values())
            rate, before = (self.entries - before) / TELL_EVERY, self.entries
            if left:
                took = f", {rate:,.0f}/s: about {left / rate / 60:,.0f} min more" if rate else ""
                self._parts.tell(f"backfills: {left:,} entries of {len(self._fillers)} logs are left{took}")


def _stuck(track: Track) -> str:
    log = row_log(track.row)
    return f"{log.description or log.url}: {stuck(track)}"
