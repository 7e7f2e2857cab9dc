"""Samples as Prometheus reads them (text format 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from certhia.metrics.names import METRICS, Named, Sample
from certhia.metrics.published import Durations

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4


@dataclass(frozen=True, slots=True)
class Seen:
    """What was collected, on the loop; to be written in a thread."""

    samples: Sequence[Sample]

    def text(self) -> bytes:
        """All of it."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families(self.samples))
        return generate_latest(registry)


class _Families(Collector):
    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        families = {name: _family(name, one) for name, one in METRICS.items()}
        for name, labels, value in self._samples:
            _add(families[name], labels, value)
        yield from (family for family in families.values() if family.samples)

    def describe(self) -> Iterator[Metric]:
        """Names are checked by a test, not at each scrape."""
        return iter(())


_Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily


def _family(name: str, one: Named) -> _Family:
    if one.buckets:
        return HistogramMetricFamily(name, one.help, labels=one.labels)
    if one.counts:
        return CounterMetricFamily(name, one.help, labels=one.labels)
    return GaugeMetricFamily(name, one.help, labels=one.labels)


def _add(family: _Family, labels: Sequence[str], value: float | Durations) -> None:
    if isinstance(family, HistogramMetricFamily):
        assert isinstance(value, Durations)
        below = zip(METRICS[family.name].buckets, accumulate(value.counts), strict=True)
        buckets = [
            ("+Inf" if bound == inf else f"{bound:g}", count) for bound, count in below
        ]  # as ct-scout writes them
        family.add_metric(labels, buckets, value.seconds)
    else:
        assert not isinstance(value, Durations)
        family.add_metric(labels, value)
