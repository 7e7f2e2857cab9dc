"""What logs answered to questions for a proof, word for word, where they gave none: the evidence that they did not."""

from __future__ import annotations

from base64 import b64encode
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from certhia.clock import Clock
from certhia.logs.evidence import MAX_ANSWER, Served
from certhia.model import Log
from certhia.net import Response, Transport

KEPT: Final = 64  # answers, the last ones
_ASKED: Final = "ct/v1/get-proof-by-hash?"


class Heard:
    """A transport that remembers such answers."""

    def __init__(self, inner: Transport, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock
        self._answers: OrderedDict[str, Served] = OrderedDict()

    def no_proof(self, log: Log, leaf: bytes, size: int) -> Served | None:
        """The log's last answer, none of status 200, to the question for a leaf's proof (its hash, 32 bytes) in the
        tree of `size` entries; None where there was none."""
        asked = f"{_ASKED}hash={quote(b64encode(leaf), safe='')}&tree_size={size}"
        urls = [f"{place}{asked}" for place in (log.submission_url, log.monitoring_url)]
        return next((self._answers[url] for url in urls if url in self._answers), None)

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        """As `certhia.net.Transport.get`."""
        answer = await self._inner.get(url, headers=headers, cap=cap, timeout=timeout)
        if _ASKED in url:
            self._answers.pop(url, None)
            if answer.status != 200:
                self._answers[url] = Served(url, answer.status, answer.body[:MAX_ANSWER], self._clock.now())
            while len(self._answers) > KEPT:
                self._answers.popitem(last=False)
        return answer

    async def close(self) -> None:
        """As `certhia.net.Transport.close`."""
        await self._inner.close()
