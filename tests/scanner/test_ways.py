from __future__ import annotations

import pytest

from certhia._core import Flight
from certhia.scanner.failures import ScanFailure
from certhia.scanner.probing import WEB
from certhia.scanner.ways import LARGE, UNASKED, Way, another, uncertified


@pytest.mark.parametrize(
    "how, failure, first, then",
    [
        ("glance", ScanFailure("alert", "hello", "protocol_version"), None, "whole"),
        ("glance", ScanFailure("closed", "hello"), None, "whole"),
        ("glance", ScanFailure("closed", "starttls"), None, None),
        ("glance", ScanFailure("alert", "hello", "access_denied"), None, None),
        ("glance", ScanFailure("not-tls", "hello"), None, None),
        ("glance", ScanFailure("refused", "connect"), None, None),
        ("whole", ScanFailure("alert", "handshake", "handshake_failure"), None, "old"),
        ("whole", ScanFailure("malformed", "handshake"), None, "old"),
        ("whole", ScanFailure("closed", "handshake"), None, "glance"),
        ("whole", ScanFailure("timeout", "handshake"), None, None),
        ("whole", ScanFailure("too-large", "handshake", LARGE), None, "old"),
        ("whole", ScanFailure("too-large", "handshake", LARGE), ScanFailure("closed", "hello"), "old"),
        ("whole", ScanFailure("too-large", "handshake", "more than 100000 bytes"), None, None),
        ("old", ScanFailure("too-large", "handshake", LARGE), None, None),
        ("whole", ScanFailure("refused", "connect"), None, None),
        ("whole", ScanFailure("alert", "handshake", "x"), ScanFailure("alert", "hello", "protocol_version"), "old"),
        ("whole", ScanFailure("alert", "handshake", "x"), ScanFailure("closed", "hello"), None),
        ("old", ScanFailure("alert", "handshake", "x"), ScanFailure("alert", "hello", "protocol_version"), None),
        ("old", ScanFailure("closed", "handshake"), ScanFailure("alert", "handshake", "x"), "glance"),
        ("glance", ScanFailure("closed", "hello"), ScanFailure("alert", "handshake", "x"), None),
        ("glance", ScanFailure("closed", "hello"), ScanFailure("alert", "hello", "unrecognized_name"), "whole"),
    ],
)
def test_another_way(how: str, failure: ScanFailure, first: ScanFailure | None, then: str | None) -> None:
    following = another(Way(how, None, ()), failure, first)
    assert (following and following.how) == then


@pytest.mark.parametrize("how", ["glance", "whole"])
@pytest.mark.parametrize("kind", ["alert", "malformed", "closed", "reset"])
@pytest.mark.parametrize("detail", ["", "protocol_version", "unrecognized_name", "no_application_protocol"])
def test_ways_come_to_an_end(how: str, kind: str, detail: str) -> None:
    ways = [Way(how, "a.example", WEB)]
    first: ScanFailure | None = None
    while True:
        failure = ScanFailure(kind, "hello" if ways[-1].how == "glance" else "handshake", detail)
        following = another(ways[-1], failure, first)
        if following is None:
            break
        assert following not in ways
        ways.append(following)
        first = first or failure
    assert len(ways) <= 4


def test_no_way_is_gone_twice() -> None:
    way: Way | None = Way("glance", "a.example", WEB)
    for reason in ("unrecognized_name", "no_application_protocol", "unrecognized_name"):
        assert way is not None
        way = another(way, ScanFailure("alert", "hello", reason), None)
    assert way is None


def test_a_flight_that_says_too_little() -> None:
    assert str(uncertified(Flight())) == "malformed at hello: no certificate came"
    broken = Flight()
    broken.feed(b"HTTP/1.1 400 Bad Request\r\n")
    assert uncertified(broken).kind == "not-tls"
    assert another(Way("glance", None, ()), ScanFailure("malformed", "hello", UNASKED), None) is not None
