"""Terms from settings, and messages that are not sent one right after the other."""

from __future__ import annotations

from pathlib import Path

from tests.sinks.test_outbox import Listing
from tests.sinks.test_queue import desk

from certhia.config.sinks import FileSink, RedisSink, WebhookSink
from certhia.config.sinks.section import SCHEDULE
from certhia.sinks.terms import Terms
from certhia.testing import SimClock, in_simulated_time


def test_from_settings() -> None:
    terms = Terms.of(FileSink(path="x.jsonl", batch=7, rate=2.5, max_queue_rows=9, max_queue_bytes="1MB"))
    assert (terms.batch, terms.rate, terms.bounds.rows, terms.bounds.bytes) == (7, 2.5, 9, 10**6)
    assert terms.dead_after == 75 * 3600
    assert Terms.of(FileSink(path="x.jsonl", dead_after=0)).dead_after is None
    gathered = Terms.of(FileSink(path="x.jsonl", digest="1h"))
    assert (gathered.batch, gathered.digest) == (1000, 3600)


def test_the_schedule_is_that_of_standard_webhooks_and_repeats_its_end() -> None:
    terms = Terms.of(WebhookSink(url="https://hook.example/"))
    assert [terms.pause(n) for n in range(1, 10)] == [*SCHEDULE]
    assert [terms.pause(n) for n in (10, 1000)] == [86_400, 86_400]
    assert sum(SCHEDULE) == 75 * 3600 + 35 * 60 + 5


def test_who_takes_many_at_once_is_not_told_of_each_alone() -> None:
    assert Terms.of(WebhookSink(url="https://hook.example/", batch=100)).spacing == 0.1
    assert Terms.of(WebhookSink(url="https://hook.example/")).spacing == 0
    assert Terms.of(RedisSink(url="redis://127.0.0.1")).spacing == 0


@in_simulated_time
async def test_the_first_is_told_at_once_and_those_that_follow_on_it_together(
    certhia_clock: SimClock, tmp_path: Path
) -> None:
    sink = Listing()
    async with desk(certhia_clock, tmp_path, sink, terms=Terms(spacing=0.1)) as at:
        for index in range(4):
            began = certhia_clock.monotonic()
            await at.tell(index)
            await certhia_clock.sleep(0.03 - (certhia_clock.monotonic() - began))
        await certhia_clock.sleep(1)
        await at.tell(4)
        await at.outbox.drain(1)
        assert [len(one) for one in sink.calls] == [1, 3, 1]
        assert sink.times[1] - sink.times[0] >= 0.1
