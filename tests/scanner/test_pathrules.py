"""What certificates of a path have to be beside signed."""

from __future__ import annotations

import time

import pytest

from certhia._core import Certificate
from certhia.scanner.pathrules import dates_fault, issuer_fault, leaf_fault, limits_of, path_fault
from certhia.scanner.trust import Issuer
from certhia.testing import der
from certhia.testing.authority import ANY_PURPOSE, CLIENT_AUTH, DAY, Authority, Made, self_signed

NOW = time.time()
ROOT = Authority.root("Ruling root")


def issuer(made: Made) -> Issuer:
    return Issuer(Certificate.from_der(made.der))


def leaf(**changes: object) -> Certificate:
    return Certificate.from_der(ROOT.leaf(["a.example"], **changes).der)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes, fault",
    [
        ({}, ""),
        ({"purposes": None, "usage": None}, ""),
        ({"purposes": (ANY_PURPOSE,)}, ""),
        ({"purposes": (CLIENT_AUTH,)}, "not for servers"),
        ({"usage": b"\5\x20"}, ""),  # keyEncipherment
        ({"usage": b"\1\6"}, "not for handshakes"),
        ({"extensions": (der.extension("1.2.3", b"\5\0"),)}, ""),
        ({"extensions": (der.extension("1.2.3", b"\5\0", critical=True),)}, "critical extension"),
        ({"extensions": (der.extension("2.5.29.32", der.sequence(), critical=True),)}, ""),  # policies
        ({"extensions": (der.extension(der.POISON, b"\5\0", critical=True),)}, "precertificate"),
        ({"extensions": (der.sequence(der.oid("1.2.3"), b"\x04\x85"),)}, "can't be read"),
    ],
)
def test_leaves(changes: dict[str, object], fault: str) -> None:
    found = leaf_fault(leaf(**changes))
    assert (found == "") is (fault == "")
    assert fault in found


@pytest.mark.parametrize(
    "changes, below, is_root, fault",
    [
        ({}, 3, False, ""),
        ({"path_length": 1}, 1, False, ""),
        ({"path_length": 1}, 2, False, "path length"),
        ({"is_ca": False}, 0, False, "no authority"),
        ({"is_ca": None}, 0, True, "no authority"),
        ({"usage": b"\1\2"}, 0, False, "may not sign"),
        ({"usage": None}, 0, False, ""),
        ({"purposes": (der.SERVER_AUTH, CLIENT_AUTH)}, 0, False, ""),
        ({"purposes": (CLIENT_AUTH,)}, 0, False, "for servers"),
        ({"extensions": (der.extension("1.2.3", b"\5\0", critical=True),)}, 0, False, "critical extension"),
    ],
)
def test_issuers(changes: dict[str, object], below: int, is_root: bool, fault: str) -> None:
    found = issuer_fault(issuer(ROOT.authority("Ruled", **changes)), below, is_root=is_root)  # type: ignore[arg-type]
    assert (found == "") is (fault == "")
    assert fault in found


def test_a_root_of_the_first_version_has_no_extensions_to_go_by() -> None:
    old = Authority.root("Old root", version=1)
    assert issuer_fault(issuer(old), 0, is_root=True) == ""
    assert "no authority" in issuer_fault(issuer(old), 0, is_root=False)
    assert "no authority" in issuer_fault(issuer(ROOT.authority("Old", version=1)), 0, is_root=True)


def test_self_issued_certificates_do_not_count_for_path_lengths() -> None:
    """A new key of the same authority (RFC 5280 section 6.1.4 (l))."""
    top = ROOT.authority("Renewed", path_length=0)
    renewed = top.authority("Renewed", key=Authority.root("New key").key)
    assert path_fault([issuer(renewed), issuer(top), issuer(ROOT)], NOW) == ""
    other = top.authority("Other")
    assert "path length" in path_fault([issuer(other), issuer(top), issuer(ROOT)], NOW)


def test_dates_of_all_count() -> None:
    late = ROOT.authority("Late", not_before=5)
    assert '"CN=Late" is not valid before' in path_fault([issuer(late), issuer(ROOT)], NOW)
    assert path_fault([issuer(late), issuer(ROOT)], NOW + 6 * DAY) == ""
    assert '"CN=Ruling root" expired on' in path_fault([issuer(ROOT)], NOW + 4000 * DAY)
    assert dates_fault(leaf(), NOW, "it") == ""


def test_constraints_bind_the_authorities_below_too() -> None:
    top = ROOT.authority("Limited", permitted=("example.com",))
    good, bad = top.authority("Good", names=("a.example.com",)), top.authority("Bad", names=("a.example.org",))
    assert path_fault([issuer(good), issuer(top), issuer(ROOT)], NOW) == ""
    assert "name constraints" in path_fault([issuer(bad), issuer(top), issuer(ROOT)], NOW)
    assert len(limits_of([issuer(good), issuer(top), issuer(ROOT)])) == 1
    broken = ROOT.authority("Broken", extensions=(der.extension("2.5.29.30", b"\x04\x00", critical=True),))
    assert "can't be read" in path_fault([issuer(broken), issuer(ROOT)], NOW)


def test_a_certificate_of_its_own_is_a_leaf_too() -> None:
    assert leaf_fault(Certificate.from_der(self_signed(["a.example"]).der)) == ""
