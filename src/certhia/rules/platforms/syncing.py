"""One look at one platform, and what changes by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from certhia.config.platforms import PlatformSection
from certhia.errors import BadAnswer, RemoteError, Throttled
from certhia.rules.platforms.asking import Ask
from certhia.rules.platforms.kept import Kept
from certhia.rules.platforms.records import Fetched, Ruled, Scope
from certhia.rules.platforms.registry import fetcher

MAX_RULES: Final = 500_000  # of one platform, with those that exclude


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one programme: rules that come and go, each as people write it, `!` before what excludes."""

    handle: str
    name: str
    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    new: bool = False  # it was not watched before
    ends: bool = False  # it is not any more


@dataclass(frozen=True, slots=True)
class Synced:
    """What came of asking a platform. `failed`: programmes whose scope could not be had, and why; what was known of
    them stays. `wait`: that not all were asked for, as the platform asked to wait."""

    kept: Kept
    changes: Sequence[Change] = ()
    failed: Sequence[str] = ()
    notes: Sequence[str] = ()
    left_out: int = 0
    wait: Throttled | None = None


async def sync(kind: str, kept: Kept, settings: PlatformSection, ask: Ask) -> Synced:
    """Fetches the scopes of a platform of this type, and compares them with those that are known. Raises RemoteError
    where nothing comes of it: then what is known stays."""
    fetched = await fetcher(kind)(settings, ask)
    if not fetched.failed and not fetched.unasked and not kept.emptied and (lost := _lost(fetched, kept)):
        return Synced(replace(kept, emptied=True), notes=[f"{lost}: they stay until it says so once more"])
    scopes = _merged(fetched, kept)
    new = Kept(scopes, ask.clock.now())
    if new.count > MAX_RULES:
        raise BadAnswer(f"its scopes come to more than {MAX_RULES} rules; lower max_programs")
    if fetched.failed and not fetched.scopes:
        raise RemoteError(f"no programme's scope can be had: {next(iter(fetched.failed.values()))}")
    failed = [*fetched.failed.values()]
    if fetched.wait is not None:
        failed.append(f"{len(fetched.unasked)} programmes are asked for later: {fetched.wait}")
    return Synced(new, tuple(changes(kept, new)), tuple(failed), tuple(fetched.notes), fetched.left_out, fetched.wait)


def _lost(fetched: Fetched, kept: Kept) -> str:
    """What is gone as a whole, which may well be a fault, or another form than we read; empty where nothing is."""
    if kept.scopes and not fetched.scopes:
        return f"lists no programme, where it had {len(kept.scopes)}"
    rules = sum(len(one.rules) for one in kept.scopes.values())
    if rules and not any(one.rules for one in fetched.scopes.values()):
        return f"has no name or network in any scope, where it had {rules}"
    return ""


def _merged(fetched: Fetched, kept: Kept) -> dict[str, Scope]:
    """What was fetched, and what is known of programmes whose scope could not be, or was not asked for."""
    others = (*fetched.failed, *fetched.unasked)
    stays = {handle: kept.scopes[handle] for handle in others if handle in kept.scopes}
    return {**fetched.scopes, **stays}


def changes(before: Kept, after: Kept) -> list[Change]:
    """What differs, programme by programme."""
    found: list[Change] = []
    for handle in dict.fromkeys((*before.scopes, *after.scopes)):
        old, new = before.scopes.get(handle), after.scopes.get(handle)
        was, now = _texts(old), _texts(new)
        one = Change(
            handle,
            (new or old or Scope(handle, handle)).name,
            tuple(text for text in now if text not in was),
            tuple(text for text in was if text not in now),
            new=old is None,
            ends=new is None,
        )
        if one.added or one.gone or one.new or one.ends:
            found.append(one)
    return found


def _texts(scope: Scope | None) -> dict[str, None]:
    if scope is None:
        return {}
    return dict.fromkeys((*(one.text for one in scope.rules), *(_excluding(one) for one in scope.out)))


def _excluding(one: Ruled) -> str:
    return f"!{one.text}"
