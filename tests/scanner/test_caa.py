"""CAA records (RFC 8659), asked of a name server on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from certhia.clock import Clock
from certhia.scanner.caa import MAX_LABELS, Permission, issuer_domain, permission, read
from certhia.scanner.dns import Resolver
from certhia.scanner.nameservers import Nameservers
from certhia.testing.dns import FakeDns


@asynccontextmanager
async def asking(dns: FakeDns) -> AsyncIterator[Resolver]:
    async with dns.serve() as address, Nameservers([address], timeout=0.2, tries=1, deadline=2.0) as servers:
        yield Resolver(servers.ask, clock=Clock())


async def test_the_nearest_record_set_counts() -> None:
    dns = FakeDns()
    dns.add("a.www.example.com")
    dns.authorize("example.com", "0 issue far.example")
    dns.authorize("www.example.com", "0 issue near.example", "0 iodef mailto:me@example.com")
    async with asking(dns) as resolver:
        found = await permission(resolver, "a.WWW.example.com.")
        assert found == Permission("www.example.com", restricted=True, allowed=frozenset({"near.example"}))
        assert (await permission(resolver, "other.example.com")).allowed == {"far.example"}
        assert dns.asked.count(("www.example.com", "CAA")) == 1
        await permission(resolver, "b.www.example.com")
        assert dns.asked.count(("www.example.com", "CAA")) == 1  # remembered
        assert all(kind == "CAA" for _, kind in dns.asked)


async def test_up_to_the_top_and_no_further() -> None:
    dns = FakeDns()
    async with asking(dns) as resolver:
        found = await permission(resolver, "www.example.com")
        assert found == Permission()
        assert found.permits([])
        assert [name for name, _ in dns.asked] == ["www.example.com", "example.com", "com"]
        assert (await permission(resolver, ".".join(["a"] * (MAX_LABELS + 1)))).fault


async def test_aliases_are_followed_and_not_climbed_from() -> None:
    dns = FakeDns()
    dns.alias("www.example.com", "host.cdn.example")
    dns.add("host.cdn.example", "192.0.2.1")
    dns.authorize("cdn.example", "0 issue cdn-ca.example")  # above the alias's target: of no account
    dns.authorize("example.com", "0 issue own.example")
    async with asking(dns) as resolver:
        assert (await permission(resolver, "www.example.com")).allowed == {"own.example"}
    dns.authorize("host.cdn.example", "0 issue target.example")
    async with asking(dns) as resolver:
        assert (await permission(resolver, "www.example.com")).allowed == {"target.example"}


@pytest.mark.parametrize("how", ["servfail", "refused", "silent"])
async def test_who_does_not_answer_leaves_it_open(how: str) -> None:
    dns = FakeDns()
    dns.misbehave("example.com", how)
    dns.authorize("example.com", "0 issue ;")
    async with asking(dns) as resolver:
        found = await permission(resolver, "www.example.com")
        assert found.fault.startswith("example.com: ")
        assert found.permits([])


@pytest.mark.parametrize(
    "values, name, allowed",
    [
        (["0 issue ca.example"], "plain", {"ca.example"}),
        (["0 issue ca.example"], "wild", {"ca.example"}),
        (["0 issue ca.example", "0 issuewild wild.example"], "wild", {"wild.example"}),
        (["0 issue ca.example", "0 issuewild wild.example"], "plain", {"ca.example"}),
        (["0 issue ca.example", "0 issuewild ;"], "wild", set()),
        (["0 issuewild wild.example"], "plain", None),
        (["0 iodef mailto:a@example.com"], "plain", None),
        (["0 issue ;"], "plain", set()),
        (["0 issue"], "plain", set()),
        (["0 issue %%%%%"], "plain", set()),  # RFC 8659 section 4.2: malformed is as ";"
        (["0 ISSUE CA.Example. ; accounturi=x", "0 issue two.example"], "plain", {"ca.example", "two.example"}),
        (["128 issue ca.example"], "plain", {"ca.example"}),
    ],
)
def test_record_sets(values: list[str], name: str, allowed: set[str] | None) -> None:
    found = read("example.com", values, wild=name == "wild")
    assert found.restricted is (allowed is not None)
    assert found.allowed == (allowed or set())
    assert found.permits(["ca.example"]) is (allowed is None or "ca.example" in allowed)


def test_critical_properties_that_nobody_knows_forbid() -> None:
    found = read("example.com", ["128 tbs Unknown", "0 issue ca.example"], wild=False)
    assert found.unknown == "tbs"
    assert not found.permits(["ca.example"])
    assert read("example.com", ["0 tbs Unknown", "0 issue ca.example"], wild=False).permits(["ca.example"])


@pytest.mark.parametrize(
    "value, domain", [(" ca.example ;a=b", "ca.example"), ("-a.example", ""), ("a b", ""), ("", "")]
)
def test_issuer_domains(value: str, domain: str) -> None:
    assert issuer_domain(value) == domain
