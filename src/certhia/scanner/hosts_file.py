"""Names that this machine knows without asking: its hosts file, and itself."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Final

from certhia.scanner.hosts import HostError, read_host

MAX_FILE = 4 << 20  # bytes; ad blockers make it long

PLACE: Final = Path("/etc/hosts")
_OWN: Final = {"localhost": ("127.0.0.1", "::1")}  # RFC 6761 section 6.3


def read_hosts_file(path: Path = PLACE) -> dict[str, tuple[str, ...]]:
    """Addresses by name in A-labels. A file that is not there, and lines that make no sense, count for nothing."""
    found: dict[str, list[str]] = {}
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE).decode("utf-8", "replace")
    except OSError:
        text = ""
    for line in text.splitlines():
        written, *names = line.partition("#")[0].split()[:64] or [""]
        try:
            address = str(ip_address(written))
        except ValueError:
            continue
        for name in names:
            try:
                kept = found.setdefault(read_host(name), [])
            except HostError:
                continue
            if address not in kept:
                kept.append(address)
    return {**_OWN, **{name: tuple(addresses) for name, addresses in found.items()}}
