from __future__ import annotations

from certhia.scanner.plan import Plan
from certhia.scanner.ports import Port, read_ports
from certhia.scanner.visiting import Knock


def test_every_port_is_asked_by_every_name() -> None:
    plan = Plan(ports=read_ports("443,smtp"), server_names=("a.example", None))
    smtp = Port(25, "smtp")
    assert plan.knocks == (
        Knock(Port(443), "a.example"),
        Knock(Port(443), None),
        Knock(smtp, "a.example"),
        Knock(smtp, None),
    )
    assert plan.knocks_at(Port(8443)) == (Knock(Port(8443), "a.example"), Knock(Port(8443), None))
    assert plan.knocks_at(None) == plan.knocks


def test_the_protocol_is_that_of_the_port_where_it_says_one() -> None:
    plan = Plan(ports=read_ports("2525,993/tls,imap"), starttls="smtp")
    assert [knock.port.starttls for knock in plan.knocks] == ["smtp", "", "imap"]
    assert plan.knocks_at(Port(26))[0].port == Port(26, "smtp")
    assert Plan(starttls="").knocks == (Knock(Port(443, "")),)


def test_orders_differ_unless_they_are_told() -> None:
    assert Plan().key != Plan().key
    assert Plan(key=b"k").key == b"k"
    assert "key" not in repr(Plan())
