"""The world without sockets: a Transport whose answers come straight from the logs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from certhia.errors import RemoteError
from certhia.net import Response, TooLong

if TYPE_CHECKING:
    from certhia.testing.request import Answer, Answering


class InProcess:
    """A `certhia.net.Transport` into a `World`, or whatever else answers. Keeps the contract: cap, deadline, no
    redirects.

    Attributes:
        requests: how many were made.
        bytes_in: body bytes given out.
        busy: how many are under way now; `busiest` is the most there ever were at once.
    """

    def __init__(self, world: Answering, *, latency: float = 0.0) -> None:
        self.world, self.latency = world, latency
        self.requests = self.bytes_in = self.busy = self.busiest = 0
        self.closed = False

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        """As `certhia.net.Transport.get`."""
        if self.closed:
            raise RemoteError(f"{url}: the transport is closed")
        self.requests += 1
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            async with asyncio.timeout(timeout):
                if self.latency:
                    await asyncio.sleep(self.latency)
                answer = self.world.answer("GET", url, headers)
                # Even the fastest server lets the others run in between.
                await asyncio.sleep(answer.delay + (_length(answer) / answer.rate if answer.rate else 0.0))
        except TimeoutError:
            raise RemoteError(f"{url}: no answer within {timeout:g} s") from None
        finally:
            self.busy -= 1
        if answer.response is None:
            raise RemoteError(f"{url}: the server closed the connection without an answer")
        if answer.endless or len(answer.response.body) > cap:
            raise TooLong(f"{url}: the answer is larger than {cap} bytes")
        if answer.cut is not None and answer.cut < len(answer.response.body):
            raise RemoteError(f"{url}: the connection broke after {answer.cut} bytes of the answer")
        self.bytes_in += len(answer.response.body)
        return answer.response

    async def close(self) -> None:
        """No more requests after this."""
        self.closed = True


def _length(answer: Answer) -> float:
    """Bytes of the body that come."""
    if answer.response is None:
        return 0.0
    if answer.endless:
        return float("inf")
    whole = len(answer.response.body)
    return whole if answer.cut is None else min(whole, answer.cut)
