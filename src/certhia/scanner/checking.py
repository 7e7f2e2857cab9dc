"""A second word on a chain: cryptography's path validation, by the profile that browsers hold (CA/B baseline).

Ours is RFC 5280's, link by link (`chains`), because it has to say why and has to read what servers really show. The
profile is stricter: it wants alternative names, key identifiers, no SHA-1. What it refuses is told beside the verdicts.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from certhia._core import Certificate
from certhia.clock import utc
from certhia.render import terminal
from certhia.scanner import strictly
from certhia.scanner.hostnames import reference
from certhia.scanner.paths import MAX_DEPTH
from certhia.scanner.records import Verdict
from certhia.scanner.strictly import UNREADABLE, quiet

TEXT_SHOWN: Final = 300  # characters of what it says


@quiet
def refusal(path: Sequence[Certificate], now: float) -> str:
    """Why the profile refuses a path, leaf first and root last, for a name of its own; "" where it takes it. Text that
    begins with "not read: " says that cryptography can't read a certificate of it."""
    wanted, is_address = _own_name(path[0])
    if len(path) < 2:
        return ""  # trusted by itself: there is nothing to say
    try:
        read = [strictly.certificate(one.der) for one in path]
        builder = PolicyBuilder().store(Store(read[-1:])).time(utc(now).replace(tzinfo=None)).max_chain_depth(MAX_DEPTH)
        subject = x509.IPAddress(ip_address(wanted)) if is_address else x509.DNSName(wanted)
        builder.build_server_verifier(subject).verify(read[0], read[1:-1])
    except VerificationError as error:
        return _inert(str(error))
    except UNREADABLE as error:  # Malformed is a ValueError
        return f"not read: {_inert(str(error) or type(error).__name__)}"
    return ""


def verdict(path: Sequence[Certificate], now: float) -> Verdict | None:
    """What is to be said of a trusted path that the profile does not take."""
    why = refusal(path, now)
    if not why:
        return None
    if why.startswith("not read: "):
        return Verdict("unprofiled", "info", f"a stricter reader can't judge it: {why.removeprefix('not read: ')}")
    return Verdict("unprofiled", "low", f"trusted, but against the profile of browsers: {why}")


def _own_name(leaf: Certificate) -> tuple[str, bool]:
    """A name that the certificate is for, and whether that is an address: whether it is the one asked for is judged
    elsewhere."""
    for name in (*leaf.dns_names, *leaf.ip_addresses):
        wanted, is_address = reference(name.replace("*.", "any.", 1))
        if wanted is not None:
            return wanted, is_address
    return "no.name.invalid", False


def _inert(text: str) -> str:
    return terminal(text)[:TEXT_SHOWN]
