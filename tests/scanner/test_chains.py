"""From what servers send to roots: what is trusted, what is missing or too much, and what is remembered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from tests.scanner.told import openssl

from certhia._core import Certificate
from certhia.scanner.chains import KEPT_WAYS, Chains, Standing
from certhia.scanner.signatures import Signatures
from certhia.scanner.trust import Roots, Seen
from certhia.testing.authority import DAY, Authority, Made, self_signed

NOW = time.time()
HOST = "www.example.com"
ROOT = Authority.root("Chain root")
ISSUING = ROOT.authority("Chain issuing")
LEAF = ISSUING.leaf([HOST])


def core(*made: Made) -> list[Certificate]:
    return [Certificate.from_der(one.der) for one in made]


def find(
    *sent: Made,
    roots: Sequence[Made] = (ROOT,),
    verify: bool = True,
    now: float = NOW,
    seen: Seen | None = None,
) -> Standing:
    signatures = Signatures() if verify else None
    return Chains(Roots([one.der for one in roots]), seen, signatures).find(core(*sent), now)


def test_a_whole_chain() -> None:
    found = find(LEAF, ISSUING)
    chain = found.chain
    assert (chain.trusted, chain.signatures, chain.reason, found.kind) == (True, True, "", "")
    assert chain.path == (LEAF.der, ISSUING.der, ROOT.der)
    assert chain.sources == ("sent", "sent", "roots")
    assert chain.root == "CN=Chain root"
    assert chain.length == 2
    assert (chain.disordered, chain.unneeded, chain.missing, chain.fetched) == (False, (), (), 0)
    leaf = core(LEAF)[0]
    assert (chain.not_before, chain.not_after) == (leaf.not_before, leaf.not_after)


def test_the_window_is_that_of_all() -> None:
    short = ROOT.authority("Short-lived", not_after=10, not_before=-5)
    chain = find(short.leaf([HOST]), short).chain
    assert (chain.not_before, chain.not_after) == (core(short)[0].not_before, core(short)[0].not_after)


def test_without_verifying_no_signature_is_claimed() -> None:
    forged = Authority.root("Another").authority("Chain issuing", key_ids=False)
    leaf = forged.leaf([HOST], key_ids=False)
    assert find(leaf, ISSUING, verify=False).chain[1:6] == (None, "CN=Chain root", 0, None, ""), "nobody can say"
    expired = ISSUING.leaf([HOST], not_before=-9, not_after=-1)
    assert find(expired, ISSUING, verify=False).chain.trusted is False
    assert find(ROOT, verify=False).chain.trusted is True, "it is a root itself"
    chain = find(leaf, forged, roots=(Authority.root("Another", "p384"),)).chain
    assert (chain.trusted, chain.signatures) == (False, False)


def test_a_leaf_that_its_issuer_never_signed() -> None:
    forged = Authority.root("Chain issuing", "p384").leaf([HOST], key_ids=False)
    found = find(forged, ISSUING)
    assert (found.chain.trusted, found.chain.signatures, found.kind) == (False, False, "untrusted")
    assert '"CN=Chain issuing" has not signed it' in found.chain.reason


def test_order_and_what_is_too_much() -> None:
    top = ROOT.authority("Top")
    middle = top.authority("Middle")
    leaf = middle.leaf([HOST])
    stranger = Authority.root("Stranger")
    assert find(leaf, middle, top).chain[-4:-1] == (False, (), ())
    assert find(leaf, middle, top, ROOT).chain[-4:-1] == (False, (), ())
    assert find(leaf, top, middle).chain[-4:-1] == (True, (), ())
    assert find(leaf, middle, stranger, top).chain[-4:-1] == (False, (2,), ())
    assert find(leaf, middle, top, middle, leaf).chain[-4:-1] == (False, (3, 4), ())


def test_issuers_met_before_stand_in_and_are_told() -> None:
    seen = Seen()
    missing = find(LEAF, seen=seen)
    assert missing.chain.reason == 'its issuer "CN=Chain issuing" was not sent, and is no trusted root'
    assert missing.chain.trusted is False
    assert find(LEAF, ISSUING, seen=seen).chain.trusted
    chain = find(LEAF, seen=seen).chain
    assert chain.trusted
    assert chain.sources == ("sent", "seen", "roots")
    assert chain.missing == ("CN=Chain issuing",)


def test_what_was_not_known_is_looked_for_again_once_something_is_new() -> None:
    chains = Chains(Roots([ROOT.der]), None, Signatures())
    assert not chains.find(core(LEAF), NOW).chain.trusted
    assert chains.find(core(LEAF, ISSUING), NOW).chain.trusted
    assert chains.find(core(LEAF), NOW).chain.trusted


def test_fetched_issuers_are_counted() -> None:
    seen = Seen()
    seen.add(core(ISSUING)[0], fetched=True)
    chain = find(LEAF, seen=seen).chain
    assert (chain.fetched, chain.sources[1]) == (1, "fetched")


def test_reasons_say_where_it_ends() -> None:
    middle = ISSUING.authority("Below issuing")
    leaf = middle.leaf([HOST])
    assert find(leaf, middle, roots=(self_signed(["x"]),)).chain.reason.startswith('the issuer "CN=Chain issuing" was')
    other = Authority.root("Somebody")
    assert "is no trusted root" in find(other.leaf([HOST]), other).chain.reason
    own = find(self_signed([HOST]))
    assert (own.kind, own.chain.root) == ("self-signed", "")
    pretended = Authority.root(HOST, "p384").leaf([HOST])  # issuer and subject are the same name, and not the same key
    found = find(pretended)
    assert found.kind == "untrusted"
    assert "not the issuer's signature" in found.chain.reason
    assert find(pretended, verify=False).kind == "self-signed"  # for all that can be seen


def test_an_expired_way_gives_way_to_another(tmp_path: Path) -> None:
    """As in 2021, when a root that others had cross-signed expired: clients that know another way took it."""
    old = Authority.root("Old root", not_after=-1)
    crossed = old.authority("Chain root")
    expired = ROOT.authority("Chain issuing", not_after=-1)
    for sent in ([LEAF, ISSUING, crossed], [LEAF, expired, ISSUING], [LEAF, ISSUING, crossed, old]):
        chain = find(*sent, roots=(ROOT, old)).chain
        assert chain.trusted, chain.reason
        assert openssl(tmp_path, [ROOT, old], sent) == set()
    only = find(LEAF, expired)
    assert only.chain.reason.startswith('"CN=Chain issuing" expired on')
    assert only.chain.root == "CN=Chain root"


def test_what_is_remembered_ends_with_its_dates() -> None:
    short = ROOT.authority("Chain issuing", not_after=2)
    chains = Chains(Roots([ROOT.der]), None, Signatures())
    sent = core(LEAF, short)
    assert chains.find(sent, NOW).chain.trusted
    assert not chains.find(sent, NOW + 3 * DAY).chain.trusted
    assert chains.find(sent, NOW).chain.trusted
    assert not chains.find(sent, NOW - 400 * DAY).chain.trusted


def test_issuers_are_checked_once() -> None:
    signatures = Signatures()
    chains = Chains(Roots([ROOT.der]), None, signatures)
    for number in range(20):
        assert chains.find(core(ISSUING.leaf([f"{number}.example"]), ISSUING), NOW).chain.signatures
    assert signatures.checked == 21


def test_what_is_remembered_is_bounded() -> None:
    chains = Chains(Roots([ROOT.der]))
    leaf = core(LEAF)[0]
    extra = core(*(ROOT.authority(f"Extra {number}") for number in range(30)))
    for one in range(30):
        for two in range(30):
            for three in range(3):
                chains.find([leaf, extra[one], extra[two], extra[three]], NOW)
    assert len(chains._above) == KEPT_WAYS


def test_a_leaf_that_is_an_authority_is_not_on_its_own_way() -> None:
    """Cross-signed by what it has signed itself."""
    loop = ISSUING.authority("Loop")
    back = loop.authority("Chain issuing")
    assert find(back, loop).chain.trusted is False
    assert find(ISSUING).chain.reason == "its key is not for handshakes (key usage)"


def test_weak_issuers_are_told_of() -> None:
    weak = ROOT.authority("Weak issuing", "rsa1024")
    found = find(weak.leaf([HOST]), weak)
    assert [(one.kind, one.severity) for one in found.weak] == [("weak-key", "high")]
    assert '"CN=Weak issuing"' in found.weak[0].detail
