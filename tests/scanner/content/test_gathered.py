"""What is gathered of one server."""

from __future__ import annotations

from certhia.scanner.content.gathered import MAX_NAMES, MAX_POLICIES, MAX_SHOWN, MAX_VALUE, Gathered
from certhia.scanner.content.response import Response
from certhia.scanner.records import Failure, Found


def responded(*headers: str) -> Response:
    response = Response(lambda _: None, 0)
    response.feed("\r\n".join(("HTTP/1.1 200 OK", *headers, "", "")).encode())
    return response


def test_a_name_keeps_its_highest_confidence() -> None:
    gathered = Gathered("https://example.com/")
    for name, source, sure in (("a.example", "csp", 0.9), ("a.example", "script", 0.3), ("a.example", "csp", 0.5)):
        gathered.name(name, source, sure)
    assert gathered.record().names == (Found("a.example", "csp", 0.9), Found("a.example", "script", 0.3))


def test_what_is_kept_is_bounded() -> None:
    gathered = Gathered("https://example.com/")
    for number in range(MAX_NAMES + 1):
        gathered.name(f"n{number}.example.com", "csp")
    gathered.answered(responded(*(["Content-Security-Policy: a"] * (MAX_POLICIES + 1))))
    assert len(gathered.record().names) == MAX_NAMES
    assert len(gathered.record().policies) == MAX_POLICIES
    gathered = Gathered("https://example.com/")
    gathered.answered(responded("X: " + "x" * (MAX_VALUE + 1), "Content-Security-Policy: " + "y" * (MAX_SHOWN + 1)))
    assert len(gathered.record().headers[0][1]) == MAX_VALUE
    assert len(gathered.record().policies[0].text) == MAX_SHOWN


def test_the_record_is_inert() -> None:
    gathered = Gathered("https://example.com/\x1b")
    gathered.location = gathered.url
    gathered.scripts = gathered.redirects = [gathered.url]
    gathered.answered(responded("X: \x1b", "Content-Security-Policy: \x1b"))
    http = gathered.record(Failure("closed", "http"))
    assert "\x1b" not in f"{http}"
    assert str(http).count("\\\\x1b") == 7
    assert http.failure == Failure("closed", "http")
