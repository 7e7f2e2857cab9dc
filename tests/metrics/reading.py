"""What a scrape holds."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

Samples = Mapping[tuple[str, tuple[str, ...]], float]


def read(text: bytes) -> Samples:
    """Values by name and by the values of the labels, which are sorted by their names."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }
