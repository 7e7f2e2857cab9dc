"""Webhooks against real receivers on loopback: what is sent, what answers mean, what is never asked."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.realservers.launching import ISSUING, ROOT
from tests.sinks.conftest import MAKE, delivery
from tests.sinks.receiving import Request, receiving
from tests.sinks.sending import outside

from certhia.config.sinks import WebhookSink
from certhia.errors import ConfigError, RemoteError, Throttled
from certhia.events.event import Event
from certhia.events.words import told_of
from certhia.sinks.breaker import FAILURES
from certhia.sinks.open import Outside
from certhia.sinks.refusals import Gone, Refused
from certhia.sinks.webhook import Webhook, open_webhook

KEYS = ("whsec_" + base64.b64encode(b"k" * 32).decode(), "whsec_" + base64.b64encode(b"l" * 24).decode())


async def webhook(url: str, around: Outside | None = None, **settings: Any) -> Webhook:
    return await open_webhook("hook", WebhookSink(url=url, **settings), around or outside())


def signed(request: Request, secret: str) -> str:
    """What a receiver computes (Standard Webhooks, "Verifying signatures")."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


async def test_a_match_is_one_signed_post(make: MAKE) -> None:
    async with receiving() as receiver:
        sink = await webhook(receiver.url + "?token=x", secret=KEYS, ctscout_secret="hush", headers=("X-Own: a: b",))
        one = make(7)
        await sink.send([one])
        await sink.close()
    (request,) = receiver.requests
    assert request.path == "/hook?token=x"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["certhia-event"] == "match"
    assert request.headers["x-correlation-id"] == one.key, "as in its events, and in what is said of it"
    assert request.headers["x-own"] == "a: b"
    assert request.id == one.key == request.content["id"]
    assert request.headers["webhook-signature"].split() == [signed(request, key) for key in KEYS], "either key will do"
    assert request.headers["x-ctscout-signature"] == hmac.new(b"hush", request.body, hashlib.sha256).hexdigest()
    assert request.content["matched_domain"] == "www.example.com"
    assert request.content["severity"] == "high"
    assert sink.answer == "200 ''"


async def test_without_keys_nothing_is_signed(make: MAKE) -> None:
    async with receiving() as receiver:
        sink = await webhook(receiver.url)
        await sink.send([make(1), make(2)])
        await sink.close()
    assert [request.content["id"][:2] for request in receiver.requests] == ["01", "02"]
    assert "webhook-signature" not in receiver.requests[0].headers
    assert "webhook-id" in receiver.requests[0].headers


async def test_a_batch_is_one_message_with_an_id_of_its_matches(make: MAKE) -> None:
    async with receiving() as receiver:
        sink = await webhook(receiver.url, batch=100)
        for _ in range(2):
            await sink.send([make(1), make(2)])
        await sink.send([make(3)])
        await sink.close()
    first, second, third = receiver.requests
    assert first.headers["certhia-event"] == "matches"
    assert (first.content["type"], first.content["count"]) == ("matches", 2)
    assert [match["id"][:2] for match in first.content["matches"]] == ["01", "02"]
    assert first.id == second.id != third.id
    assert len(third.content["matches"]) == 1, "one alone has the same shape"


async def test_records_besides_are_told_apart() -> None:
    async with receiving() as receiver:
        sink = await webhook(receiver.url)
        for event in ("raised", "raised", "cleared"):
            await sink.note({"type": "alarm", "key": "disk", "event": event, "since": "2026"})
        await sink.close()
    assert [request.headers["certhia-event"] for request in receiver.requests] == ["alarm"] * 3
    first, second, third = (request.id for request in receiver.requests)
    assert first == second != third


