"""Certificates that stand in for those that only fields are known of."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from certhia._core import Issuers, Matcher
from certhia.certstream.entries import page
from certhia.certstream.messages import Told, read
from certhia.certstream.standin import DAY, standin
from certhia.testing.certstream import told

NOW = 1_790_000_000.0


def parsed(message: object) -> Told:
    one = read(json.dumps(message))
    assert isinstance(one, Told)
    return one


def test_rules_find_in_it_what_the_message_says() -> None:
    message = parsed(told(["a.example.com", "192.0.2.7"], 5))
    made = page([standin(message, NOW)], 5, Issuers())
    rules = [("tree", "example.com"), ("cidr", "192.0.2.0/24"), ("issuer", "encrypt"), ("organization", "Example Org")]
    ((_, hits),) = Matcher(rules).scan(made).hits
    assert {hit[0] for hit in hits} == {0, 1, 2, 3}
    certificate = made[0].certificate
    assert certificate.names == ["a.example.com", "192.0.2.7"]
    assert (certificate.serial, certificate.not_before) == ("05", 1_790_000_000)
    assert certificate.issuer == "CN=R3,O=Let's Encrypt,C=US"


def test_a_precertificate_and_its_certificate_are_one() -> None:
    digests = set()
    for precert in (True, False):
        (entry,) = page([standin(parsed(told(["a.example.com"], 5, precert=precert)), NOW)], 5, Issuers())
        assert entry.is_precert is precert
        digests.add(entry.certificate.tbs_sha256)
    assert len(digests) == 1


def test_names_alone_stand_for_another_certificate_every_day() -> None:
    message = parsed({"message_type": "dns_entries", "data": ["a.example.com"]})
    same, again, later = (standin(message, at) for at in (NOW, NOW + 60, NOW + DAY))
    assert same == again != later


@given(st.lists(st.text(max_size=40), max_size=5), st.text(), st.one_of(st.floats(), st.integers(), st.text()))
def test_whatever_is_said_makes_a_certificate(names: list[str], text: str, time: object) -> None:
    message = told(names or ["x"], 5)
    message["data"]["leaf_cert"] |= {
        "issuer": {"O": text, "CN": names},
        "serial_number": text,
        "not_before": time,
        "not_after": time,
    }
    message["data"]["leaf_cert"]["all_domains"] = names
    made = page([standin(parsed(message), NOW)], 0, Issuers())
    assert made[0].certificate.fault is None
