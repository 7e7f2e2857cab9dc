"""Every error that Certhia raises on purpose.

CerthiaError                  anything below; its text says what was wrong, where, and what to do
├── ConfigError               an option, a rule or a file the user gave makes no sense: exit status 2
├── Malformed (ValueError)    bytes that make no sense; `.offset` and `.reason` say where and why
├── RemoteError               a log or another server misbehaved: retried for ever
│   ├── Throttled             429 or its like; `.retry_after` in seconds, or None
│   ├── Lagging               the front end does not have a range yet that it signed for: not an error of ours
│   ├── BadAnswer             the server answered, but not with what the protocol asks for
│   └── Unverified            a signature, proof or root does not hold; nothing of it is trusted
└── StateError                local storage failed or is not ours to write: stop, loudly
"""

from __future__ import annotations


class CerthiaError(Exception):
    """Root of all errors that Certhia raises on purpose."""


class ConfigError(CerthiaError):
    """What the user asked for can't be done as written."""


class Malformed(CerthiaError, ValueError):
    """Bytes that make no sense.

    Attributes:
        offset: where in the input, in bytes.
        reason: what was expected there.
    """

    def __init__(self, reason: str, offset: int = 0) -> None:
        super().__init__(f"{reason} at byte {offset}")
        self.reason = reason
        self.offset = offset


class RemoteError(CerthiaError):
    """A server misbehaved; asking again later may help."""


class Throttled(RemoteError):
    """The server asked for less (429, or 503 with Retry-After).

    Attributes:
        retry_after: seconds that the server asked for, clamped; None where it did not say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Lagging(RemoteError):
    """A front end that does not have entries which the log has already signed for."""


class BadAnswer(RemoteError):
    """An answer that the protocol does not allow."""


class Unverified(RemoteError):
    """A signature, a proof or a root that does not hold.

    Attributes:
        proof: kind and hashes of the proof that did not lead to a head, as `certhia.model.Step` has them.
    """

    def __init__(self, message: str = "", proof: tuple[str, tuple[bytes, ...]] = ("", ())) -> None:
        super().__init__(message)
        self.proof = proof


class StateError(CerthiaError):
    """Local state can't be read or written."""


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that ended a group of tasks: one of ours if there is one."""
    leaves = [first_of(error) if isinstance(error, BaseExceptionGroup) else error for error in group.exceptions]
    return next((error for error in leaves if isinstance(error, CerthiaError)), leaves[0])
