"""Ports as people write them: `443,8443,465-466,smtp,2525/smtp`."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from certhia import render
from certhia.errors import ConfigError

INSTEAD: Final = "write 443, 8443,465-466, smtp or 2525/smtp"

# How to get to TLS on a port that says nothing about it; "" where TLS begins at once.
SERVICES: Final[dict[str, tuple[int, str]]] = {
    "https": (443, ""),
    "wss": (443, ""),
    "https-alt": (8443, ""),
    "doh": (443, ""),
    "dot": (853, ""),
    "domain-s": (853, ""),
    "smtp": (25, "smtp"),
    "submission": (587, "smtp"),
    "smtps": (465, ""),
    "submissions": (465, ""),
    "imap": (143, "imap"),
    "imaps": (993, ""),
    "pop3": (110, "pop3"),
    "pop3s": (995, ""),
    "ftp": (21, "ftp"),
    "ftps": (990, ""),
    "ldap": (389, "ldap"),
    "ldaps": (636, ""),
    "xmpp": (5222, "xmpp-client"),
    "xmpp-client": (5222, "xmpp-client"),
    "xmpp-server": (5269, "xmpp-server"),
    "xmpps": (5223, ""),
    "postgres": (5432, "postgres"),
    "postgresql": (5432, "postgres"),
    "mysql": (3306, "mysql"),
    "mariadb": (3306, "mysql"),
    "rdp": (3389, "rdp"),
    "ms-wbt-server": (3389, "rdp"),
    "nntp": (119, "nntp"),
    "nntps": (563, ""),
    "sieve": (4190, "sieve"),
    "ircs": (6697, ""),
    "amqps": (5671, ""),
    "mqtts": (8883, ""),
    "sips": (5061, ""),
    "rediss": (6379, ""),
    "telnets": (992, ""),
    "ldap-gc": (3268, "ldap"),
    "ldaps-gc": (3269, ""),
}


class Port(NamedTuple):
    """Where to knock.

    Attributes:
        number: 1 to 65535.
        starttls: None as the number says, "" for TLS at once, else the protocol in which TLS is asked for.
    """

    number: int
    starttls: str | None = None


@lru_cache(maxsize=1024)
def read_port(text: str) -> Port:
    """One port: a number, a service, or `number/protocol`. Raises ConfigError."""
    found = read_ports(text)
    if len(found) != 1:
        raise ConfigError(f"the port {render.quoted(text)} is more than one; write one, or give them all by -p")
    return found[0]


def read_ports(text: str) -> tuple[Port, ...]:
    """Ports in the order in which they are written, each once. Raises ConfigError."""
    ports: dict[Port, None] = {}
    for piece in text.split(","):
        if piece := piece.strip():
            ports.update(dict.fromkeys(_piece(piece)))
    if not ports:
        raise ConfigError(f"{render.quoted(text)} holds no port; {INSTEAD}")
    return tuple(ports)


def _piece(text: str) -> list[Port]:
    lowered = text.lower()
    if known := SERVICES.get(lowered):
        return [Port(*known)]
    number, slash, protocol = lowered.partition("/")
    if slash:
        return [Port(_number(number, text), _protocol(protocol, text))]
    first, hyphen, last = lowered.partition("-")
    if not hyphen:
        return [Port(_number(first, text))]
    low, high = _number(first, text), _number(last, text)
    if low > high:
        raise ConfigError(f"the ports {render.quoted(text)} end before they begin; write {high}-{low}")
    return [Port(number) for number in range(low, high + 1)]


def _number(text: str, written: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ConfigError(f"{render.quoted(written)} is no port and no service that is known; {INSTEAD}")
    if len(text) > 5 or not 1 <= int(text) <= 65535:
        raise ConfigError(f"{render.quoted(written)} is no port; they go from 1 to 65535")
    return int(text)


def _protocol(text: str, written: str) -> str:
    if text in {"tls", "ssl"}:
        return ""
    known = {name: starttls for name, (_, starttls) in SERVICES.items() if starttls}
    protocols = set(known.values())
    if text in protocols or text in known:
        return known.get(text, text)
    names = ", ".join(sorted(protocols))
    raise ConfigError(f"{render.quoted(written)} names no protocol that is known; there are tls, {names}")
