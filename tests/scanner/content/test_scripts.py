"""Names in scripts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.scanner.content.scripts import HALF, LONG, MAX_MENTIONS, MAX_TRIED, OWN, SHORT, URL, Mentions


def read(*pieces: bytes, host: str | None = "www.example.com") -> dict[str, float]:
    mentions = Mentions(host)
    for piece in pieces:
        mentions.feed(piece)
    mentions.end()
    return mentions.names


@pytest.mark.parametrize(
    "text, name, sure",
    [
        ("fetch(`https://API.Example.net:8443/v1`)", "api.example.net", URL),
        (r'"wss:\/\/live.example.net"', "live.example.net", URL),
        ("x='//cdn.example.net/a.js'", "cdn.example.net", HALF),
        ('"api.example.com"', "api.example.com", OWN),
        ('"*.example.com"', "*.example.com", OWN),
        ('h="eu.api.example.net";', "eu.api.example.net", LONG),
        ('"example.net"', "example.net", SHORT),
        ('"location.host"', "location.host", SHORT),
        ('"lib.install.sh"', "lib.install.sh", SHORT),
        ('"https://www.example.net/", "www.example.net"', "www.example.net", URL),
    ],
)
def test_what_names_a_host(text: str, name: str, sure: float) -> None:
    assert read(text.encode()) == {name: sure}


NONE = (
    *("", "api.example.com", '"main.js"', '"a.b.c.d"', '"192.0.2.1"', "https://192.0.2.1/", "https://localhost/"),
    *(
        '"co.uk"',
        '"api.example.com',
        "\"api.example.com/x'",
        "https://-.com",
        '"..."',
        "https://" + "a" * 400,
        "//a.com",
    ),
)


@pytest.mark.parametrize("text", NONE)
def test_what_names_none(text: str) -> None:
    assert read(text.encode()) == {}


def test_a_name_that_is_found_again_is_surer() -> None:
    text = b'"example.net" "//example.net/" "example.net" "https://example.net" "example.net"'
    assert read(text) == {"example.net": URL}


def test_scripts_are_bounded() -> None:
    mentions = Mentions(None)
    mentions.feed(b" ".join(b'"h%d.example.com"' % number for number in range(MAX_MENTIONS + 10)))
    mentions.end()
    assert mentions.full
    assert len(mentions.names) == MAX_MENTIONS
    mentions = Mentions(None)
    mentions.feed(b" ".join(b'"a.h%d"' % number for number in range(MAX_TRIED + 10)))
    mentions.end()
    assert mentions.full
    assert not mentions.names


def test_a_megabyte_of_beginnings() -> None:
    for text in (b'"', b"a", b"https://", b'"a', b"https://a.", b"`//"):
        piece = text * (16_384 // len(text))
        assert read(*[piece] * 64) == {}


PARTS = st.sampled_from(
    [b"https://", b"wss:\\/\\/", b'"', b"'", b"//", b"api.example.com", b".net", b"a", b" ", b"\xff"]
)


@given(st.lists(PARTS, max_size=20).map(b"".join), st.lists(st.integers(0, 200), max_size=5).map(sorted))
def test_slices_make_no_difference(text: bytes, cuts: list[int]) -> None:
    text += b" " * 350 + text  # more than is kept
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]
    assert read(*pieces) == read(text)
