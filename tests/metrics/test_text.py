"""Samples as Prometheus reads them."""

from __future__ import annotations

from tests.metrics.reading import read

from certhia.metrics.names import METRICS, Sample
from certhia.metrics.published import Durations
from certhia.metrics.text import Seen


def durations(*several: float) -> Durations:
    one = Durations()
    for seconds in several:
        one.add(seconds)
    return one


def test_all_of_them_can_be_written() -> None:
    samples: list[Sample] = [
        (name, ("x",) * len(one.labels), durations(0.02) if one.buckets else 1.0) for name, one in METRICS.items()
    ]
    text = Seen(samples).text().decode()
    assert [name for name in METRICS if f"# TYPE {name} {METRICS[name].type}\n" not in text] == []


def test_a_histogram() -> None:
    name = "ctscout_redis_publish_duration_seconds"
    text = Seen([(name, ("success",), durations(0.02, 0.3, 7.0))]).text()
    found = read(text)
    assert found[f"{name}_bucket", ("0.01", "success")] == 0
    assert found[f"{name}_bucket", ("0.025", "success")] == 1
    assert found[f"{name}_bucket", ("0.5", "success")] == 2
    assert found[f"{name}_bucket", ("+Inf", "success")] == found[f"{name}_count", ("success",)] == 3
    assert found[f"{name}_sum", ("success",)] == 7.32
    assert b'le="1"' in text


def test_what_a_label_holds_breaks_nothing() -> None:
    odd = 'a"b\\c\nd\x1b[31m{x="y"} 1'
    assert read(Seen([("certhia_sink_up", (odd,), True)]).text()) == {("certhia_sink_up", (odd,)): 1.0}
