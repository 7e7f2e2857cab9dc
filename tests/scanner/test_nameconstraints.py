"""Name constraints, compared with OpenSSL where it has an opinion."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.scanner.told import openssl

from certhia._core import Certificate
from certhia.scanner.nameconstraints import Constraints, constraints_of, violation
from certhia.testing import der
from certhia.testing.authority import NAME_CONSTRAINTS, Authority, Made

ROOT = Authority.root("Constraining root")


def limits(made: Made) -> Constraints:
    found = constraints_of(Certificate.from_der(made.der))
    assert isinstance(found, Constraints)
    return found


def extension(tag: int, *names: bytes) -> bytes:
    """Constraints of one kind (0xA0 permitted, 0xA1 excluded), each a ready GeneralName."""
    trees = der.tlv(tag, *(der.sequence(name) for name in names))
    return der.extension(NAME_CONSTRAINTS, der.sequence(trees), critical=True)


def sans(*names: bytes) -> bytes:
    return der.extension(der.SUBJECT_ALT_NAME, der.sequence(*names))


def email(text: str) -> bytes:
    return der.tlv(0x81, text.encode())


def uri(text: str) -> bytes:
    return der.tlv(0x86, text.encode())


def directory(*attributes: tuple[str, str]) -> bytes:
    return der.tlv(0xA4, der.name(*attributes))


@pytest.mark.parametrize(
    "permitted, excluded, names, ips, kept",
    [
        (("example.com",), (), ["example.com"], (), True),
        (("example.com",), (), ["a.b.example.com"], (), True),
        (("example.com",), (), ["badexample.com"], (), False),
        (("example.com",), (), ["*.example.com"], (), True),
        (("Example.COM",), (), ["a.EXAMPLE.com"], (), True),
        (("example.com", "example.org"), (), ["a.example.org"], (), True),
        ((), ("example.com",), ["a.example.com"], (), False),
        ((), ("example.com",), ["example.net"], (), True),
        (("example.com",), ("bad.example.com",), ["bad.example.com"], (), False),
        (("192.0.2.0/24",), (), ["a.example"], ("192.0.2.255",), True),
        (("192.0.2.0/24",), (), ["a.example"], ("192.0.3.0",), False),
        (("2001:db8::/32",), (), ["a.example"], ("2001:db8::1",), True),
        (("2001:db8::/32",), (), ["a.example"], ("192.0.2.1",), False),
        ((), ("0.0.0.0/0",), ["a.example"], ("192.0.2.1",), False),
        ((), ("0.0.0.0/0",), ["a.example"], (), True),
    ],
)
def test_as_openssl_says(
    tmp_path: Path,
    permitted: tuple[str, ...],
    excluded: tuple[str, ...],
    names: list[str],
    ips: tuple[str, ...],
    kept: bool,
) -> None:
    issuing = ROOT.authority("Constrained", permitted=permitted, excluded=excluded)
    leaf = issuing.leaf(names, ips=ips, common_name="some name")
    found = violation(Certificate.from_der(leaf.der), [limits(issuing)])
    assert (found == "") is kept, found
    assert (openssl(tmp_path, [ROOT], [leaf, issuing]) == set()) is kept


def judge(constraint: bytes, *names: bytes, common_name: str = "some name") -> str:
    issuing = ROOT.authority("Constrained otherwise", extensions=(constraint,))
    leaf = issuing.leaf([], common_name=common_name, extensions=(sans(*names),) if names else ())
    return violation(Certificate.from_der(leaf.der), [limits(issuing)])


def test_mail_addresses() -> None:
    for constraint, address, kept in (
        ("example.com", "a@example.com", True),
        ("example.com", "a@sub.example.com", False),
        (".example.com", "a@sub.example.com", True),
        (".example.com", "a@example.com", False),
        ("a@example.com", "a@EXAMPLE.com", True),
        ("a@example.com", "b@example.com", False),
    ):
        assert (judge(extension(0xA0, email(constraint)), email(address)) == "") is kept, (constraint, address)
        assert (judge(extension(0xA1, email(constraint)), email(address)) != "") is kept
    assert judge(extension(0xA1, email("example.com")), email("nobody"))


def test_uris() -> None:
    for constraint, address, kept in (
        ("example.com", "https://example.com/x", True),
        ("example.com", "https://a.example.com/", False),
        (".example.com", "https://a.example.com:80/", True),
    ):
        assert (judge(extension(0xA0, uri(constraint)), uri(address)) == "") is kept
    assert judge(extension(0xA0, uri("example.com")), uri("urn:x"))
    assert judge(extension(0xA1, uri("example.com")), uri("http://[::1"))


def test_directory_names() -> None:
    issuing = ROOT.authority("By subject", extensions=(extension(0xA0, directory((der.COMMON_NAME, "Some Name"))),))
    for name, kept in (("some  name", True), ("other", False)):
        leaf = issuing.leaf(["a.example"], common_name=name)
        assert (violation(Certificate.from_der(leaf.der), [limits(issuing)]) == "") is kept
    by_name = extension(
        0xA0, directory((der.COUNTRY, "XX"), (der.ORGANIZATION, "A")), directory((der.COMMON_NAME, "n"))
    )
    own = directory((der.COUNTRY, "xx"), (der.ORGANIZATION, "a"), (der.COMMON_NAME, "y"))
    assert judge(by_name, own, common_name="n") == ""
    assert judge(by_name, own, directory((der.COUNTRY, "YY")), common_name="n") != ""
    assert judge(extension(0xA1, directory((der.COUNTRY, "XX"))), own) != ""


def test_a_common_name_counts_where_it_is_a_servers() -> None:
    constraint = extension(0xA0, der.tlv(0x82, b"example.com"))
    assert judge(constraint, common_name="www.example.org")
    assert judge(constraint, common_name="www.example.com") == ""
    assert judge(constraint, common_name="Some Company") == ""


def test_what_is_excluded_below_a_wildcard() -> None:
    issuing = ROOT.authority("Excluding", excluded=("bad.example.com",))
    leaf = Certificate.from_der(issuing.leaf(["*.example.com"]).der)
    assert violation(leaf, [limits(issuing)]).startswith('"CN=Excluding" may not issue')


def test_kinds_that_cannot_be_compared_are_not_let_through() -> None:
    other = der.tlv(0xA0, der.oid("1.2.3"), der.tlv(0xA0, der.tlv(der.UTF8, b"x")))
    registered = der.tlv(0x88, b"\x2a\x03")
    for name in (other, registered):
        assert judge(extension(0xA0, name), name) != ""
        assert judge(extension(0xA1, name), name) != ""
        assert judge(extension(0xA0, der.tlv(0x82, b"example.com")), name) == ""


def test_constraints_that_cannot_be_read() -> None:
    broken = der.extension(NAME_CONSTRAINTS, b"\x04\x00", critical=True)
    found = constraints_of(Certificate.from_der(ROOT.authority("Broken", extensions=(broken,)).der))
    assert isinstance(found, str)
    assert "can't be read" in found
    assert constraints_of(Certificate.from_der(ROOT.der)) is None


def test_comparisons_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certhia.scanner.nameconstraints.MAX_COMPARISONS", 10)
    issuing = ROOT.authority("Many", permitted=tuple(f"{number}.example" for number in range(6)))
    leaf = Certificate.from_der(issuing.leaf(["0.example", "1.example"]).der)
    assert "comparisons" in violation(leaf, [limits(issuing)])
