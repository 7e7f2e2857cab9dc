"""The sample says what it is, and nobody can have its name."""

from __future__ import annotations

from certhia.model import Delivery
from certhia.sinks.record import record
from certhia.sinks.sample import sample


def test_a_sample() -> None:
    told = record(Delivery(0, sample(1_800_000_000.0)))
    assert str(told["matched_domain"]).endswith(".example")
    assert told["program_name"] == "A sample of Certhia"
    assert sample(1.0).key == sample(2.0).key
