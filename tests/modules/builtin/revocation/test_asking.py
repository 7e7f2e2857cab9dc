"""What authorities say of certificates and precertificates: real answers, on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.scanner.responding import crl, free_port, guarded, responder, serving

from certhia._core import Certificate
from certhia.clock import Clock
from certhia.modules.builtin.revocation.asking import MAX_URLS, Asking, host_of, signed
from certhia.scanner.guard import Guard
from certhia.testing import CA, der
from certhia.testing.authority import AUTHORITY_INFO, CA_ISSUERS, Authority

ROOT = Authority.root("Asked root")
POISON = der.extension("1.3.6.1.4.1.11129.2.4.3", der.tlv(der.NULL), critical=True)


@asynccontextmanager
async def asking(guard: Guard) -> AsyncIterator[Asking]:
    asked = Asking(Clock(), guard, longest=600.0)
    try:
        yield asked
    finally:
        await asked.close()


async def test_a_responder_knows_precertificates_by_their_number(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://ocsp.example:{port}/"
    good = ROOT.leaf(["good.example"], ocsp=url, extensions=(POISON,))
    bad = ROOT.leaf(["bad.example"], ocsp=url, extensions=(POISON,))
    assert Certificate.from_der(good.der).is_precert
    known = {good: "good", bad: "keyCompromise"}
    async with guarded() as guard, asking(guard) as asked, responder(tmp_path, port, ROOT, known, ROOT):
        assert (await asked.ask(good.der, ROOT.der)).state == "good"
        status = await asked.ask(bad.der, ROOT.der)
        assert (status.state, status.source, status.reason) == ("revoked", "ocsp", "keyCompromise")
        assert status.at > 0


async def test_lists_where_there_is_no_responder() -> None:
    async with serving() as pages, guarded() as guard, asking(guard) as asked:
        good, bad = (ROOT.leaf([name], crl=pages.url("/crl")) for name in ("good.example", "bad.example"))
        pages.bodies["/crl"] = crl(ROOT, [bad])
        assert [(await asked.ask(one.der, ROOT.der)).state for one in (good, bad)] == ["good", "revoked"]
        assert pages.asked == ["/crl"]  # once for both


async def test_an_issuer_that_is_not_kept_is_fetched() -> None:
    other = Authority.root("Another root")
    async with serving() as pages, guarded() as guard, asking(guard) as asked:
        leaf = ROOT.leaf(["a.example"], crl=pages.url("/crl"), issuers=pages.url("/ca"))
        pages.bodies |= {"/crl": crl(ROOT), "/ca": ROOT.der}
        assert (await asked.ask(leaf.der, None)).state == "good"
        strange = ROOT.leaf(["b.example"], crl=pages.url("/crl"), issuers=pages.url("/other"))
        pages.bodies["/other"] = other.der
        assert (await asked.ask(strange.der, None)).detail == "its issuer's certificate is not known, and not to be had"
        absent = ROOT.leaf(["c.example"], crl=pages.url("/crl"), issuers=pages.url("/absent"))
        assert (await asked.ask(absent.der, None)).state == "unavailable"


async def test_what_cannot_be_asked_about_is_unavailable() -> None:
    ca = CA()
    async with guarded() as guard, asking(guard) as asked:
        assert (await asked.ask(b"no certificate", ROOT.der)).state == "unavailable"
        issued = ca.issue(["a.example"], precert=True, precert_signer=True)
        status = await asked.ask(issued.der, ca.precert_signer)
        assert "Precertificate Signing Certificate" in status.detail
        assert guard.asked == 0


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://169.254.169.254/latest/", "http://[::1]/", "ldap://x/"])
async def test_nothing_inside_is_asked(url: str) -> None:
    guard = Guard(clock=Clock(), user_agent="certhia/1")
    async with asking(guard) as asked:
        leaf = ROOT.leaf(["a.example"], ocsp=url, crl=url, issuers=url)
        assert (await asked.ask(leaf.der, ROOT.der)).state == "unavailable"
        assert (await asked.ask(leaf.der, None)).state == "unavailable"
        assert guard.refused > 0
    await guard.close()


def test_who_is_asked_first() -> None:
    leaf = ROOT.leaf(["a.example"], ocsp="http://OCSP.example:80/x", crl="http://crl.example/")
    assert host_of(Certificate.from_der(leaf.der)) == "ocsp.example"
    assert host_of(Certificate.from_der(ROOT.leaf(["a.example"], crl="http://crl.example/").der)) == "crl.example"
    assert host_of(Certificate.from_der(ROOT.leaf(["a.example"]).der)) is None
    assert host_of(Certificate.from_der(ROOT.leaf(["a.example"], ocsp="ldap://x/").der)) == ""


def test_who_signed() -> None:
    leaf = ROOT.leaf(["a.example"])
    assert signed(Certificate.from_der(leaf.der), Certificate.from_der(ROOT.der))
    assert not signed(Certificate.from_der(leaf.der), Certificate.from_der(Authority.root("x").der))


async def test_addresses_of_an_issuer_are_bounded() -> None:
    async with serving() as pages, guarded() as guard, asking(guard) as asked:
        urls = [pages.url(f"/{number}") for number in range(6)]
        places = [der.sequence(der.oid(CA_ISSUERS), der.tlv(0x86, url.encode())) for url in urls]
        leaf = ROOT.leaf(["a.example"], extensions=(der.extension(AUTHORITY_INFO, der.sequence(*places)),))
        assert (await asked.ask(leaf.der, None)).state == "unavailable"
        assert pages.asked == [f"/{number}" for number in range(MAX_URLS)]
