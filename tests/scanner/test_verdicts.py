"""Certificates as badssl.com shows them, and what OpenSSL says to the same."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.scanner import told
from tests.scanner.told import judged, kinds, openssl

from certhia._core import Certificate
from certhia.clock import iso
from certhia.scanner.records import Verdict
from certhia.scanner.trust import Roots
from certhia.scanner.verdicts import KINDS, Judge, worst_first
from certhia.testing import der
from certhia.testing.authority import CA, CLIENT_AUTH, Authority, Made, self_signed

HOST = "www.example.com"
ROOT = Authority.root("Root")
OTHER = Authority.root("Another root")
ISSUING = ROOT.authority("Issuing")
NOW = time.time()


@dataclass(frozen=True)
class Case:
    """What a server sends, and what is to be said to it: by us, and by OpenSSL (for the first error it finds)."""

    sent: Callable[[], list[Made]]
    ours: set[str]
    theirs: set[int]
    options: tuple[str, ...] = ()
    name: str = HOST


def below(root: Authority = ROOT, **changes: object) -> list[Made]:
    """A leaf, and an intermediate with these changes."""
    issuing = root.authority("Odd", **changes)  # type: ignore[arg-type]
    return [issuing.leaf([HOST]), issuing]


def deep(*lengths: int | None) -> list[Made]:
    """A leaf below one intermediate for each path length, the first below the root."""
    path: list[Authority] = [ROOT]
    for place, length in enumerate(lengths):
        path.append(path[-1].authority(f"Deep {place}", path_length=length))
    return [path[-1].leaf([HOST]), *reversed(path[1:])]


def tampered() -> list[Made]:
    """The signature's last byte is another."""
    good = ISSUING.leaf([HOST])
    return [Made(good.der[:-1] + bytes((good.der[-1] ^ 1,)), good.key, good.subject, good.serial, good.wish), ISSUING]


def named(**changes: object) -> list[Made]:
    return [ISSUING.leaf([HOST], **changes), ISSUING]  # type: ignore[arg-type]


LEVEL = ("-auth_level", "2")  # of the keys and digests that browsers take
WEAK = Authority.root("Weak root", "rsa2048", digest="sha1")
CONSTRAINED = ROOT.authority("Constrained", permitted=("example.com",), excluded=("bad.example.com",))
NETWORK = ROOT.authority("Network", permitted=("192.0.2.0/24",))

