"""How many targets are talked to at once, and what is kept of each."""

from __future__ import annotations

import contextlib
import resource
from pathlib import Path
from typing import Any, Final

from certhia.scanner.conversation import Connect, Conversation
from certhia.scanner.sockets import Socket

START: Final = 512
MAX_TARGETS: Final = 16_000  # each costs a few kB here and in the kernel
SPARE: Final = 128  # descriptors left to the rest of the process

CONNECTING: Final = 0
RECEIVING: Final = 1
SENDING: Final = 2
RESTING: Final = 3  # waits for a moment, a place or a descriptor: nothing that its socket says is of interest
OVER: Final = 4  # delivered


class Slot:
    """One target that is being talked to. The engine's own; nobody else keeps one.

    Attributes:
        key: the caller's.
        talk: the conversation.
        socket: None between connections.
        fd: its descriptor.
        state: one of those above.
        readable: there may be bytes that nobody was told of yet.
        over: the peer ended, or may have.
        pending: what the system has not taken yet.
        telling: no answer is awaited once that is sent.
        step: where it is, for failures.
        began: when this attempt began, on the engine's clock.
        deadline: when it ends.
        attempts: how often it was begun.
        turn: counts what happened, so that a timer knows whether it still means anything.
        next: the connection that it waits for.
        waiting: since when it does; 0 where it does not.
        places: what its open connection is counted by.
    """

    __slots__ = (
        "attempts", "began", "deadline", "fd", "key", "next", "over", "pending", "places", "readable", "socket",
        "state", "step", "talk", "telling", "turn", "waiting",
    )  # fmt: skip

    def __init__(self, key: object, talk: Conversation[Any], now: float, deadline: float) -> None:
        self.key = key
        self.talk = talk
        self.socket: Socket | None = None
        self.fd = -1
        self.state = RESTING
        self.readable = False
        self.over = False
        self.pending: memoryview | None = None
        self.telling = False
        self.step = ""
        self.began = now
        self.deadline = deadline
        self.attempts = 1
        self.turn = 0
        self.next: Connect | None = None
        self.waiting = 0.0
        self.places: tuple[str, ...] = ()


class Limit:
    """How many at once. Found out: it doubles as long as all are busy and we are not, and shrinks when the machine has
    nothing left to open connections with.

    Attributes:
        now: as many as may be open at this moment.
        most: more are never tried.
    """

    def __init__(self, most: int, fixed: bool = False) -> None:
        self.most = most
        self.now = most if fixed else min(START, most)
        self._calm = 0.0

    def grow(self, now: float) -> None:
        """All are busy and we are not."""
        if now >= self._calm:
            self.now = min(self.most, self.now * 2)

    def shrink(self, now: float, held: int) -> None:
        """With `held` open there was nothing left for another: fewer for ten seconds, then it is tried again."""
        self.now = max(1, min(self.now, held - held // 16))
        self._calm = now + 10.0


def file_limit() -> int:
    """How many connections this process may hold: the soft limit is raised to the hard one; what is open now is left
    out, and `SPARE` besides.

    Returns:
        At least 1, at most `MAX_TARGETS`.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and (hard == resource.RLIM_INFINITY or soft < hard):
        with contextlib.suppress(ValueError, OSError):  # macOS takes no more than kern.maxfilesperproc
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    return MAX_TARGETS if soft == resource.RLIM_INFINITY else max(1, min(MAX_TARGETS, soft - _open_now() - SPARE))


def _open_now() -> int:
    for folder in ("/proc/self/fd", "/dev/fd"):
        try:
            return sum(1 for _ in Path(folder).iterdir())
        except OSError:
            continue
    return 64
