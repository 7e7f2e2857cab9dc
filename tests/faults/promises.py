"""What is promised (I1 to I9), each as a function that fails where it does not hold in a scene.

They go by the state, by what sinks, streams and people were given and by what the logs were asked, and compare it with
the truth: the entries of the world's own logs. `certhia.testing.faults.PROMISES` has the words.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from tests.faults.memory import Peak
from tests.faults.scene import BOOM, INTERVAL, POLL, REFRESH, WELL, Scene, Truth

from certhia._core import Edge
from certhia.logs.heads import check_head
from certhia.logs.status import Status, longest_silence
from certhia.model import Quarantined
from certhia.store.fsck import check
from certhia.store.ranges import account
from certhia.store.reading import StoredMatch
from certhia.store.writer import MOST_STAGED

MEMORY: Final = 64_000_000  # bytes: --memory
MORE: Final = 96 << 20  # bytes of the process: that, what is unpacked, and what the world itself grows by
JITTER: Final = 0.1  # of a poll
REQUESTS: Final = 0.5  # a second, over an hour, that a log is asked at most, whatever it answers
HEADS: Final = {"get-sth", "checkpoint"}
MANY: Final = 1_000_000


@dataclass(slots=True)
class Seen:
    """What the state says at one moment, and what was asked before the time that passed since."""

    matches: dict[bytes, list[StoredMatch]] = field(default_factory=dict)  # by log id
    quarantined: dict[bytes, list[Quarantined]] = field(default_factory=dict)
    before: dict[str, Asked] = field(default_factory=dict)
    passed: float = 0.0  # seconds that passed since `before`


@dataclass(frozen=True, slots=True)
class Asked:
    """What a log was asked until some moment, and whether it had something to be asked for then."""

    heads: int
    pages: int
    size: int
    idle: bool  # well, and read to its end


def asked(scene: Scene) -> dict[str, Asked]:
    """What each log was asked so far; WELL's lone follower as "alone"."""
    found = {}
    statuses = {status.log.id: status for status in scene.pipeline.statuses()}
    for name, truth in scene.truth.items():
        status = statuses.get(truth.log.id)
        idle = truth.ill == 0 and not truth.false and status is not None and status.verified == truth.log.size
        found[name] = _asked(truth, idle=idle)
    found["alone"] = _asked(Truth(scene.alone.log), idle=False)
    return found


def _asked(truth: Truth, *, idle: bool) -> Asked:
    requests = truth.log.traffic.requests
    heads = sum(count for endpoint, count in requests.items() if endpoint in HEADS)
    pages = sum(requests.values()) - heads - requests.get("issuer", 0)
    return Asked(heads, pages, truth.log.size, idle)


async def look(scene: Scene) -> Seen:
    """Reads the state, once for all checks."""
    await scene.settle()
    seen = Seen()
    for stored in await scene.state.matches(limit=MANY):
        seen.matches.setdefault(stored.match.sighting.log_id, []).append(stored)
    async for one in scene.state.quarantined():
        seen.quarantined.setdefault(one.log_id, []).append(one)
    return seen


async def i1_nothing_lost(scene: Scene, seen: Seen) -> None:
    """The ledger has [0, verified) without a gap, and of it each watched entry is told or quarantined; the state is
    sound, and nothing is quarantined that could be read."""
    assert [str(fault) for fault in await check(scene.state, check_head)] == []
    positions = await scene.state.positions()
    for name, truth in scene.truth.items():
        if (position := positions.get(truth.log.id)) is None:
            continue
        read = await account(scene.state.steps(truth.log.id), await scene.state.blocks(truth.log.id))
        assert [(one.start, one.end) for one in read.verified] == ([(0, position.end)] if position.end else []), name
        assert read.gaps == [], name
        dropped = {one.index for one in seen.quarantined.get(truth.log.id, [])}
        told = {stored.match.sighting.index for stored in seen.matches.get(truth.log.id, [])}
        wanted = {index for index in truth.watched if index < position.end}
        assert wanted <= told | dropped, f"{name}: {sorted(wanted - told - dropped)[:9]} are lost"
        assert truth.false or dropped <= truth.unreadable, f"{name}: {sorted(dropped - truth.unreadable)[:9]} readable"
        assert sum(one.quarantined for one in read.verified) == sum(index < position.end for index in dropped), name


