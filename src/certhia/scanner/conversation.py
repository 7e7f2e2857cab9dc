"""What is said to a server: a generator without I/O.

It yields steps and is sent what came back; whoever drives it owns the sockets. So a conversation is tested by sending
bytes into it, and thousands of them share one thread.

    def greeting(address: str) -> Conversation[bytes]:
        yield Connect(address, 25)
        return (yield Send(b"", "starttls"))

Where a step fails, a `ScanFailure` is thrown in at its `yield`. A conversation may catch it and go on (a second
attempt, another protocol), except where it is `Expired`: then the first thing it does must be to return or to raise, or
to yield `Again`. What it leaves uncaught is the target's failure.

Steps are tuples by another name, since several are made for every target, and a frozen dataclass costs three times as
much.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final, NamedTuple, TypeAlias, TypeVar

T = TypeVar("T")


class Connect(NamedTuple):
    """Opens a TCP connection, and cuts off the one before. Sends b"" in when it is open.

    Attributes:
        address: numeric, IPv4 or IPv6.
        port: 1 to 65535.
        host: a name to count open connections by besides the address (its registrable domain); "" for none.
    """

    address: str
    port: int
    host: str = ""


class Send(NamedTuple):
    """Sends all of `data`, then waits for the next bytes that come and sends them in: at most 16 kB at once, b"" at the
    peer's end, and b"" each time it is asked for more after that.

    Attributes:
        data: b"" only receives.
        step: what this is about, for failures: "starttls", "hello", "handshake", "http"; "" as before. A new connection
            starts at "connect", and stays there until the first `step`.
        within: seconds for this step alone, within the target's deadline. Its timeout can be caught and survived.
    """

    data: bytes
    step: str = ""
    within: float | None = None


class Tell(NamedTuple):
    """Sends all of `data` and waits for nothing: b"" comes in once it is handed to the system."""

    data: bytes
    step: str = ""


class Wait(NamedTuple):
    """Nothing is on the wire for so many seconds; the connection stays open, the deadline runs on. Sends b"" in."""

    seconds: float


class Again(NamedTuple):
    """Another attempt at the same target: closes the connection, waits, and begins the deadline anew. Sends b"" in."""

    seconds: float


class Extend(NamedTuple):
    """The deadline begins anew now: for what takes many connections to a server that has answered. Sends b"" in. Where
    the deadline before has ended, the connection is closed."""


Step: TypeAlias = Connect | Send | Tell | Wait | Again | Extend
Conversation: TypeAlias = Generator[Step, bytes, T]

RECEIVE: Final = Send(b"")
