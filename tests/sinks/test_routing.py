"""Who is told of what."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sinks.conftest import delivery

from certhia.config.sinks import FileSink
from certhia.events.event import Event
from certhia.model import MatchKind, RuleHit
from certhia.sinks.routing import Route

TOLD = ("alert", "possible")
ACME = RuleHit("example.com", "a.example.com", "san", "below", "Acme Bank", "hackerone")
WORD = RuleHit("kw:acme", "acme.test", "san", "keyword", "Brand", "")


def route(**settings: Any) -> Route:
    return Route.of(FileSink(path="x.jsonl", **settings), TOLD)


@pytest.mark.parametrize(
    "settings, wanted",
    [
        ({}, True),
        ({"programmes": ("acme*",)}, True),
        ({"programmes": ("other", "BRAND")}, True),
        ({"programmes": ("other",)}, False),
        ({"rules": ("keyword",)}, True),
        ({"rules": ("cidr", "exact")}, False),
        ({"rules": ("keyword",), "programmes": ("acme*",)}, False),
        ({"rules": ("below",), "programmes": ("acme*",)}, True),
        ({"severities": ("high",)}, True),
        ({"severities": ("low", "medium")}, False),
        ({"kinds": ("expected",)}, False),
        ({"events": ("alarm",)}, False),
        ({"events": ("alarm", "match")}, True),
    ],
)
def test_what_is_wanted(settings: dict[str, Any], wanted: bool) -> None:
    assert route(**settings).wants(delivery(1, hits=(ACME, WORD)).match) is wanted


def test_kinds_are_those_that_are_told_unless_a_sink_says_its_own() -> None:
    own = delivery(1, kind=MatchKind.EXPECTED).match
    assert not route().wants(own)
    assert route(kinds=("expected",)).wants(own)
    assert route(kinds=("expected",), severities=("info",)).wants(own)


def test_what_comes_of_a_match_goes_to_those_whom_it_concerns() -> None:
    one = delivery(1, hits=(ACME, WORD)).match
    assert route().events == {"match"}
    assert route(events=("probe",)).concerns(one)
    assert not route(events=("probe",)).wants(one)
    assert not route(events=("probe",), severities=("low",)).concerns(one)


@pytest.mark.parametrize(
    "settings, type_, data, heard",
    [
        ({}, "scan.started", {}, False),
        ({"events": ("match", "alarm", "scan")}, "scan.started", {}, False),
        ({"events": ("match", "alarm", "*")}, "match", {}, False),
        ({"events": ("scan.*",)}, "scan.started", {}, True),
        ({"events": ("scan.*",), "severities": ("high",), "programmes": ("acme",)}, "scan.started", {}, True),
        ({"events": ("*",), "severities": ("high",)}, "vulnerability.detected", {"severity": "critical"}, True),
        ({"events": ("*",), "severities": ("high",)}, "vulnerability.detected", {"severity": "low"}, False),
        ({"events": ("match.found",)}, "match.found", {"kind": "alert"}, True),
        ({"events": ("match.found",)}, "match.found", {"kind": "expected"}, False),
        (
            {"events": ("*",), "programmes": ("acme*",)},
            "match.found",
            {"kind": "alert", "programmes": ["Acme Bank"]},
            True,
        ),
        ({"events": ("*",), "programmes": ("acme*",)}, "match.found", {"kind": "alert", "programmes": []}, False),
    ],
)
def test_which_events_are_heard(settings: dict[str, Any], type_: str, data: dict[str, object], heard: bool) -> None:
    assert route(**settings).hears(Event("id", type_, 0.0, "test", data, {})) is heard