async def i2_nothing_trusted_unverified(scene: Scene, seen: Seen) -> None:
    """Each step has the edge and the root of the log's own tree; what counts as verified is below the position; a log
    that is frozen is verified no further."""
    positions = await scene.state.positions()
    for name, truth in scene.truth.items():
        tree, size, position = truth.log.tree, truth.log.size, positions.get(truth.log.id)
        end = position.end if position is not None else 0
        async for row in scene.state.steps(truth.log.id):
            step = row.step
            assert step.end <= step.head.size <= size, name
            assert Edge(step.end, step.edge).root() == tree.root(step.end), name
            assert step.head.root == tree.root(step.head.size), name
        assert end <= size, name
        for stored in seen.matches.get(truth.log.id, []):
            covered = stored.match.sighting.index < end
            assert covered or not stored.match.verified, f"{name}: a match is verified before its entry"
            assert truth.false or stored.match.verified == covered, f"{name}: a match is not verified with its entry"
        for delivery in scene.sheet.told:
            at = delivery.match.sighting
            assert at.log_id != truth.log.id or not delivery.match.verified or at.index < end, f"{name}: told too early"
        if truth.frozen_at is not None:
            assert end == truth.frozen_at, f"{name} is frozen and was verified further"
    for status in scene.pipeline.statuses():
        position = positions.get(status.log.id)
        assert status.verified == (position.end if position is not None else 0), "stored is what is verified"


async def i3_at_least_once_to_sinks(scene: Scene, seen: Seen) -> None:
    """Each match is told or waits; ids are those of one certificate, and whatever is told again is marked."""
    stored = {one.match.key for matches in seen.matches.values() for one in matches}
    told = {delivery.match.key for delivery in scene.sheet.told}
    waiting, after = set[bytes](), 0
    while some := await scene.state.pending(scene.sheet.name, after=after):
        waiting |= {delivery.match.key for delivery in some}
        after = some[-1].id
    assert told <= stored, "told and not stored"
    assert stored <= told | waiting, "neither told nor waiting"
    ids = {(delivery.id, delivery.match.key) for delivery in scene.sheet.told}
    assert len({number for number, _ in ids}) == len({key for _, key in ids}) == len(ids), "an id for each certificate"
    first = Counter(delivery.id for delivery in scene.sheet.told if not delivery.repeat)
    assert max(first.values(), default=0) <= 1, "told again without a word"


async def i4_streams_are_told_or_it_says_so(scene: Scene, seen: Seen) -> None:
    """What this run verified was streamed, unless it is stored or quarantined: each entry once, none from beyond the
    log's end; where entries were skipped somebody was told."""
    positions = await scene.state.positions()
    skipped = any("skipped" in text for text in scene.rig.texts)
    for name, truth in scene.truth.items():
        position = positions.get(truth.log.id)
        kept = {one.match.sighting.index for one in seen.matches.get(truth.log.id, [])}
        kept |= {one.index for one in seen.quarantined.get(truth.log.id, [])}
        wanted = range(truth.run_from, position.end if position is not None else 0)
        missing = [index for index in wanted if index not in truth.streamed and index not in kept]
        assert skipped or not missing, f"{name}: {missing[:9]} were not streamed"
        assert max(truth.streamed, default=-1) < truth.log.size, name
        assert truth.false or max(truth.streamed.values(), default=0) <= 1, f"{name}: streamed twice"


def i5_bounded(scene: Scene, peak: Peak) -> None:
    """Bodies stay within --memory, what waits for the disk within its bound, the process within both and the world."""
    assert scene.pipeline._budget.used <= MEMORY
    assert scene.state.writer.staged <= MOST_STAGED
    assert peak.grown <= MORE, f"{peak.grown >> 20} MiB"


def i6_isolated(scene: Scene, seen: Seen) -> None:
    """The log that is well is verified as far as it is where nobody is ill, with as many requests (5 % at most are the
    dice of two clocks); nothing of it failed."""
    (well,) = [status for status in scene.pipeline.statuses() if status.log.id == scene.truth[WELL].log.id]
    assert (well.failures, well.alarms, well.trouble) == (0, [], ""), f"{well.failures} {well.alarms} {well.trouble}"
    if seen.passed > 2 * POLL:
        size = scene.truth[WELL].log.size
        assert (well.verified, scene.alone.status.verified) == (size, size), "it is as far as where nobody is ill"
        now, before = asked(scene), seen.before
        ours = now[WELL].heads + now[WELL].pages - before[WELL].heads - before[WELL].pages
        lone = now["alone"].heads + now["alone"].pages - before["alone"].heads - before["alone"].pages
        assert ours <= 1.05 * lone + 2, f"{ours} requests instead of {lone}"


