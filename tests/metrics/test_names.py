"""Names are for ever: dashboards and alerts hang on them."""

from __future__ import annotations

import re
from pathlib import Path

from certhia.metrics.names import METRICS

GOLDEN = Path(__file__).with_name("names.txt")


def test_nothing_is_renamed() -> None:
    """To add a metric, add its line to names.txt; to rename one or take it away is a breaking change."""
    lines = [f"{name} {one.type} {','.join(one.labels)}".strip() for name, one in METRICS.items()]
    assert sorted(lines) == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_names_are_those_of_prometheus() -> None:
    for name, one in METRICS.items():
        assert re.fullmatch(r"(certhia|ctscout)_[a-z_]+", name)
        assert name.endswith("_total") is one.counts, name
        assert one.help
        assert not one.help.endswith("."), name


def test_those_of_ct_scout() -> None:
    theirs = {name: (one.type, one.labels, one.buckets) for name, one in METRICS.items() if name.startswith("ctscout")}
    buckets = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, float("inf"))
    assert theirs == {
        "ctscout_redis_publish_total": ("counter", ("status",), ()),
        "ctscout_redis_publish_duration_seconds": ("histogram", ("status",), buckets),
        "ctscout_redis_connection_status": ("gauge", (), ()),
        "ctscout_redis_reconnection_attempts_total": ("counter", (), ()),
        "ctscout_certificates_processed_total": ("counter", (), ()),
        "ctscout_matches_found_total": ("counter", (), ()),
    }
