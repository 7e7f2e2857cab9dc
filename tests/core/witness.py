"""What `cryptography` says of a certificate, in the core's terms: the second opinion of the differential tests.

Each field is a function of its own, so that one which can't be read hides no other. `cryptography` reads all extensions
or none.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC
from typing import TypeAlias, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

T = TypeVar("T")
Fields: TypeAlias = dict[str, object]

# What it raises for what it can't read. KeyError: a signature algorithm of an SCT that it doesn't know.
UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)

KEYS = {
    "1.2.840.113549.1.1.1": "rsa",
    "2.5.8.1.1": "rsa",
    "1.2.840.113549.1.1.7": "rsaes-oaep",
    "1.2.840.113549.1.1.10": "rsassa-pss",
    "1.2.840.10040.4.1": "dsa",
    "1.2.840.10045.2.1": "ec",
    "1.3.101.110": "x25519",
    "1.3.101.111": "x448",
    "1.3.101.112": "ed25519",
    "1.3.101.113": "ed448",
    "1.2.643.2.2.19": "gost2001",
    "1.2.643.7.1.1.1.1": "gost2012-256",
    "1.2.643.7.1.1.1.2": "gost2012-512",
    "2.16.840.1.101.3.4.4.1": "ml-kem-512",
    "2.16.840.1.101.3.4.4.2": "ml-kem-768",
    "2.16.840.1.101.3.4.4.3": "ml-kem-1024",
    "2.16.840.1.101.3.4.3.17": "ml-dsa-44",
    "2.16.840.1.101.3.4.3.18": "ml-dsa-65",
    "2.16.840.1.101.3.4.3.19": "ml-dsa-87",
}
CURVES = {"secp192r1": "P-192", "secp224r1": "P-224", "secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
USAGES = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}
HASHES: dict[type[hashes.HashAlgorithm], int] = {
    hashes.MD5: 1,
    hashes.SHA1: 2,
    hashes.SHA224: 3,
    hashes.SHA256: 4,
    hashes.SHA384: 5,
    hashes.SHA512: 6,
}
STRINGS = {
    _ASN1Type.UTF8String,
    _ASN1Type.NumericString,
    _ASN1Type.PrintableString,
    _ASN1Type.T61String,
    _ASN1Type.IA5String,
    _ASN1Type.VisibleString,
    _ASN1Type.UniversalString,
    _ASN1Type.BMPString,
}
# A host name as people write them, A-labels and a leading star too; this is no witness of what else may be one.
HOST = re.compile(r"(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE)
METHODS = {AuthorityInformationAccessOID.OCSP: "ocsp", AuthorityInformationAccessOID.CA_ISSUERS: "ca_issuers"}
PRECERT_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.4")


def plain(text: str) -> str:
    """As the core gives text: controls and backslashes escaped, byte by byte."""
    return "".join(
        "".join(f"\\x{byte:02x}" for byte in character.encode())
        if ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 or character == "\\"
        else character
        for character in text
    )


def _attributes(name: x509.Name) -> list[tuple[str, str | bytes]]:
    return [(one.oid.dotted_string, plain(one.value) if isinstance(one.value, str) else one.value) for one in name]


def _distinguished(name: x509.Name) -> str:
    """Plain ASCII alone, as RFC 4514 leaves open how characters are escaped that need not be; and character strings
    alone, as it has the others written in hex, which `cryptography` does not."""
    text = name.rfc4514_string()
    if any(one._type not in STRINGS for one in name):
        raise ValueError(text)
    if not all(" " <= character < "\x7f" for character in text):
        raise ValueError(text)
    return text


def _general(name: x509.GeneralName) -> tuple[str, str]:
    match name:
        case x509.DNSName():
            return "dns", plain(name.value)
        case x509.IPAddress():
            return "ip", str(name.value)
        case x509.RFC822Name():
            return "email", plain(name.value)
        case x509.UniformResourceIdentifier():
            return "uri", plain(name.value)
        case x509.DirectoryName():
            return "dirname", _distinguished(name.value)
        case x509.RegisteredID():
            return "rid", name.value.dotted_string
        case x509.OtherName():
            return "othername", f"{name.type_id.dotted_string};{name.value.hex()}"
    raise ValueError(name)


def _emails(certificate: x509.Certificate, extensions: x509.Extensions) -> list[str]:
    names = _of(extensions, x509.SubjectAlternativeName) or ()
    found = [plain(one.value) for one in names if isinstance(one, x509.RFC822Name)]
    more = [plain(str(one.value)) for one in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)]
    return found + [one for one in dict.fromkeys(more) if one not in found]


def _uris(names: Iterable[x509.GeneralName] | None) -> list[str]:
    return [plain(one.value) for one in names or () if isinstance(one, x509.UniformResourceIdentifier)]


def _key_bits(certificate: x509.Certificate) -> int:
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey | ec.EllipticCurvePublicKey):
        raise TypeError(key)
    return key.key_size


def _key_curve(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    return CURVES.get(key.curve.name, key.curve.name) if isinstance(key, ec.EllipticCurvePublicKey) else ""


def _common_name(certificate: x509.Certificate) -> str | None:
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return plain(str(found[0].value)) if found else None


def _key_algorithm(certificate: x509.Certificate) -> str:
    oid = certificate.public_key_algorithm_oid.dotted_string
    return KEYS.get(oid, oid)


FRAME: dict[str, Callable[[x509.Certificate], object]] = {
    "serial": lambda one: abs(one.serial_number),
    "version": lambda one: one.version.value + 1,
    "not_before": lambda one: int(one.not_valid_before_utc.timestamp()),
    "not_after": lambda one: int(one.not_valid_after_utc.timestamp()),
    "subject": lambda one: _distinguished(one.subject),
    "issuer": lambda one: _distinguished(one.issuer),
    "subject_attributes": lambda one: _attributes(one.subject),
    "issuer_attributes": lambda one: _attributes(one.issuer),
    "common_name": _common_name,
    "key_algorithm": _key_algorithm,
    "key_bits": _key_bits,
    "key_curve": _key_curve,
}


def _of(extensions: x509.Extensions, kind: type[T]) -> T | None:
    return next((one.value for one in extensions if isinstance(one.value, kind)), None)


def _usage(extensions: x509.Extensions) -> list[str]:
    usage = _of(extensions, x509.KeyUsage)
    if usage is None:
        return []
    found = [name for field, name in USAGES.items() if getattr(usage, field)]
    if usage.key_agreement:  # these mean nothing without it, and can't be read then
        found += ["encipherOnly"] * usage.encipher_only + ["decipherOnly"] * usage.decipher_only
    return found


def _sct(sct: x509.certificate_transparency.SignedCertificateTimestamp) -> tuple[object, ...]:
    moment = sct.timestamp.replace(tzinfo=UTC)
    return (
        sct.version.value,
        sct.log_id,
        round(moment.timestamp() * 1000),
        sct.extension_bytes,
        HASHES[type(sct.signature_hash_algorithm)],
        sct.signature_algorithm.value,
        sct.signature,
    )


def _policies(extensions: x509.Extensions) -> list[tuple[str, list[str]]]:
    return [
        (
            one.policy_identifier.dotted_string,
            [plain(text) for text in one.policy_qualifiers or () if isinstance(text, str)],
        )
        for one in _of(extensions, x509.CertificatePolicies) or ()
    ]


def _authority_info(extensions: x509.Extensions) -> list[tuple[str, str]]:
    return [
        (METHODS.get(one.access_method, one.access_method.dotted_string), plain(one.access_location.value))
        for one in _of(extensions, x509.AuthorityInformationAccess) or ()
        if isinstance(one.access_location, x509.UniformResourceIdentifier)
    ]


def _names(extensions: x509.Extensions, *kinds: type[x509.DNSName | x509.IPAddress]) -> list[str]:
    names = _of(extensions, x509.SubjectAlternativeName) or ()
    return [_general(one)[1] for one in names if isinstance(one, kinds)]


def _constraints(extensions: x509.Extensions) -> tuple[bool, bool, int | None]:
    found = _of(extensions, x509.BasicConstraints)
    return (True, found.ca, found.path_length) if found is not None else (False, False, None)


def _identifier(found: x509.SubjectKeyIdentifier | None) -> bytes | None:
    return found.digest if found is not None else None


def _authority(found: x509.AuthorityKeyIdentifier | None) -> bytes | None:
    return found.key_identifier if found is not None else None


EXTENSIONS: dict[str, Callable[[x509.Extensions], object]] = {
    "extensions": lambda them: [(one.oid.dotted_string, one.critical) for one in them],
    "is_precert": lambda them: _of(them, x509.PrecertPoison) is not None,
    "dns_names": lambda them: _names(them, x509.DNSName),
    "ip_addresses": lambda them: _names(them, x509.IPAddress),
    "alternative_names": lambda them: [_general(one) for one in _of(them, x509.SubjectAlternativeName) or ()],
    "issuer_alternative_names": lambda them: [_general(one) for one in _of(them, x509.IssuerAlternativeName) or ()],
    "uris": lambda them: _uris(_of(them, x509.SubjectAlternativeName)),
    "scts": lambda them: [_sct(one) for one in _of(them, x509.PrecertificateSignedCertificateTimestamps) or ()],
    "subject_key_id": lambda them: _identifier(_of(them, x509.SubjectKeyIdentifier)),
    "authority_key_id": lambda them: _authority(_of(them, x509.AuthorityKeyIdentifier)),
    "constraints": _constraints,
    "key_usage": _usage,
    "extended_key_usage": lambda them: [one.dotted_string for one in _of(them, x509.ExtendedKeyUsage) or ()],
    "is_precert_signing": lambda them: PRECERT_SIGNING in (_of(them, x509.ExtendedKeyUsage) or ()),
    "policies": _policies,
    "crl_urls": lambda them: [
        uri for point in _of(them, x509.CRLDistributionPoints) or () for uri in _uris(point.full_name)
    ],
    "authority_info": _authority_info,
}


def read(der: bytes) -> Fields | None:
    """All fields that can be read, by the core's names; None for what is no certificate to `cryptography`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of much that it reads
        try:
            certificate = x509.load_der_x509_certificate(der)
        except UNREADABLE:
            return None
        found: Fields = {}
        _gather(found, FRAME, certificate)
        try:
            extensions = certificate.extensions
        except UNREADABLE:
            return found
        _gather(found, EXTENSIONS, extensions)
        _gather(found, {"email_addresses": lambda one: _emails(one, extensions)}, certificate)
    return found


def _gather(found: Fields, fields: dict[str, Callable[[T], object]], source: T) -> None:
    for name, field in fields.items():
        with suppress(*UNREADABLE, NotImplementedError):
            found[name] = field(source)


def named(der: bytes) -> set[str] | None:
    """DNS names and addresses in subjectAltName, and common names that are host names or addresses beyond doubt; None
    where it can't read them."""
    with warnings.catch_warnings(), suppress(*UNREADABLE):
        warnings.simplefilter("ignore")
        read = x509.load_der_x509_certificate(der)
        subject = [str(one.value) for one in read.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        found = {one for one in subject if HOST.fullmatch(one)}
        try:
            names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return found
        found |= {one for one in names.get_values_for_type(x509.DNSName) if HOST.fullmatch(one)}
        return found | {str(one) for one in names.get_values_for_type(x509.IPAddress) if "/" not in str(one)}
    return None
