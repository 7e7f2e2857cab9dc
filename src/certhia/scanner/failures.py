"""Why a target showed nothing: a terse class, the step at which it happened, and what there is to add."""

from __future__ import annotations

from typing import Final

# class: what it means. Totals of a scan are by these.
KINDS: Final = {
    "refused": "nobody listens there",
    "unreachable": "no way to the address",
    "timeout": "the target's deadline was over",
    "reset": "the peer reset the connection",
    "closed": "the peer closed before it had said enough",
    "not-tls": "the peer speaks, and it is not TLS",
    "alert": "the peer sent a fatal TLS alert",
    "malformed": "the peer speaks TLS that makes no sense",
    "too-large": "the peer sent more than is read of one",
    "starttls-refused": "the peer does not change to TLS on this connection",
    "dns": "the name has no usable address",
    "policy": "the address or name is one that is not scanned",
    "files": "no file descriptor could be had for it",
    "local": "this machine could not open the connection",
    "stopped": "the scan was stopped before it was done",
    "defect": "an error of ours: please report it",
}
STEPS: Final = ("connect", "starttls", "hello", "handshake", "http")

# Worth another attempt: what a moment may change.
PASSING: Final = frozenset(("refused", "unreachable", "timeout", "reset", "closed"))


class ScanFailure(Exception):
    """A target failed. Not a `CerthiaError`: it is a result, and nobody above the scanner sees it raised.

    Attributes:
        kind: one of `KINDS`.
        step: one of `STEPS`, or "" before anything was sent.
        detail: an alert's name, what the server said (inert: it went through `certhia.render`), or "".
    """

    def __init__(self, kind: str, step: str = "", detail: str = "") -> None:
        super().__init__(kind, step, detail)
        self.kind = kind
        self.step = step
        self.detail = detail

    def __str__(self) -> str:
        at = f" at {self.step}" if self.step else ""
        return f"{self.kind}{at}: {self.detail}" if self.detail else f"{self.kind}{at}"


class Expired(ScanFailure):
    """The deadline of the whole target is over, where a plain "timeout" is of one step. A conversation that gets it can
    only return what it has, raise, or yield `Again` or `Extend`."""