CASES = {
    "good": Case(lambda: [ISSUING.leaf([HOST]), ISSUING], set(), set()),
    "good, root sent as well": Case(lambda: [ISSUING.leaf([HOST]), ISSUING, ROOT], set(), set()),
    "good, by address": Case(lambda: named(ips=("192.0.2.1",)), set(), set(), name="192.0.2.1"),
    "expired": Case(lambda: named(not_after=-1), {"expired"}, {told.EXPIRED}),
    "not yet valid": Case(lambda: named(not_before=1), {"not-yet-valid"}, {told.NOT_YET}),
    "wrong host": Case(lambda: [ISSUING.leaf(["other.example"]), ISSUING], {"mismatched"}, {told.NAME}),
    "expired and wrong host": Case(
        lambda: [ISSUING.leaf(["other.example"], not_after=-1), ISSUING],
        {"expired", "mismatched"},
        {told.NAME},
    ),
    "two labels under a wildcard": Case(
        lambda: [ISSUING.leaf(["*.example.com"]), ISSUING], {"mismatched"}, {told.NAME}, name="a.b.example.com"
    ),
    "self-signed": Case(lambda: [self_signed([HOST])], {"self-signed"}, {told.SELF_SIGNED_LEAF}),
    "untrusted root, sent": Case(
        lambda: [OTHER.leaf([HOST]), OTHER], {"untrusted"}, {told.SELF_SIGNED_ROOT}
    ),
    "untrusted root, not sent": Case(lambda: [OTHER.leaf([HOST])], {"untrusted"}, {told.NO_ISSUER}),
    "incomplete chain": Case(lambda: [ISSUING.leaf([HOST])], {"untrusted"}, {told.NO_ISSUER}),
    "chain in another order": Case(
        lambda: [(path := deep(None, None))[0], path[2], path[1]], set(), set()
    ),
    "tampered with": Case(tampered, {"untrusted"}, {told.BAD_SIGNATURE}),
    "expired intermediate": Case(lambda: below(not_after=-1), {"untrusted"}, {told.EXPIRED}),
    "intermediate not yet valid": Case(lambda: below(not_before=1), {"untrusted"}, {told.NOT_YET}),
    "intermediate that is no authority": Case(lambda: below(is_ca=False), {"untrusted"}, {told.NOT_A_CA}),
    "intermediate without basic constraints": Case(lambda: below(is_ca=None), {"untrusted"}, {told.NOT_A_CA}),
    "intermediate that may not sign": Case(lambda: below(usage=b"\1\2"), {"untrusted"}, {told.NO_SIGNER}),
    "intermediate for clients": Case(lambda: below(purposes=(CLIENT_AUTH,)), {"untrusted"}, {told.PURPOSE}),
    "intermediate with an unknown critical extension": Case(
        lambda: below(extensions=(der.extension("1.2.3.4", b"\5\0", critical=True),)), {"untrusted"}, {34}
    ),
    "path length kept": Case(lambda: deep(1, 0), set(), set()),
    "path length exceeded": Case(lambda: deep(0, None), {"untrusted"}, {told.PATH_LENGTH}),
    "a certificate for clients": Case(lambda: named(purposes=(CLIENT_AUTH,)), {"untrusted"}, {told.PURPOSE}),
    "a key for other things": Case(lambda: named(usage=b"\1\6"), {"untrusted"}, {told.PURPOSE}),
    "a precertificate": Case(
        lambda: named(extensions=(der.extension(der.POISON, b"\5\0", critical=True),)), {"untrusted"}, set()
    ),
    "name constraints kept": Case(lambda: [CONSTRAINED.leaf([HOST]), CONSTRAINED], set(), set()),
    "a name that is not permitted": Case(
        lambda: [CONSTRAINED.leaf([HOST, "example.org"]), CONSTRAINED], {"untrusted"}, {told.NOT_PERMITTED}
    ),
    "a name that is excluded": Case(
        lambda: [CONSTRAINED.leaf([HOST, "a.bad.example.com"]), CONSTRAINED], {"untrusted"}, {told.EXCLUDED}
    ),
    "an address that is permitted": Case(lambda: [NETWORK.leaf([HOST], ips=("192.0.2.9",)), NETWORK], set(), set()),
    "an address that is not": Case(
        lambda: [NETWORK.leaf([HOST], ips=("198.51.100.9",)), NETWORK], {"untrusted"}, {told.NOT_PERMITTED}
    ),
    "common name only": Case(
        lambda: [ISSUING.leaf([], common_name=HOST), ISSUING], {"common-name"}, set()
    ),
    "RSA of 1024 bits": Case(
        lambda: [ISSUING.leaf([HOST], "rsa1024"), ISSUING], {"weak-key"}, {told.WEAK_KEY}, LEVEL
    ),
    "EC of 192 bits": Case(lambda: [ISSUING.leaf([HOST], "p192"), ISSUING], {"weak-key"}, {told.WEAK_KEY}, LEVEL),
    "DSA": Case(lambda: [ISSUING.leaf([HOST], "dsa1024"), ISSUING], {"weak-key"}, {told.WEAK_KEY}, LEVEL),
    "SHA-1": Case(lambda: named(digest="sha1"), {"weak-signature"}, {told.WEAK_DIGEST}, LEVEL),
    "an intermediate signed with SHA-1": Case(
        lambda: below(digest="sha1"), {"weak-signature"}, {told.WEAK_DIGEST}, LEVEL
    ),
}  # fmt: skip
OURS_ONLY = {"a precertificate", "common name only"}  # OpenSSL takes them, and is asked for no more
ROOTS = [ROOT, WEAK]


@pytest.mark.parametrize("label", CASES)
def test_as_openssl_says(label: str, tmp_path: Path) -> None:
    case = CASES[label]
    sent = case.sent()
    found = judged(ROOTS, sent, NOW, case.name)
    assert kinds(found) == case.ours, (found.verdicts, found.chain)
    assert found.chain.trusted is not bool(case.ours & {"expired", "not-yet-valid", "self-signed", "untrusted"})
    if label == "a precertificate":
        return  # OpenSSL does not know the extension, and says so as of any other
    asked = ("-verify_ip" if case.name[0].isdigit() else "-verify_hostname", case.name)
    errors = openssl(tmp_path, ROOTS, sent, *asked, *case.options)
    assert case.theirs <= errors
    assert bool(errors) is (bool(case.ours) and label not in OURS_ONLY)


