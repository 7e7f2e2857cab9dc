"""Names and certificates: RFC 9525's rules, what others say to the same, and what hypothesis thinks of."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from certhia._core import Certificate
from certhia.scanner.hostnames import covers, match, reference
from certhia.testing import der
from certhia.testing.ca import CA, Issued, pem

AUTHORITY = CA("hostnames")


def certificate(*names: str, ips: tuple[str, ...] = (), common_name: str = "") -> Certificate:
    return Certificate.from_der(AUTHORITY.issue(names, ips, common_name=common_name).der)


@pytest.mark.parametrize(
    "pattern, name, held",
    [
        ("example.com", "example.com", True),
        ("Example.COM", "eXample.com", True),
        ("example.com", "example.com.", True),  # absolute, the same name
        ("example.com", "www.example.com", False),
        ("*.example.com", "www.example.com", True),
        ("*.example.com", "WWW.EXAMPLE.COM", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.b.example.com", False),
        ("*.example.com", ".example.com", False),
        ("*.Example.com", "a.example.COM.", True),
        ("*.com", "example.com", False),  # a registry's whole zone
        ("*", "com", False),
        ("*.", "com", False),
        ("w*.example.com", "www.example.com", False),  # whole labels only (RFC 9525 section 6.3)
        ("*w.example.com", "www.example.com", False),
        ("www.*.com", "www.example.com", False),
        ("*.*.example.com", "a.b.example.com", False),
        ("xn--*.example.com", "xn--a.example.com", False),
        ("example.com.", "example.com", False),  # a certificate has no dot there
        ("*.example.com.", "a.example.com", False),
        ("xn--bcher-kva.example", "bücher.example", True),
        ("xn--bcher-kva.example", "BÜCHER.example", True),
        ("*.xn--bcher-kva.example", "www.bücher.example", True),
        ("*.example.com", "bücher.example.com", True),
        ("bücher.example", "bücher.example", False),  # IA5String has no such letters
        ("192.0.2.1", "192.0.2.1", False),  # an address is no DNS name
        ("*.0.2.1", "192.0.2.1", False),
        ("a_b.example.com", "a_b.example.com", True),
        ("example.com\0.evil.org", "example.com", False),
        ("example.com", "example.com\0.evil.org", False),
        ("", "", False),
        ("", "a", False),
    ],
)
def test_patterns(pattern: str, name: str, held: bool) -> None:
    assert covers(pattern, name) is held
    if "\0" not in name:
        assert bool(match(name, certificate(pattern) if pattern else certificate("other.example"))) is held


def test_addresses_are_compared_as_addresses() -> None:
    one = certificate("www.example.com", ips=("192.0.2.1", "2001:db8::1"))
    assert match("192.0.2.1", one).by == "ip"
    assert match("2001:0DB8:0:0::1", one).by == match("[2001:db8::1]", one).by == "ip"
    assert not match("192.0.2.10", one)
    assert not match("192.0.2.1", certificate("192.0.2.1", common_name="192.0.2.1"))


def test_a_common_name_counts_where_no_alternative_name_does_and_it_is_said() -> None:
    old = match("www.example.com", certificate(common_name="WWW.example.com"))
    assert (old.by, old.pattern) == ("cn", "WWW.example.com")
    assert match("a.example.com", certificate(common_name="*.example.com")).wildcard
    assert not match("www.example.com", certificate("other.example", common_name="www.example.com"))
    assert not match("www.example.com", certificate(ips=("192.0.2.1",), common_name="www.example.com"))
    assert not match("192.0.2.1", certificate(common_name="192.0.2.1"))


def test_names_that_no_certificate_can_be_for() -> None:
    for name in ("a..b", ".example.com", "a b.example", "x" * 64 + ".example", "a." * 130 + "a", "", ".", "\udcff.com"):
        assert reference(name) == (None, False), name
        assert not match(name, certificate("*.example.com"))


def test_where_a_wildcard_was_needed_it_is_known() -> None:
    both = certificate("*.example.com", "www.example.com")
    assert not match("www.example.com", both).wildcard
    assert match("mail.example.com", both).pattern == "*.example.com"


labels = st.text("abcxyz019-_*", max_size=4)
dotted = st.lists(labels, min_size=1, max_size=4).map(".".join)


def by_the_book(pattern: str, name: str) -> bool:
    """RFC 9525 section 6.3, label by label: the other way to write it."""
    presented, wanted = pattern.lower().split("."), name.lower().removesuffix(".").split(".")
    if any(not label or not label.replace("-", "a").replace("_", "a").isalnum() for label in wanted):
        return False
    if len(presented) != len(wanted):
        return False
    if presented[0] == "*" and len(presented) > 2 and not any("*" in label for label in presented[1:]):
        presented[0] = wanted[0]
    return presented == wanted


@given(dotted, dotted)
@example("*.a.b", "x.a.b")
@settings(max_examples=400)
def test_patterns_as_by_the_book(pattern: str, name: str) -> None:
    try:
        ip_address(name)
    except ValueError:
        assert covers(pattern, name) is by_the_book(pattern, name)


@given(st.lists(st.text(max_size=20), max_size=4), st.text(max_size=20))
def test_any_text_gives_an_answer(names: list[str], name: str) -> None:
    spelled = [der.tlv(0x82, text.encode("utf-8", "surrogatepass")) for text in names]
    extension = der.extension(der.SUBJECT_ALT_NAME, der.sequence(*spelled))
    issued = AUTHORITY.issue((), extensions=[extension], common_name="x")
    found = match(name, Certificate.from_der(issued.der))
    assert found.pattern in {*names, "x", ""}


Told = Callable[[Issued, str], bool]


@pytest.fixture(scope="module")
def openssl(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Whether OpenSSL takes a certificate for a name."""
    folder = tmp_path_factory.mktemp("names")
    (folder / "root.pem").write_text(AUTHORITY.root_pem)
    (folder / "intermediate.pem").write_text(pem(AUTHORITY.intermediate))

    def told(issued: Issued, name: str) -> bool:
        leaf: Path = folder / "leaf.pem"
        leaf.write_text(pem(issued.der))
        option = "-verify_ip" if ":" in name or name.replace(".", "").isdigit() else "-verify_hostname"
        command = [
            "openssl",
            "verify",
            "-CAfile",
            "root.pem",
            "-untrusted",
            "intermediate.pem",
            option,
            name,
            "leaf.pem",
        ]
        return subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=20).returncode == 0

    return told


