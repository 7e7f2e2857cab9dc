"""Log lists: the real ones read whole, signatures, and whatever else someone may serve."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia import data
from certhia.errors import BadAnswer, Unverified
from certhia.logs import loglist
from certhia.logs.hybrids import HYBRIDS
from certhia.logs.loglist import LogList, check_signature, clean, merge, parse, url
from certhia.model import Log, Protocol
from certhia.testing import keys

DATED = {
    "2026-02-06_7455e42": ("83.1", 247),
    "2026-05-26_2eb4e8c": ("85.89", 256),
    "2026-07-21_bed1f08": ("88.11", 90),
}


def entry(name: str = "alder", **fields: object) -> dict[str, object]:
    spki = keys.spki(keys.p256(name))
    made: dict[str, object] = {
        "description": name,
        "log_id": base64.b64encode(hashlib.sha256(spki).digest()).decode(),
        "key": base64.b64encode(spki).decode(),
        "url": f"https://{name}.test/",
        "mmd": 86400,
        "state": {"usable": {"timestamp": "2026-01-01T00:00:00Z"}},
    }
    return made | fields


def tiled(name: str = "birch", **fields: object) -> dict[str, object]:
    made = entry(name, submission_url=f"https://{name}.test/log", monitoring_url=f"https://mon.{name}.test/") | fields
    del made["url"]
    return made


def listing(*logs: object, tiled_logs: object = (), **top: object) -> bytes:
    return json.dumps({"operators": [{"name": "Op", "logs": logs, "tiled_logs": tiled_logs}]} | top).encode()


def one(*logs: object, tiled_logs: object = ()) -> Log:
    (log,) = parse(listing(*logs, tiled_logs=tiled_logs), source="file").logs
    return log


def test_the_shipped_list_is_what_google_signed() -> None:
    body, signature = data.google_list()
    check_signature(body, signature)
    read = parse(body, source="google")
    assert (read.version, len(read.logs), read.notices) == ("89.25", 117, ())
    assert read.timestamp == datetime(2026, 8, 20, 13, 34, 57, tzinfo=UTC)
    assert not read.signed, "parse checks no signature"
    assert Counter(log.protocol for log in read.logs) == {Protocol.STATIC: 75, Protocol.RFC6962: 39, Protocol.HYBRID: 3}
    assert Counter(log.log_type for log in read.logs) == {None: 80, "test": 24, "monitoring_only": 13}
    assert Counter(log.mmd for log in read.logs) == {60: 75, 86400: 41, 604800: 1}


def test_the_shipped_hybrids_are_in_the_shipped_list() -> None:
    read = parse(data.google_list()[0], source="google")
    hybrids = [log for log in read.logs if log.protocol is Protocol.HYBRID]
    assert {log.submission_url: log.monitoring_url for log in hybrids} == HYBRIDS
    assert {log.operator for log in hybrids} == {"TrustAsia"}
    assert not any(log.protocol is Protocol.HYBRID for log in parse(data.google_list()[0], source="x", hybrids={}).logs)


@pytest.mark.parametrize("date", DATED)
def test_older_lists(corpus: Path, date: str) -> None:
    path = corpus / "loglists" / f"gstatic_all_logs_list_{date}.json"
    check_signature(path.read_bytes(), path.with_suffix(".sig").read_bytes())
    read = parse(path.read_bytes(), source="google")
    assert (read.version, len(read.logs), read.notices) == (*DATED[date], ())


def test_apples_list(corpus: Path) -> None:
    read = parse((corpus / "loglists/apple/current_log_list.json").read_bytes(), source="apple")
    assert (read.version, read.timestamp, len(read.logs), read.notices) == ("511", None, 166, ())
    raio = next(log for log in read.logs if "raio2026h2a" in log.url)
    assert (raio.protocol, raio.state, raio.sources) == (Protocol.STATIC, "usable", ("apple",))
    assert raio.monitoring_url == "https://raio2026h2a.ct.cloudflare.com/"
    assert raio.origin == "ct.cloudflare.com/logs/raio2026h2a"


def test_what_a_log_is() -> None:
    read = parse(data.google_list()[0], source="google")
    mammoth = next(log for log in read.logs if log.description == "Sectigo 'Mammoth2026h2'")
    assert mammoth.state == "readonly"
    assert mammoth.state_since == datetime(2025, 9, 18, 17, 20, tzinfo=UTC)
    assert mammoth.interval == (datetime(2026, 7, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert mammoth.final is not None
    assert mammoth.final.size == 57634084
    assert base64.b64encode(mammoth.final.root) == b"vJHecZC18lG3qp9lV2jZoi+7nkPHQx2SmM4VWglNsIk="
    assert hashlib.sha256(mammoth.key).digest() == mammoth.id


@pytest.mark.parametrize("spoil", [lambda b, s: (b[:-1], s), lambda b, s: (b, s[:-1] + b"x"), lambda b, s: (b, b"")])
def test_signatures_that_do_not_hold(spoil: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> None:
    with pytest.raises(Unverified, match="signature does not hold"):
        check_signature(*spoil(*data.google_list()))


def test_lists_signed_with_other_keys() -> None:
    for key in (keys.p256("lister"), keys.rsa2048("lister")):
        pem = keys.public_pem(key).encode()
        check_signature(b"{}", keys.sign(key, b"{}"), pem)
        with pytest.raises(Unverified, match="does not hold"):
            check_signature(b"[]", keys.sign(key, b"{}"), pem)
    with pytest.raises(Unverified, match="can't be used"):
        check_signature(b"{}", b"", b"no PEM")


def test_what_lists_may_leave_out_or_add() -> None:
    bare = entry()
    del bare["state"], bare["mmd"]
    log = one(bare)
    assert (log.state, log.log_type, log.mmd, log.interval, log.final) == (None, None, 86400, None, None)
    assert one(tiled_logs=[tiled(mmd=0)]).mmd == 60
    assert one(entry(mmd=0)).mmd == 86400  # Mozilla's
    assert one(entry(mmd=True)).mmd == 86400
    assert one(entry(state={"thawed": {}})).state == "thawed"
    assert one(entry(state={"usable": 1, "pending": {}})).state == "pending"
    assert one(entry(state="usable")).state is None
    assert one(entry(log_type="monitoring_only")).log_type == "monitoring_only"
    assert one(entry(log_type=["x"])).log_type == "unknown"
    assert one(entry(tls_only=True, dns="x", previous_operators=[{}])).state == "usable"
    assert one(entry(description=None)).description == "https://alder.test/"
    assert one(entry(state={"readonly": {"final_tree_head": {"tree_size": "7"}}})).final is None
    for interval in ({}, {"start_inclusive": "2027-01-01T00:00:00Z", "end_exclusive": "2026-01-01T00:00:00Z"}, 7):
        assert one(entry(temporal_interval=interval)).interval is None
    early = {"start_inclusive": "0001-01-01T00:00:00+14:00", "end_exclusive": "2026-01-01T00:00:00"}
    assert one(entry(temporal_interval=early)).interval is None


def test_urls_end_in_a_slash() -> None:
    log = one(tiled_logs=[tiled()])
    assert (log.submission_url, log.monitoring_url) == ("https://birch.test/log/", "https://mon.birch.test/")
    assert (log.url, log.origin) == ("https://birch.test/log/", "birch.test/log")


@pytest.mark.parametrize(
    "bad, reason",
    [
        (entry(log_id=base64.b64encode(bytes(32)).decode()), "not the SHA-256 of its key"),
        (entry(log_id=None), "missing or no base64"),
        (entry(key="*"), "missing or no base64"),
        (entry(key=7), "missing or no base64"),
        (entry(key="AAAA", log_id=base64.b64encode(hashlib.sha256(b"\0\0\0").digest()).decode()), "not a public key"),
        (entry(url="ftp://alder.test/"), "no http"),
        (entry(url="https://"), "no http"),
        (entry(url=None), "no http"),
        (entry(url="https://alder.test/?x=1"), "no http"),
        (7, "missing or no base64"),
    ],
)
def test_one_bad_entry_costs_only_itself(bad: object, reason: str) -> None:
    read = parse(listing(entry("cedar"), bad, entry("dogwood")), source="file")
    assert [log.description for log in read.logs] == ["cedar", "dogwood"]
    (notice,) = read.notices
    assert reason in notice


@pytest.mark.parametrize(
    "bad, called",
    [
        ({}, "without description"),
        (7, "without description"),
        ({"log_id": "QUI="}, "'QUI='"),
        ({"description": "elm"}, "elm"),
    ],
)
def test_a_bad_entry_is_called_by_what_it_has(bad: object, called: str) -> None:
    assert parse(listing(bad), source="file").notices[0].startswith(f"entry {called} skipped: ")


def test_notices_are_bounded() -> None:
    read = parse(listing(*[7] * 500), source="file")
    assert len(read.notices) == loglist.MAX_NOTICES + 1
    assert read.notices[-1] == "480 more entries skipped"


def test_ids_given_twice_count_once() -> None:
    read = parse(listing(entry(), entry(description="again")), source="file")
    assert [log.description for log in read.logs] == ["alder"]


def test_the_earlier_lists_word_counts() -> None:
    first = parse(listing(entry()), source="google")
    second = parse(listing(entry(state={"rejected": {}}, description="x"), entry("cedar")), source="apple")
    alder, cedar = merge((first, second))
    assert (alder.state, alder.description, alder.sources) == ("usable", "alder", ("google", "apple"))
    assert (cedar.description, cedar.sources) == ("cedar", ("apple",))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b"<html>",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        b'{"operators": {}}',
        b'{"operators": null}',
    ],
)
def test_what_is_no_log_list(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        parse(body, source="file")


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loglist, "MAX_LOGS", 3)
    assert len(parse(listing(*[entry(name) for name in "abc"]), source="file").logs) == 3
    with pytest.raises(BadAnswer, match="more than 3 logs"):
        parse(listing(*[entry(name) for name in "abcd"]), source="file")
    with pytest.raises(BadAnswer, match="at most"):
        parse(b" " * (loglist.MAX_LIST + 1), source="file")


def test_texts_of_a_list_are_inert() -> None:
    log = one(entry(description="\x1b[2J\u202eevil\n" + "x" * 1000))
    assert log.description.isprintable()
    assert len(log.description) == 200
    assert clean(None, 5) == ""


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("https://A.Test", "https://a.test/"),
        ("HTTPS://a.test/x//", "https://a.test/x/"),
        ("http://127.0.0.1:8080/log", "http://127.0.0.1:8080/log/"),
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("https://user@a.test/", None),
        ("https://a.test/#x", None),
        ("https://a.test:port/", None),
        ("https://a.test:99999/", None),
        ("https://a.test:0/", None),
        ("https://[::1/", None),
        ("https:///x", None),
        ("https://a.test/ x", None),
        ("https://a.test/\n", None),
        ("javascript:x", None),
        (7, None),
    ],
)
def test_urls(text: object, wanted: str | None) -> None:
    assert url(text) == wanted


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ANY: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
TIMES = SCALARS | st.datetimes().map(str) | st.sampled_from(["9999-12-31T23:59:59-12:00", "2026-01-01T00:00:00Z"])
FIELDS = {
    "description": ANY,
    "log_id": ANY,
    "key": ANY,
    "url": ANY | st.text(max_size=30).map("https://".__add__),
    "mmd": ANY,
    "state": ANY
    | st.dictionaries(st.sampled_from(loglist.STATES) | st.text(), ANY | st.fixed_dictionaries({}), max_size=2),
    "temporal_interval": ANY | st.fixed_dictionaries({"start_inclusive": TIMES, "end_exclusive": TIMES}),
    "log_type": ANY,
}
ENTRIES = ANY | st.fixed_dictionaries({}, optional=FIELDS).map(lambda fields: entry() | fields)


def read_or_refused(body: bytes) -> LogList | None:
    try:
        return parse(body, source="file")
    except BadAnswer:
        return None


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    read_or_refused(body)


@given(ANY)
def test_any_json(value: object) -> None:
    read_or_refused(json.dumps(value).encode())
    read_or_refused(json.dumps({"operators": value}).encode())
    read_or_refused(json.dumps({"operators": [value], "version": value, "log_list_timestamp": value}).encode())


@given(st.lists(ENTRIES, max_size=3))
def test_any_entries(entries: list[object]) -> None:
    for body in (listing(*entries), listing(tiled_logs=entries)):
        read = read_or_refused(body)
        assert read is not None
        assert len(read.logs) + len(read.notices) <= len(entries)
        for log in read.logs:
            assert log.id == hashlib.sha256(log.key).digest()
            assert log.submission_url.endswith("/")
