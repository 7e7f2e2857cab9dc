"""T02: chains that are bombs. Building a path ends, costs what is allowed, and leaves little behind."""

from __future__ import annotations

import time
import tracemalloc

from certhia._core import Certificate
from certhia.scanner.chains import Chains
from certhia.scanner.examining import MAX_CERTIFICATES, read
from certhia.scanner.paths import MAX_DEPTH, MAX_STEPS
from certhia.scanner.signatures import Signatures
from certhia.scanner.trust import MAX_SEEN_BYTES, Roots, Seen
from certhia.scanner.verdicts import Judge, Judged
from certhia.testing.authority import Authority, Made

NOW = time.time()
HOST = "www.example.com"
ROOT = Authority.root("Bombed root")


def judged(judge: Judge, *sent: Made) -> Judged:
    return judge.judge(read([one.der for one in sent]), NOW, name=HOST)


def test_t02_circular_chain() -> None:
    """A signed B and B signed A: asked about once each, and then it is over."""
    a, b = Authority.root("Circle A"), Authority.root("Circle B")
    judge = Judge(Roots([ROOT.der]), verify=True)
    assert judge.signatures is not None
    found = judged(judge, a.leaf([HOST]), b.authority("Circle A"), a.authority("Circle B"))
    assert [one.kind for one in found.verdicts] == ["untrusted"]
    assert len(found.chain.path) == 3
    assert judge.signatures.asked <= 8
    longer = [Authority.root(f"Circle {number}") for number in range(15)]
    crossed = [longer[number - 1].authority(f"Circle {number}") for number in range(15)]
    found = judged(judge, longer[0].leaf([HOST]), *crossed)
    assert [one.kind for one in found.verdicts] == ["untrusted"]
    assert len(found.chain.path) <= MAX_DEPTH


def test_t02_a_mesh_of_cross_signed_authorities() -> None:
    """Four that signed each other in every way, sent whole: thousands of paths, and none to a root."""
    mesh = [Authority.root(f"Mesh {number}") for number in range(4)]
    crossed = [one.authority(f"Mesh {number}") for one in mesh for number in range(4)][:15]
    signatures = Signatures()
    chains = Chains(Roots([ROOT.der]), None, signatures)
    sent = read([made.der for made in (mesh[0].leaf([HOST]), *crossed)])
    for _ in range(3):
        assert not chains.find(sent, NOW).chain.trusted
    assert signatures.asked <= 3 * (MAX_STEPS + 1)
    assert signatures.checked <= len(crossed) * 4 + 4
    way_out = [*sent[:12], Certificate.from_der(ROOT.authority("Mesh 3").der)]
    assert chains.find(way_out, NOW).chain.trusted  # and where there is one, it is found


def test_t02_a_mesh_grown_from_many_servers() -> None:
    """No server sends much; together they are a mesh of sixteen authorities in what was seen."""
    signatures, seen = Signatures(), Seen()
    chains = Chains(Roots([ROOT.der]), seen, signatures)
    mesh = [Authority.root(f"Grown {number}") for number in range(16)]
    for number, one in enumerate(mesh):
        crossed = [one.authority(f"Grown {other}") for other in range(16) if other != number][:8]
        chains.find(read([made.der for made in (one.leaf([HOST]), *crossed)]), NOW)
    before = signatures.asked
    for _ in range(5):
        found = chains.find(read([mesh[0].leaf([HOST]).der]), NOW)
        assert found.kind == "untrusted"
    assert signatures.asked - before <= 5 * (MAX_STEPS + 2)


def test_t02_a_thousand_certificates() -> None:
    """No more are read than a flight may have."""
    link, links = ROOT, []
    for number in range(40):
        link = link.authority(f"Long {number}")
        links.append(link)
    sent = [link.leaf([HOST]), *reversed(links)] * 25
    certificates = read([made.der for made in sent])
    assert len(certificates) == MAX_CERTIFICATES
    judge = Judge(Roots([ROOT.der]), verify=True)
    found = judge.judge(certificates, NOW, name=HOST)
    assert [one.kind for one in found.verdicts] == ["untrusted"]


def test_t02_large_certificates_leave_little() -> None:
    """100 kB of names, and two hundred such issuers: what is said of them is short, what is kept is bounded."""
    names = [f"{number:05d}.example" for number in range(6000)]
    judge = Judge(Roots([ROOT.der]), verify=True)
    large = ROOT.authority("Large", names=tuple(names))
    sent = read([made.der for made in (large.leaf(names), large)])
    assert len(sent[0].der) > 90_000
    judge.judge(sent, NOW, name=HOST)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        found = judge.judge(sent, NOW, name=HOST)
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before <= 1 << 20
    assert now - before <= 1 << 18  # the path's bytes, which the result has
    assert all(len(one.detail) < 2000 for one in found.verdicts)
    seen = Seen()
    for number in range(200):
        seen.add(Certificate.from_der(ROOT.authority(f"Large {number}", names=tuple(names)).der))
    assert seen._bytes <= MAX_SEEN_BYTES
    assert len(seen) < 200
