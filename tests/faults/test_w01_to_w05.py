"""W01 to W05: receivers and programs that matches are sent to, and what a certificate puts into a message."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.scanner.guarding import INWARD, SPELLED, listening
from tests.sinks.conftest import delivery
from tests.sinks.receiving import Request, flaky, receiving
from tests.sinks.sending import outside
from tests.sinks.test_outbox import Listing, match, opened

from certhia.clock import Clock
from certhia.config.sinks import WebhookSink
from certhia.config.sinks.exec import ExecSink
from certhia.errors import RemoteError
from certhia.model import Alarm, Delivery
from certhia.render import json_text
from certhia.sinks import letter
from certhia.sinks.configured import Sinks
from certhia.sinks.csv import row
from certhia.sinks.environment import of_match
from certhia.sinks.exec import open_exec
from certhia.sinks.human import line
from certhia.sinks.open import Outside
from certhia.sinks.outbox import Outbox
from certhia.sinks.record import record
from certhia.sinks.refusals import Gone
from certhia.sinks.templates import Template
from certhia.sinks.terms import Terms
from certhia.sinks.webhook import Webhook, open_webhook
from certhia.store.bounds import Bounds
from certhia.store.letters import Wanted

ALERTS = 10_000


async def webhook(url: str, **changes: Any) -> Webhook:
    return await open_webhook("hook", WebhookSink(url=url, **changes), outside())


async def test_w01_a_receiver_that_fails_one_time_in_three_gets_all_and_repeats_have_the_same_id(
    tmp_path: Path,
) -> None:
    """10,000 alerts, in batches of 20, to a receiver on loopback."""
    clock = Clock()
    async with receiving(flaky()) as receiver, opened(tmp_path) as state:
        around = WebhookSink(url=receiver.url, batch=20, retry=("1ms",))
        sink = await open_webhook("hook", around, outside())
        outbox = Outbox(state, [sink], clock, terms={"hook": Terms.of(around)})
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(state.writer.run()), group.create_task(outbox.run())]
            for index in range(ALERTS):
                state.writer.match(match(index), ["hook"])
            await state.writer.durable()
            assert await outbox.drain(None)
            for task in tasks:
                task.cancel()
        await sink.close()
    told = receiver.ids()
    assert len(told) == ALERTS
    assert set(told) == {match(index).key.hex() for index in range(ALERTS)}
    failed = [request for request in receiver.requests if request not in receiver.taken]
    assert len(failed) >= ALERTS / 20 / 3
    assert {request.id for request in failed} <= {request.id for request in receiver.taken}, "repeats have the same id"
    assert max(told.values()) == 1, "and nothing that was taken was sent again"


async def test_w01_410_ends_it_and_nothing_else_does() -> None:
    async with receiving(lambda _: 410) as receiver:
        sink = await webhook(receiver.url)
        with pytest.raises(Gone, match="answered 410"):
            await sink.send([delivery(1)])
        await sink.close()


async def test_w01_an_answer_of_a_gigabyte_is_not_read() -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        await request.read()
        response = web.StreamResponse(headers={"content-length": str(1 << 30)} if "sized" in request.path else {})
        await response.prepare(request)
        try:
            while sent < 1 << 28:
                await response.write(b"x" * 4096)
                sent += 4096
        except (ConnectionError, OSError):
            pass  # cut off, as it should be
        return response

    app = web.Application()
    app.router.add_post("/{name}", endless)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    for name in ("sized", "chunked"):
        sink = await webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/{name}")
        await sink.send([delivery(1)])  # it was taken: 200 is all that is asked for
        assert sink.answer == "200 ''"
        await sink.close()
    await runner.cleanup()
    assert sent < 32 << 20, "what fits into buffers of the system"


async def test_w01_who_never_answers_is_given_up() -> None:
    over = asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    sink = await webhook(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", timeout="200ms")
    with pytest.raises(RemoteError, match=r"no whole answer within 0\.2 s"):
        await sink.send([delivery(1)])
    await sink.close()
    over.set()
    server.close()
    await server.wait_closed()


async def test_w01_a_sink_that_fails_is_told_of_by_another(tmp_path: Path) -> None:
    """Which is what 75 hours are not waited for: the alarm comes with `output.health_interval`."""
    async with receiving() as receiver, opened(tmp_path) as state:
        sinks = Sinks(outside(), ("alert",))
        await sinks.replace(
            {
                "down": WebhookSink(url="http://127.0.0.1:9/", events=("match", "alarm")),
                "well": WebhookSink(url=receiver.url, events=("alarm",)),
            }
        )
        outbox = sinks.outbox = Outbox(state, sinks.sinks, Clock(), terms=sinks.terms)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(state.writer.run()), group.create_task(outbox.run())]
            sinks.hears(Alarm("sink:down", "down: can't be told of matches, which wait"), cleared=False)
            async with asyncio.timeout(20):
                while not receiver.taken:  # noqa: ASYNC110  (of another protocol, that sets no event)
                    await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
        await sinks.close()
    (told,) = receiver.taken
    assert (told.content["type"], told.content["key"], told.content["event"]) == ("alarm", "sink:down", "raised")


async def test_w02_nothing_from_elsewhere_is_sent_inwards() -> None:
    """URLs that are not the operator's own: refused as settings, or before there is a connection."""
    around = Outside(Clock(), outside().tell, "certhia/test", trusted=False)
    async with listening() as counted:
        urls = [f"http://{host}:{counted.port}/" for host in [*INWARD, "localhost", "127.0.0.1."]]
        for url in (*urls, *SPELLED):
            try:
                made = WebhookSink(url=url)
            except ValidationError:
                continue
            sink = await open_webhook("hook", made, around)
            with pytest.raises(RemoteError):
                await sink.send([delivery(1)])
            await sink.close()
        assert counted.connections == 0
        own = await webhook(f"http://127.0.0.1:{counted.port}/")
        await own.send([delivery(1)])
        assert counted.connections == 1, "what stands in the operator's file is asked"
        await own.close()


