from __future__ import annotations

import pytest
from tests.scanner.driving import drive, failure_of

from certhia.scanner.starttls import PROTOCOLS
from certhia.scanner.starttls.xmpp import client

STREAM = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    b"id='1' version='1.0'>"
)
FEATURES = b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"
PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


@pytest.mark.parametrize(
    "protocol, space", [("xmpp-client", b"xmlns='jabber:client'"), ("xmpp-server", b"xmlns='jabber:server'")]
)
def test_asks_for_the_host(protocol: str, space: bytes) -> None:
    steps, _ = drive(
        PROTOCOLS[protocol]("example.com"), [STREAM, FEATURES[:20], FEATURES[20:], PROCEED[:9], PROCEED[9:]]
    )
    assert space in steps[0].data  # type: ignore[union-attr]
    assert b'to="example.com"' in steps[0].data  # type: ignore[union-attr]
    assert b"<starttls" in steps[3].data  # type: ignore[union-attr]


def test_a_host_is_no_markup() -> None:
    step = next(client("a'\"><x"))
    assert b"<x" not in step.data.partition(b"to=")[2]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "answers, words",
    [
        ([STREAM + b"<stream:features><mechanisms/></stream:features>"], "not among"),
        ([STREAM + b"<stream:features/>"], "not among"),
        ([STREAM + b"<stream:error><host-unknown/></stream:error></stream:stream>"], "host-unknown"),
        ([STREAM + FEATURES, b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"], "failure"),
    ],
)
def test_refusals(answers: list[bytes], words: str) -> None:
    failure = failure_of(client("example.com"), answers)
    assert failure.kind == "starttls-refused"
    assert words in failure.detail
