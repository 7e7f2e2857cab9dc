"""A certificate authority that issues what a test asks for, precertificates included (RFC 6962 section 3.1)."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec

from certhia.clock import Clock
from certhia.testing import der, keys

_DAY = 86400
_ALGORITHM = der.sequence(der.oid(der.ECDSA_SHA256))
_POISON = der.extension(der.POISON, der.tlv(der.NULL), critical=True)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate or precertificate, with all that a log needs to take it in."""

    der: bytes  # the certificate, or the precertificate as submitted
    tbs: bytes  # TBSCertificate without poison and SCT list: what a log signs for a precertificate
    is_precert: bool
    issuer_key_hash: bytes  # SHA-256 of the final issuer's key, 32 bytes
    chain: tuple[bytes, ...]  # DER, issuer first, root last
    names: tuple[str, ...]  # DNS names as written into the SAN
    ips: tuple[str, ...]
    common_name: str
    serial: int
    not_before: int  # Unix seconds
    not_after: int

    @property
    def sha256(self) -> bytes:
        """SHA-256 of `der`."""
        return hashlib.sha256(self.der).digest()

    @property
    def tbs_sha256(self) -> bytes:
        """Equal for a precertificate and the certificate that came of it."""
        return hashlib.sha256(self.tbs).digest()

    @property
    def pem(self) -> str:
        """The certificate and its chain without the root, PEM."""
        return "".join(pem(each) for each in (self.der, *self.chain[:-1]))