@pytest.mark.parametrize(
    "status, headers, error",
    [
        (400, {}, Refused),
        (422, {}, Refused),
        (413, {}, Refused),
        (410, {}, Gone),
        (429, {"retry-after": "7200"}, Throttled),
        (503, {"retry-after": "7"}, Throttled),
        (429, {}, RemoteError),
        (500, {}, RemoteError),
        (404, {}, RemoteError),
        (401, {}, RemoteError),
        (302, {"location": "http://169.254.169.254/latest"}, RemoteError),
    ],
)
async def test_what_answers_mean(make: MAKE, status: int, headers: dict[str, str], error: type[RemoteError]) -> None:
    def answer(_: Request) -> web.Response:
        return web.Response(status=status, headers=headers, text="no\x1b[31m")

    async with receiving(answer) as receiver:
        sink = await webhook(receiver.url + "/secret-token")
        with pytest.raises(error) as caught:
            await sink.send([make(1)])
        await sink.close()
        assert type(caught.value) is error
        assert f"answered {status} 'no\\x1b[31m'" in str(caught.value)
        assert "secret-token" not in str(caught.value)
        assert len(receiver.requests) == 1, "redirects are not followed"
        if error is Throttled:
            assert isinstance(caught.value, Throttled)
            assert caught.value.retry_after == float(headers["retry-after"])


async def test_nobody_there_is_told_without_the_path(make: MAKE) -> None:
    sink = await webhook("http://127.0.0.1:9/secret-token")
    with pytest.raises(RemoteError, match=r"^http://127\.0\.0\.1:9/\.\.\.: cannot connect") as caught:
        await sink.send([make(1)])
    await sink.close()
    assert "secret" not in str(caught.value)


TOKEN = "xoxb-SECRET-in-a-path"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 no\r\nconnection: close\r\n\r\nCannot POST %b",
        b'HTTP/1.1 404 no\r\nconnection: close\r\n\r\n{"no": "https:\\/\\/x\\/xoxb-SECRET-in-a-path"}',
        b"HTTP/1.1 301 no\r\nconnection: close\r\nlocation: https://user@127.0.0.1%b\r\n\r\n",
        b"HTTP/1.1 301 no\r\nconnection: close\r\nlocation: %b\r\n\r\n",
        b"no HTTP at all " + b"x" * 60 + b"\r\n\r\n",
    ],
)
async def test_a_token_in_the_url_is_not_shown_whatever_the_receiver_says(make: MAKE, answer: bytes) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1]
        writer.write(answer.replace(b"%b", path))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    around = outside()
    sink = await webhook(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks/{TOKEN}?key={TOKEN}", around)
    with pytest.raises(RemoteError) as caught:
        await sink.send([make(1)])
    await sink.close()
    server.close()
    await server.wait_closed()
    for said in (str(caught.value), sink.answer, *(one.reason for one in around.breakers.circuits)):
        assert "SECRET" not in said


async def test_a_host_that_fails_is_asked_by_one_alone(make: MAKE) -> None:
    around = outside()
    async with receiving(lambda _: 500) as receiver:
        one, other = [await webhook(receiver.url, around) for _ in range(2)]
        for _ in range(FAILURES):
            with pytest.raises(RemoteError, match="answered 500"):
                await one.send([make(1)])
        for sink in (one, other):
            with pytest.raises(Throttled, match="is not asked for"):
                await sink.send([make(1)])
            await sink.close()
        assert len(receiver.requests) == FAILURES
    (circuit,) = around.breakers.circuits
    assert (circuit.state, circuit.failures) == ("open", FAILURES)
    assert "answered 500" in circuit.reason


async def test_a_receiver_of_an_authority_of_ones_own(make: MAKE, tmp_path: Path) -> None:
    made = ISSUING.leaf(["hooks.example.com"], "p256", ips=("127.0.0.1",))
    (tmp_path / "chain.pem").write_text(made.pem + ISSUING.pem)
    (tmp_path / "key.pem").write_bytes(made.key_pem)
    (tmp_path / "root.pem").write_text(ROOT.pem)
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 taken\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=secure)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/{TOKEN}"
    strange = await webhook(url)
    with pytest.raises(RemoteError, match=r"not trusted: .*; give its root with ca_file$") as caught:
        await strange.send([make(1)])
    assert "SECRET" not in str(caught.value)
    known = await webhook(url, ca_file=tmp_path / "root.pem")
    await known.send([make(1)])
    assert known.answer == "204 ''"
    for sink in (strange, known):
        await sink.close()
    server.close()
    await server.wait_closed()


