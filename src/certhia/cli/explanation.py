"""What `certhia explain` shows of one certificate or name: text for people, or fields for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from certhia import render
from certhia._core import Certificate, Suffixes
from certhia.clock import iso
from certhia.model import RuleHit
from certhia.rules.explain import PLACES, excluded, sentence, whose
from certhia.rules.trial import Tried

SHOWN: Final = 20  # of anything there may be thousands of
COLUMN: Final = 12


def fields(subject: str, certificate: Certificate | None, tried: Tried, suffixes: Suffixes) -> dict[str, object]:
    """All of it for JSON. `certificate` is null for a name."""
    names = [subject] if certificate is None else certificate.names
    return {
        "subject": subject,
        "matched": bool(tried.hits),
        "names": names,
        "registrable_domains": _domains(names, suffixes),
        "rules": [_hit(hit) for hit in tried.hits],
        "excluded": [
            {
                **_hit(one.hit),
                "by": [
                    {"rule": rule.text, "programme": rule.programme or None, "out_of_scope": rule.out_of_scope}
                    for rule in one.by
                ],
            }
            for one in tried.excluded
        ],
        "certificate": None if certificate is None else _certificate(certificate),
    }


def text(subject: str, certificate: Certificate | None, tried: Tried, suffixes: Suffixes) -> str:
    """All of it for people: inert lines, none too long to read."""
    names = [subject] if certificate is None else certificate.names
    lines = [render.domain(subject) if certificate is None else render.terminal(subject)]
    if certificate is not None:
        lines += _described(certificate)
    lines += _rows("registrable", [", ".join(_some(_domains(names, suffixes))) or "no registrable domain"])
    placed = certificate is not None
    lines += _rows("matches", [_told(hit, placed) for hit in tried.hits if hit.why != "possible"])
    lines += _rows("possible", [_told(hit, placed) for hit in tried.hits if hit.why == "possible"])
    left_out = [(one.hit, "; ".join(map(excluded, one.by)) or "excluded") for one in tried.excluded]
    lines += _rows("left out", [f"{_told(hit, placed)}; but {why}" for hit, why in left_out])
    if not tried.hits:
        lines.append(f"  no rule matches{', but for what is left out' if left_out else ''}")
    return "\n".join(lines)


def _described(certificate: Certificate) -> list[str]:
    """What the certificate is."""
    strength = f"{certificate.key_algorithm} {certificate.key_curve or certificate.key_bits or ''}".strip()
    kind = "precertificate, " if certificate.is_precert else "of a CA, " if certificate.is_ca else ""
    lines = _rows("names", [", ".join(_some(certificate.names)) or "none"])
    for title, value in (
        ("subject", certificate.subject or "empty"),
        ("issuer", certificate.issuer or "empty"),
        ("valid", f"{_second(certificate.not_before)} to {_second(certificate.not_after)}"),
        ("serial", certificate.serial),
        ("key", f"{strength}, SHA-256 {certificate.spki_sha256.hex()}"),
        ("certificate", f"{kind}SHA-256 {certificate.sha256.hex()}"),
    ):
        lines += _rows(title, [render.terminal(value)])
    return lines


def _second(seconds: int) -> str:
    return iso(seconds).replace(".000Z", "Z")


def _told(hit: RuleHit, placed: bool) -> str:
    """One hit in a line. `placed`: whether there is a certificate in which the name stands somewhere."""
    place = f" ({PLACES[hit.where]})" if placed and hit.where in PLACES and hit.why != "everything" else ""
    return f"{render.terminal(hit.rule)}{whose(hit.programme, hit.platform)}: {sentence(hit)}{place}"


def _rows(title: str, values: Sequence[str]) -> list[str]:
    """A title with its values below each other; nothing where there are none."""
    shown = [*values[:SHOWN], *([f"and {len(values) - SHOWN} more (--json has all)"] if len(values) > SHOWN else ())]
    return [f"  {title if not number else '':<{COLUMN}} {value}" for number, value in enumerate(shown)]


def _some(names: Sequence[str]) -> list[str]:
    shown = [render.domain(name) for name in names[:SHOWN]]
    return [*shown, f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else shown


def _domains(names: Sequence[str], suffixes: Suffixes) -> list[str]:
    """The registrable domains of names, each once."""
    return [*dict.fromkeys(domain for name in names if (domain := suffixes.registrable_domain(name)))]


def _hit(hit: RuleHit) -> dict[str, object]:
    return {
        "rule": hit.rule,
        "name": hit.name,
        "where": hit.where,
        "why": hit.why,
        "detail": hit.detail,
        "score": hit.score,
        "programme": hit.programme or None,
        "platform": hit.platform or None,
        "sentence": sentence(hit),
    }


def _certificate(certificate: Certificate) -> dict[str, object]:
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": certificate.serial,
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "is_precert": certificate.is_precert,
        "is_ca": certificate.is_ca,
        "key_algorithm": certificate.key_algorithm,
        "key_bits": certificate.key_bits,
        "sha256": certificate.sha256.hex(),
        "spki_sha256": certificate.spki_sha256.hex(),
        "tbs_sha256": certificate.tbs_sha256.hex(),
    }
