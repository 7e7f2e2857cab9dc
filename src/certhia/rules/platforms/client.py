"""Asks one platform: at its pace, within deadlines and bounds, and again where that may help.

The credentials go to the one place that the settings name. Redirects are not followed, and no URL that a platform gives
is asked: paths are made here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

from certhia.clock import Clock
from certhia.errors import BadAnswer, RemoteError, Throttled
from certhia.net import SMALL, Response, Transport
from certhia.render import quoted
from certhia.retry_after import retry_after
from certhia.rules.platforms.hiding import hidden, secrets_of
from certhia.unpack import unpack

MAX_BODY: Final = 32 << 20  # bytes of one answer
MAX_VALUES: Final = 3_000_000  # in one document: each takes a hundred bytes, whatever little it says
MAX_REQUESTS: Final = 50_000  # of one sync
MAX_PAGES: Final = 1_000  # of one list
TRIES: Final = 4  # of one request
PATIENCE: Final = 7_200.0  # seconds that one sync may take, pauses included
BACKOFF: Final = 2.0  # seconds before the second try; doubled before each further one
WAIT: Final = 30.0  # seconds after a 429 that does not say how long
LONGEST: Final = 86_400.0  # seconds that one that does say so is obeyed

_BUSY: Final = frozenset((429, 503))
_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
_SAID: Final = 160  # characters of an answer that an error quotes
_LOOKED_AT: Final = 16_384  # bytes of it that are looked through for what must not be shown


class Denied(RemoteError):
    """The credentials are not taken."""


class Withheld(RemoteError):
    """What was asked for is not there, or not for this user."""


class Client:
    """One sync's requests to one platform."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        gap: float = 0.0,
        timeout: float = 30.0,
    ) -> None:
        """`url`: what all paths follow. `gap`: seconds between the beginnings of two requests."""
        self.requests = 0
        self._transport = transport
        self._clock = clock
        self._url = url
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._secrets = secrets_of(url, self._headers)
        self._gap = gap
        self._timeout = timeout
        self._next = clock.monotonic()
        self._end = clock.monotonic() + PATIENCE

    @property
    def place(self) -> str:
        """What an error calls it: without a query, in which a key may stand."""
        return self._url.partition("?")[0]

    async def json(self, path: str = "", *, gap: float | None = None) -> Any:
        """The JSON document at a path; `gap`: instead of the usual one. Raises RemoteError: Denied, Withheld, Throttled
        and BadAnswer among them."""
        answer = await self.get(path, gap=gap)
        where = self._where(path)
        body = await unpack(where, answer.body, MAX_BODY)
        if len(body) > SMALL and sum(map(body.count, (b",", b"[", b"{"))) > MAX_VALUES:
            raise BadAnswer(f"{where}: the answer has more than {MAX_VALUES} values in it")
        try:
            return json.loads(body) if len(body) <= SMALL else await asyncio.to_thread(json.loads, body)
        except (ValueError, RecursionError):
            raise BadAnswer(f"{where}: the answer is no JSON: {self._quoted(body)}") from None

    async def get(self, path: str = "", *, gap: float | None = None, accept: str = "") -> Response:
        """The answer (200) at a path. Raises as `json`."""
        where, failed = self._where(path), RemoteError("")
        for tried in range(TRIES):
            pause = BACKOFF * 2**tried
            await self._turn(gap)
            try:
                return await self._once(path, where, accept)
            except Throttled as error:
                failed, pause = error, error.retry_after if error.retry_after is not None else WAIT * 2**tried
            except (Denied, Withheld, BadAnswer):
                raise
            except RemoteError as error:
                failed = error
            if tried + 1 < TRIES:
                await self._sleep(pause, failed)
        raise failed

    async def _once(self, path: str, where: str, accept: str) -> Response:
        headers = {**self._headers, "Accept": accept} if accept else self._headers
        try:
            answer = await self._transport.get(self._url + path, headers=headers, cap=MAX_BODY, timeout=self._timeout)
        except RemoteError as error:  # its words name the whole URL, and a key may stand in it
            said = hidden(str(error).replace(self._url, self.place), self._secrets)
            raise type(error)(said) if type(error) in (RemoteError, BadAnswer) else RemoteError(said) from None
        status = answer.status
        if status == 200:
            return answer
        said = self._quoted(answer.body) if answer.body else "nothing"
        if status in _REDIRECTS:
            to = quoted(hidden(answer.headers.get("location", "nowhere"), self._secrets), _SAID)
            raise BadAnswer(f"{where}: sends on to {to}, which is not followed; write that URL if it is right")
        if status == 401:
            raise Denied(f"{where}: the credentials are not taken (401): {said}; make a new token, and write that")
        if status in (403, 404, 406, 410, 451):
            raise Withheld(f"{where}: refused ({status}): {said}")
        if status in _BUSY:
            wait = retry_after(answer.headers.get("retry-after"), self._clock.now(), LONGEST)
            if wait is not None or status == 429:
                raise Throttled(f"{where}: asks for fewer requests ({status})", wait)
        raise RemoteError(f"{where}: answered {status}: {said}")

    async def _turn(self, gap: float | None) -> None:
        """Waits until the next request may begin."""
        if self.requests >= MAX_REQUESTS:
            raise BadAnswer(f"{self.place}: more than {MAX_REQUESTS} requests in one sync; lower max_programs")
        self.requests += 1
        left = self._next - self._clock.monotonic()
        if left > 0:
            await self._sleep(left, RemoteError(f"{self.place}: no end within {PATIENCE:.0f} s; lower max_programs"))
        elif self._clock.monotonic() > self._end:
            raise RemoteError(f"{self.place}: no end within {PATIENCE:.0f} s; lower max_programs")
        self._next = self._clock.monotonic() + (self._gap if gap is None else gap)

    async def _sleep(self, seconds: float, why: RemoteError) -> None:
        """Raises `why` at once where there is not that much time left."""
        if self._clock.monotonic() + seconds > self._end:
            raise why
        await self._clock.sleep(seconds)

    def _where(self, path: str) -> str:
        return self.place + path.partition("?")[0]

    def _quoted(self, body: bytes) -> str:
        """The beginning of an answer, which may say what was sent."""
        text = hidden(body[:_LOOKED_AT].decode("utf-8", "replace"), self._secrets)
        return quoted(" ".join(text[: 4 * _SAID].split()), _SAID)
