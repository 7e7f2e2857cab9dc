"""Made-up certificates that look like a day's worth of real ones; all under names that nobody can register."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from certhia.testing import keys

_DOMAINS = (
    "example.com", "example.org", "example.net", "acme.test", "acme-payments.test", "shop.example", "bank.example",
    "news.example", "cloud.example", "university.test", "ministry.test", "hospital.test", "certhia.test",
)  # fmt: skip
_HOSTS = (
    "www", "api", "mail", "login", "shop", "cdn", "static", "vpn", "git", "ci", "grafana", "autodiscover", "staging",
    "dev", "admin", "intranet", "sso", "pay", "status", "docs", "blog", "files", "media", "app", "m",
)  # fmt: skip
_WORDS = ("otter", "heron", "lynx", "marten", "dipper", "siskin", "pine", "birch", "alder", "moss", "fern", "lichen")
_ALABELS = ("xn--bcher-kva.example", "xn--caf-dma.example", "xn--mgba3a4f16a.test", "xn--80ak6aa92e.example")
_ORGANIZATIONS = ("Example Trading Ltd", "ACME Payments Inc.", "Universität Beispiel", "Hospital Test Trust")


@dataclass(frozen=True, slots=True)
class Wish:
    """What one certificate is to be."""

    names: tuple[str, ...]
    ips: tuple[str, ...] = ()
    organization: str | None = None
    days: float = 90


def wishes(seed: int | str = 0) -> Iterator[Wish]:
    """Certificates to issue, without end; the same for the same seed.

    Of twelve: seven for a host or two, a wildcard, an A-label, one with addresses, a short-lived one, one with many
    names; customers of a hoster (`word-123.cloud.example`) among them.
    """
    for count, number in enumerate(keys.draw(f"wishes {seed}", 64)):
        domain = _DOMAINS[number % len(_DOMAINS)]
        host = _HOSTS[(number >> 8) % len(_HOSTS)]
        word = f"{_WORDS[(number >> 16) % len(_WORDS)]}-{(number >> 24) % 1000}"
        organization = _ORGANIZATIONS[(number >> 36) % len(_ORGANIZATIONS)] if (number >> 34) % 4 == 0 else None
        kind = count % 12
        if kind == 1:
            yield Wish((f"*.{domain}", domain))
        elif kind == 3:
            label = _ALABELS[(number >> 16) % len(_ALABELS)]
            yield Wish((f"{host}.{label}", label))
        elif kind == 5:
            low = (number >> 16) % 254 + 1
            yield Wish((f"{word}.{domain}",), (f"192.0.2.{low}", f"2001:db8::{low:x}"), organization)
        elif kind == 7:
            yield Wish((f"{word}.cloud.example",), days=6)
        elif kind == 11:
            yield Wish((domain, *(f"{each}.{word}.{domain}" for each in _HOSTS[: 5 + (number >> 16) % 20])))
        elif kind % 2:
            yield Wish((domain, f"www.{domain}"), (), organization)
        else:
            yield Wish((f"{host}.{domain}", *((f"{word}.{domain}",) if kind == 4 else ())), (), organization)
