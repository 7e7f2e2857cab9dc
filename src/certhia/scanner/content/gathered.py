"""What came of asking one web server, while it is gathered."""

from __future__ import annotations

from typing import Final

from certhia.render import terminal
from certhia.scanner.content import csp
from certhia.scanner.content.response import Response
from certhia.scanner.records import Failure, Found, Http, Policy

MAX_NAMES: Final = 5000  # of one server
MAX_POLICIES: Final = 64  # that are told
MAX_SHOWN: Final = 16_384  # characters of a policy that are told
MAX_VALUE: Final = 1024  # characters of a header that are told


class Gathered:
    """Takes what is found, and gives the record."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.status: int | None = None
        self.location: str | None = None
        self.scripts: list[str] = []
        self.redirects: list[str] = []
        self.body = bytearray()  # of the page, for extractors of others
        self.trouble: Failure | None = None  # what went wrong first, and ended nothing
        self._headers: tuple[tuple[str, str], ...] = ()
        self._policies: list[Policy] = []
        self._names: dict[tuple[str, str], float] = {}

    def found(self, one: Found) -> None:
        """One more name, or one that is surer now."""
        self.name(*one)

    def name(self, name: str, source: str, confidence: float = 1.0) -> None:
        """The same."""
        key = (name, source)
        if key in self._names or len(self._names) < MAX_NAMES:
            self._names[key] = max(confidence, self._names.get(key, 0.0))

    def answered(self, response: Response) -> None:
        """The headers of one more answer."""
        self.status = response.status
        self._headers = tuple((name, terminal(value[:MAX_VALUE])) for name, value in response.headers)
        for where, text in csp.policies(response.headers):
            self.policy(where, text)

    def policy(self, where: str, text: str) -> None:
        """One more policy."""
        if len(self._policies) < MAX_POLICIES:
            self._policies.append(Policy(where, terminal(text[:MAX_SHOWN])))

    def troubled(self, kind: str, detail: str) -> None:
        """Something is wrong, and it goes on."""
        self.trouble = self.trouble or Failure(kind, "http", detail)

    def record(self, failure: Failure | None = None) -> Http:
        """All of it."""
        return Http(
            self.status,
            terminal(self.url),
            self._headers,
            tuple(self._policies),
            tuple(map(terminal, self.scripts)),
            None if self.location is None else terminal(self.location),
            tuple(map(terminal, self.redirects)),
            failure or self.trouble,
            tuple(Found(name, source, sure) for (name, source), sure in self._names.items()),
            bytes(self.body),
        )