async def test_w02_redirects_lead_nowhere() -> None:
    async with listening() as counted:

        def away(_: Request) -> web.Response:
            return web.Response(status=307, headers={"location": f"http://127.0.0.1:{counted.port}/"})

        async with receiving(away) as receiver:
            sink = await webhook(receiver.url)
            with pytest.raises(RemoteError, match="redirects are not followed"):
                await sink.send([delivery(1)])
            await sink.close()
        assert counted.connections == 0


async def test_w03_a_storm_fills_one_queue_and_delays_no_other(tmp_path: Path) -> None:
    """What is too much is counted, and the digest is told in its place; the other sink gets all meanwhile."""
    storm, bound = 5000, 200
    stuck, well = Noted("stuck"), Listing("well")
    stuck.hangs = True
    async with opened(tmp_path) as state:
        bounds = Terms(bounds=Bounds(rows=bound))
        outbox = Outbox(state, [stuck, well], Clock(), terms={"stuck": bounds})
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(state.writer.run()), group.create_task(outbox.run())]
            for index in range(storm):
                state.writer.match(match(index), ["stuck", "well"])
                if index % 500 == 0:
                    await state.writer.durable()
            await state.writer.durable()
            async with asyncio.timeout(50):
                while len(well.told) < storm:  # noqa: ASYNC110  (a list sets no event)
                    await asyncio.sleep(0)
            waiting = await state.letters(Wanted("stuck", limit=storm))
            assert len(waiting) == bound
            assert outbox.standing()["stuck"]["too_many"] == storm - bound
            stuck.hangs = False
            await outbox.replace(["stuck"], {"stuck": (stuck, bounds)})
            assert await outbox.drain(None)
            for task in tasks:
                task.cancel()
    assert stuck.indices == [*range(bound)]
    assert [(note["type"], note["count"]) for note in stuck.notes] == [("digest", storm - bound)]


class Noted(Listing):
    """One that takes digests, too."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.notes: list[Any] = []

    async def note(self, told: Any) -> None:
        self.notes.append(told)


async def test_w04_a_program_that_forks_and_never_ends_is_ended_with_its_children(tmp_path: Path) -> None:
    script = f"sleep 1000 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/own; sleep 1000"
    hook = await open_exec(
        "hook",
        ExecSink(command=("/bin/sh", "-c", script), timeout="300ms"),
        outside(),
    )
    async with asyncio.timeout(50):
        with pytest.raises(RemoteError):
            await hook.send([delivery(1)])
        for name in ("child", "own"):
            while running(int((tmp_path / name).read_text())):  # noqa: ASYNC110  (the kernel sets no event)
                await asyncio.sleep(0)
    await hook.close()


def running(number: int) -> bool:
    try:
        os.kill(number, 0)
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state not in "ZX"


HOSTILE: Sequence[str] = (
    "\x1b]0;owned\x07", "\x1b[2J", "a\r\nSubject: b", "=cmd|'/c calc'!A1", "<script>alert(1)</script>", "<!channel>",
    "[click](http://evil)", "*b* _i_ `c`", "$(reboot); `reboot`", "\u202egnp.exe", "\x00", "\ud800", "@everyone",
    '","x":"',
)  # fmt: skip
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(), max_size=40))


@settings(max_examples=100, deadline=None)
@given(text=TEXTS, other=TEXTS)
def test_w05_what_a_certificate_says_is_inert_in_every_output(text: str, other: str) -> None:
    """Terminal, CSV, JSON, mail and chat, a program's environment, templates: each has its alphabet."""
    one = hostile(text, other)
    human = line(one, color=False, brief=False)
    assert human.endswith("\n")
    assert all(part.isprintable() for part in human.rstrip("\n").split("\n"))
    (cells,) = csv.reader(io.StringIO(row(one)))
    assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in cells)
    assert not any(cell.startswith("-") and not cell[1:].isdigit() for cell in cells)
    told = json_text(record(one))
    assert told.isascii()
    assert told.isprintable()
    assert json.loads(told)["issuer_dn"] == f"CN={text}"
    message = letter.of_matches([one])
    assert message.title.isprintable()
    assert all(part.isprintable() for part in message.body.split("\n"))
    environment = of_match(one)
    assert all(value.isprintable() for value in environment.values())
    source = {"slack": "a ${issuer:slack} b", "html": "a ${issuer:html} b", "plain": "a ${issuer_dn} b"}
    made = Template(json.dumps(source), "t.json").filled({**record(one), "severity": "high"})
    assert isinstance(made, dict)
    assert made.keys() == source.keys()
    assert all(value.isprintable() for value in made.values())
    assert not set("<>") & set(made["slack"] + made["html"])


def hostile(text: str, other: str) -> Delivery:
    return delivery(1, issuer=f"CN={text}", issuer_organization=other, subject_organization=text, names=(other, text))
