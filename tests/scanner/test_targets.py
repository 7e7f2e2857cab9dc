from __future__ import annotations

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certhia.errors import ConfigError
from certhia.scanner.ports import Port
from certhia.scanner.targets import Block, Name, TargetError, read_target, text_of


def block(first: str, last: str = "", port: Port | None = None) -> tuple[object, ...]:
    low, high = ip_address(first), ip_address(last or first)
    return (low.version, int(low), int(high), port)


BLOCKS = {
    "192.0.2.7": block("192.0.2.7"),
    "0.0.0.0": block("0.0.0.0"),
    "255.255.255.255": block("255.255.255.255"),
    "2001:DB8::7": block("2001:db8::7"),
    "[2001:db8::7]": block("2001:db8::7"),
    "::ffff:192.0.2.7": block("192.0.2.7"),
    "192.0.2.0/24": block("192.0.2.0", "192.0.2.255"),
    "192.0.2.9/30": block("192.0.2.8", "192.0.2.11"),
    "192.0.2.9/32": block("192.0.2.9"),
    "0.0.0.0/0": block("0.0.0.0", "255.255.255.255"),
    "::/0": block("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "2001:db8::/120": block("2001:db8::", "2001:db8::ff"),
    "::ffff:192.0.2.0/120": block("192.0.2.0", "192.0.2.255"),
    "192.0.2.1-99": block("192.0.2.1", "192.0.2.99"),
    "192.0.2.1-3.7": block("192.0.2.1", "192.0.3.7"),
    "192.0.2.1-192.0.3.7": block("192.0.2.1", "192.0.3.7"),
    "192.0.2.1 - 192.0.3.7": block("192.0.2.1", "192.0.3.7"),
    "2001:db8::1-2001:db8::1:0": block("2001:db8::1", "2001:db8::1:0"),
    "2001:db8::1-FF": block("2001:db8::1", "2001:db8::ff"),
    "192.0.2.7:8443": block("192.0.2.7", port=Port(8443)),
    "192.0.2.7:smtp": block("192.0.2.7", port=Port(25, "smtp")),
    "[2001:db8::7]:443": block("2001:db8::7", port=Port(443)),
    "192.0.2.0/24:8443": block("192.0.2.0", "192.0.2.255", Port(8443)),
    "192.0.2.1-9:25": block("192.0.2.1", "192.0.2.9", Port(25)),
    "[2001:db8::/120]:443": block("2001:db8::", "2001:db8::ff", Port(443)),
    "2001:db8::1:443": block("2001:db8::1:443"),
}
NAMES = {
    "www.example.com": ("www.example.com", None, None),
    "WWW.Example.COM.": ("www.example.com", None, None),
    "localhost": ("localhost", None, None),
    "bücher.example": ("xn--bcher-kva.example", None, None),
    "例え.テスト": ("xn--r8jz45g.xn--zckzah", None, None),
    "xn--bcher-kva.example": ("xn--bcher-kva.example", None, None),
    "_acme.example.com": ("_acme.example.com", None, None),
    "192-0-2-1.example.com": ("192-0-2-1.example.com", None, None),
    "1.2.3.4-5.example.com": ("1.2.3.4-5.example.com", None, None),
    "1.2.3.com": ("1.2.3.com", None, None),
    "example.com:8443": ("example.com", Port(8443), None),
    "bücher.example:443": ("xn--bcher-kva.example", Port(443), None),
    "mail.example.com:2525/smtp": ("mail.example.com", Port(2525, "smtp"), None),
    "https://www.example.com": ("www.example.com", Port(443, ""), "/"),
    "HTTPS://www.example.com:8443/a?b=c#d": ("www.example.com", Port(8443, ""), "/a?b=c"),
    "https://www.example.com?q": ("www.example.com", Port(443, ""), "/?q"),
    "http://www.example.com/": ("www.example.com", Port(443, ""), "/"),
    "https://bücher.example/ä b%20": ("xn--bcher-kva.example", Port(443, ""), "/%C3%A4%20b%20"),
    "smtp://mail.example.com": ("mail.example.com", Port(25, "smtp"), "/"),
    "smtp://mail.example.com:2525": ("mail.example.com", Port(2525, "smtp"), "/"),
}
WRONG = {
    "": "has no host",
    "127.1": "ends in a number but is no address",
    "0x7f.1": "ends in a number but is no address",
    "2130706433": "ends in a number but is no address",
    "http://2130706433/": "ends in a number but is no address",
    "010.0.0.1": "ends in a number but is no address",
    "192.0.2.256": "is no IPv4 address; write 192.0.2.7",
    "1.2.3.4.5": "ends in a number but is no address",
    "192.0.2.0/33": "is no network; write 192.0.2.0/24",
    "192.0.2.9-1": "ends before it begins; write 192.0.2.1-192.0.2.9",
    "192.0.2.1-2001:db8::1": "is no range of addresses",
    "192.0.2.1-999": "is no range of addresses; write 192.0.2.1-99",
    "fe80::1%eth0": "write an address without a zone",
    "[www.example.com]:1": "something else than IPv6 in brackets",
    "2001:db8::g": "is no IPv6 address",
    "[2001:db8::g]:443": "is no IPv6 address",
    "example.com:99999": "has a port that is none",
    "example.com:": "has a port that is none",
    "example.com:443,8443": "has a port that is none",
    "gopher://example.com/": 'has the scheme "gopher"',
    "https://user:secret@example.com/": 'the target "https://...@example.com" holds a user name',
    "https://example.com\\@127.0.0.1/": "is no URL with a host",
    "https:///x": "is no URL with a host",
    "https://192.0.2.1-9/": "is a URL of more than one address",
    "example.com/path": "write it as https://",
    "someone@example.com": "write its host: example.com",
    "1,example.com": "write one target a line (of a CSV file: cut -d, -f2)",
    "a.example b.example": "has a space in it",
    "*.example.com": "has a star",
    "-oX": "begins with a hyphen",
    "a..example": "has an empty label",
    "ex\x00ample.com": "is no host name",
    "a" * 64 + ".example": "is no host name",
    "a-.example": "begins or ends with a hyphen",
    "under^score.example": "is no host name (a name has letters, digits, hyphens and dots)",
    ".".join(["abcdefgh"] * 29): "is no host name (a name has 1 to 253",
}


@pytest.mark.parametrize("text, expected", BLOCKS.items())
def test_addresses_networks_and_ranges(text: str, expected: tuple[object, ...]) -> None:
    found = read_target(text, 7)
    assert isinstance(found, Block)
    assert (found.origin, found.line, found.path) == (text, 7, None)
    assert (found.version, found.first, found.last, found.port) == expected


@pytest.mark.parametrize("text, expected", NAMES.items())
def test_hosts_and_urls(text: str, expected: tuple[str, Port | None, str | None]) -> None:
    assert read_target(text, 7) == Name(text, 7, *expected)


def test_urls_of_addresses() -> None:
    assert read_target("https://192.0.2.1/24") == Block(
        "https://192.0.2.1/24", None, 4, 0xC0000201, 0xC0000201, Port(443, ""), "/24"
    )
    found = read_target("https://[2001:db8::1]:8443/")
    assert isinstance(found, Block)
    assert (found.version, found.port, found.path) == (6, Port(8443, ""), "/")


@pytest.mark.parametrize("text, told", WRONG.items())
def test_what_is_no_target_is_told_with_what_to_write(text: str, told: str) -> None:
    with pytest.raises(TargetError) as caught:
        read_target(text)
    assert told in str(caught.value)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=40) | st.text("0123456789abcdefx.:-/[]@%* ", max_size=40))
