"""The door that names come through."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from certhia.errors import Malformed
from certhia.scanner.content.csp import Csp
from certhia.scanner.content.extracting import Answer, Door, Piece, Visit, visit_of
from certhia.scanner.content.scripts import Scripts
from certhia.scanner.content.web import EXTRACTORS
from certhia.scanner.records import Found, Http, Result, Served, Target
from certhia.testing import CA


def visit() -> Visit:
    return Visit("www.example.com", "www.example.com", "192.0.2.1", 443)


class Words:
    """An extractor of somebody's own."""

    full = False

    def __init__(self, _: Visit) -> None:
        self.seen: list[str] = []

    def extract(self, context: Visit) -> Iterable[Found]:
        assert context.piece is not None
        self.seen.append(context.piece.kind)
        if context.piece.kind == "end":
            yield Found(f"{len(self.seen)}.example.org", "words", 0.5)


def test_built_in_ones_come_through_the_same_door() -> None:
    found: list[Found] = []
    door = Door(visit(), (*EXTRACTORS, Words), found.append)
    door.visit.response = Answer(
        "https://www.example.com/", 200, [("content-security-policy", "img-src a.example.com")]
    )
    door.came(Piece("headers"))
    door.came(Piece("policy", "img-src b.example.com"))
    door.came(Piece("script", b'x = "https://c.exam'))
    door.came(Piece("script", b'ple.com/y"'))
    door.came(Piece("over"))
    assert [one.source for one in found] == ["csp", "csp"]
    door.came(Piece("end"))
    assert found == [
        Found("a.example.com", "csp", 1.0),
        Found("b.example.com", "csp", 0.9),
        Found("c.example.com", "script", 0.9),
        Found("6.example.org", "words", 0.5),
    ]
    assert not door.full


def test_those_who_read_pieces_find_nothing_in_the_whole() -> None:
    whole = visit()
    assert list(Csp(whole).extract(whole)) == list(Scripts(whole).extract(whole)) == []


def test_the_context_of_a_result() -> None:
    der = CA().issue(["a.example.com"]).der
    served = Served(0x0304, 0, None, None, (der,), server_name="www.example.com")
    http = Http(200, "https://www.example.com/", (("server", "x"),), body=b"<html>")
    target = Target("x", None, "www.example.com", "192.0.2.1", 8443)
    made = visit_of(Result(target, 0.0, 0.0, served, http=http))
    assert (made.host, made.sni, made.address, made.port) == ("www.example.com", "www.example.com", "192.0.2.1", 8443)
    assert made.response == Answer("https://www.example.com/", 200, (("server", "x"),), b"<html>")
    assert made.chain[0].names == ["a.example.com"]
    bare = visit_of(Result(target, 0.0, 0.0))
    assert (bare.sni, bare.certificates, bare.response) == (None, (), None)
    with pytest.raises(Malformed):
        Visit(None, None, "192.0.2.1", 443, (b"none",)).chain  # noqa: B018
