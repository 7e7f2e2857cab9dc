from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sinks.conftest import MAKE, delivery

from certhia.model import RuleHit
from certhia.sinks.certificates import Kept
from certhia.sinks.environment import of_match, of_record, whole


def test_certspotters_variables(make: MAKE) -> None:
    variables = of_match(make(1))
    assert {name: value for name, value in variables.items() if not name.startswith("CERTHIA_")} == {
        "EVENT": "discovered_cert",
        "SUMMARY": "certificate discovered for example.com",
        "WATCH_ITEM": "example.com",
        "LOG_URI": "https://ct.example/2026/",
        "ENTRY_INDEX": "1001",
        "TBS_SHA256": "01" * 32,
        "CERT_SHA256": "02" * 32,
        "PUBKEY_SHA256": "03" * 32,
        "ISSUER_DN": "CN=R11,O=Let's Encrypt,C=US",
        "SERIAL": "4ab",
        "NOT_BEFORE": "2025-10-09 06:06:40 +0000 UTC",
        "NOT_BEFORE_UNIXTIME": "1759990000",
        "NOT_BEFORE_RFC3339": "2025-10-09T06:06:40Z",
        "NOT_AFTER": "2026-01-09 20:20:00 +0000 UTC",
        "NOT_AFTER_UNIXTIME": "1767990000",
        "NOT_AFTER_RFC3339": "2026-01-09T20:20:00Z",
    }


def test_ours(make: MAKE) -> None:
    variables = of_match(make(1, repeat=True))
    assert variables["CERTHIA_ID"] == "01" * 32
    assert variables["CERTHIA_REPEAT"] == "1"
    assert variables["CERTHIA_NAME"] == "www.example.com"
    assert (variables["CERTHIA_PROGRAMME"], variables["CERTHIA_PLATFORM"]) == ("Acme", "hackerone")


def test_what_the_file_of_a_certificate_says(make: MAKE, tmp_path: Path) -> None:
    file = Kept(None)
    file.path, file.leaf_hash, file.subject = tmp_path, "abc=", "CN=a\n"
    variables = of_match(make(1, unproven="the chain's issuer is not at hand"), file)
    assert (variables["SUBJECT_DN"], variables["LEAF_HASH"]) == ("CN=a\\n", "abc=")
    assert variables["CHAIN_ERROR"] == "the chain's issuer is not at hand"
    file.subject, file.fault = None, "no certificate"
    assert of_match(make(1), file)["SUBJECT_PARSE_ERROR"] == "no certificate"


def test_what_can_not_be_read_is_an_error_of_its_own(make: MAKE) -> None:
    variables = of_match(make(1, serial="", issuer=""))
    assert not {"SERIAL", "ISSUER_DN"} & variables.keys()
    assert variables["SERIAL_PARSE_ERROR"] == variables["ISSUER_PARSE_ERROR"] == "it can't be read"
    assert of_match(make(1, serial="00"))["SERIAL"] == "0"


def test_certspotters_names_of_fields(make: MAKE) -> None:
    fields = whole(make(1))
    assert fields["dns_names"] == ["www.example.com", "example.com"]
    assert fields["ip_addresses"] == ["192.0.2.7"]
    assert (fields["cert_sha256"], fields["pubkey_sha256"]) == ("02" * 32, "03" * 32)
    assert (fields["serial_number"], fields["serial"]) == ("4ab", "04AB")


def test_a_time_that_no_calendar_has(make: MAKE) -> None:
    variables = of_match(make(1, not_after=10**15))
    assert "VALIDITY_PARSE_ERROR" in variables
    assert "NOT_AFTER" not in variables


def test_an_entry_that_could_not_be_decoded(make: MAKE) -> None:
    variables = of_match(make(1, fault="no TBS at byte 4"))
    assert (variables["EVENT"], variables["PARSE_ERROR"]) == ("malformed_cert", "no TBS at byte 4")


@pytest.mark.parametrize(
    "record, event",
    [
        ({"type": "alarm", "event": "raised", "text": "full"}, "error"),
        ({"type": "alarm", "event": "cleared", "text": "full"}, "alarm_cleared"),
        ({"type": "digest", "text": "9 matches were too many"}, "digest"),
    ],
)
def test_what_is_no_match(record: dict[str, object], event: str) -> None:
    assert of_record(record) == {"EVENT": event, "SUMMARY": record["text"]}


@given(st.text(max_size=3000))
def test_what_certificates_say_is_inert(text: str) -> None:
    variables = of_match(delivery(1, issuer=text, fault=text, hits=(RuleHit("r", text, "san", "exact"),)))
    assert all(value.isprintable() and len(value) <= 1000 for value in variables.values())
