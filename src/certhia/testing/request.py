"""What a server in the test world is asked, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from certhia.net import Response

if TYPE_CHECKING:
    from certhia.testing.logs import FakeLog


@dataclass(frozen=True, slots=True)
class Request:
    """One request to one log.

    `path` is relative to the log's URL: "ct/v1/get-entries", "checkpoint", "tile/data/x001/234".
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    log: FakeLog
    at: float  # Unix seconds on the world's clock

    @property
    def endpoint(self) -> str:
        """What is asked for, without its arguments: "get-sth", "checkpoint", "tile/0", "tile/data", "issuer", …"""
        parts = self.path.split("/")
        if parts[0] == "ct":
            return parts[-1]
        return "/".join(parts[:2]) if parts[0] == "tile" else parts[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that comes late, slowly, in part, without end, or never: with `response` None the connection is closed
    without a word."""

    response: Response | None
    delay: float = 0.0  # seconds before the first byte
    rate: float | None = None  # bytes of the body a second; None for as fast as it goes
    cut: int | None = None  # bytes of the body after which the connection breaks, whatever length was announced
    endless: bool = False  # the body comes again and again, in chunks


class Answering(Protocol):
    """What answers requests: a world of logs, or of something else."""

    def answer(self, method: str, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to a request for an absolute URL, or a path."""


Hook = Callable[[Request], "Response | Answer | None"]
"""Sees each request to a log before the log does; what it returns is the answer, None lets the request pass on."""


def text(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """A plain text answer, as Go's http.Error writes it."""
    return Response(status, f"{message}\n".encode(), {"content-type": "text/plain; charset=utf-8", **(headers or {})})


def as_json(value: object, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer of status 200."""
    return Response(200, json.dumps(value).encode() + b"\n", {"content-type": "application/json", **(headers or {})})


@dataclass(slots=True)
class Traffic:
    """What a log was asked so far."""

    requests: dict[str, int] = field(default_factory=dict)  # by endpoint
    statuses: dict[int, int] = field(default_factory=dict)
    entries: int = 0  # entries served

    @property
    def total(self) -> int:
        """All requests."""
        return sum(self.requests.values())
