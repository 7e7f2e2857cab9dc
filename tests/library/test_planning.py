"""From settings to what is visited."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia.clock import Clock
from certhia.config.scanning import ScanOptions
from certhia.errors import ConfigError
from certhia.library.planning import kinds_of, names_of, plan_of, resolver_of, starttls_of
from certhia.scanner.ports import Port
from certhia.testing.dns import FakeDns


def test_a_plan() -> None:
    plan = plan_of(ScanOptions(targets=("192.0.2.1",), ports="443,25/smtp", sni="a.example,b.example"), b"k" * 16)
    assert plan.ports == (Port(443), Port(25, "smtp"))
    assert plan.server_names == ("a.example", "b.example")
    assert (plan.key, plan.starttls, plan.pointed, plan.every) == (b"k" * 16, None, False, False)
    assert plan_of(ScanOptions(targets=("192.0.2.1",))).key != plan_of(ScanOptions(targets=("192.0.2.1",))).key


def test_nothing_to_scan() -> None:
    with pytest.raises(ConfigError, match="there is nothing to scan"):
        plan_of(ScanOptions())


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="targets can't be read"):
        plan_of(ScanOptions(targets_from=(str(tmp_path / "none"),)))


def test_names_that_are_asked_for() -> None:
    assert names_of("host") == names_of("ptr") == ("",)
    assert names_of("none") == (None,)
    assert names_of("Bücher.example, a.example,a.example") == ("xn--bcher-kva.example", "a.example")
    assert plan_of(ScanOptions(targets=("192.0.2.1",), sni="ptr")).pointed
    with pytest.raises(ConfigError, match="empty label"):
        names_of("a..example")


def test_the_protocol_before_tls() -> None:
    assert starttls_of(None) is None
    assert starttls_of("none") == ""
    assert starttls_of("imap") == "imap"
    with pytest.raises(ConfigError, match='--starttls "gopher" is not known'):
        starttls_of("gopher")


def test_kinds_of_targets(tmp_path: Path) -> None:
    assert kinds_of(ScanOptions(targets=("192.0.2.0/24", "2001:db8::1"))) == {"address"}
    assert kinds_of(ScanOptions(targets=("www.example.com",))) == {"host"}
    assert kinds_of(ScanOptions(targets=("www.example.com", "192.0.2.1"))) == {"address", "host"}
    assert kinds_of(ScanOptions(targets_from=("x",))) == {"address", "host"}


async def test_who_is_asked_for_addresses() -> None:
    resolver, servers = resolver_of(ScanOptions(resolver=("127.0.0.1:53",)), Clock())
    assert (await resolver.resolve("localhost")).addresses[0] == "127.0.0.1"
    await servers.close()
    dns = FakeDns()
    dns.add("www.example.com", "192.0.2.1", "2001:db8::1")
    async with dns.serve() as address:
        resolver, servers = resolver_of(ScanOptions(ipv6=True, resolver=(address,)), Clock())
        assert (await resolver.resolve("www.example.com")).addresses == ("2001:db8::1",)
        await servers.close()
    with pytest.raises(ConfigError, match="is no address"):
        resolver_of(ScanOptions(resolver=("dns.example",)), Clock())
