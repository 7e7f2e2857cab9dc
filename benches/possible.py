"""How often a label that nobody can read might be a watched one, when every domain that is there is watched."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator

from core_pages import Material
from feeds import CORPUS
from rows import Figure, Row

from certhia._core import Certificate, Matcher, registrable_domain
from certhia.errors import Malformed

ARCHIVES = ("certificates", "hostile")


def rows(given: Material) -> Iterator[Row]:
    """Log entries, then what the corpus has of certificates on their own, where it is there."""
    logged = [entry.certificate for page in given.pages for entry in page if not entry.fault]
    yield Row("matches that are only possible", "log entries", _figures(logged))
    for name in ARCHIVES:
        if (CORPUS / f"{name}.tar.zst").exists():
            yield Row("matches that are only possible", name, _figures(list(_archived(name))))


def _figures(certificates: list[Certificate]) -> list[Figure]:
    names = [name for certificate in certificates for name in certificate.names]
    domains = {domain for name in names if (domain := registrable_domain(name.removeprefix("*.")))}
    matcher = Matcher([("tree", domain) for domain in sorted(domains)])
    found = [matcher.certificate(certificate) for certificate in certificates]
    reasons = [{hit[3] for hit in hits} for hits in found]
    possible = sum("possible" in why for why in reasons)
    unread = sum(len({hit[1] for hit in hits if hit[3] == "possible"}) for hits in found)
    each = 1000 / len(certificates)
    watched = f"names, of {len(names):,}; {len(domains):,} domains watched"
    return [
        Figure(f"certificates, of {len(certificates):,}", "per 1,000", [possible * each]),
        Figure("  for which nothing else matches", "per 1,000", [reasons.count({"possible"}) * each]),
        Figure(watched, "per 1,000", [1000 * unread / len(names)]),
    ]


def _archived(name: str) -> Iterator[Certificate]:
    """Whatever can be read as a certificate."""
    import zstandard  # noqa: PLC0415  (only where there is something to unpack)

    with (
        (CORPUS / f"{name}.tar.zst").open("rb") as packed,
        zstandard.ZstdDecompressor().stream_reader(packed) as plain,
        tarfile.open(fileobj=plain, mode="r|") as archive,
    ):
        for member in archive:
            if (content := archive.extractfile(member) if member.isfile() else None) is not None:
                try:
                    yield Certificate.from_der(content.read())
                except Malformed:
                    continue
