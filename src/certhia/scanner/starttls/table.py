"""Which protocol is spoken where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from certhia.scanner.conversation import Conversation
from certhia.scanner.starttls import binary, lines, xmpp

# What is said on an open connection until TLS may begin. Takes the name or address that the server is asked as.
# Raises ScanFailure: `starttls-refused`, `closed`, `too-large`.
Opening: TypeAlias = Callable[[str], Conversation[None]]

PROTOCOLS: Final[dict[str, Opening]] = {
    "smtp": lines.smtp,
    "imap": lines.imap,
    "pop3": lines.pop3,
    "ftp": lines.ftp,
    "ldap": binary.ldap,
    "xmpp-client": xmpp.client,
    "xmpp-server": xmpp.server,
    "postgres": binary.postgres,
    "mysql": binary.mysql,
    "rdp": binary.rdp,
    "nntp": lines.nntp,
    "sieve": lines.sieve,
}

PORTS: Final = {
    21: "ftp",
    25: "smtp",
    110: "pop3",
    119: "nntp",
    143: "imap",
    389: "ldap",
    433: "nntp",
    587: "smtp",
    2525: "smtp",
    3268: "ldap",
    3306: "mysql",
    3389: "rdp",
    4190: "sieve",
    5222: "xmpp-client",
    5269: "xmpp-server",
    5432: "postgres",
}


def protocol(starttls: str | None, port: int) -> str:
    """The protocol for a target: as it says, or as its port says; "" where TLS begins at once."""
    return PORTS.get(port, "") if starttls is None else starttls
