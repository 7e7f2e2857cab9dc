from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.errors import ConfigError
from certhia.scanner.ports import SERVICES, Port, read_port, read_ports
from certhia.scanner.starttls import PROTOCOLS, protocol


def test_what_people_write() -> None:
    assert read_ports("443,8443,465-466,smtp") == (Port(443), Port(8443), Port(465), Port(466), Port(25, "smtp"))
    assert read_ports(" 443 , 443,HTTPS ") == (Port(443), Port(443, ""))
    assert read_ports("2525/smtp,993/tls,5222/xmpp") == (Port(2525, "smtp"), Port(993, ""), Port(5222, "xmpp-client"))
    assert read_port("8443") == Port(8443)
    assert read_ports("xmpp-server,5269/xmpp-server") == (Port(5269, "xmpp-server"),)


def test_ranges_with_hyphens_in_names_are_not_mixed_up() -> None:
    assert read_ports("https-alt,1-3") == (Port(8443, ""), Port(1), Port(2), Port(3))
    assert len(read_ports("1-65535")) == 65535


@pytest.mark.parametrize(
    "text, told",
    [
        ("", "holds no port"),
        (" , ", "holds no port"),
        ("0", "1 to 65535"),
        ("65536", "1 to 65535"),
        ("99999999999", "1 to 65535"),
        ("-5", "no port and no service"),
        ("443-", "no port and no service"),
        ("htpps", "no service that is known; write 443"),
        ("466-465", "end before they begin; write 465-466"),
        ("443/gopher", "there are tls, ftp, imap"),
        ("٤٤٣", "no port and no service"),
        ("1\x1b[2J", '"1\\x1b[2J" is no port'),
    ],
)
def test_what_is_no_port_is_told_with_what_to_write(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_ports(text)
    assert told in str(caught.value)


def test_one_port_is_one() -> None:
    with pytest.raises(ConfigError, match="is more than one"):
        read_port("1-2")


def test_services_are_ports() -> None:
    for name, (number, starttls) in SERVICES.items():
        assert read_port(name) == Port(number, starttls)
        assert name == name.lower()
        assert starttls in {"", *PROTOCOLS}
        assert starttls == protocol(None, number)


@given(st.text(max_size=20))
def test_any_text_is_ports_or_told(text: str) -> None:
    told = ""
    ports: tuple[Port, ...] = ()
    try:
        ports = read_ports(text)
    except ConfigError as error:
        told = str(error)
    assert bool(told) is not bool(ports)
    assert told.isprintable()
    assert all(1 <= port.number <= 65535 for port in ports)
