from __future__ import annotations

import hashlib
import ipaddress
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from certhia.testing import CA, FakeLog, SimClock, World, der, keys


def read(data: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(data)


def names_of(certificate: x509.Certificate) -> tuple[list[str], list[str]]:
    san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return san.get_values_for_type(x509.DNSName), [str(each) for each in san.get_values_for_type(x509.IPAddress)]


def test_certificates_say_what_was_asked_for(certhia_ca: CA) -> None:
    start = datetime(2026, 1, 2, tzinfo=UTC)
    issued = certhia_ca.issue(
        ["www.example.com", "*.example.com"], ["192.0.2.1", "2001:db8::1"], not_before=start, days=30, organization="Ä"
    )
    certificate = read(issued.der)
    assert names_of(certificate) == (["www.example.com", "*.example.com"], ["192.0.2.1", "2001:db8::1"])
    assert certificate.not_valid_before_utc == start
    assert certificate.not_valid_after_utc.timestamp() == issued.not_after == start.timestamp() + 30 * 86400 - 1
    assert certificate.serial_number == issued.serial
    assert certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "Ä"
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "www.example.com"
    assert issued.sha256 == certificate.fingerprint(hashes.SHA256())
    assert issued.pem.count("BEGIN CERTIFICATE") == 2


def test_names_are_written_as_they_are(certhia_ca: CA) -> None:
    odd = "nul\0.example.com"
    issued = certhia_ca.issue([odd, "bücher.example"], common_name="")
    assert odd.encode() in issued.der
    assert "bücher.example".encode() in issued.der
    assert not list(read(issued.der).subject)
    assert not read(certhia_ca.issue(extensions=[der.extension("1.2.3", b"\5\0")]).der).subject


def test_chains_verify(certhia_ca: CA, certhia_clock: SimClock) -> None:
    issued = certhia_ca.issue(["www.example.com"])
    now = datetime.fromtimestamp(certhia_clock.now(), UTC)
    verifier = PolicyBuilder().store(Store([read(certhia_ca.root)])).time(now)
    chain = verifier.build_server_verifier(x509.DNSName("www.example.com")).verify(
        read(issued.der), [read(issued.chain[0])]
    )
    assert len(chain) == 3
    assert certhia_ca.root_pem.startswith("-----BEGIN CERTIFICATE-----\nMII")


@pytest.mark.parametrize("signer", [False, True])
def test_precertificate_and_certificate_pair_up(certhia_world: World, *, signer: bool) -> None:
    ca, log = certhia_world.ca, certhia_world.static("alpha")
    precert = ca.issue(["www.example.com"], precert=True, precert_signer=signer)
    final = ca.finish(precert, [log.sct(entry) for entry in log.add(precert)])
    certificate = read(final.der)
    certificate.verify_directly_issued_by(read(ca.intermediate))
    assert certificate.tbs_precertificate_bytes == precert.tbs == final.tbs
    assert precert.tbs_sha256 == final.tbs_sha256 == hashlib.sha256(precert.tbs).digest()
    poisoned = read(precert.der)
    assert poisoned.extensions.get_extension_for_class(x509.PrecertPoison).critical
    poisoned.verify_directly_issued_by(read(precert.chain[0]))
    assert (poisoned.issuer == certificate.issuer) is not signer
    assert precert.issuer_key_hash == hashlib.sha256(keys.spki(ca.key)).digest()
    if not signer:
        assert der.with_extensions(der.tbs_of(precert.der), drop=(der.POISON,)) == precert.tbs


def test_scts_are_those_of_the_log(certhia_world: World) -> None:
    log = certhia_world.rfc6962("alpha")
    precert = certhia_world.ca.issue(["www.example.com"], precert=True)
    final = certhia_world.ca.finish(precert, [log.sct(each) for each in log.add(precert)])
    (sct,) = read(final.der).extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value
    assert sct.log_id == log.id
    assert sct.timestamp.replace(tzinfo=UTC).timestamp() == certhia_world.clock.now()
    check_sct(log, sct.signature, log.entries[0].leaf_input)


def check_sct(log: FakeLog, signature: bytes, covered: bytes) -> None:
    assert keys.sign(log.key, covered) == signature  # signatures are deterministic: RFC 6979


def test_same_seed_same_bytes() -> None:
    one, other, third = CA("a", clock=SimClock()), CA("a", clock=SimClock()), CA("b", clock=SimClock())
    assert one.issue(["a.test"]) == other.issue(["a.test"])
    assert one.root == other.root != third.root
    assert one.issue(["a.test"]).serial != one.issue(["a.test"]).serial


def test_pairs_and_their_empty_handed_list(certhia_ca: CA) -> None:
    precert, final = certhia_ca.pair(["a.test"], days=6)
    assert (precert.is_precert, final.is_precert) == (True, False)
    extension = read(final.der).extensions.get_extension_for_oid(x509.ObjectIdentifier(der.SCT_LIST))
    assert len(extension.value.public_bytes()) > 40
    with pytest.raises(ValueError, match="precertificate"):
        certhia_ca.finish(final)


@pytest.mark.parametrize("kind", ["garbage", "truncated"])
def test_undecodable_is_undecodable(certhia_ca: CA, kind: str) -> None:
    one, other = certhia_ca.undecodable(kind), certhia_ca.undecodable(kind)
    assert one.der != other.der
    with pytest.raises(ValueError, match=r".+"):
        read(one.der)
    with pytest.raises(ValueError, match="no such kind"):
        certhia_ca.undecodable("nice")


def test_addresses_come_in_both_sizes(certhia_ca: CA) -> None:
    issued = certhia_ca.issue(ips=["2001:db8::1"])
    assert issued.common_name == "2001:db8::1"
    assert ipaddress.ip_address("2001:db8::1").packed in issued.der


def test_a_key_of_its_own_follows_from_its_name(certhia_ca: CA) -> None:
    issued = [certhia_ca.issue(["www.example.com"], key=key) for key in ("", "one", "two", "one")]
    keys = [x509.load_der_x509_certificate(one.der).public_key().public_numbers() for one in issued]  # type: ignore[union-attr]
    assert keys[1] == keys[3]
    assert len({*keys}) == 3
