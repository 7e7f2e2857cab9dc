"""Who may issue for a name, by its CAA records (RFC 8659).

The record set of a name is the first that there is on the way from the name up to its top-level domain (section 3). A
name server that does not answer leaves it open: an authority must not issue then, but whether there is a record nobody
knows. What methods and accounts a record asks for (RFC 8657) can't be seen from a certificate, and is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, NamedTuple

from certhia.scanner.dns import Resolver

MAX_LABELS: Final = 32  # of a name: each costs a question
CRITICAL: Final = 128  # section 4.1
_KNOWN: Final = frozenset(("issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail", "issuevmc"))
_ABSENT: Final = frozenset(("NODATA", "NXDOMAIN", ""))
_DOMAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")


class Permission(NamedTuple):
    """What CAA records say of a name.

    Attributes:
        owner: the name that has them; "" where none on the way has any.
        restricted: whether they say who may issue; else anybody may.
        allowed: the domains that stand for those who may; empty for nobody.
        unknown: a critical property that nobody knows here: then nobody may who does not know it either.
        fault: why it is not known; then nothing else counts.
    """

    owner: str = ""
    restricted: bool = False
    allowed: frozenset[str] = frozenset()
    unknown: str = ""
    fault: str = ""

    def permits(self, domains: Collection[str]) -> bool:
        """Whether an authority may issue that is known by these domains."""
        if self.unknown and not self.fault:
            return False
        return bool(self.fault) or not self.restricted or not self.allowed.isdisjoint(domains)


async def permission(resolver: Resolver, name: str) -> Permission:
    """What holds for a name in A-labels; a wildcard begins with "*."."""
    wild = name.startswith("*.")
    labels = name.removeprefix("*.").lower().removesuffix(".").split(".")
    if len(labels) > MAX_LABELS:
        return Permission(fault=f"more than {MAX_LABELS} labels")
    while labels:
        owner = ".".join(labels)
        found = await resolver.records(owner, "CAA")
        if found.values:
            return read(owner, found.values, wild=wild)
        if found.fault not in _ABSENT:
            return Permission(fault=f"{owner}: {found.fault}")
        del labels[0]
    return Permission()


def read(owner: str, values: Collection[str], *, wild: bool) -> Permission:
    """What a record set says, each record as flags, tag and value (`answers.Record`)."""
    by_tag: dict[str, set[str]] = {}
    unknown = ""
    for text in values:
        flags, tag, value = (*text.split(" ", 2), "", "")[:3]
        tag = tag.lower()
        by_tag.setdefault(tag, set()).add(issuer_domain(value))
        if flags.isdecimal() and int(flags) & CRITICAL and tag not in _KNOWN:
            unknown = unknown or tag
    tag = "issuewild" if wild and "issuewild" in by_tag else "issue"
    return Permission(owner, tag in by_tag, frozenset(by_tag.get(tag, set()) - {""}), unknown)


def issuer_domain(value: str) -> str:
    """The domain in an issue property's value (section 4.2); "" for nobody, and for what can't be read, which is as
    much."""
    domain = value.partition(";")[0].strip(" \t").lower().removesuffix(".")
    return domain if _DOMAIN.fullmatch(domain) else ""
