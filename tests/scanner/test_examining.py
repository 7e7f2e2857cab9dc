"""All of it together: what one server showed, and what others say to it."""

from __future__ import annotations

import pytest
from cryptography.x509.ocsp import OCSPCertStatus
from tests.scanner.responding import answer, crl, guarded, serving

from certhia.clock import Clock
from certhia.logs.heads import check_signature
from certhia.scanner.aia import Issuers
from certhia.scanner.examining import MAX_CERTIFICATES, Examined, Examiner, asked_for, read
from certhia.scanner.records import Served, Target
from certhia.scanner.revocation import Revocation
from certhia.scanner.scts import Timestamps
from certhia.scanner.trust import Roots
from certhia.scanner.verdicts import Judge
from certhia.testing import World
from certhia.testing.authority import Authority, Made

ROOT = Authority.root("Examined root")
ISSUING = ROOT.authority("Examined issuing")
HOST = "www.example.com"
TARGET = Target(HOST, None, HOST, "192.0.2.1", 443)


def served(*made: Made, **more: object) -> Served:
    return Served(0x0303, 0xC02B, 23, None, tuple(one.der for one in made), **more)  # type: ignore[arg-type]


def kinds(found: Examined) -> list[str]:
    return [one.kind for one in found.verdicts]


def judge() -> Judge:
    return Judge(Roots([ROOT.der]), verify=True)


def test_what_is_seen_alone() -> None:
    examiner = Examiner(judge(), Clock())
    assert not examiner.asks
    found = examiner.look(TARGET, served(ISSUING.leaf([HOST]), ISSUING))
    assert (found.verdicts, found.timestamps, found.revocation) == ((), (), None)
    assert found.chain is not None
    assert found.chain.trusted
    assert kinds(examiner.look(TARGET, served(ISSUING.leaf(["other.example"]), ISSUING))) == ["mismatched"]


def test_servers_without_a_certificate_or_with_none_that_can_be_read() -> None:
    examiner = Examiner(judge(), Clock())
    assert examiner.look(TARGET, served()) == Examined((), None)
    junk = Served(0x0303, 1, None, None, (b"junk", ISSUING.der))
    assert kinds(examiner.look(TARGET, junk)) == ["unreadable"]
    leaf = ISSUING.leaf([HOST])
    half = Served(0x0303, 1, None, None, (leaf.der, b"junk", ISSUING.der))
    assert kinds(examiner.look(TARGET, half)) == []
    assert len(read([leaf.der] * 40)) == MAX_CERTIFICATES


def test_the_name_that_was_asked_for() -> None:
    leaf = served(ISSUING.leaf([HOST]))
    assert asked_for(TARGET, leaf) == HOST
    assert asked_for(TARGET, leaf._replace(server_name="sni.example")) == "sni.example"
    assert asked_for(TARGET._replace(host=None, server_name=None), leaf) is None
    assert asked_for(TARGET._replace(host=None, server_name="x.example"), leaf) == "x.example"


async def test_missing_issuers_and_revocation() -> None:
    async with guarded() as guard, serving() as pages:
        own = judge()
        issuers = Issuers(guard, own.chains.seen, Clock())
        examiner = Examiner(own, Clock(), issuers=issuers, revoked=Revocation(Clock(), guard), profile=True)
        assert examiner.asks
        leaf = ISSUING.leaf([HOST], issuers=pages.url("/issuing"), crl=pages.url("/crl"))
        pages.bodies = {"/issuing": ISSUING.der, "/crl": crl(ISSUING, [leaf])}
        found = await examiner.examine(TARGET, served(leaf))
        assert kinds(found) == ["revoked", "incomplete"]
        assert found.revocation is not None
        assert found.revocation.reason == "keyCompromise"
        assert found.chain is not None
        assert (found.chain.trusted, found.chain.fetched) == (True, 1)
        good = ISSUING.leaf([HOST])
        staple = answer(good, ISSUING)
        assert kinds(await examiner.examine(TARGET, served(good, ISSUING, staple=staple))) == []
        odd = served(ISSUING.leaf([HOST], key_ids=False), ISSUING, staple=staple)
        assert "unprofiled" in kinds(await examiner.examine(TARGET, odd))
        assert kinds(await examiner.examine(TARGET, served())) == []


async def test_a_staple_counts_without_anybody_being_asked() -> None:
    examiner = Examiner(judge(), Clock())
    leaf = ISSUING.leaf([HOST])
    staple = answer(leaf, ISSUING, status=OCSPCertStatus.REVOKED)
    found = await examiner.examine(TARGET, served(leaf, ISSUING, staple=staple))
    assert kinds(found) == ["revoked"]
    assert (await examiner.examine(TARGET, served(leaf, ISSUING))).revocation is None


