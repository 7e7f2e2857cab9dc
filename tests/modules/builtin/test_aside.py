"""Findings of no batch: an event as the host's, and a line."""

from __future__ import annotations

from pathlib import Path

from tests.modules.builtin.matching import Around

from certhia.events.types import FindingReported
from certhia.modules.builtin.aside import REPORTED, report
from certhia.modules.finding import Finding
from certhia.testing import SimClock


def test_it_is_an_event_as_the_host_makes_them(tmp_path: Path) -> None:
    around = Around(tmp_path, SimClock())
    found = Finding("kind", "a text", "high", None, ("a.example",), {"more": 1})
    report(around.outside, "typosquat", found, log="https://log.example/", index=7)
    kind, data = around.published[0]
    assert (kind, REPORTED) == (FindingReported.type, FindingReported.type)
    assert isinstance(data, dict)
    assert FindingReported(**data) == FindingReported(
        "typosquat", "kind", "high", "a text", ("a.example",), "https://log.example/", 7, None, {"more": 1}
    )
    assert around.said == ["a text"]
    report(around.outside, "expiry", found, match="ab")
    report(around.outside, "typosquat", found, correlation="cd")
    assert around.correlations == ["", "ab", "cd"]
