"""A worker process with the modules in it: what one costs, the others don't lose."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from certhia.clock import Clock
from certhia.concerning import certificate, concerning
from certhia.errors import ConfigError
from certhia.modules.configured import Spec
from certhia.modules.crew import Crew
from certhia.modules.failing import Failed, Fault
from certhia.modules.finding import Finding
from certhia.modules.places import Place
from certhia.testing import entries_of, matches_of

MODULE = """
import os, time
from certhia.modules import Finding, Info, Sees

class One:
    info = Info("{name}", "1", "One", Sees.ENTRIES)

    def setup(self, outside):
        self.outside, self.calls = outside, 0

    def process(self, batch):
        self.calls += 1
        {body}
        return [Finding("seen", f"{{self.calls}} {{id(batch.columns)}}", position=0)]
"""


class Manned:
    """A crew, and what came of it."""

    def __init__(self, directory: Path, memory: int = 1 << 30) -> None:
        self.directory = directory
        self.events: list[tuple[str, Any]] = []
        self.said: list[str] = []
        self.correlations: list[str] = []
        self.on: Callable[[str], object] = lambda _: None
        self.crew = Crew("entries", memory, Clock(), lambda text, **_: self.said.append(text), self.publish)

    def publish(self, type: str, data: Mapping[str, Any], *, correlation: str = "") -> None:  # noqa: A002
        self.correlations.append(correlation or certificate())
        self.events.append((type, {**data}))
        self.on(type)

    def spec(self, name: str, body: str = "pass") -> Spec:
        path = self.directory / f"{name}.py"
        path.write_text(MODULE.format(name=name, body=body))
        return Spec(Place(name, "file", str(path)), directory=str(self.directory))


async def test_a_page_is_decoded_once_for_all(tmp_path: Path) -> None:
    one = Manned(tmp_path)
    members = [await one.crew.load(one.spec(name)) for name in ("a", "b")]
    batch = entries_of("a.example")
    done = [(await member.process(batch, 20.0)).results[0] for member in members]
    columns = {one.text.split()[1] for one in done if isinstance(one, Finding)}
    assert len(columns) == 1
    await one.crew.close()
    assert [type_ for type_, _ in one.events] == ["worker.started", "worker.stopped"]


async def test_the_others_begin_again_in_the_next_process(tmp_path: Path) -> None:
    one = Manned(tmp_path)
    good, bad = await one.crew.load(one.spec("good")), await one.crew.load(one.spec("bad", "os._exit(9)"))
    batch = entries_of("a.example")
    with concerning("ab" * 32):  # which what happens to a worker is not about
        await good.process(batch, 20.0)
    with pytest.raises(Failed, match="exit status 9") as failed:
        await bad.process(batch, 20.0)
    assert failed.value.fault is Fault.DIED
    (result,) = (await good.process(batch, 20.0)).results
    assert isinstance(result, Finding)
    assert result.text.startswith("1 ")  # it began anew
    await one.crew.close()
    assert [type_ for type_, _ in one.events] == ["worker.started", "worker.stopped"] * 2


async def test_the_one_that_grew_is_to_blame(tmp_path: Path) -> None:
    one = Manned(tmp_path, memory=150_000_000)
    grows = await one.crew.load(one.spec("grows", "self.held = bytearray(os.urandom(1)) * 200_000_000"))
    with pytest.raises(Failed, match=r"took \d+ MB of its worker's \d+ MB") as failed:
        await grows.process(entries_of("a.example"), 20.0)
    assert failed.value.fault is Fault.GREW
    await one.crew.close()


async def test_what_a_module_says_and_publishes(tmp_path: Path) -> None:
    one = Manned(tmp_path)
    body = "self.outside.tell('hello', level='warning'); self.outside.publish('mine.seen', {'a': 1})"
    member = await one.crew.load(one.spec("talks", body))
    await member.process(entries_of("a.example"), 20.0)
    assert "module talks: hello" in one.said
    assert ("mine.seen", {"a": 1}) in one.events
    await member.close()
    await one.crew.close()


async def test_matches_and_their_certificates_come_over(tmp_path: Path) -> None:
    one = Manned(tmp_path)
    body = "return [Finding('seen', str(batch.certificate(0).names), position=0)]"
    member = await one.crew.load(one.spec("reads", body))
    (result,) = (await member.process(matches_of("a.example"), 20.0)).results
    assert isinstance(result, Finding)
    assert result.text == "['a.example']"
    await one.crew.close()


async def test_one_that_cannot_be_loaded(tmp_path: Path) -> None:
    one = Manned(tmp_path)
    spec = one.spec("bad", "pass\n1 / 0")
    with pytest.raises(ConfigError, match="module bad: IndentationError"):
        await one.crew.load(spec)
    await one.crew.close()


REACHES = """
w = __import__('sys').modules['__main__']
        packed = w.pack
        w.pack = lambda told, *blobs: packed({{**told, {lie}}}, *blobs)"""


@pytest.mark.parametrize(
    "lie", ["'resident': 'much'", "'grown': None", "'seconds': 'zz'", "'said': 5", "'events': None", "'resident': []"]
)
async def test_a_worker_that_lies_is_ended(tmp_path: Path, lie: str) -> None:
    one = Manned(tmp_path)
    member = await one.crew.load(one.spec("lies", REACHES.format(lie=lie).strip()))
    with pytest.raises(Failed, match="wrote what is no answer"):
        await member.process(entries_of("a.example"), 20.0)
    await member.close()
    await one.crew.close()


async def test_an_answer_without_results(tmp_path: Path) -> None:
    one = Manned(tmp_path)
    member = await one.crew.load(one.spec("lies", REACHES.format(lie="'ok': {'a': 1}").strip()))
    with pytest.raises(Failed, match="gave what is no result"):
        await member.process(entries_of("a.example"), 20.0)
    await one.crew.close()


async def test_events_that_are_no_json_are_left_out(tmp_path: Path) -> None:
    one = Manned(tmp_path)
    body = "self.outside.publish('mine.seen', {'a': float('nan')})"
    await (await one.crew.load(one.spec("talks", body))).process(entries_of("a.example"), 20.0)
    await one.crew.close()
    assert "module talks: said something that makes no sense" in one.said
    assert "mine.seen" not in [type_ for type_, _ in one.events]


async def test_nobody_publishes_what_is_not_theirs(tmp_path: Path) -> None:
    one = Manned(tmp_path)
    member = await one.crew.load(one.spec("lies", "self.outside.publish('log.misbehaved', {'log': 'First'})"))
    with pytest.raises(Failed, match=r"events that begin with log\. are"):
        await member.process(entries_of("a.example"), 20.0)
    for reaches in ("['match', {}, '']", "['mine.seen', {}, 'a\\r\\nb: c']", "[7, {}, '']", "['a\\nb.c', {}, '']"):
        lie = f"'events': [{reaches}]"
        other = await one.crew.load(one.spec("reaches", REACHES.format(lie=lie).strip()))
        await other.process(entries_of("a.example"), 20.0)
    await one.crew.close()
    assert {type_ for type_, _ in one.events} == {"worker.started", "worker.stopped"}
    assert "module reaches: said something that makes no sense" in one.said


async def test_one_that_is_loaded_slowly_is_loaded_though_nobody_waits(tmp_path: Path) -> None:
    one, batch = Manned(tmp_path), entries_of("a.example")
    slow, bad = await one.crew.load(one.spec("slow")), await one.crew.load(one.spec("bad", "os._exit(9)"))
    with pytest.raises(Failed):
        await bad.process(batch, 20.0)
    waits = asyncio.ensure_future(slow.process(batch, 20.0))
    await asyncio.sleep(0)
    assert one.crew.begins(slow)
    waits.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waits
    assert one.crew.begins(slow)
    (result,) = (await slow.process(batch, 20.0)).results
    assert isinstance(result, Finding)
    assert not one.crew.begins(slow)
    await one.crew.close()
    assert [type_ for type_, _ in one.events] == ["worker.started", "worker.stopped"] * 2


WAITS = """
open(str(self.outside.directory) + '/began', 'w').close()
        open(str(self.outside.directory) + '/go').close()"""


def pipes(directory: Path) -> tuple[Path, Path]:
    """Which the module opens once it has begun, and once it may go on: whoever opens one waits for the other end."""
    both = directory / "began", directory / "go"
    for pipe in both:
        os.mkfifo(pipe)
    return both


async def test_who_no_longer_waits_costs_nobody_what_they_hold(tmp_path: Path) -> None:
    one, batch = Manned(tmp_path), entries_of("a.example")
    begins, goes_on = pipes(tmp_path)
    slow, other = await one.crew.load(one.spec("slow", WAITS.strip())), await one.crew.load(one.spec("other"))
    await other.process(batch, 20.0)
    waits = asyncio.ensure_future(slow.process(batch, 20.0))
    await asyncio.to_thread(begins.read_bytes)
    waits.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waits
    await asyncio.to_thread(goes_on.write_bytes, b"")
    (result,) = (await other.process(batch, 20.0)).results
    assert isinstance(result, Finding)
    assert result.text.startswith("2 ")  # it is the one that was asked before
    await one.crew.close()
    assert [type_ for type_, _ in one.events] == ["worker.started", "worker.stopped"]


async def test_a_call_that_goes_on_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    one = Manned(tmp_path)
    one.crew._clock = Impatient()
    begins, _ = pipes(tmp_path)
    slow = await one.crew.load(one.spec("slow", WAITS.strip()))
    waits = asyncio.ensure_future(slow.process(entries_of("a.example"), 600.0))
    await asyncio.to_thread(begins.read_bytes)
    waits.cancel()
    await slow.close()
    await one.crew.close()
    assert [type_ for type_, _ in one.events] == ["worker.started", "worker.stopped"]


class Impatient(Clock):
    """Whose short deadlines are over at once."""

    def deadline(self, seconds: float | None) -> asyncio.Timeout:
        """See `Clock`."""
        return super().deadline(seconds if seconds is None or seconds > 10 else 0)


async def test_nobody_is_struck_for_the_memory_of_another(tmp_path: Path) -> None:
    one, batch = Manned(tmp_path, memory=400_000_000), entries_of("a.example")
    grows = await one.crew.load(one.spec("grows", "self.held = bytearray(b'x') * 250_000_000"))
    briefly = await one.crew.load(one.spec("briefly", "self.held = bytearray(b'x') * 120_000_000"))
    await grows.process(batch, 20.0)
    (result,) = (await briefly.process(batch, 20.0)).results  # here it becomes too much
    assert isinstance(result, Finding)
    assert [text for text in one.said if "is started again; grows took" in text]
    with pytest.raises(Failed, match=r"took \d+ MB of its worker's \d+ MB") as failed:
        await grows.process(batch, 20.0)
    assert failed.value.fault is Fault.GREW
    await briefly.process(batch, 20.0)
    await one.crew.close()


async def test_memory_that_is_given_back_is_no_growth(tmp_path: Path) -> None:
    one, batch = Manned(tmp_path, memory=500_000_000), entries_of("a.example")
    tidy = await one.crew.load(
        one.spec("tidy", "self.held = bytearray(b'x') * 100_000_000 if self.calls % 2 else None")
    )
    grows = await one.crew.load(one.spec("grows", "self.held = bytearray(b'x') * 600_000_000"))
    for _ in range(14):  # 700 MB, and none of it is held
        await tidy.process(batch, 20.0)
    with pytest.raises(Failed, match="took") as failed:
        await grows.process(batch, 20.0)
    assert failed.value.fault is Fault.GREW
    await one.crew.close()


async def test_a_worker_that_is_killed_is_told_of_when_it_is(tmp_path: Path) -> None:
    one, stopped = Manned(tmp_path), asyncio.Event()
    with concerning("ab" * 32):
        member = await one.crew.load(one.spec("good"))
    one.on = lambda type_: stopped.set() if type_ == "worker.stopped" else None
    os.kill(one.events[0][1]["pid"], signal.SIGKILL)
    async with asyncio.timeout(20):
        await stopped.wait()  # nobody asked it anything
    assert one.events[1] == ("worker.stopped", {**one.events[0][1], "why": "signal 9"})
    assert one.correlations == ["", ""]
    await member.process(entries_of("a.example"), 20.0)
    await one.crew.close()
    assert [data.get("why") for _, data in one.events] == [None, "signal 9", None, ""]


async def test_a_worker_that_we_end_is_told_of_with_the_reason(tmp_path: Path) -> None:
    one = Manned(tmp_path)
    late = await one.crew.load(one.spec("late", "time.sleep(60)"))
    with pytest.raises(Failed, match="took longer"):
        await late.process(entries_of("a.example"), 0.1)
    await one.crew.close()
    assert [data.get("why") for _, data in one.events] == [None, "took longer than 0.1 s"]


async def test_a_page_that_the_process_never_had_is_sent_again(tmp_path: Path) -> None:
    one = Manned(tmp_path)
    body = "return [Finding('names', ' '.join(entry.certificate.names[0] for _, entry in batch))]"
    gone, other = [await one.crew.load(one.spec(name, body)) for name in ("gone", "other")]
    await other.process(entries_of("a.example"), 20.0)
    await gone.close()
    batch = entries_of("b.example")
    with pytest.raises(Failed):
        await gone.process(batch, 20.0)
    (found,) = (await other.process(batch, 20.0)).results
    assert isinstance(found, Finding)
    assert found.text == "b.example"
    await one.crew.close()
