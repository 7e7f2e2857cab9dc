from __future__ import annotations

from certhia.scanner.ports import SERVICES
from certhia.scanner.starttls import PORTS, PROTOCOLS, protocol


def test_every_port_has_a_protocol_that_is_spoken() -> None:
    assert set(PORTS.values()) == set(PROTOCOLS)
    assert {starttls for _, starttls in SERVICES.values()} - {""} == set(PROTOCOLS)


def test_what_is_said_counts_before_the_port() -> None:
    assert protocol(None, 25) == "smtp"
    assert protocol("", 25) == ""
    assert protocol("imap", 443) == "imap"
    assert protocol(None, 443) == ""
