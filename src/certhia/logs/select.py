"""Which of the known logs are followed, and why or why not; and what a new list changes."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import urlsplit

from certhia.errors import ConfigError
from certhia.logs.loglist import url as read_url
from certhia.model import Head, Log

INCLUDABLE: Final = ("pending", "retired", "rejected", "test", "all")
FOLLOWED_STATES: Final = frozenset({"usable", "qualified", "readonly"})
FROZEN_STATES: Final = frozenset({"readonly", "retired", "rejected"})

_CT_V1: Final = re.compile(r"/ct/v1(/[a-z0-9-]*)?/?$", re.IGNORECASE)
_PUBLISHED: Final = frozenset({"google", "apple"})


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user wants followed. Globs match operator, description or URL, whole, whatever the case."""

    include: frozenset[str] = frozenset()  # of INCLUDABLE, besides usable, qualified and readonly
    expired: bool = False  # shards whose interval has ended, too
    allow: tuple[str, ...] = ()  # globs; none: all
    deny: tuple[str, ...] = ()  # globs
    only: tuple[str, ...] = ()  # URLs (or ids): these and no others
    add: tuple[str, ...] = ()  # URLs or ids (hex, base64): these besides

    def __post_init__(self) -> None:
        unknown = self.include - set(INCLUDABLE)
        if unknown:
            raise ConfigError(f"include: unknown {', '.join(sorted(unknown))}; there are {', '.join(INCLUDABLE)}")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A known log, whether it is followed, and why or why not, in one line."""

    log: Log
    followed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What a new list changes. A log is known by its id: the same URL with a new key is another log."""

    gone: tuple[Log, ...]
    changed: tuple[Log, ...]  # as they are now
    added: tuple[Log, ...]
    rekeyed: tuple[tuple[Log, Log], ...]  # old and new log at the same URL; also among gone (or kept) and added


def choose(
    logs: Sequence[Log],
    choice: Choice,
    now: datetime,
    *,
    unfinished: Collection[bytes] = (),
    finished: Collection[bytes] = (),
) -> tuple[Chosen, ...]:
    """A verdict on each log, in the order given.

    `unfinished`: ids of logs that were being followed and whose head has not yet stood still for MMD + 24 h. They are
    followed on though their interval has ended or they were retired. `finished`: ids of those whose head has.
    """
    only = [_wanted(text, "--log") for text in choice.only]
    add = [_wanted(text, "--add-log") for text in choice.add]
    verdicts = []
    for log in logs:
        followed, reason = _verdict(log, choice, only, add)
        if reason == "":
            followed, reason = _by_state(log, choice, now, log.id in unfinished, log.id in finished)
        verdicts.append(Chosen(log, followed, reason))
    return tuple(verdicts)


def missing(wanted: Sequence[str], logs: Sequence[Log]) -> tuple[str, ...]:
    """Those of `wanted` (URLs or ids, as for `Choice.only` and `Choice.add`) that no log answers to."""
    return tuple(text for text in wanted if not any(_named(log, [_wanted(text, "log")]) for log in logs))


def log_url(text: str) -> str | None:
    """A log's URL from what people write: without `ct/v1/`, ended by a slash. None for what is no http(s) URL."""
    return read_url(_CT_V1.sub("", text.strip()))


def is_rfc6962_url(text: str) -> bool:
    """Whether a log's URL is written as an RFC 6962 log's only can be: with `ct/v1/`."""
    return _CT_V1.search(text.strip()) is not None


def log_id(text: str) -> bytes | None:
    """A log's id (32 bytes) written in hex or base64; None for what is neither."""
    text = text.strip()
    if re.fullmatch(r"[0-9a-fA-F]{64}", text):
        return bytes.fromhex(text)
    if re.fullmatch(r"[A-Za-z0-9+/_-]{43}=?", text):
        return base64.b64decode(text.rstrip("=").replace("-", "+").replace("_", "/") + "=")
    return None


def is_placeholder(log: Log) -> bool:
    """Whether a list holds the log only to keep other software from breaking: it stands for no server."""
    parts = urlsplit(log.submission_url), urlsplit(log.monitoring_url)
    return (
        any(f".{part.hostname or ''}".endswith(".example.com") for part in parts)
        or any("bogus" in part.path.lower().split("/") for part in parts)
        or log.description.lower().startswith("bogus ")
    )


