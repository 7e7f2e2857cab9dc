"""The authority's certificates are what cryptography and OpenSSL take them for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from certhia._core import Certificate
from certhia.clock import Clock
from certhia.testing import der
from certhia.testing.authority import Authority, Made, algorithm_of, key_id, new_key, self_signed, sign


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority.root("Root of testing")


def read(made: Made) -> x509.Certificate:
    return x509.load_der_x509_certificate(made.der)


def test_a_chain_that_openssl_takes(root: Authority, tmp_path: Path) -> None:
    issuing = root.authority("Issuing", path_length=0)
    leaf = issuing.leaf(["www.example.com"], ips=("192.0.2.1",))
    for name, made in (("root", root), ("issuing", issuing), ("leaf", leaf)):
        (tmp_path / f"{name}.pem").write_text(made.pem)
    command = ["openssl", "verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "issuing.pem", "leaf.pem"]
    verified = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=20)
    assert verified.returncode == 0, verified.stderr


def test_extensions_say_what_was_wished(root: Authority) -> None:
    issuing = root.authority("Constrained", permitted=("example.com", "192.0.2.0/24"), excluded=("bad.example.com",))
    constraints = read(issuing).extensions.get_extension_for_class(x509.NameConstraints).value
    permitted = [str(one.value) for one in constraints.permitted_subtrees or ()]
    assert permitted == ["example.com", "192.0.2.0/24"]
    assert [one.value for one in constraints.excluded_subtrees or ()] == ["bad.example.com"]
    leaf = Certificate.from_der(
        issuing.leaf(["a.example.com"], ocsp="http://o.test/", issuers="http://i.test/", crl="http://c.test/").der
    )
    assert leaf.authority_info == [("ocsp", "http://o.test/"), ("ca_issuers", "http://i.test/")]
    assert leaf.crl_urls == ["http://c.test/"]
    assert leaf.authority_key_id == key_id(issuing.key)
    assert leaf.extended_key_usage == [der.SERVER_AUTH]


def test_times_are_days_from_now(root: Authority) -> None:
    now = int(Clock().now())
    leaf = Certificate.from_der(root.leaf(["a.example"], not_before=-2, not_after=-1).der)
    assert abs(leaf.not_before - (now - 2 * 86400)) <= 5
    assert abs(leaf.not_after - (now - 86400)) <= 5


@pytest.mark.parametrize("kind", ["p192", "p256", "rsa1024", "dsa1024", "ed25519"])
def test_keys_of_all_kinds(root: Authority, kind: str) -> None:
    made = root.leaf([f"{kind}.example"], kind)
    assert Certificate.from_der(made.der).key_algorithm in {"ec", "rsa", "dsa", "ed25519"}
    read(made).verify_directly_issued_by(read(root))
    assert b"PRIVATE KEY" in made.key_pem


@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_weak_digests(digest: str) -> None:
    weak = Authority.root("Weak", "rsa2048").leaf(["a.example"], digest=digest)
    assert digest in Certificate.from_der(weak.der).signature_algorithm_name.lower()


def test_a_key_has_one_name_and_a_certificate_of_its_own_is_self_signed() -> None:
    assert new_key("p256", "x") is new_key("p256", "x")
    assert isinstance(new_key("rsa1024", "x"), rsa.RSAPrivateKey)
    own = self_signed(["own.example"])
    read(own).verify_directly_issued_by(read(own))
    assert Certificate.from_der(own.der).is_self_issued
    assert sign(own.key, b"message")
    assert algorithm_of(own.key) == der.sequence(der.oid(der.ECDSA_SHA256))


def test_without_extensions(root: Authority) -> None:
    old = Certificate.from_der(root.leaf([], version=1, common_name="old.example").der)
    assert (old.version, old.extensions, old.common_name) == (1, [], "old.example")
