"""The world over HTTP, on loopback."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import ClientConnectionResetError, web

from certhia.testing import keys

if TYPE_CHECKING:
    from certhia.net import Response
    from certhia.testing.ca import CA
    from certhia.testing.request import Answer, Answering
    from certhia.testing.world import World

TICK = 0.05  # seconds between two writes of a body that comes slowly


@asynccontextmanager
async def listening(world: World, *, port: int, apart: bool, tls: bool) -> AsyncIterator[str]:
    """Serves `world` on 127.0.0.1 until the end; see `World.serve`."""
    # The low-level server: a router and its middlewares would cost more than finding the answer does.
    runner = web.ServerRunner(web.Server(lambda request: respond(world, request), access_log=None), shutdown_timeout=1)
    await runner.setup()
    context, scheme = (server_context(world.ca), "https") if tls else (None, "http")

    async def listen(port: int) -> str:
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=context, backlog=1024)
        await site.start()
        assert site._server is not None
        return f"{scheme}://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]

    before = (world.base_url, {log: log.host for log in world.logs.values()})
    try:
        root = await listen(port)
        world.base_url = f"{root}/"
        for log in world.logs.values():
            log.host = await listen(0) if apart else root
        yield world.base_url
    finally:
        world.base_url = before[0]
        for log in world.logs.values():
            log.host = before[1].get(log, f"http://{log.name}.world.test")
        await runner.cleanup()


async def respond(world: Answering, request: web.BaseRequest) -> web.StreamResponse:
    """The answer to one request over HTTP."""
    answer = world.answer(request.method, str(request.rel_url), dict(request.headers))
    if answer.delay:
        await asyncio.sleep(answer.delay)
    if answer.response is None:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError("scripted")
    said = answer.response
    if answer.rate is None and answer.cut is None and not answer.endless:
        return web.Response(status=said.status, body=said.body, headers=said.headers)
    stream = web.StreamResponse(status=said.status, headers=said.headers)
    if not answer.endless:
        stream.content_length = len(said.body)
    await stream.prepare(request)
    with suppress(ClientConnectionResetError):  # whoever asks may go
        await _drip(request, answer, said, stream)
    return stream


async def _drip(request: web.BaseRequest, answer: Answer, said: Response, stream: web.StreamResponse) -> None:
    """Writes a body bit by bit, as far as it goes."""
    whole = said.body if answer.cut is None else said.body[: answer.cut]
    step = len(whole) or 1 if answer.rate is None else max(1, int(answer.rate * TICK))
    while True:
        for at in range(0, len(whole), step):
            await stream.write(whole[at : at + step])
            if answer.rate is not None:
                await asyncio.sleep(step / answer.rate)
        if not answer.endless or not whole:
            break
        await asyncio.sleep(0)  # whoever reads fast enough would leave the others no turn
    if answer.cut is not None:
        assert request.transport is not None
        request.transport.abort()
        raise ConnectionResetError("scripted")
    await stream.write_eof()


def server_context(ca: CA) -> ssl.SSLContext:
    """A TLS context for 127.0.0.1 and localhost, under a certificate of `ca`; clients trust `ca.root`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate = ca.issue(["localhost"], ["127.0.0.1", "::1"])
    with tempfile.TemporaryDirectory() as directory:
        # load_cert_chain reads files only.
        path = Path(directory, "server.pem")
        path.write_bytes(keys.private_pem(ca.leaf_key) + certificate.pem.encode())
        context.load_cert_chain(path)
    return context
