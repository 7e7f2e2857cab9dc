"""Terms from settings."""

from __future__ import annotations

from certhia.config.sinks import FileSink, WebhookSink
from certhia.config.sinks.section import SCHEDULE
from certhia.sinks.terms import Terms


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
