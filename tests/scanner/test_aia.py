"""Missing issuers, fetched from where certificates say."""

from __future__ import annotations

import time

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from hypothesis import given
from hypothesis import strategies as st
from tests.scanner.responding import guarded, parsed, serving

from certhia._core import Certificate
from certhia.clock import Clock
from certhia.scanner.aia import MAX_BUNDLE, MAX_ISSUER, MAX_REDIRECTS, MAX_URLS, Issuers, issuers_in
from certhia.scanner.trust import Roots
from certhia.scanner.verdicts import Judge
from certhia.testing import der
from certhia.testing.authority import AUTHORITY_INFO, CA_ISSUERS, Authority, Made, self_signed

NOW = time.time()
ROOT = Authority.root("AIA root")


@pytest.mark.parametrize("kind", ["der", "pem", "p7 der", "p7 pem"])
def test_forms_of_answers(kind: str) -> None:
    issuing, other = ROOT.authority("AIA issuing"), ROOT.authority("AIA other")
    bundle = [parsed(issuing), parsed(other)]
    body = {
        "der": issuing.der,
        "pem": b"# words\n" + issuing.pem.encode() + other.pem.encode(),
        "p7 der": pkcs7.serialize_certificates(bundle, Encoding.DER),
        "p7 pem": pkcs7.serialize_certificates(bundle, Encoding.PEM),
    }[kind]
    found = {one.common_name for one in issuers_in(body)}
    assert found == ({"AIA issuing"} if kind == "der" else {"AIA issuing", "AIA other"})


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: b"\x30" + tail))
def test_any_answer_gives_certificates_or_none(body: bytes) -> None:
    for answer in (body, b"-----BEGIN PKCS7-----\n" + body + b"\n-----END PKCS7-----\n"):
        assert all(isinstance(one, Certificate) for one in issuers_in(answer))


def judged(judge: Judge, leaf: Made) -> tuple[Certificate, ...]:
    return judge.judge([Certificate.from_der(leaf.der)], NOW, name="a.example").standing.path


async def test_what_is_missing_is_fetched_level_by_level() -> None:
    async with guarded() as guard, serving() as pages:
        top = ROOT.authority("AIA top", issuers=pages.url("/root"))
        issuing = top.authority("AIA issuing", issuers=pages.url("/top"))
        leaf = issuing.leaf(["a.example"], issuers=pages.url("/issuing"))
        pages.bodies = {"/issuing": issuing.der, "/top": top.der}
        judge = Judge(Roots([ROOT.der]), verify=True)
        issuers = Issuers(guard, judge.chains.seen, Clock())
        sent = [Certificate.from_der(leaf.der)]
        for _ in range(2):
            assert await issuers.fetch(judge.judge(sent, NOW).standing) is None
        found = judge.judge(sent, NOW, name="a.example")
        assert found.chain.trusted
        assert (found.chain.fetched, found.chain.sources) == (2, ("sent", "fetched", "fetched", "roots"))
        assert [one.kind for one in found.verdicts] == ["incomplete"]


async def test_the_right_issuer_is_fetched_where_a_namesake_was_sent() -> None:
    async with guarded() as guard, serving() as pages:
        namesake = ROOT.authority("AIA twin", key=Authority.root("AIA other key").key)
        right = ROOT.authority("AIA twin")
        leaf = right.leaf(["a.example"], issuers=pages.url("/right"))
        pages.bodies = {"/right": right.der}
        judge = Judge(Roots([ROOT.der]), verify=True)
        sent = [Certificate.from_der(one.der) for one in (leaf, namesake)]
        found = judge.judge(sent, NOW)
        assert (found.chain.trusted, found.chain.signatures) == (False, False)
        assert await Issuers(guard, judge.chains.seen, Clock()).fetch(found.standing) is None
        found = judge.judge(sent, NOW)
        assert found.chain.trusted
        assert (found.chain.sources, found.chain.unneeded) == (("sent", "fetched", "roots"), (1,))


async def test_an_address_is_asked_once() -> None:
    async with guarded() as guard, serving() as pages:
        judge = Judge(Roots([ROOT.der]))
        issuers = Issuers(guard, judge.chains.seen, Clock())
        pages.bodies = {"/none": b"nothing here"}
        for path, why in (("/none", "no certificate"), ("/missing", "status 404")):
            leaf = ROOT.authority("AIA lost").leaf(["a.example"], issuers=pages.url(path))
            for _ in range(3):
                standing = judge.judge([Certificate.from_der(leaf.der)], NOW).standing
                assert why in str(await issuers.fetch(standing))
        assert pages.asked == ["/none", "/missing"]


async def test_where_there_is_nothing_to_ask() -> None:
    async with guarded() as guard:
        judge = Judge(Roots([ROOT.der]))
        issuers = Issuers(guard, judge.chains.seen, Clock())
        for leaf, why in (
            (ROOT.authority("AIA silent").leaf(["a.example"]), "does not say"),
            (self_signed(["a.example"]), "of its own"),
            (ROOT.authority("x").leaf(["a.example"], issuers="http://10.0.0.1/"), "private"),
            (ROOT.authority("x").leaf(["a.example"], issuers="ldap://x.example/"), "no plain http"),
        ):
            standing = judge.judge([Certificate.from_der(leaf.der)], NOW).standing
            assert why in str(await issuers.fetch(standing))
        assert guard.asked <= 1


async def test_what_leads_nowhere_is_not_asked_for_ever() -> None:
    """An address that gives what is known already."""
    async with guarded() as guard, serving() as pages:
        judge = Judge(Roots([ROOT.der]))
        issuers = Issuers(guard, judge.chains.seen, Clock())
        lost = Authority.root("AIA lost root").authority("AIA lost")
        leaf = lost.leaf(["a.example"], issuers=pages.url("/lost"))
        pages.bodies = {"/lost": lost.der}
        sent = [Certificate.from_der(leaf.der)]
        assert await issuers.fetch(judge.judge(sent, NOW).standing) is None
        assert "does not say" in str(await issuers.fetch(judge.judge(sent, NOW).standing))
        again = lost.leaf(["b.example"], issuers=pages.url("/lost"))
        assert "does not say" in str(await issuers.fetch(judge.judge([Certificate.from_der(again.der)], NOW).standing))


async def test_what_is_taken_is_bounded() -> None:
    """In bytes, certificates, addresses and redirects."""
    async with guarded() as guard, serving() as pages:
        lost = ROOT.authority("AIA bounded")
        assert len(issuers_in(lost.pem.encode() * (MAX_BUNDLE + 5))) == MAX_BUNDLE
        urls = [pages.url(f"/{number}") for number in range(5)]
        access = [der.sequence(der.oid(CA_ISSUERS), der.tlv(0x86, url.encode())) for url in urls]
        leaf = lost.leaf(["a.example"], extensions=(der.extension(AUTHORITY_INFO, der.sequence(*access)),))
        judge = Judge(Roots([ROOT.der]))
        issuers = Issuers(guard, judge.chains.seen, Clock())
        pages.bodies["/0"] = bytes(MAX_ISSUER + 1)
        await issuers.fetch(judge.judge([Certificate.from_der(leaf.der)], NOW).standing)
        assert pages.asked == ["/0", "/1"]
        assert MAX_URLS == 2
        circle = lost.leaf(["b.example"], issuers=pages.url("/circle"))
        pages.redirects["/circle"] = pages.url("/circle")
        await issuers.fetch(judge.judge([Certificate.from_der(circle.der)], NOW).standing)
        assert pages.asked.count("/circle") == MAX_REDIRECTS + 1
