"""How each named fault comes over a log of a world, and how it goes away again.

Each function does to a log what its fault says and gives what ends it, or None where nothing does: a log that has
signed two heads that contradict each other, or taken in an entry that nobody can read, stays one that has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from certhia.model import Protocol
from certhia.net import Response
from certhia.testing import false_heads, hostile, scripted, wire
from certhia.testing.ca import Issued
from certhia.testing.entries import Submission
from certhia.testing.logs import FakeLog
from certhia.testing.request import Hook
from certhia.testing.world import World

Heal = Callable[[], None]
Install = Callable[[World, FakeLog], "Heal | None"]

GIANT_TILE = 5  # entries of 16 MiB: more than is unpacked of a tile
MANY_NAMES = 10_000
SPELLINGS = (
    "www.example.com.",
    "WWW.EXAMPLE.COM",
    "www.example.com\0.evil.test",
    "*.example.com",
    "w?w.example.com",
    "xn--0.example.com",
    "www .example.com",
)
LOOKALIKES = ("p\N{CYRILLIC SMALL LETTER A}ypal.com", "xn--pypal-4ve.com", "rnicrosoft.com", "\u202emoc.elpmaxe.www")


def hook(make: Callable[[FakeLog], Hook]) -> Install:
    """A fault that is a hook of the log, as long as it is there."""

    def install(_world: World, log: FakeLog) -> Heal:
        made = make(log)
        log.hooks.append(made)
        return lambda: log.hooks.remove(made)

    return install


def lasting(make: Callable[[FakeLog], Hook]) -> Install:
    """A fault that is a hook of the log, and of which something stays when that is gone."""

    def install(_world: World, log: FakeLog) -> None:
        log.hooks.append(make(log))

    return install


def entries(make: Callable[[World], Sequence[Issued | Submission]]) -> Install:
    """A fault that is in what certificates say: the log takes them in."""

    def install(world: World, log: FakeLog) -> None:
        log.add(*make(world))
        log.publish()

    return install


def next_leaf(log: FakeLog) -> Hook:
    """One bit of an entry that is yet to come is not what the log will sign."""
    return hostile.flipped_leaf(len(log.entries) + 2)


def next_tile(log: FakeLog) -> Hook:
    """The hash tile of entries that are yet to come disagrees with their data tile."""
    return hostile.flipped_tile(len(log.entries) + 2, count=256)


def bad_heads(log: FakeLog) -> Hook:
    """Every other head bears a signature that does not hold."""
    fault = false_heads.bad_head("signature")
    fault.every = 2 if log.protocol is Protocol.STATIC else 1
    return fault


def older_heads(log: FakeLog) -> Hook:
    """Every other head is one that was shown before."""
    return scripted.old_head(log.heads[len(log.heads) // 2], every=2)


def huge_entries(_world: World, log: FakeLog) -> None:
    """Entries of 16 MiB: together more than is unpacked of a tile."""
    hostile.huge(log, count=GIANT_TILE)
    log.publish()


def unknown_type(_world: World, log: FakeLog) -> None:
    """An entry of a type that nobody knows."""
    hostile.new_type(log)
    log.publish()


def false_chain(world: World, log: FakeLog) -> Heal:
    """What stands beside an entry's leaf is another certificate's."""
    precert = world.ca.issue(["false-chain.example.com"], precert=True)
    log.add(precert)
    other = Submission.of(world.ca.issue(["other.example.com"], precert=True, precert_signer=True))
    fault = hostile.false_extra(len(log.entries) - 1, other)
    log.hooks.append(fault)
    log.publish()
    return lambda: log.hooks.remove(fault)


def empty_list(world: World, _log: FakeLog) -> Heal:
    """The log list has no logs."""
    body = hostile.poisoned_list(world.log_list())
    world.pages["/log_list.json"] = Response(200, body, {"content-type": "application/json"})

    def back() -> None:
        world.pages.pop("/log_list.json", None)

    return back


def changed_log(_world: World, log: FakeLog) -> Heal:
    """The list gives the log another name and MMD."""
    before = log.settings
    log.settings = replace(before, description=f"{before.description or log.name} (renamed)", mmd=before.mmd + 60)

    def back() -> None:
        log.settings = before

    return back


def rollover(world: World, log: FakeLog) -> None:
    """The shard takes no more entries; the next one begins."""
    now = datetime.fromtimestamp(world.clock.now(), UTC)
    log.publish()
    log.freeze()
    make = {Protocol.RFC6962: world.rfc6962, Protocol.STATIC: world.static, Protocol.HYBRID: world.hybrid}[log.protocol]
    successor = make(f"{log.name}-next")
    successor.settings = replace(log.settings, description="", interval=(now, now + timedelta(days=365)))
    successor.add(world.ca.issue([f"first-of-{successor.name}.example.com"]))
    successor.publish()


def unreadable(world: World) -> list[Issued]:
    """Bytes that are no certificate, and one that breaks off."""
    return [world.ca.undecodable("garbage"), world.ca.undecodable("truncated")]


def many_names(world: World) -> list[Issued]:
    """A certificate of ten thousand names."""
    return [world.ca.issue([f"host{number}.example.com" for number in range(MANY_NAMES)])]


def evasive(world: World) -> list[Issued]:
    """A watched name, written in ways that some software would not take for it; once as the common name alone."""
    named = [world.ca.issue([name], common_name="") for name in SPELLINGS]
    return [*named, world.ca.issue([], common_name="www.example.com")]


def lookalikes(world: World) -> list[Issued]:
    """Names that look like others, and one that would turn a terminal's line around."""
    return [world.ca.issue([name], common_name="") for name in LOOKALIKES]


def dripping(_log: FakeLog) -> Hook:
    """Entries come a byte a second."""
    return wire.throttle(1, endpoints=hostile.ENTRIES)


def throttled(log: FakeLog) -> Hook:
    """Two requests a second are answered, the rest refused."""
    return scripted.RateLimit(log.clock, rate=2, burst=4)
