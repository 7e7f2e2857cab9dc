"""URLs of servers: what is shown of them, and how they are asked to go on."""

from __future__ import annotations

import pytest

from certhia.certstream.address import Address


@pytest.mark.parametrize(
    "url, shown",
    [
        ("wss://certstream.example/", "wss://certstream.example/"),
        (
            "wss://me:word@certstream.example:4000/full?rule=a.com&token=x",
            "wss://certstream.example:4000/full?rule=a.com",
        ),
        ("https://one.example/sse?stream=full&Token=x&since=-10m", "https://one.example/sse?stream=full"),
    ],
)
def test_what_is_shown_has_no_secret_and_no_place(url: str, shown: str) -> None:
    assert Address(url).shown == shown


def test_a_cursor_takes_the_place_of_the_one_that_was_given() -> None:
    address = Address("ws://one.example/?since=-10m&token=a%26b")
    assert address.since("") == address.url
    assert address.since("ab:7") == "ws://one.example/?token=a%26b&since=ab%3A7"


def test_events_come_over_http() -> None:
    assert [Address(f"{scheme}://one.example/").is_events for scheme in ("ws", "wss", "http", "https")] == [
        False,
        False,
        True,
        True,
    ]