@pytest.mark.parametrize(
    "names, ips, common_name, asked",
    [
        (["example.com"], [], "", "example.com"),
        (["example.com"], [], "", "EXAMPLE.com"),
        (["example.com"], [], "", "www.example.com"),
        (["*.example.com"], [], "", "www.example.com"),
        (["*.example.com"], [], "", "example.com"),
        (["*.example.com"], [], "", "a.b.example.com"),
        (["*.com"], [], "", "example.com"),
        (["*.*.com"], [], "", "a.example.com"),
        (["*.xn--bcher-kva.example"], [], "", "a.xn--bcher-kva.example"),
        ([], ["192.0.2.1"], "", "192.0.2.1"),
        ([], ["192.0.2.1"], "", "192.0.2.2"),
        ([], ["2001:db8::1"], "", "2001:db8:0::1"),
        (["192.0.2.1"], [], "", "192.0.2.1"),
        ([], [], "www.example.com", "www.example.com"),
        (["other.example"], [], "www.example.com", "www.example.com"),
        ([], [], "192.0.2.1", "192.0.2.1"),
    ],
)
def test_as_openssl_says(openssl: Told, names: list[str], ips: list[str], common_name: str, asked: str) -> None:
    issued = AUTHORITY.issue(names, ips, common_name=common_name)
    assert bool(match(asked, Certificate.from_der(issued.der))) is openssl(issued, asked)
