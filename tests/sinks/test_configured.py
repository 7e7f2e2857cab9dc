"""Configured sinks: opened together or not at all, chosen for each match, replaced by difference."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.sinks.conftest import delivery
from tests.sinks.sending import outside
from tests.sinks.test_outbox import match, opened

from certhia.clock import Clock
from certhia.config.sinks import FileSink, RedisSink, SinkSettings, WebhookSink
from certhia.errors import ConfigError
from certhia.events.event import Event
from certhia.library.feed import Feed
from certhia.library.probing import Probing
from certhia.modules.host import QUEUE
from certhia.sinks.configured import Sinks
from certhia.sinks.formats import Format
from certhia.sinks.outbox import Outbox
from certhia.sinks.stdout import Stdout
from certhia.store import State


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


async def test_all_or_nothing(tmp_path: Path) -> None:
    sinks = Sinks(outside(), ("alert",))
    good, bad = FileSink(path=tmp_path / "a.jsonl"), FileSink(path=tmp_path / "no" / "b.jsonl")
    with pytest.raises(ConfigError, match="there is no directory"):
        await sinks.replace({"good": good, "bad": bad})
    assert sinks.sinks == []
    for name in (Stdout(Format("jsonl")).name, Probing.name, Feed.name, f"file:{tmp_path}/a.jsonl", f"{QUEUE}x"):
        with pytest.raises(ConfigError, match=rf"sinks\.{name}: is a queue's own name"):
            await sinks.replace({name: good})
    same = FileSink(path=tmp_path / "no" / ".." / "a.jsonl")
    with pytest.raises(
        ConfigError, match=r"sinks\.good and sinks\.same write to .*a\.jsonl: give each a file of its own"
    ):
        await sinks.replace({"good": good, "same": same})
    assert await sinks.replace({"good": good}) == ["sink good is new"]
    with pytest.raises(ConfigError):
        await sinks.replace({"bad": bad})
    assert [sink.name for sink in sinks.sinks] == ["good"]
    await sinks.close()


async def test_who_is_told(tmp_path: Path) -> None:
    sinks = Sinks(outside(), ("alert",))
    await sinks.replace(
        {
            "all": FileSink(path=tmp_path / "a.jsonl"),
            "other": FileSink(path=tmp_path / "b.jsonl", programmes=("other",)),
            "off": FileSink(path=tmp_path / "c.jsonl", enabled=False),
        }
    )
    assert sinks.routes(delivery(1).match) == ["all"]
    assert not (tmp_path / "c.jsonl").exists()
    await sinks.close()


async def test_replaced_while_it_runs_and_nothing_is_lost(tmp_path: Path) -> None:
    """One stays as it is, one changes, one goes, one comes; what waited for one that went is there again."""
    sinks = Sinks(outside(), ("alert",))
    stays, first, second = (FileSink(path=tmp_path / f"{name}.jsonl") for name in ("stays", "first", "second"))
    await sinks.replace({"stays": stays, "moves": first, "goes": WebhookSink(url="http://127.0.0.1:9/", retry=("1h",))})
    async with opened(tmp_path / "state") as state:
        outbox = sinks.outbox = Outbox(state, sinks.sinks, Clock(), terms=sinks.terms)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(state.writer.run()), group.create_task(outbox.run())]

            async def tell(index: int) -> None:
                state.writer.match(match(index), sinks.routes(match(index)))
                await state.writer.durable()

            await tell(1)
            before = {sink.name: sink for sink in sinks.sinks}
            told = await sinks.replace({"stays": stays, "moves": second, "new": FileSink(path=tmp_path / "new.jsonl")})
            assert told == ["sink moves has changed", "sink new is new", "sink goes is no longer told"]
            assert {sink.name: sink for sink in sinks.sinks}["stays"] is before["stays"]
            await tell(2)
            assert await outbox.drain(20)
            await state.writer.durable()
            assert await state.queues() == {"goes": 1}
            await sinks.replace({"goes": FileSink(path=tmp_path / "back.jsonl")})
            assert await outbox.drain(20)
            for task in tasks:
                task.cancel()
    await sinks.close()
    counts = {name: lines(tmp_path / f"{name}.jsonl") for name in ("stays", "first", "second", "new", "back")}
    assert counts.pop("first") + counts.pop("second") == 2, "to whichever was there when its turn came"
    assert counts == {"stays": 2, "new": 1, "back": 1}


async def test_one_that_does_not_end_well_is_out_of_use_all_the_same(tmp_path: Path) -> None:
    said: list[str] = []

    def tell(text: str, *, level: str = "info", log: str = "") -> None:
        del level, log
        said.append(text)

    sinks = Sinks(replace(outside(), tell=tell), ("alert",))
    await sinks.replace({"old": FileSink(path=tmp_path / "a.jsonl")})
    (old,) = sinks.sinks

    async def close() -> None:
        raise LookupError("its own")

    end, old.close = old.close, close  # type: ignore[method-assign]
    use = await sinks.prepared({"new": FileSink(path=tmp_path / "b.jsonl")})
    assert sinks.sinks == [old], "nothing changes before it is put in use"
    sinks.adopt(("expected",))  # meanwhile
    await use()
    assert [sink.name for sink in sinks.sinks] == ["new"]
    assert sinks.routes(delivery(1).match) == []
    assert said == ["old: did not end well: LookupError: its own"]
    await end()
    await sinks.close()


async def test_each_redis_is_opened_anew_once_it_is_required(tmp_path: Path) -> None:
    given = outside()
    sinks, file = Sinks(given, ("alert",)), FileSink(path=tmp_path / "a.jsonl")
    wanted: dict[str, SinkSettings] = {"file": file, "away": RedisSink(url="redis://127.0.0.1:1")}
    await sinks.replace(wanted)
    before = {sink.name: sink for sink in sinks.sinks}
    with pytest.raises(ConfigError, match="away"):
        await sinks.prepared(wanted, require_redis=True)
    assert {sink.name: sink for sink in sinks.sinks} == before
    assert sinks.outside == given
    await (await sinks.prepared({"file": file}, require_redis=True))()
    assert sinks.outside == replace(given, require_redis=True)
    with pytest.raises(ConfigError, match="away"):
        await sinks.replace(wanted)
    assert sinks.sinks == [before["file"]]
    await sinks.close()


async def test_events_go_to_those_who_want_them(tmp_path: Path) -> None:
    sinks = Sinks(outside(), ("alert",))
    asked = FileSink(path=tmp_path / "asked.jsonl", events=("log.*",))
    await sinks.replace({"asked": asked, "other": FileSink(path=tmp_path / "other.jsonl")})
    event = Event("id1", "log.failed", 0.0, "watch", {"log": "First"}, {"correlation_id": "", "version": 1})
    sinks.happened(replace(event, id="id0"))  # before anybody runs them
    async with await State.open(tmp_path / "state", clock=Clock(), follow=True) as state:
        outbox = sinks.outbox = Outbox(state, sinks.sinks, Clock(), terms=sinks.terms)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(state.writer.run()), group.create_task(outbox.run())]
            sinks.happened(event)
            sinks.happened(replace(event, type="scan.started"))
            assert await outbox.drain(20)
            for task in tasks:
                task.cancel()
    await sinks.close()
    early, told = map(json.loads, (tmp_path / "asked.jsonl").read_text().splitlines())
    assert (early["id"], told["id"]) == ("id0", "id1")
    assert (told["type"], told["data"], told["text"]) == ("log.failed", {"log": "First"}, "log=First")
    assert not (tmp_path / "other.jsonl").exists() or not (tmp_path / "other.jsonl").read_text()