@example("0.0.0.0-0.0.0.0")
@example("::-::")
@example("[::]:1-2")
@example("1.1.1.1-1.1.1.1.1")
def test_any_line_is_a_target_or_told(text: str) -> None:
    told = ""
    found = None
    try:
        found = read_target(text)
    except ConfigError as error:
        told = str(error)
    assert (found is None) is bool(told)
    assert told.isprintable()
    if isinstance(found, Name):
        assert found.host.isascii()
        assert found.host == found.host.lower().strip(".") != ""
    if isinstance(found, Block):
        assert 0 <= found.first <= found.last < 1 << (32 if found.version == 4 else 128)


@given(st.ip_addresses())
def test_every_address_is_read_as_itself(address: object) -> None:
    found = read_target(str(address))
    assert isinstance(found, Block)
    meant = ip_address(str(address))
    mapped = None if isinstance(meant, IPv4Address) else meant.ipv4_mapped
    assert found.first == found.last == int(mapped or meant)


@given(st.ip_addresses(), st.integers(0, 1000))
def test_blocks_are_told_as_they_can_be_written(address: object, more: int) -> None:
    first = ip_address(str(address))
    last = min(int(first) + more, (1 << first.max_prefixlen) - 1)
    written = text_of(first.version, int(first), last)
    found = read_target(written)
    assert isinstance(found, Block)
    assert found.last - found.first == last - int(first)
