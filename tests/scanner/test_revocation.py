"""Revocation, found out from staples, a real responder (`openssl ocsp`) and lists."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as theirs
from tests.scanner.responding import answer, crl, free_port, guarded, parsed, responder, serving
from tests.scanner.told import openssl

from certhia._core import Certificate
from certhia.clock import Clock
from certhia.scanner.crl import load as crl_load
from certhia.scanner.crl import look_up
from certhia.scanner.guard import Guard
from certhia.scanner.ocsp import Status
from certhia.scanner.revocation import MAX_URLS, Revocation, verdict
from certhia.testing import der
from certhia.testing.authority import AUTHORITY_INFO, OCSP, OCSP_SIGNING, Authority, Made

ROOT = Authority.root("Revoking root")
GOOD = ROOT.leaf(["good.example"])


async def status(revocation: Revocation, leaf: Made, staple: bytes | None = None) -> Status:
    return await revocation.status(Certificate.from_der(leaf.der), Certificate.from_der(ROOT.der), staple)


def kind(found: Status) -> str | None:
    said = verdict(found)
    return said.kind if said is not None else None


async def test_a_staple_is_enough_and_nobody_is_asked() -> None:
    async with guarded() as guard:
        revocation = Revocation(Clock(), guard)
        leaf = ROOT.leaf(["a.example"], ocsp="http://ocsp.example/", crl="http://crl.example/")
        assert (await status(revocation, leaf, answer(leaf, ROOT))).state == "good"
        revoked = answer(leaf, ROOT, status=theirs.OCSPCertStatus.REVOKED)
        assert (await status(revocation, leaf, revoked)).state == "revoked"
        assert guard.asked == 0


async def test_without_leave_to_ask_there_are_staples_only() -> None:
    revocation = Revocation(Clock())
    leaf = ROOT.leaf(["a.example"], ocsp="http://ocsp.example/")
    assert (await status(revocation, leaf)).detail == "nothing was stapled, and nobody was asked"
    old = await status(revocation, leaf, answer(leaf, ROOT, since=-3, until=-2))
    assert old.state == "unavailable"
    assert old.detail.startswith("the staple: an answer that counted until")


@pytest.mark.parametrize("appointed", [False, True])
async def test_a_real_responder(tmp_path: Path, appointed: bool) -> None:
    port = free_port()
    url = f"http://ocsp.example:{port}/"
    good, bad, strange = (ROOT.leaf([f"{name}.example"], ocsp=url) for name in ("good", "bad", "strange"))
    signer = ROOT.leaf([], common_name="signer", purposes=(OCSP_SIGNING,)) if appointed else ROOT
    known = {good: "good", bad: "keyCompromise"}
    async with guarded() as guard, responder(tmp_path, port, ROOT, known, signer, "-ndays", "2"):
        revocation = Revocation(Clock(), guard)
        assert (await status(revocation, good)).state == "good"
        found = await status(revocation, bad)
        assert (found.state, found.source, found.reason) == ("revoked", "ocsp", "keyCompromise")
        said = verdict(found)
        assert said is not None
        assert said.severity == "critical"
        assert "keyCompromise" in said.detail
        unknown = await status(revocation, strange)
        assert (unknown.state, kind(unknown)) == ("unknown", "revocation-unknown")
        asked = guard.asked
        assert (await status(revocation, good)).state == "good"
        assert guard.asked == asked  # remembered


async def test_a_responder_with_a_bad_signature(tmp_path: Path) -> None:
    port = free_port()
    leaf = ROOT.leaf(["a.example"], ocsp=f"http://ocsp.example:{port}/")
    async with guarded() as guard, responder(tmp_path, port, ROOT, {leaf: "good"}, ROOT, "-badsig"):
        found = await status(Revocation(Clock(), guard), leaf)
        assert found.state == "unavailable"
        assert "does not hold" in found.detail


async def test_lists_where_no_responder_answers() -> None:
    async with guarded() as guard, serving() as pages:
        leaf, bad = (
            ROOT.leaf([name], ocsp=pages.url("/ocsp"), crl=pages.url("/crl")) for name in ("a.example", "b.example")
        )
        pages.bodies["/crl"] = crl(ROOT, [bad])
        revocation = Revocation(Clock(), guard)
        assert [(await status(revocation, one)).state for one in (leaf, bad, leaf)] == ["good", "revoked", "good"]
        assert pages.asked.count("/crl") == 1
        assert kind(await status(revocation, leaf)) is None


async def test_as_openssl_says(tmp_path: Path) -> None:
    """`openssl verify -crl_check` with the same list."""
    issuing = ROOT.authority("Issuing with a list")
    good, bad = (issuing.leaf([name], crl="http://crl.example/") for name in ("good.example", "bad.example"))
    found = crl_load(crl(issuing, [bad]))
    (tmp_path / "list.pem").write_bytes(found.crl.public_bytes(Encoding.PEM))
    for leaf, state in ((good, "good"), (bad, "revoked")):
        errors = openssl(tmp_path, [ROOT], [leaf, issuing], "-crl_check", "-CRLfile", "list.pem")
        assert errors == ({23} if state == "revoked" else set())
        assert look_up(found, parsed(leaf), "http://crl.example/", is_ca=False).state == state


async def test_why_nothing_is_known_is_said() -> None:
    async with guarded() as guard, serving() as pages:
        pages.bodies["/crl"] = b"no list"
        leaf = ROOT.leaf(["a.example"], ocsp=pages.url("/ocsp"), crl=pages.url("/crl"))
        found = await status(Revocation(Clock(), guard), leaf)
        assert found.state == "unavailable"
        assert "the responder: status 404" in found.detail
        assert "the list: no revocation list" in found.detail
        assert kind(found) == "revocation-unavailable"
        assert "names no responder" in (await status(Revocation(Clock(), guard), GOOD)).detail
        before = len(pages.asked)
        revocation = Revocation(Clock(), guard)
        await status(revocation, leaf)
        asked = len(pages.asked) - before
        await status(revocation, leaf)
        assert len(pages.asked) - before == asked  # who failed is left alone for a while


async def test_a_list_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certhia.scanner.crl.MAX_CRL", 1000)
    async with guarded() as guard, serving() as pages:
        pages.bodies["/crl"] = bytes(1001)
        found = await status(Revocation(Clock(), guard), ROOT.leaf(["a.example"], crl=pages.url("/crl")))
        assert "1001 bytes where at most 1000" in found.detail


async def test_no_more_addresses_than_enough_are_asked() -> None:
    async with guarded() as guard, serving() as pages:
        urls = [pages.url(f"/{number}") for number in range(6)]
        access = [der.sequence(der.oid(OCSP), der.tlv(0x86, url.encode())) for url in urls]
        leaf = ROOT.leaf(["a.example"], extensions=(der.extension(AUTHORITY_INFO, der.sequence(*access)),))
        found = await status(Revocation(Clock(), guard), leaf)
        assert found.state == "unavailable"
        assert len({path[:2] for path in pages.asked}) == MAX_URLS


async def test_who_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certhia.scanner.revocation.TIMEOUT", 0.05)
    async with guarded() as guard, serving() as pages:
        pages.bodies["/ocsp"] = None
        question = ROOT.leaf(["a.example"], ocsp=pages.url("/ocsp"))
        monkeypatch.setattr("certhia.scanner.ocsp.LONGEST_GET", 0)
        found = await status(Revocation(Clock(), guard), question)
        assert "no whole answer within" in found.detail


async def test_responders_inside_are_not_asked() -> None:
    guard = Guard(clock=Clock(), user_agent="certhia/1")
    leaf = ROOT.leaf(["a.example"], ocsp="http://127.0.0.1:8080/", crl="file:///etc/passwd")
    found = await status(Revocation(Clock(), guard), leaf)
    assert "loopback" in found.detail
    assert "no plain http" in found.detail
    await guard.close()


async def test_a_certificate_that_cannot_be_read_strictly() -> None:
    data = bytearray(GOOD.der)
    data[data.index(b"\xa0\x03\x02\x01\x02") + 4] = 9  # a version that there is none of
    found = await Revocation(Clock()).status(Certificate.from_der(bytes(data)), Certificate.from_der(ROOT.der))
    assert found.state == "unavailable"
    assert "InvalidVersion" in found.detail
