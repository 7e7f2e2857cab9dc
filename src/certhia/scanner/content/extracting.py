"""Names in what a server showed: one door, and whoever finds some behind it.

    what comes ──▶ Door ──▶ extract(context) of each extractor ──▶ names with source and confidence

Built in are `Csp` and `Scripts`, which read what comes piece by piece, so that nothing of it is kept. Extractors of
others (`certhia.modules`) are called with the same context once all has come, with as much of the page as was kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from certhia._core import Certificate
from certhia.scanner.records import Found

if TYPE_CHECKING:
    from certhia.scanner.records import Result


class Piece(NamedTuple):
    """What has just come.

    Attributes:
        kind: "headers" of an answer (then `text` is empty, and they are in the context's response), "policy", a
            Content-Security-Policy in the page, "script", bytes of one, "over": that script is at its end, "end": all
            that was asked for has come.
        text: the policy, or bytes of the script.
    """

    kind: Literal["headers", "policy", "script", "over", "end"]
    text: str | bytes = b""


class Answer(NamedTuple):
    """What a web server answered.

    Attributes:
        url: that was asked last, after redirects.
        status: None where it was no HTTP.
        headers: names in lower case, in order.
        body: of the page, as much as was kept: 256 KiB at most, and none for those who read pieces.
    """

    url: str
    status: int | None
    headers: Sequence[tuple[str, str]]
    body: bytes = b""


@dataclass(slots=True)
class Visit:
    """What an extractor gets: its context.

    Attributes:
        host: the name that was asked for, A-labels; None for an address.
        sni: the name that was sent; None where none was.
        address: numeric.
        port: TCP.
        certificates: the chain as the server sent it, DER, leaf first.
        response: what it answered; None where nothing was asked under TLS, or nothing came yet.
        piece: what has just come, for those who read pieces; None for the others.
    """

    host: str | None
    sni: str | None
    address: str
    port: int
    certificates: tuple[bytes, ...] = ()
    response: Answer | None = None
    piece: Piece | None = None

    @property
    def chain(self) -> list[Certificate]:
        """The certificates, read. Raises Malformed for what is none."""
        return [Certificate.from_der(one) for one in self.certificates]


class Extractor(Protocol):
    """Finds names. One for each visit."""

    @property
    def full(self) -> bool:
        """Whether it has as many as it looks for: no more scripts need be read for it."""

    def extract(self, context: Visit) -> Iterable[Found]:
        """Names that the context's piece adds."""


class Door:
    """All extractors of one visit."""

    def __init__(
        self, visit: Visit, extractors: Sequence[Callable[[Visit], Extractor]], take: Callable[[Found], None]
    ) -> None:
        self.visit = visit
        self._extractors = [make(visit) for make in extractors]
        self._take = take

    def came(self, piece: Piece) -> None:
        """Has all of them look at it."""
        self.visit.piece = piece
        for one in self._extractors:
            for found in one.extract(self.visit):
                self._take(found)

    @property
    def full(self) -> bool:
        """Whether none of them looks for more."""
        return all(one.full for one in self._extractors)


def visit_of(result: Result) -> Visit:
    """The context for extractors that look at a whole result."""
    target, served, http = result.target, result.served, result.http
    answer = None if http is None else Answer(http.url, http.status, http.headers, http.body)
    sni, certificates = (None, ()) if served is None else (served.server_name, served.certificates)
    return Visit(target.host, sni, target.address, target.port, certificates, answer)