async def test_issuers_are_revoked_too() -> None:
    async with guarded() as guard, serving() as pages:
        bad = ROOT.authority("Revoked issuing", crl=pages.url("/root"))
        leaf = bad.leaf([HOST], crl=pages.url("/issuing"))
        pages.bodies = {"/root": crl(ROOT, [bad]), "/issuing": crl(bad)}
        examiner = Examiner(judge(), Clock(), revoked=Revocation(Clock(), guard))
        found = await examiner.examine(TARGET, served(leaf, bad))
        assert kinds(found) == ["revoked"]
        assert '"CN=Revoked issuing"' in found.verdicts[0].detail
        assert found.revocation is not None
        assert found.revocation.state == "good"


async def test_who_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline is for all of them together, and what is known without them is told."""
    monkeypatch.setattr("certhia.scanner.examining.ISSUERS_SECONDS", 0.05)
    monkeypatch.setattr("certhia.scanner.examining.REVOCATION_SECONDS", 0.05)
    async with guarded() as guard, serving() as pages:
        own = judge()
        issuers = Issuers(guard, own.chains.seen, Clock())
        examiner = Examiner(own, Clock(), issuers=issuers, revoked=Revocation(Clock(), guard))
        pages.bodies = {"/never": None}
        silent = ROOT.authority("Silent", crl=pages.url("/never"))
        leaf = silent.leaf([HOST], issuers=pages.url("/never"), crl=pages.url("/never"))
        assert kinds(await examiner.examine(TARGET, served(leaf))) == ["untrusted", "revocation-unavailable"]
        found = await examiner.examine(TARGET, served(leaf, silent))
        assert kinds(found) == ["revocation-unavailable"]
        assert found.verdicts[0].detail == "out of time: nobody answered within 0.05 s"
        staple = answer(leaf, silent)
        found = await examiner.examine(TARGET, served(leaf, silent, staple=staple))
        assert [one.detail for one in found.verdicts] == ["out of time: of its issuers"]
        await examiner.close()


async def test_one_deadline_for_all_who_are_asked_about_a_server() -> None:
    async with guarded() as guard, serving() as pages:
        own = judge()
        issuers = Issuers(guard, own.chains.seen, Clock())
        examiner = Examiner(own, Clock(), issuers=issuers, revoked=Revocation(Clock(), guard))
        pages.bodies = {"/never": None}
        silent = ROOT.authority("Silent", crl=pages.url("/never"))
        leaf = silent.leaf([HOST], issuers=pages.url("/never"), crl=pages.url("/never"))
        found = await examiner.examine(TARGET, served(leaf), 0.05)
        assert kinds(found) == ["untrusted", "revocation-unavailable"]
        assert found.verdicts[1].detail == "out of time: the issuer did not come"
        assert found.chain is not None
        assert found.chain.notes[-1] == "out of time: its issuers were not all fetched"
        found = await examiner.examine(TARGET, served(leaf, silent), 0.0)
        assert [one.detail[:11] for one in found.verdicts] == ["out of time"]
        staple = answer(leaf, silent)
        good = await Examiner(own, Clock()).examine(TARGET, served(leaf, silent, staple=staple), 0.0)
        assert good.verdicts == ()
        await examiner.close()


async def test_a_chain_without_end_is_not_followed_for_ever() -> None:
    """Each issuer that is fetched names the next."""
    async with guarded() as guard, serving() as pages:
        top = Authority.root("Endless")
        leaf = None
        for number in range(20):
            top = top.authority(f"Endless {number}", issuers=pages.url(f"/{number - 1}"))
            pages.bodies[f"/{number}"] = top.der
        leaf = top.leaf([HOST], issuers=pages.url("/19"))
        own = judge()
        examiner = Examiner(own, Clock(), issuers=Issuers(guard, own.chains.seen, Clock()))
        found = await examiner.examine(TARGET, served(leaf))
        assert kinds(found) == ["untrusted"]
        assert len(pages.asked) == 4


def test_timestamps_are_checked_where_logs_are_known(certhia_world: World) -> None:
    log = certhia_world.rfc6962("alpha")
    ca = certhia_world.ca
    precert = ca.issue([HOST], precert=True)
    final = ca.finish(precert, [log.sct(log.add(precert)[0])])
    timestamps = Timestamps({log.model.id: log.model}, check_signature)
    examiner = Examiner(Judge(Roots([ca.root]), verify=True), certhia_world.clock, timestamps=timestamps)
    shown = Served(0x0303, 1, None, None, (final.der, ca.intermediate))
    found = examiner.look(TARGET, shown)
    assert [one.state for one in found.timestamps] == ["valid"]
    assert kinds(found) == []
    stranger = ca.finish(precert, [log.sct(log.add(ca.issue(["x.example"], precert=True))[0])])
    found = examiner.look(TARGET, shown._replace(certificates=(stranger.der, ca.intermediate)))
    assert kinds(found) == ["false-sct"]
