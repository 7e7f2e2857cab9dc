"""Every outbound byte: deadlines, caps, the User-Agent, proxies, trust. Nothing else opens a connection to a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. Header names are lower case; the body is as served, content encoding included."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Transport(Protocol):
    """Fetches a URL: the one seam between Certhia and the network."""

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        """One GET. Redirects are not followed; a body over `cap` bytes, a connection that fails and a deadline that
        passes raise RemoteError. An answer of any status is returned, not raised."""

    async def close(self) -> None:
        """Lets go of connections. Idempotent."""
