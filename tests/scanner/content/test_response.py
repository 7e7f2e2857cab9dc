"""Responses: read as they come, bounded, the same however they are sliced."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.scanner.content.response import MAX_FRAMING, MAX_HEAD, MAX_HEADERS, MAX_INTERIM, Response
from certhia.scanner.failures import ScanFailure

OK = b"HTTP/1.1 200 OK\r\n"


def read(pieces: Iterable[bytes], most: int = 1000, wanted: bool = True) -> tuple[Response, bytes]:
    """Fed with these, then with the end."""
    body = bytearray()
    response = Response(body.extend, most, lambda _: wanted)
    for piece in (*pieces, b""):
        response.feed(piece)
        if response.done:
            break
    assert response.done
    return response, bytes(body)


def outcome(pieces: Iterable[bytes], most: int = 1000) -> object:
    try:
        response, body = read([one for one in pieces if one], most)
    except ScanFailure as failure:
        return failure.kind, failure.step, failure.detail
    return response.status, response.headers, response.cut, body


def fault(data: bytes) -> tuple[str, str]:
    with pytest.raises(ScanFailure) as caught:
        read([data], 1 << 20)
    return caught.value.kind, caught.value.detail


def test_a_body_of_known_length() -> None:
    response, body = read([OK + b"Content-Length: 5\r\nX-Y:  a b \r\n\r\nhello"])
    assert (response.status, body, response.cut, response.reusable) == (200, b"hello", False, True)
    assert response.headers == [("content-length", "5"), ("x-y", "a b")]
    assert (response.header("x-y"), response.header("x-z"), response.all("x-y")) == ("a b", None, ["a b"])


def test_a_body_until_the_end() -> None:
    response, body = read([OK + b"\r\nhel", b"lo"])
    assert (body, response.cut, response.reusable) == (b"hello", False, False)


def test_a_body_in_chunks() -> None:
    response, body = read([OK + b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n02\r\nlo\r\n0\r\nT: x\r\n\r\n"])
    assert (body, response.cut, response.reusable) == (b"hello", False, True)


def test_a_body_that_ends_too_early_is_taken_as_far_as_it_came() -> None:
    for head in (b"Content-Length: 9\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n9\r\nhello"):
        response, body = read([OK + head])
        assert (body, response.cut, response.reusable) == (b"hello", True, False)


@pytest.mark.parametrize("head", [b"\r\n", b"Content-Length: 11\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n0b\r\n"])
def test_no_more_is_read_than_wanted(head: bytes) -> None:
    response, body = read([OK + head + b"hello world"], most=5)
    assert (body, response.cut, response.reusable) == (b"hello", True, False)
    response, body = read([OK + head + b"hello world"], wanted=False)
    assert (body, response.cut, response.reusable) == (b"", True, False)


def test_what_has_no_body() -> None:
    for status in (b"204", b"304"):
        response, body = read([b"HTTP/1.1 " + status + b" -\r\nContent-Length: 5\r\n\r\n"])
        assert (body, response.reusable) == (b"", True)
    response, body = read([OK + b"Content-Length: 0\r\n\r\n"])
    assert (body, response.cut, response.reusable) == (b"", False, True)


def test_who_closes_is_not_asked_again() -> None:
    closing = b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    assert not read([OK + closing])[0].reusable
    assert not read([b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"])[0].reusable
    assert read([b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"])[0].reusable
    assert not read([OK + b"Content-Length: 0\r\n\r\nmore than that"])[0].reusable


def test_answers_before_the_answer() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    response, body = read([early * MAX_INTERIM + OK + b"A: b\r\n\r\nx"])
    assert (response.status, response.headers, body) == (200, [("a", "b")], b"x")
    assert fault(early * (MAX_INTERIM + 1)) == ("malformed", "answers without end before the one that counts")


def test_what_odd_servers_send() -> None:
    response, body = read([b"HTTP/1.1 200\nno header\nA : b\n  folded\n: x\nB C: d\n nor this\nE:\n\nx"])
    assert response.headers == [("a", "b folded"), ("e", "")]
    assert body == b"x"
    for lengths in (b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", b"Content-Length: -1\r\n\r\n"):
        assert read([OK + lengths + b"whole"])[1] == b"whole"
    assert read([OK + b"Content-Length: 5, 5\r\n\r\nhello"])[0].reusable


def test_what_is_no_http() -> None:
    assert fault(b"220 mail.example.com ESMTP\r\n") == ("malformed", "no HTTP")
    assert fault(b"HTTP/1.1 OK\r\n\r\n") == ("malformed", 'no status: "HTTP/1.1 OK\\r"')
    assert fault(b"") == ("closed", "")
    assert fault(OK) == ("closed", "in the headers")
    assert fault(OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n")[0] == "malformed"
    assert fault(OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n")[0] == "malformed"


def test_headers_are_bounded() -> None:
    room = MAX_HEAD - len(OK) - len(b"X: \r\n\r\n")
    assert read([OK + b"X: " + b"a" * room + b"\r\n\r\n"])[0].status == 200
    assert fault(OK + b"X: " + b"a" * (room + 1) + b"\r\n\r\n")[0] == "too-large"
    assert fault(OK + b"X: a\r\n" * MAX_HEAD)[0] == "too-large"
    assert len(read([OK + b"X: a\r\n" * (MAX_HEADERS + 1) + b"\r\n"])[0].headers) == MAX_HEADERS


def test_what_is_around_chunks_is_bounded() -> None:
    head = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    assert fault(head + b"1\r\na\r\n" * MAX_FRAMING)[0] == "too-large"
    for flood in (b"1;" + b"x" * MAX_FRAMING, b"0\r\n" + b"T: x\r\n" * MAX_FRAMING):
        assert fault(head + flood)[0] == "too-large"


PARTS = st.sampled_from(
    (b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 -\r\n", b"HTTP/1.0 301\n", b"Content-Length: 7\r\n", b"A: b\r\n", b" c\r\n",
     b"Transfer-Encoding: chunked\r\n", b"\r\n", b"\n", b"5\r\n", b"a\r\n", b"0\r\n", b"hello", b"HTTP/", b"x")
)  # fmt: skip


@given(st.one_of(st.lists(PARTS, max_size=20).map(b"".join), st.binary(max_size=80)), st.data())
def test_slices_make_no_difference(data: bytes, drawn: st.DataObject) -> None:
    cuts = drawn.draw(st.lists(st.integers(0, len(data)), max_size=8).map(sorted))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    most = drawn.draw(st.integers(0, 12))
    assert outcome(pieces, most) == outcome([data], most)
    assert outcome([data[at : at + 1] for at in range(len(data))], most) == outcome([data], most)
