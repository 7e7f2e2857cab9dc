"""Messages of all servers, and what is none."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.certstream.messages import DOMAINS, FULL, LITE, MAX_CHAIN, MAX_NAMES, Lost, Other, Told, read
from certhia.errors import Malformed
from certhia.testing.certstream import told

CURSOR = "c37a51e0bd66e0f1:1234567"


def parsed(message: object) -> Told:
    one = read(json.dumps(message))
    assert isinstance(one, Told)
    return one


def test_lite() -> None:
    one = parsed(told(["a.example.com", "a.example.com", "", 7, None], 5, precert=True, cursor=CURSOR))  # type: ignore[list-item]
    assert (one.kind, one.names, one.index, one.is_precert) == (LITE, ("a.example.com",), 5, True)
    assert (one.timestamp, one.cursor, one.der) == (1_790_000_100_500, CURSOR, b"")


def test_full_with_a_chain() -> None:
    message = told(["a.example.com"], 5)
    message["data"]["leaf_cert"]["as_der"] = base64.b64encode(b"der").decode()
    message["data"]["chain"] = [{"as_der": base64.b64encode(b"issuer").decode()}, {"subject": {}}, None]
    one = parsed(message)
    assert (one.kind, one.der, one.chain) == (FULL, b"der", (b"issuer",))


def test_bytes_that_are_no_base64_make_it_lite() -> None:
    message = told(["a.example.com"], 5)
    message["data"]["leaf_cert"]["as_der"] = "?"
    assert parsed(message).kind == LITE


def test_names_alone_with_and_without_a_cursor() -> None:
    one = parsed({"message_type": "dns_entries", "data": ["a.example.com"], "cursor": CURSOR})
    assert (one.kind, one.names, one.index) == (DOMAINS, ("a.example.com",), 1_234_567)
    assert parsed({"message_type": "dns_entries", "data": ["a.example.com"]}).index is None


def test_the_old_name_of_precertificates_and_times_of_all_servers() -> None:
    message = told(["a.example.com"], 5)
    message["data"] |= {"update_type": "PreCertEntry", "submission_timestamp": 3.25}
    assert parsed(message).is_precert
    assert parsed(message).timestamp == 3250
    message["data"].pop("submission_timestamp")
    message["data"]["source"]["timestamp"] = 2.5
    assert parsed(message).timestamp == 2500


@pytest.mark.parametrize("index", [-1, True, 1.5, "7", 1 << 64, None])
def test_an_index_that_is_none(index: object) -> None:
    message = told(["a.example.com"], 5)
    message["data"]["cert_index"] = index
    assert parsed(message).index is None


def test_names_are_bounded() -> None:
    names = [f"{number}.example.com" for number in range(MAX_NAMES + 5)]
    assert len(parsed({"message_type": "dns_entries", "data": ["x" * 5000, *names]}).names) == MAX_NAMES - 1


def test_chains_are_bounded() -> None:
    message = told(["a.example.com"], 5)
    message["data"]["chain"] = [{"as_der": "AAAA"}] * (MAX_CHAIN + 5)
    assert len(parsed(message).chain) == MAX_CHAIN


def test_messages_about_no_certificate() -> None:
    assert read('{"message_type":"heartbeat"}') == Other("heartbeat")
    assert read(b'{"message_type":"error","data":{"message":"no"}}') == Other("error", "no")
    assert read('{"message_type":"gap","data":{"missed":3,"reason":"slow"}}') == Lost(3, "slow")
    assert read('{"message_type":"gap","data":null}') == Lost(None, "")


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{",
        "[]",
        "7",
        b"\xff",
        "{}",
        '{"message_type":7}',
        '{"message_type":"certificate_update","data":{}}',
        '{"message_type":"dns_entries","data":{}}',
        "[" * 100_000,
        '{"message_type":' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_message(raw: str | bytes) -> None:
    with pytest.raises(Malformed):
        read(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON, JSON, JSON, JSON)
def test_nothing_else_is_ever_raised(leaf: Any, source: Any, index: Any, names: Any) -> None:
    data = {"leaf_cert": {"all_domains": names, "as_der": leaf, "subject": leaf}, "source": source, "cert_index": index}
    for message in (
        {"message_type": "certificate_update", "data": data},
        {"message_type": "dns_entries", "data": leaf},
    ):
        with contextlib.suppress(Malformed):
            read(json.dumps(message))
