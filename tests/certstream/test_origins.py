"""The logs that a server names."""

from __future__ import annotations

import base64
import hashlib
import json

from certhia.certstream.messages import Told, read
from certhia.certstream.origins import MAX_CALLED, MAX_ORIGINS, Origins
from certhia.model import Protocol
from certhia.testing import World
from certhia.testing.certstream import told


def parsed(message: object) -> Told:
    one = read(json.dumps(message))
    assert isinstance(one, Told)
    return one


def test_a_log_by_url_and_server() -> None:
    origins = Origins("wss://one.example/", lambda: 5.0)
    one, again = origins.of(parsed(told(["a"], 1))), origins.of(parsed(told(["b"], 2)))
    assert one is again
    assert (one.log.description, one.log.url) == ("Example 'Log2026'", "https://log.example/2026/")
    assert (one.log.operator, one.named.operator) == ("certstream wss://one.example/", "")
    assert one.log.id == one.named.id != Origins("wss://two.example/", lambda: 5.0).of(parsed(told(["a"], 1))).log.id


def test_no_message_can_name_a_log_so_that_it_is_taken_for_it() -> None:
    """An id is a key's hash: that of an origin's begins as no public key does, whatever the message says."""
    log = World().rfc6962("one").model
    origins = Origins("wss://one.example/", lambda: 5.0)
    for source in (
        {"url": log.submission_url, "name": log.description},
        {"url": log.submission_url, "name": log.description, "id": log.id.hex(), "log_id": log.id.hex()},
        {"url": log.id.hex(), "name": base64.b64encode(log.key).decode()},
        {"url": log.key.decode("latin-1"), "name": ""},
        {"url": "", "name": log.id.decode("latin-1")},
    ):
        message = told(["a"], 1)
        message["data"]["source"] = source | {"key": base64.b64encode(log.key).decode()}
        message["cursor"] = f"{log.id.hex()}:1"
        one = origins.of(parsed(message))
        assert one.log.id == hashlib.sha256(one.log.key).digest() == one.named.id != log.id
        assert one.log.key.startswith(b"certstream\0wss://one.example/\0"), "and a DER key with 0x30"


def test_a_tiled_log_is_told_by_its_links() -> None:
    message = told(["a"], 1)
    message["data"]["cert_link"] = "https://mon.example/2026/tile/data/000"
    one = Origins("wss://one.example/", lambda: 5.0).of(parsed(message))
    assert (one.log.protocol, one.log.monitoring_url) == (Protocol.STATIC, "https://mon.example/2026/")


def test_names_alone_are_of_the_server_or_of_the_log_in_their_cursor() -> None:
    origins = Origins("wss://one.example/", lambda: 5.0)
    plain = origins.of(parsed({"message_type": "dns_entries", "data": ["a"]}))
    of_ours = origins.of(parsed({"message_type": "dns_entries", "data": ["a"], "cursor": f"{'ab' * 8}:7"}))
    assert plain.log.url == of_ours.log.url == "wss://one.example/"
    assert plain.log.id != of_ours.log.id


def test_an_entry_without_an_index_stands_at_the_moment_of_its_coming() -> None:
    origins = Origins("wss://one.example/", lambda: 5.0)
    message = parsed({"message_type": "dns_entries", "data": ["a"]})
    assert [origins.index(message) for _ in range(3)] == [5_000_000, 5_000_001, 5_000_002]
    assert origins.index(parsed(told(["a"], 7))) == 7


def test_logs_are_bounded() -> None:
    origins = Origins("wss://one.example/", lambda: 5.0)
    made = {origins.of(parsed(told(["a"], 1, log=f"https://{n}.example/"))).log.id for n in range(MAX_ORIGINS + 50)}
    assert len(made) == MAX_ORIGINS + 1


def test_what_a_log_is_called_is_cut_to_what_the_core_takes() -> None:
    """A longer name stopped the reading of its server: each time it came back, the message was there again."""
    message = told(["a"], 1)
    message["data"]["source"] = {"name": "ä" * 3000, "url": "https://" + "ü" * 3000, "operator": "ö" * 3000}
    message["data"]["cert_link"] = "https://" + "ß" * 3000 + "/tile/data/000"
    one = Origins("wss://one.example/", lambda: 5.0).of(parsed(message))
    for text in (one.log.description, one.log.url.rstrip("/"), one.named.operator, one.named.monitoring_url):
        assert len(text.encode()) <= MAX_CALLED + 1
