"""The guard before URLs that attackers chose; that they lead nowhere inside is shown in tests/faults."""

from __future__ import annotations

import pytest
from tests.scanner.guarding import SPELLED, Names, guarded, listening

from certhia.clock import Clock
from certhia.errors import RemoteError
from certhia.scanner.guard import MAX_ADDRESSES, Guard, Refused, check


@pytest.mark.parametrize("url", SPELLED)
def test_spellings_that_are_refused(url: str) -> None:
    with pytest.raises(Refused) as caught:
        check(url)
    assert str(caught.value).isprintable()


async def test_a_post_brings_its_body() -> None:
    async with listening() as counted, guarded(Names(["127.0.0.1"])) as guard:
        headers = {"Content-Type": "application/ocsp-request"}
        answer = await guard.post(f"http://ocsp.example:{counted.port}/", b"\x30\x00", headers=headers)
        assert answer.body == b"ok"
        assert counted.requests[0].endswith(b"\r\n\r\n\x30\x00")
        assert b"Content-Type: application/ocsp-request" in counted.requests[0]
        assert guard.asked == 1


async def test_what_does_not_resolve_is_a_remote_error() -> None:
    async with guarded(Names([])) as guard:
        with pytest.raises(RemoteError):
            await guard.get("http://nowhere.example/")


async def test_addresses_of_a_name_are_bounded() -> None:
    many = [f"93.184.{number}.1" for number in range(100)]
    async with guarded(Names(many)) as guard:
        assert len(await guard.addresses("many.example")) == MAX_ADDRESSES
    async with guarded(Names([*many, "10.0.0.1"])) as guard:
        with pytest.raises(Refused):
            await guard.addresses("many.example")


async def test_the_systems_resolver() -> None:
    guard = Guard(clock=Clock(), user_agent="certhia/1")
    with pytest.raises(Refused, match="loopback"):
        await guard.get("http://localhost/")
    await guard.close()


@pytest.mark.parametrize(
    "url, wanted",
    [
        ("http://Example.COM/a#b", ("http://example.com:80/a", "http", "example.com", 80)),
        ("https://example.com", ("https://example.com:443/", "https", "example.com", 443)),
        ("http://example.com.:8080/?q", ("http://example.com:8080/?q", "http", "example.com", 8080)),
        ("http://192.0.2.1/", ("http://192.0.2.1:80/", "http", "192.0.2.1", 80)),
        ("HTTP://[2001:DB8::1]:80/x", ("http://[2001:db8::1]:80/x", "http", "2001:db8::1", 80)),
    ],
)
def test_urls_that_are_plain(url: str, wanted: tuple[str, str, str, int]) -> None:
    assert tuple(check(url)) == wanted