def pem(certificate: bytes) -> str:
    """DER as PEM."""
    text = base64.b64encode(certificate).decode()
    lines = "\n".join(text[i : i + 64] for i in range(0, len(text), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


class CA:
    """A root, an intermediate that issues, and a Precertificate Signing Certificate below the intermediate.

    All keys follow from `seed` and signatures are deterministic: the same calls give the same bytes. Leaf
    certificates share one key (`leaf_key`) unless told otherwise, so issuing costs one signature: thousands a second.
    """

    def __init__(self, seed: int | str = 0, *, clock: Clock | None = None, organization: str = "Certhia Test") -> None:
        self.clock = clock or Clock()
        self.organization = organization
        self._numbers = keys.draw(f"certhia test {seed}", 128)
        self.root_key, self.key, self.precert_key, self.leaf_key = (
            keys.p256(f"certhia test {seed} {role}") for role in ("root", "intermediate", "precert signer", "leaf")
        )
        self.since = self.clock.now() // _DAY * _DAY - 365 * _DAY
        self._root_name, self._name, self._precert_name = (
            self._subject(f"{organization} {role}") for role in ("Root", "Intermediate", "Precert Signer")
        )
        self.root = self._authority(self._root_name, self.root_key, self._root_name, self.root_key)
        self.intermediate = self._authority(self._name, self.key, self._root_name, self.root_key)
        signing = der.extension(der.EXTENDED_USAGE, der.sequence(der.oid(der.PRECERT_SIGNING)))
        self.precert_signer = self._authority(self._precert_name, self.precert_key, self._name, self.key, signing)
        self.issuer_key_hash = hashlib.sha256(keys.spki(self.key)).digest()

    def issue(
        self,
        names: Sequence[str] = (),
        ips: Sequence[str] = (),
        *,
        precert: bool = False,
        precert_signer: bool = False,
        not_before: datetime | float | None = None,
        days: float = 90,
        organization: str | None = None,
        common_name: str | None = None,
        serial: int | None = None,
        extensions: Sequence[bytes] = (),
        key: str = "",
    ) -> Issued:
        """Issues a certificate, or with `precert` the precertificate for one.

        `common_name` is the first name unless given; "" leaves it out. `not_before` is a time or Unix seconds, an hour
        ago by default. `precert_signer` has the precertificate signed by the Precertificate Signing Certificate.
        `extensions` are ready DER extensions (see `certhia.testing.der.extension`). `key` names a key of its own, the
        same for the same text. Names are written as they are, so names that no real CA would issue are possible.
        """
        start = not_before.timestamp() if isinstance(not_before, datetime) else not_before
        start = int(self.clock.now() - 3600 if start is None else start)
        end = start + int(days * _DAY) - 1
        number = self._serial() if serial is None else serial
        shown = (names[0] if names else ips[0] if ips else "") if common_name is None else common_name
        subject = [(der.ORGANIZATION, organization)] if organization else []
        subject += [(der.COMMON_NAME, shown)] if shown else []

        leaf_key = keys.p256(f"certhia test leaf {key}") if key else self.leaf_key

        def tbs(issuer: bytes, key: ec.EllipticCurvePrivateKey, *more: bytes) -> bytes:
            own = (_authority_key(key), *_LEAF_EXTENSIONS, _alternative_names(names, ips), *extensions, *more)
            return _tbs(number, issuer, (start, end), der.name(*subject), leaf_key, own)

        final = tbs(self._name, self.key)
        chain: tuple[bytes, ...] = (self.intermediate, self.root)
        if precert and precert_signer:
            chain = (self.precert_signer, *chain)
            certificate = _signed(tbs(self._precert_name, self.precert_key, _POISON), self.precert_key)
        else:
            certificate = _signed(der.with_extensions(final, add=(_POISON,)) if precert else final, self.key)
        return Issued(
            certificate,
            final,
            precert,
            self.issuer_key_hash,
            chain,
            tuple(names),
            tuple(ips),
            shown,
            number,
            start,
            end,
        )

    def finish(self, precert: Issued, scts: Sequence[bytes] = ()) -> Issued:
        """The certificate that follows from a precertificate, with the SCTs that logs gave for it (`FakeLog.sct`).

        Without SCTs it carries an empty-handed one that no log signed, so that the certificate still has a list.
        """
        if not precert.is_precert:
            raise ValueError("finish() wants a precertificate: issue(..., precert=True)")
        scts = scts or [b"\0" + bytes(40) + b"\0\0" + b"\4\3\0\0"]
        listed = b"".join(len(sct).to_bytes(2, "big") + sct for sct in scts)
        value = der.tlv(der.OCTET_STRING, len(listed).to_bytes(2, "big") + listed)
        tbs = der.with_extensions(precert.tbs, add=(der.extension(der.SCT_LIST, value),))
        return Issued(
            _signed(tbs, self.key), precert.tbs, False, precert.issuer_key_hash, (self.intermediate, self.root),
            precert.names, precert.ips, precert.common_name, precert.serial, precert.not_before, precert.not_after,
        )  # fmt: skip

    def pair(self, names: Sequence[str] = (), ips: Sequence[str] = (), **options: object) -> tuple[Issued, Issued]:
        """A precertificate and its certificate; options as for `issue`."""
        precert = self.issue(names, ips, precert=True, **options)  # type: ignore[arg-type]
        return precert, self.finish(precert)

    def undecodable(self, kind: str = "garbage") -> Issued:
        """Something that a log took in as a certificate and that no parser can read whole.

        `kind`: "garbage" is no DER at all, "truncated" breaks off in the middle of a certificate for a host of
        example.com, after its subject.
        """
        good = self.issue([f"broken-{next(self._numbers) & 0xFFFFFFFF:08x}.example.com"])
        broken = {"garbage": hashlib.shake_256(good.der).digest(200), "truncated": good.der[: len(good.der) // 2]}.get(
            kind
        )
        if broken is None:
            raise ValueError(f"no such kind of undecodable certificate: {kind!r}; there are 'garbage' and 'truncated'")
        return Issued(broken, b"", False, self.issuer_key_hash, good.chain, (), (), "", 0, 0, 0)

    @property
    def root_pem(self) -> str:
        """The root, PEM: what clients have to trust."""
        return pem(self.root)

    def _serial(self) -> int:
        """127 bits, the top one set: no two certificates of a CA share one."""
        return next(self._numbers) >> 1 | 1 << 126

    def _subject(self, common_name: str) -> bytes:
        return der.name((der.COUNTRY, "XX"), (der.ORGANIZATION, self.organization), (der.COMMON_NAME, common_name))

    def _authority(
        self,
        subject: bytes,
        key: ec.EllipticCurvePrivateKey,
        issuer: bytes,
        issuer_key: ec.EllipticCurvePrivateKey,
        *more: bytes,
    ) -> bytes:
        own = (
            der.extension(der.BASIC_CONSTRAINTS, der.sequence(der.tlv(der.BOOLEAN, b"\xff")), critical=True),
            der.extension(der.KEY_USAGE, der.tlv(der.BIT_STRING, b"\1\6"), critical=True),
            der.extension(der.SUBJECT_KEY, der.tlv(der.OCTET_STRING, _key_id(key))),
            _authority_key(issuer_key),
            *more,
        )
        tbs = _tbs(self._serial(), issuer, (self.since, self.since + 3650 * _DAY), subject, key, own)
        return _signed(tbs, issuer_key)


_LEAF_EXTENSIONS = (
    der.extension(der.BASIC_CONSTRAINTS, der.sequence(), critical=True),
    der.extension(der.KEY_USAGE, der.tlv(der.BIT_STRING, b"\7\x80"), critical=True),
    der.extension(der.EXTENDED_USAGE, der.sequence(der.oid(der.SERVER_AUTH))),
)


def _tbs(
    serial: int,
    issuer: bytes,
    validity: tuple[float, float],
    subject: bytes,
    key: ec.EllipticCurvePrivateKey,
    extensions: Sequence[bytes],
) -> bytes:
    version = der.tlv(0xA0, der.integer(2))
    period = der.sequence(der.time(validity[0]), der.time(validity[1]))
    return der.sequence(
        version, der.integer(serial), _ALGORITHM, issuer, period, subject, _spki(key),
        der.tlv(0xA3, der.sequence(*extensions)),
    )  # fmt: skip


def _signed(tbs: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    return der.sequence(tbs, _ALGORITHM, der.tlv(der.BIT_STRING, b"\0", keys.sign(key, tbs)))


def _alternative_names(names: Sequence[str], ips: Sequence[str]) -> bytes:
    if not names and not ips:
        return b""
    dns = (der.tlv(0x82, name.encode()) for name in names)
    addresses = (der.tlv(0x87, ipaddress.ip_address(ip).packed) for ip in ips)
    return der.extension(der.SUBJECT_ALT_NAME, der.sequence(*dns, *addresses))


_spki_cache: dict[int, tuple[ec.EllipticCurvePrivateKey, bytes]] = {}


def _spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key's SubjectPublicKeyInfo; remembered, because writing one costs more than the rest of a certificate."""
    known = _spki_cache.get(id(key))
    if known is None:
        if len(_spki_cache) >= 1000:
            _spki_cache.clear()
        known = _spki_cache[id(key)] = (key, keys.spki(key))
    return known[1]


def _key_id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha1(_spki(key), usedforsecurity=False).digest()


def _authority_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return der.extension(der.AUTHORITY_KEY, der.sequence(der.tlv(0x80, _key_id(key))))
