"""What is behind a name: against a name server and TLS servers on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.scanner.tls_servers import authority, context, tls_server

from certhia._core import Certificate
from certhia.clock import Clock
from certhia.modules.builtin.typosquat.context import Context, Looking
from certhia.scanner.addresses import inward
from certhia.scanner.dns import Resolver
from certhia.scanner.nameservers import Nameservers
from certhia.testing import CA
from certhia.testing.dns import FakeDns

LOCAL = "127.0.0.1"
NAME = "www.example.com"
SHOWN = Certificate.from_der(authority()[1].der)
OTHER = Certificate.from_der(CA(9).issue([NAME]).der)


@asynccontextmanager
async def looking(dns: FakeDns, port: int | None = None, patience: float = 5.0) -> AsyncIterator[Looking]:
    """As in a run, but that this machine's own address may be asked."""
    async with dns.serve() as address, Nameservers([address], timeout=0.5, tries=1, deadline=2.0) as servers:
        clock = Clock()
        closed = lambda one: None if one == LOCAL else inward(one)  # noqa: E731
        yield Looking(
            Resolver(servers.ask, every=True, clock=clock), clock, port=port, patience=patience, closed=closed
        )


async def test_where_it_leads_and_who_takes_its_mail() -> None:
    dns = FakeDns()
    dns.add(NAME, "192.0.2.7", "2001:db8::7")
    dns.mail("example.com", "mx.example.net")
    dns.delegate("example.com", "ns1.example.net", "ns2.example.net")
    async with looking(dns) as looks:
        found = await looks.behind(NAME, SHOWN)
    assert found == Context(
        ("192.0.2.7", "2001:db8::7"), "", ("mx.example.net",), ("ns1.example.net", "ns2.example.net")
    )
    assert found.text() == "leads to 192.0.2.7 and 1 more, takes mail"
    assert found.data() == {
        "resolves": True,
        "addresses": ["192.0.2.7", "2001:db8::7"],
        "fault": "",
        "mail": ["mx.example.net"],
        "name_servers": ["ns1.example.net", "ns2.example.net"],
        "serves": "",
        "why": "",
        "registered": None,
    }


async def test_a_name_that_leads_nowhere() -> None:
    async with looking(FakeDns(), 443) as looks:
        found = await looks.behind(NAME, SHOWN)
        assert (found.text(), found.data()["resolves"]) == ("leads nowhere (NXDOMAIN)", False)
        found = await looks.behind("no host name", SHOWN)
        assert found.text().startswith("leads nowhere (")


@pytest.mark.parametrize("certificate, serves", [(SHOWN, "the certificate"), (OTHER, "another certificate")])
async def test_what_its_server_shows(certificate: Certificate, serves: str) -> None:
    dns = FakeDns()
    dns.add(NAME, LOCAL)
    with tls_server(context()) as port:
        async with looking(dns, port) as looks:
            found = await looks.behind(NAME, certificate)
            assert found.text() == f"leads to {LOCAL}, serves {serves}"
            again = await looks.behind("else.example.com", certificate)
            assert again.text() == "leads nowhere (NXDOMAIN)"
            again = await looks.behind(NAME, certificate)
            assert again.text() == f"leads to {LOCAL}, was not asked (too many names lead there)"


async def test_a_precertificate_is_the_certificate_that_it_announced() -> None:
    pre, final = authority()[0].pair([NAME])
    dns = FakeDns()
    dns.add(NAME, LOCAL)
    with tls_server(context(shown=final)) as port:
        async with looking(dns, port) as looks:
            assert (await looks.behind(NAME, Certificate.from_der(pre.tbs))).serves == "the certificate"


async def test_a_server_that_shows_nothing() -> None:
    dns = FakeDns()
    dns.add(NAME, LOCAL)
    async with looking(dns, 1) as looks:
        found = await looks.behind(NAME, SHOWN)
    assert found.serves == "nothing"
    assert found.text().startswith(f"leads to {LOCAL}, serves nothing (")


async def test_no_packet_goes_to_an_address_of_ones_own() -> None:
    dns = FakeDns()
    dns.add(NAME, "10.0.0.1")
    async with looking(dns, 443) as looks:
        found = await looks.behind(NAME, SHOWN)
    assert found.text() == "leads to 10.0.0.1, was not asked (private, RFC 1918)"


async def test_it_has_a_deadline() -> None:
    dns = FakeDns()
    dns.misbehave(NAME, "silent")
    async with looking(dns, patience=0.05) as looks:
        assert (await looks.behind(NAME, SHOWN)).text() == "leads nowhere (no answer in time)"
