"""Events of modules in this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from certhia.concerning import concerning
from certhia.modules.publishing import publishing


class Heard:
    def __init__(self) -> None:
        self.told: list[tuple[str, Mapping[str, Any], str, int]] = []

    def __call__(self, type: str, data: Mapping[str, Any], *, correlation: str = "") -> None:  # noqa: A002
        self.told.append((type, data, correlation, threading.get_ident()))


async def test_from_whatever_thread_it_is_heard_on_the_loop() -> None:
    heard = Heard()
    publish = publishing(heard)
    publish("mine.seen", {"n": 0})

    def elsewhere() -> None:
        with concerning("ab" * 32):
            publish("mine.seen", {"n": 1})
            publish("mine.seen", {"n": 2}, correlation="cd" * 32)

    await asyncio.to_thread(elsewhere)
    here = threading.get_ident()
    assert heard.told == [
        ("mine.seen", {"n": 0}, "", here),
        ("mine.seen", {"n": 1}, "ab" * 32, here),
        ("mine.seen", {"n": 2}, "cd" * 32, here),
    ]


@pytest.mark.parametrize(
    "type_, data, correlation, said",
    [
        ("log.misbehaved", {"log": "First"}, "", "are Certhia's own"),
        ("match", {}, "", "is no type of events"),
        ("new line\nx.y", {}, "", "is no type of events"),
        ("mine.seen", {}, "a\r\nb: c", "is no correlation id"),
        ("mine.seen", {"a": float("nan")}, "", "data is JSON"),
    ],
)
async def test_what_is_not_a_modules_to_publish(
    type_: str, data: dict[str, object], correlation: str, said: str
) -> None:
    heard = Heard()
    with pytest.raises(ValueError, match=said):
        publishing(heard)(type_, data, correlation=correlation)
    assert not heard.told


async def test_those_that_come_with_us_publish_what_is_ours() -> None:
    heard = Heard()
    publishing(heard, ours=True)("finding.reported", {"text": "x"})
    assert [one[0] for one in heard.told] == ["finding.reported"]