def i7_polite(scene: Scene, seen: Seen) -> None:
    """A log that has nothing new is asked for a head a poll and for nothing else; no log is asked more than its
    budget, however ill."""
    if not seen.passed:
        return
    now = asked(scene)
    for name, before in seen.before.items():
        heads, pages = now[name].heads - before.heads, now[name].pages - before.pages
        if before.idle and now[name].idle and now[name].size == before.size:
            assert pages == 0, f"{name}: {pages} pages of a log that stands still"
            assert heads <= seen.passed / (POLL * (1 - JITTER)) + 1, f"{name}: {heads} heads in {seen.passed} s"
        limit = REQUESTS * max(seen.passed, 3600.0) + math.ceil((now[name].size - before.size) / 32)
        assert heads + pages <= limit, f"{name}: {heads + pages} requests in {seen.passed} s"


def i8_heard(scene: Scene, _seen: Seen) -> None:
    """Entries that we have not seen for as long as their log may be silent, and an interval more, are an alarm or were
    one; so is a list that lacks its logs."""
    now = scene.clock.monotonic()
    said = list(zip(scene.rig.at, scene.rig.said, strict=True))
    for status in scene.pipeline.statuses():
        truth, name = scene.of(status.log.id), status.log.description
        limit = longest_silence(truth.log.model) + INTERVAL + 2 * POLL
        if status.finished or truth.unseen_since is None or now - truth.unseen_since <= limit:
            continue
        warned = any(
            at >= truth.unseen_since and level in ("warning", "error") and log == name for at, (level, log, _) in said
        )
        assert warned or _shown(scene, status), f"{name} is not seen for {now - truth.unseen_since:.0f} s: not a word"
    if scene.list_ill_since is not None and now - scene.list_ill_since > (1 + JITTER) * REFRESH + POLL:
        words = [text for at, (level, _, text) in said if at >= scene.list_ill_since and level == "warning"]
        assert any("is used instead" in text or "log list" in text for text in words), "a bad list, and not a word"


def _shown(scene: Scene, status: Status) -> bool:
    """Whether an alarm that is raised now is about the log, or about all."""
    raised = scene.pipeline.summary().alarms
    return any(text.startswith((f"{status.log.description}: ", "no contact")) for text in raised)


def i9_alive(scene: Scene, _seen: Seen) -> None:
    """The process goes on, with a task for each log that is followed, and no error comes up that nobody foresaw."""
    pipeline = scene.pipeline
    assert not pipeline._stopped.is_set()
    for status in pipeline.statuses():
        task = pipeline._tasks.get(status.log.id)
        assert status.finished or (task is not None and not task.done()), f"{status.log.description} is not followed"
    unforeseen = [text for text in scene.rig.texts if "stopped by" in text and BOOM not in text]
    assert unforeseen == []


AFTER_EACH: Final[tuple[Callable[[Scene, Seen], Awaitable[None]], ...]] = (
    i1_nothing_lost,
    i2_nothing_trusted_unverified,
    i3_at_least_once_to_sinks,
    i4_streams_are_told_or_it_says_so,
)
BESIDE: Final[tuple[Callable[[Scene, Seen], None], ...]] = (i6_isolated, i7_polite, i8_heard, i9_alive)


async def at_last(scene: Scene) -> None:
    """Where everybody is well again: all of every log that never contradicted itself is verified, and told."""
    seen = await look(scene)
    for name, truth in scene.truth.items():
        if truth.false:
            continue
        status = next(one for one in scene.pipeline.statuses() if one.log.id == truth.log.id)
        assert status.verified == truth.log.size, f"{name}: {status.verified} of {truth.log.size}: {status.trouble}"
        assert status.frozen == "", name
    assert await scene.state.queues() == {}, "all is told"
    for promise in AFTER_EACH:
        await promise(scene, seen)
