"""The sink notify through Apprise: to a real mail server, and to receivers of our own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web
from tests.realservers.launching import LOOPBACK, Running, running
from tests.realservers.smtp import SMTP, mail
from tests.sinks.conftest import MAKE
from tests.sinks.sending import outside

from certhia.config.sinks.notify import NotifySink
from certhia.errors import ConfigError, RemoteError
from certhia.sinks.notify import Notify, open_notify

# Of a package that Apprise's plugins import.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(SMTP) as there:
        yield there


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apprise sends one mail in four seconds at most."""
    from apprise.plugins import NotifyBase
    from apprise.plugins.custom_json import NotifyJSON
    from apprise.plugins.email.base import NotifyEmail

    for one in (NotifyBase, NotifyJSON, NotifyEmail):
        monkeypatch.setattr(one, "request_rate_per_sec", 0)


class Receiver:
    """A service of Apprise's JSON kind."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[dict[str, str]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        if self.status == 200:
            self.got.append(json.loads(await request.read()))
        return web.Response(status=self.status)


@pytest.fixture
async def receivers() -> AsyncIterator[list[Receiver]]:
    there = [Receiver(), Receiver()]
    runners = []
    for one in there:
        app = web.Application()
        app.router.add_post("/", one.take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, LOOPBACK, 0)
        await site.start()
        one.url = f"json://{LOOPBACK}:{runner.addresses[0][1]}/"
        runners.append(runner)
    yield there
    for runner in runners:
        await runner.cleanup()


async def sink(*urls: str, **changes: object) -> Notify:
    return await open_notify("people", NotifySink.model_validate({"urls": urls, **changes}), outside())


async def delivered(server: Running, number: int) -> None:
    """The server puts mail into its box some time after it took it."""
    import asyncio

    async with asyncio.timeout(20):
        while len(mail(server)) < number:  # noqa: ASYNC110  (the server sets no event)
            await asyncio.sleep(0)


async def test_mail(server: Running, make: MAKE) -> None:
    url = f"mailto://{LOOPBACK}:{server.place.port}?from=certhia@example.com&to=ops@example.com&mode=insecure"
    people = await sink(url)
    hostile = "evil\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>"
    await people.send([make(1, issuer_organization=hostile, names=("www.example.com", hostile))])
    await people.note({"type": "alarm", "event": "raised", "text": hostile})
    await delivered(server, 2)
    found = {str(one["Subject"]): one for one in mail(server)}
    assert set(found) == {"Certificate for www.example.com", "Certhia: alarm"}
    for one in found.values():
        assert one["Bcc"] is None
        assert "ops@example.com" in str(one["To"])
        text = one.get_body(("plain", "html"))
        assert text is not None
        assert "<script>" not in text.get_content()
    whole = found["Certificate for www.example.com"].as_string()
    assert "SHA-256: " + "02" * 32 in whole.replace("=\n", "")
    assert people.name == "people"
    await people.close()


async def test_a_server_that_is_down_is_told_later(server: Running, make: MAKE) -> None:
    url = f"mailto://{LOOPBACK}:{server.place.port}?from=certhia@example.com&to=ops@example.com&mode=insecure"
    people = await sink(url)
    before = len(mail(server))
    server.kill()
    with pytest.raises(RemoteError, match=r"(?i)mail|connection"):
        await people.send([make(2)])
    server.revive()
    await people.send([make(2, repeat=True)])
    await delivered(server, before + 1)
    assert any(str(one["Subject"]).endswith("(told before)") for one in mail(server))


async def test_who_took_it_does_not_get_it_again(receivers: list[Receiver], make: MAKE) -> None:
    one, other = receivers
    people = await sink(one.url, other.url)
    one.status = 503
    with pytest.raises(RemoteError, match="503"):
        await people.send([make(1), make(2)])
    with pytest.raises(RemoteError, match="503"):
        await people.note({"type": "digest", "text": "9 matches"})
    one.status = 200
    await people.send([make(1), make(2), make(3)])
    assert [got["title"] for got in one.got] == ["3 certificates"]
    assert [got["title"] for got in other.got] == [
        "2 certificates",
        "Certhia: digest",
        "Certificate for www.example.com",
    ]


async def test_a_service_that_hangs_is_given_up(make: MAKE) -> None:
    import socket

    with socket.create_server((LOOPBACK, 0)) as there:
        people = await sink(f"json://{LOOPBACK}:{there.getsockname()[1]}/?rto=1", timeout=0.3)
        with pytest.raises(RemoteError):
            await people.send([make(1)])


async def test_a_line_that_apprise_does_not_know() -> None:
    with pytest.raises(ConfigError, match=r"\[sinks\.people\] urls: line 2 is none that Apprise knows") as refused:
        await sink("json://localhost/", "slack://hunter2")
    assert "hunter2" not in str(refused.value)