def test_a_root_signed_with_sha1_is_nobodys_business(tmp_path: Path) -> None:
    issuing = WEAK.authority("Below it", "rsa2048")
    sent = [issuing.leaf([HOST]), issuing, WEAK]
    assert kinds(judged(ROOTS, sent, NOW, HOST)) == set()
    assert openssl(tmp_path, ROOTS, sent, *LEVEL) == set()


def test_md5_is_worse_than_sha1() -> None:
    sent = [Authority.root("Old", "rsa2048").leaf([HOST], digest="md5")]
    found = judged([Authority.root("Old", "rsa2048")], sent, NOW, HOST)
    assert [(one.kind, one.severity) for one in found.verdicts] == [("weak-signature", "critical")]
    assert "md5WithRSAEncryption" in found.verdicts[0].detail


def test_verdicts_name_their_evidence() -> None:
    sent = [ISSUING.leaf([f"host{i}.example" for i in range(8)] + ["*.wild.example"], not_after=-3), ISSUING]
    found = {one.kind: one for one in judged(ROOTS, sent, NOW, HOST).verdicts}
    assert iso(Certificate.from_der(sent[0].der).not_after)[:10] in found["expired"].detail
    assert "3 days ago" in found["expired"].detail or "2 days ago" in found["expired"].detail
    assert HOST in found["mismatched"].detail
    assert '"host0.example"' in found["mismatched"].detail
    assert "and 4 more" in found["mismatched"].detail
    assert found["wildcard"] == Verdict("wildcard", "info", '"*.wild.example"')


def test_an_address_that_is_not_in_a_certificate_is_no_fault() -> None:
    judge = Judge(Roots([ROOT.der]))
    sent = [Certificate.from_der(made.der) for made in (ISSUING.leaf([HOST]), ISSUING)]
    found = judge.judge(sent, NOW, name=None, address="192.0.2.1").verdicts
    assert [(one.kind, one.severity) for one in found] == [("mismatched", "info")]
    assert judge.judge(sent, NOW).verdicts == ()


def test_text_of_certificates_is_inert() -> None:
    bad = "evil\x1b[31m\u202e.example"
    found = judged(ROOTS, [ISSUING.leaf([bad], common_name="x"), ISSUING], NOW, HOST)
    assert found.verdicts
    assert all(one.detail.isprintable() and "\x1b" not in one.detail for one in found.verdicts)


def test_the_worst_stands_first() -> None:
    out = worst_first([Verdict("wildcard", "info"), Verdict("revoked", "critical"), Verdict("expired", "high")])
    assert [one.severity for one in out] == ["critical", "high", "info"]
    assert {one.kind for one in out} <= set(KINDS)


def test_both_ends_of_a_validity_are_in_it() -> None:
    leaf = Certificate.from_der(ISSUING.leaf([HOST]).der)
    judge = Judge(Roots([ROOT.der]))
    sent = [leaf, Certificate.from_der(ISSUING.der)]
    for now, kind in (
        (leaf.not_before - 1, {"not-yet-valid"}),
        (leaf.not_before, set()),
        (leaf.not_after, set()),
        (leaf.not_after + 1, {"expired"}),
    ):
        found = judge.judge(sent, now, name=HOST)
        assert {one.kind for one in found.verdicts} == kind
        assert found.chain.trusted is (False if kind else None)


def test_a_trusted_certificate_of_its_own_has_no_verdict(tmp_path: Path) -> None:
    own = self_signed([HOST])
    assert judged([own], [own], NOW, HOST).verdicts == ()
    assert openssl(tmp_path, [own], [own], "-verify_hostname", HOST) == set()
    assert CA.is_ca


def test_every_kind_is_in_the_reference(root: Path) -> None:
    text = (root / "docs" / "reference" / "verdicts.md").read_text(encoding="utf-8")
    assert set(re.findall(r"(?m)^\| `([a-z-]+)` \|", text)) == set(KINDS)
