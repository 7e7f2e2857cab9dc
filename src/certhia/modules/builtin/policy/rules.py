"""One's own rules: who may issue, for how long, for which keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TypeAlias

from certhia._core import Certificate
from certhia.config.modules.policy import PolicySection
from certhia.model import Match
from certhia.modules.builtin.authorities import Ownership
from certhia.modules.builtin.validity import days, lifetime
from certhia.modules.finding import JSON, Finding, Severity

Against: TypeAlias = tuple[str, str, Severity, Mapping[str, JSON]]  # kind, text, severity, data


class Rules:
    """Holds certificates to the settings."""

    def __init__(self, settings: PolicySection, ownership: Ownership) -> None:
        self._settings = settings
        self._ownership = ownership
        self._allowed = tuple(one.casefold() for one in settings.allowed_cas)
        self._curves = frozenset(one.casefold() for one in settings.curves)

    def of(self, number: int, match: Match, certificate: Certificate | None) -> Iterator[Finding]:
        """What is against them. Rules on keys need the certificate."""
        if match.fault:
            return
        found = [*self._issuer(match), *self._lifetime(match), *(self._key(certificate) if certificate else ())]
        shown = f"{match.names[0]}: " if match.names else ""
        for kind, text, severity, data in found:
            yield Finding(kind, shown + text, severity, number, match.names[:10], data)

    def _issuer(self, match: Match) -> Iterator[Against]:
        organization = match.issuer_organization
        owner = self._ownership.owner(organization)
        names = {one.casefold() for one in (organization, owner, match.issuer) if one}
        if not self._allowed or any(fnmatchcase(name, glob) for glob in self._allowed for name in names):
            return
        shown = organization or match.issuer or "an issuer without a name"
        of = f" ({owner})" if owner != organization else ""
        data = {"issuer": match.issuer, "organization": organization, "owner": owner}
        text = f"issued by {shown}{of}, which is not among the authorities that you allow"
        yield "ca", text, "high", data

    def _lifetime(self, match: Match) -> Iterator[Against]:
        most = self._settings.max_lifetime
        seconds = lifetime(match.not_before, match.not_after)
        if most is None or seconds <= most:
            return
        text = f"valid for {days(seconds)}, where you allow {days(most)}"
        yield "lifetime", text, "medium", {"seconds": seconds, "allowed": most}

    def _key(self, certificate: Certificate) -> Iterator[Against]:
        kind, bits, curve = certificate.key_algorithm, certificate.key_bits, certificate.key_curve
        settings, why = self._settings, ""
        if settings.key_kinds and kind not in settings.key_kinds:
            why = f"a key of the kind {kind or 'unknown'}, where you allow {', '.join(settings.key_kinds)}"
        elif kind == "rsa" and bits < settings.min_rsa_bits:
            why = f"an RSA key of {bits} bits, where you want {settings.min_rsa_bits}"
        elif kind == "ec" and self._curves and curve.casefold() not in self._curves:
            why = f"a key on the curve {curve}, where you allow {', '.join(settings.curves)}"
        if why:
            yield "key", why, "medium", {"kind": kind, "bits": bits, "curve": curve}