async def test_a_template_of_ones_own(make: MAKE, tmp_path: Path) -> None:
    file = tmp_path / "slack.json"
    file.write_text(json.dumps({"text": "${matched_domain:slack} by ${issuer:slack}", "all": "${all_domains}"}))
    async with receiving() as receiver:
        sink = await webhook(receiver.url, template=file)
        await sink.send([make(1, issuer="CN=<!channel>\n")])
        await sink.close()
    assert receiver.requests[0].content == {
        "text": "www.example.com by &lt;!channel&gt;\\n",
        "all": ["www.example.com", "example.com", "192.0.2.7"],
    }
    with pytest.raises(ConfigError, match="leave batch and digest out"):
        await webhook("http://127.0.0.1:9/", template=file, batch=2)


async def test_a_template_of_what_is_no_match(tmp_path: Path) -> None:
    file = tmp_path / "note.json"
    file.write_text(json.dumps({"text": "${type} ${event}: ${text:slack}", "log": "${log}"}))
    async with receiving() as receiver:
        sink = await webhook(receiver.url, note_template=file)
        await sink.note({"type": "alarm", "event": "raised", "text": "<full>\n", "log": None})
        await sink.note({"type": "digest", "text": "9 matches"})
        await sink.close()
    assert [one.content for one in receiver.requests] == [
        {"text": "alarm raised: &lt;full&gt;\\n", "log": None},
        {"text": "digest : 9 matches", "log": None},
    ]
    file.write_text('{"text": "${matched_domain}"}')
    with pytest.raises(ConfigError, match="is no field of a record that is no match"):
        await webhook("http://127.0.0.1:9/", note_template=file)


@pytest.mark.parametrize("secret", ["whsec_c2hvcnQ=", "nothing", "whsec_!", base64.b64encode(b"k" * 32).decode()])
async def test_a_key_that_is_none_is_never_shown(secret: str) -> None:
    with pytest.raises(ConfigError, match=r"sinks\.hook\.secret: is no key: whsec_ and 24 to 64 bytes") as caught:
        await webhook("http://127.0.0.1:9/", secret=(secret,))
    assert secret.removeprefix("whsec_") + "'" not in str(caught.value)
    assert secret not in repr(WebhookSink(url="http://127.0.0.1:9/", secret=(secret,)))


def test_a_webhook_hears_of_everything() -> None:
    from certhia.model import Noting, Sink

    sink: Sink = Webhook("hook", WebhookSink(url="http://127.0.0.1:9/"), outside())
    assert isinstance(sink, Noting)
    assert sink.name == "hook"
    assert delivery(1).key == "01" * 32


async def test_an_event_is_its_envelope_and_carries_its_correlation() -> None:
    event = Event("id1", "vulnerability.detected", 0.0, "scan", {"kind": "expired"}, {"correlation_id": "ab" * 16})
    async with receiving() as receiver:
        sink = await webhook(receiver.url)
        await sink.note(told_of(event))
        await sink.note(told_of(replace(event, id="id2", metadata={"correlation_id": ""})))
        await sink.close()
    first, second = receiver.requests
    assert first.headers["certhia-event"] == "vulnerability.detected"
    assert first.headers["x-correlation-id"] == first.content["metadata"]["correlation_id"] == "ab" * 16
    assert (first.content["id"], first.content["text"]) == ("id1", "kind=expired")
    assert "x-correlation-id" not in second.headers
    assert first.id != second.id


@pytest.mark.parametrize(
    "record, correlation",
    [
        ({"type": "probe", "id": "ab" * 32, "name": "www.example.com"}, "ab" * 32),
        ({"type": "scan", "id": "12", "scan_id": "cd" * 16}, "cd" * 16),
        ({"type": "alarm", "key": "stale"}, None),
    ],
)
async def test_what_comes_of_a_match_or_a_scan_carries_its_id(
    record: dict[str, object], correlation: str | None
) -> None:
    async with receiving() as receiver:
        sink = await webhook(receiver.url)
        await sink.note(record)
        await sink.close()
    assert receiver.taken[0].headers.get("x-correlation-id") == correlation
