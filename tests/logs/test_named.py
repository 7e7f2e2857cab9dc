"""Logs named by URL: what their own log.v3.json or a signed head tells about them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.logs.canned import Canned

from certhia.clock import Clock, utc
from certhia.errors import BadAnswer, ConfigError, RemoteError, Unverified
from certhia.logs import named
from certhia.logs.learned import of
from certhia.logs.named import read_key, resolve
from certhia.logs.select import Choice, choose
from certhia.model import Log, Protocol
from certhia.net import Response
from certhia.testing import SimClock, heads, in_simulated_time, keys

KEY, OTHER = keys.p256("alder"), keys.p256("birch")
SPKI = keys.spki(KEY)
URL = "https://alder.test/2026h2/"
MONITORING = "https://mon.alder.test/2026h2/"
ROOT = hashlib.sha256(b"root").digest()
TIME = 1_790_000_000_000
STH = heads.sth(KEY, TIME, 5, ROOT)
CHECKPOINT = heads.checkpoint(KEY, "alder.test/2026h2", TIME, 5, ROOT, extra=True)


def log_v3(**fields: object) -> bytes:
    made = {
        "description": "Alder",
        "log_id": base64.b64encode(hashlib.sha256(SPKI).digest()).decode(),
        "key": base64.b64encode(SPKI).decode(),
        "mmd": 60,
        "temporal_interval": {"start_inclusive": "2026-07-01T00:00:00Z", "end_exclusive": "2027-01-01T00:00:00Z"},
    }
    return json.dumps({name: value for name, value in (made | fields).items() if value is not None}).encode()


def static_v3(**fields: object) -> bytes:
    return log_v3(submission_url=URL, monitoring_url=MONITORING, log_spec="static-ct-api", **fields)


async def resolved(transport: Canned, wanted: str, *, spki: tuple[bytes, ...] = ()) -> Log:
    log = (await resolve(wanted, transport, Clock(), keys=spki)).log
    (chosen,) = choose((log,), Choice(only=(wanted,)), utc(0))
    assert chosen.followed, "a log found by URL is named by it"
    assert (log.key, log.id, log.sources) == (SPKI, hashlib.sha256(SPKI).digest(), ("option",))
    return log


async def test_an_id_that_no_list_has() -> None:
    with pytest.raises(ConfigError, match=r"no log list has a log of this id"):
        await resolve("ab" * 32, Canned(), Clock())


async def test_a_static_logs_own_description() -> None:
    for place, monitoring in (
        (URL, MONITORING),  # named by where it takes submissions
        (MONITORING, MONITORING),
        ("http://127.0.0.1:8080/mirror/", "http://127.0.0.1:8080/mirror/"),  # a mirror: the bytes come from there
    ):
        log = await resolved(Canned().put(f"{place}log.v3.json", static_v3()), place)
        assert (log.protocol, log.submission_url, log.monitoring_url) == (Protocol.STATIC, URL, monitoring)
        assert (log.description, log.operator, log.mmd) == ("Alder", place.split("/")[2].split(":")[0], 60)
        assert log.origin == "alder.test/2026h2"


@pytest.mark.parametrize("written", [URL, URL.rstrip("/"), f"{URL}ct/v1/", f"{URL}ct/v1"])
async def test_an_rfc_6962_logs_own_description(written: str) -> None:
    transport = Canned().put(f"{URL}log.v3.json", log_v3(url="https://elsewhere.test/", log_id=None))
    log = await resolved(transport, written)
    assert (log.protocol, log.submission_url, log.monitoring_url) == (Protocol.RFC6962, URL, URL)


async def test_a_description_that_is_too_large() -> None:
    for size in (named.MAX_BODY, named.MAX_BODY + 1):
        transport = (
            Canned().put(f"{URL}log.v3.json", static_v3().ljust(size)).put(f"{MONITORING}checkpoint", CHECKPOINT)
        )
        if size == named.MAX_BODY:
            assert (await resolved(transport, URL)).protocol is Protocol.STATIC
            continue
        with pytest.raises(RemoteError, match=r"log\.v3\.json: too large"):
            await resolved(transport, URL)


@in_simulated_time
async def test_a_log_that_never_answers(certhia_clock: SimClock) -> None:
    class Silent(Canned):
        async def get(
            self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
        ) -> Response:
            await asyncio.Event().wait()
            raise AssertionError

    with pytest.raises(RemoteError, match="no answer within 20 s"):
        await resolve(URL, Silent(), certhia_clock)
    assert certhia_clock.monotonic() <= 2 * (named.TIMEOUT + 5)


async def test_a_key_that_comes_from_the_log_is_told() -> None:
    transport = Canned().put(f"{URL}log.v3.json", static_v3())
    assert "--log-key pins it" in (await resolve(URL, transport, Clock())).notice
    assert (await resolve(URL, transport, Clock(), keys=[SPKI])).notice == ""
    with pytest.raises(ConfigError, match="another key than the one given"):
        await resolve(URL, transport, Clock(), keys=[keys.spki(OTHER)])


async def test_a_log_without_a_description_and_its_key() -> None:
    rfc = Canned().put(f"{URL}ct/v1/get-sth", STH)
    static = Canned().put(f"{MONITORING}checkpoint", CHECKPOINT).put(f"{MONITORING}log.v3.json", b"<html>hello</html>")
    both = (keys.spki(OTHER), SPKI)
    log = await resolved(rfc, URL, spki=both)
    assert (log.protocol, log.url, log.mmd) == (Protocol.RFC6962, URL, 86400)
    log = await resolved(static, MONITORING, spki=both)
    assert (log.protocol, log.submission_url, log.monitoring_url) == (Protocol.STATIC, URL, MONITORING)
    rfc.put(f"{URL}checkpoint", CHECKPOINT)
    assert (await resolved(rfc, f"{URL}ct/v1/", spki=both)).protocol is Protocol.RFC6962


async def test_a_hybrid_named_by_url() -> None:
    transport = Canned().put(f"{URL}ct/v1/get-sth", STH)
    found = await resolve(URL, transport, Clock(), keys=[SPKI], hybrids={URL: MONITORING})
    assert (found.log.protocol, found.log.monitoring_url) == (Protocol.HYBRID, MONITORING)


async def test_a_key_is_needed() -> None:
    with pytest.raises(ConfigError, match="give its key with --log-key"):
        await resolve(URL, Canned(), Clock())


async def test_a_key_of_another_log() -> None:
    for transport in (Canned().put(f"{URL}ct/v1/get-sth", STH), Canned().put(f"{URL}checkpoint", CHECKPOINT)):
        with pytest.raises(ConfigError, match="--log-key is not its key"):
            await resolve(URL, transport, Clock(), keys=[keys.spki(OTHER)])


async def test_no_log_there() -> None:
    with pytest.raises(BadAnswer, match="is there a log"):
        await resolve(URL, Canned(), Clock(), keys=[SPKI])
    for name, answer in (
        ("ct/v1/get-sth", b"{}"),
        ("checkpoint", b"hello"),
        ("checkpoint", b"a.test/x\n5\n"),
        ("checkpoint", b"\n"),
    ):
        with pytest.raises(BadAnswer):
            await resolve(URL, Canned().put(URL + name, answer), Clock(), keys=[SPKI])


DOWN = [RemoteError("no route"), Response(503, b""), Response(429, b"")]


@pytest.mark.parametrize("answer", DOWN)
async def test_a_log_that_is_down(answer: Response | Exception) -> None:
    with pytest.raises(RemoteError, match=r"https://alder\.test/2026h2/: log\.v3\.json: (no route|status \d+)$"):
        await resolve(URL, Canned().put(f"{URL}log.v3.json", answer), Clock())


@pytest.mark.parametrize("entry", [b"{}", static_v3(key="x"), static_v3(log_id="x"), static_v3(key=None, log_id=None)])
async def test_a_description_that_makes_no_sense(entry: bytes) -> None:
    with pytest.raises(BadAnswer, match=r"its log\.v3\.json: entry"):
        await resolve(URL, Canned().put(f"{URL}log.v3.json", entry), Clock())


@pytest.mark.parametrize("answer", [*DOWN, Response(404, b""), Response(200, b"{}")])
async def test_what_is_kept_is_used_where_the_log_says_no_better(answer: Response | Exception) -> None:
    transport = Canned().put(f"{URL}log.v3.json", static_v3(), answer)
    first = await resolve(URL, transport, Clock())
    assert first.learned is not None
    for spki in ((), (SPKI,)):
        if spki and getattr(answer, "status", 0) == 404:
            continue  # then the key is checked with a signed head
        again = await resolve(URL, transport, Clock(), keys=spki, kept={URL: first.learned})
        assert (again.log, again.learned) == (first.log, None)
        assert again.notice.endswith("what is kept of it from before is used instead")
    with pytest.raises((RemoteError, ConfigError)):
        await resolve(URL, transport, Clock(), keys=[keys.spki(OTHER)], kept={URL: first.learned})
    with pytest.raises((RemoteError, ConfigError)):  # a static log's parameters, but an RFC 6962 log is meant
        await resolve(f"{URL}ct/v1/", transport, Clock(), kept={URL: first.learned})


async def test_the_key_that_was_learned_is_pinned() -> None:
    other = keys.spki(OTHER)
    renewed = static_v3(
        key=base64.b64encode(other).decode(), log_id=base64.b64encode(hashlib.sha256(other).digest()).decode()
    )
    transport = Canned().put(f"{URL}log.v3.json", static_v3(), static_v3(mmd=90), renewed)
    first = await resolve(URL, transport, Clock())
    assert first.learned is not None
    second = await resolve(URL, transport, Clock(), kept={URL: first.learned})
    assert (second.log.mmd, second.notice) == (90, ""), "other parameters may change"
    third = await resolve(URL, transport, Clock(), kept={URL: first.learned})
    assert third.log == first.log
    accepts = re.search(r"another key than before, which is refused; if that is right, --log-key (\S+)", third.notice)
    assert accepts is not None
    taken = await resolve(URL, transport, Clock(), keys=[read_key(accepts[1])], kept={URL: first.learned})
    assert (taken.log.key, taken.notice) == (other, "")
    with pytest.raises(Unverified, match="another key than before"):
        await resolve(URL, transport, Clock(), kept={URL: of({"key": "x"}, tiled=True)})


def test_keys_as_people_give_them(tmp_path: Path) -> None:
    pem, der = tmp_path / "key.pem", tmp_path / "key.der"
    pem.write_text(keys.public_pem(KEY))
    der.write_bytes(SPKI)
    for text in (base64.b64encode(SPKI).decode(), str(pem), str(der)):
        assert read_key(text) == SPKI


def test_what_is_no_key(tmp_path: Path) -> None:
    files = {
        "empty": b"",
        "text": b"hello",
        "broken": b"-----BEGIN PUBLIC KEY-----\n",
        "curve": keys.spki(ec.generate_private_key(ec.SECP384R1())),
        "private": keys.private_pem(KEY),
    }
    for name, stored in files.items():
        (tmp_path / name).write_bytes(stored)
        with pytest.raises(ConfigError, match="log key"):
            read_key(str(tmp_path / name))
    for text in ("", "AAAA", "no/such/file", "a\0b"):
        with pytest.raises(ConfigError, match="log key"):
            read_key(text)