def has_ended(log: Log, now: datetime) -> bool:
    """Whether the log's temporal interval is over: no certificate that it takes could still be valid."""
    return log.interval is not None and log.interval[1] <= now


def final_root_matches(log: Log, head: Head) -> bool | None:
    """Whether `head` agrees with the final head that the list gives; None where there is none or it isn't reached yet.

    A head larger than the final one does not agree: the log took entries after it was frozen.
    """
    if log.final is None or head.size < log.final.size:
        return None
    return head.size == log.final.size and head.root == log.final.root


def difference(old: Sequence[Log], new: Sequence[Log]) -> Difference:
    """What leads from `old` to `new`. Which lists name a log does not count as a change."""
    before, after = {log.id: log for log in old}, {log.id: log for log in new}
    added = tuple(log for log in after.values() if log.id not in before)
    urls = {log.submission_url: log for log in before.values()}
    return Difference(
        gone=tuple(log for log in before.values() if log.id not in after),
        changed=tuple(
            log
            for log in after.values()
            if log.id in before and replace(log, sources=()) != replace(before[log.id], sources=())
        ),
        added=added,
        rekeyed=tuple((urls[log.submission_url], log) for log in added if log.submission_url in urls),
    )


def _verdict(log: Log, choice: Choice, only: list[str | bytes], add: list[str | bytes]) -> tuple[bool, str]:
    """What the user's naming of logs decides; an empty reason where it leaves the decision to the log's state."""
    if is_placeholder(log):
        return False, "a placeholder: stands for no log"
    if only and _named(log, only):
        return True, "named with --log"
    if _named(log, add):
        return True, "named with --add-log"
    if only:
        return False, "not named with --log"
    denied = next((glob for glob in choice.deny if _globbed(log, glob)), None)
    if denied is not None:
        return False, f"denied by {denied!a}"
    if choice.allow and not any(_globbed(log, glob) for glob in choice.allow):
        return False, "not among those allowed"
    return False, ""


def _by_state(log: Log, choice: Choice, now: datetime, unfinished: bool, finished: bool) -> tuple[bool, str]:
    """What state, type and interval decide."""
    ended = log.interval if log.interval is not None and has_ended(log, now) else None
    said = f"its interval ended {ended[1]:%Y-%m-%d}" if ended else log.state or "no state"
    if ended or log.state in FROZEN_STATES:
        if unfinished:
            return True, f"{said}: followed until its head has stood still for its MMD + 24 h"
        if finished and not choice.expired:
            return False, f"{said}: read to its end"
    wanted, reason = _state_wanted(log, choice.include)
    if not wanted or not ended:
        return wanted, reason
    return choice.expired, f"{said}, {reason}" if choice.expired else f"{said} (--expired)"


def _state_wanted(log: Log, include: frozenset[str]) -> tuple[bool, str]:
    """Whether the log's type and state are among those followed."""
    tests = not include.isdisjoint(("test", "all"))
    if log.log_type is not None:
        return tests, f"{log.log_type} log" if tests else f"{log.log_type} log (--include test)"
    if log.state is None:
        if _PUBLISHED.isdisjoint(log.sources):
            return True, "no state, from a list of yours"
        return tests, "no state" if tests else "no state (--include test)"
    if log.state in FOLLOWED_STATES or log.state in include or "all" in include:
        return True, log.state
    return False, f"{log.state} (--include {log.state if log.state in INCLUDABLE else 'all'})"


def _wanted(text: str, option: str) -> str | bytes:
    """A log as the user names it: its id as bytes or its URL as text."""
    wanted = log_id(text) or log_url(text)
    if wanted is None:
        raise ConfigError(f"{option} {text!a}: give the log's URL (https://…), or its id in hex or base64")
    return wanted


def _named(log: Log, wanted: Sequence[str | bytes]) -> bool:
    return any(name in {log.id, log.submission_url, log.monitoring_url} for name in wanted)


def _globbed(log: Log, glob: str) -> bool:
    """Whether the glob matches the log's operator, description or one of its URLs (final slash or not)."""
    pattern = glob.lower()
    texts = (log.operator, log.description, log.submission_url, log.monitoring_url)
    return any(fnmatchcase(text.lower(), pattern) for text in texts) or any(
        fnmatchcase(text.lower().rstrip("/"), pattern) for text in texts[2:]
    )
