"""One list fetched: bounds, deadlines, signatures, and what servers do instead of answering."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.logs.canned import Canned

from certhia import data
from certhia.clock import Clock
from certhia.errors import BadAnswer, RemoteError, Unverified
from certhia.logs import origin
from certhia.logs.origin import GOOGLE, GOOGLE_SIGNATURE, apple, fetch, google, own, read
from certhia.net import Response
from certhia.testing import keys

BODY, SIGNATURE = data.google_list()
URL = "https://lists.test/logs.json"


async def test_google() -> None:
    transport = Canned().put(GOOGLE, BODY).put(GOOGLE_SIGNATURE, SIGNATURE)
    fetched = await fetch(google(), transport, Clock())
    assert fetched == (BODY, SIGNATURE)
    assert transport.asked == [GOOGLE, GOOGLE_SIGNATURE]
    listed = read(google(), *fetched, {})
    assert (listed.signed, listed.source, len(listed.logs)) == (True, "google", 117)


async def test_published_anew_between_list_and_signature() -> None:
    transport = Canned().put(GOOGLE, b"{}", BODY).put(GOOGLE_SIGNATURE, SIGNATURE)
    assert await fetch(google(), transport, Clock()) == (BODY, SIGNATURE)
    assert len(transport.asked) == 4


async def test_a_signature_that_never_fits() -> None:
    transport = Canned().put(GOOGLE, BODY).put(GOOGLE_SIGNATURE, b"x" * 512)
    fetched = await fetch(google(), transport, Clock())
    assert len(transport.asked) == 4
    with pytest.raises(Unverified, match="log list google: the log list's signature does not hold"):
        read(google(), *fetched, {})


async def test_apple_has_no_signature() -> None:
    transport = Canned().put(origin.APPLE, BODY)
    listed = read(apple(), *await fetch(apple(), transport, Clock()), {})
    assert (listed.signed, listed.source, len(transport.asked)) == (False, "apple", 1)


async def test_gzip_that_nobody_asked_for() -> None:
    transport = Canned().put(GOOGLE, gzip.compress(BODY)).put(GOOGLE_SIGNATURE, SIGNATURE)
    assert await fetch(google(), transport, Clock()) == (BODY, SIGNATURE)


@pytest.mark.parametrize(
    "answer, reason",
    [
        (Response(404, b""), "status 404"),
        (Response(503, b""), "status 503"),
        (Response(302, b"", {"location": "https://x.test/\x1b"}), r"redirects to 'https://x.test/\\x1b'"),
        (Response(302, b""), "redirects to ''"),
        (RemoteError("no route"), "no route"),
        (Response(200, gzip.compress(BODY)[:-1]), "cut off"),
        (Response(200, b"\x1f\x8b\0\0"), "begins like gzip but is none"),
        (Response(200, gzip.compress(bytes((16 << 20) + 1))), "unpacks to more"),
    ],
)
async def test_servers_that_do_not_answer(answer: Response | Exception, reason: str) -> None:
    transport = Canned().put(GOOGLE, answer).put(GOOGLE_SIGNATURE, SIGNATURE)
    with pytest.raises(RemoteError, match=f"log list google: .*{reason}"):
        await fetch(google(), transport, Clock())


async def test_a_signature_that_is_too_large() -> None:
    longest = bytes(origin.MAX_SIGNATURE)
    assert await fetch(google(), Canned().put(GOOGLE, BODY).put(GOOGLE_SIGNATURE, longest), Clock()) == (BODY, longest)
    with pytest.raises(RemoteError, match=r"log list google: .*too large"):
        await fetch(google(), Canned().put(GOOGLE, BODY).put(GOOGLE_SIGNATURE, longest + b"x"), Clock())


async def test_a_server_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Canned):
        async def get(
            self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
        ) -> Response:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(origin, "TIMEOUT", -5.0)
    with pytest.raises(RemoteError, match="did not answer"):
        await fetch(google(), Silent(), Clock())


async def test_ones_own_file(tmp_path: Path) -> None:
    path = tmp_path / "logs.json"
    path.write_bytes(BODY)
    listed = read(own(str(path), None), *await fetch(own(str(path), None), Canned(), Clock()), {})
    assert (listed.source, listed.signed, len(listed.logs)) == ("file", False, 117)
    assert {log.sources for log in listed.logs} == {("file",)}


async def test_ones_own_signed_file(tmp_path: Path) -> None:
    key = keys.p256("lister")
    path = tmp_path / "logs.json"
    path.write_bytes(BODY)
    signed = own(str(path), keys.public_pem(key).encode())
    with pytest.raises(BadAnswer, match=r"logs\.sig: can't be read"):
        await fetch(signed, Canned(), Clock())
    (tmp_path / "logs.sig").write_bytes(keys.sign(key, BODY))
    assert read(signed, *await fetch(signed, Canned(), Clock()), {}).signed
    (tmp_path / "logs.sig").write_bytes(keys.sign(key, b"other"))
    with pytest.raises(Unverified, match=r"logs\.json: the log list's signature does not hold"):
        read(signed, *await fetch(signed, Canned(), Clock()), {})


async def test_where_the_signature_is() -> None:
    assert own(URL, b"pem").signature == "https://lists.test/logs.sig"
    assert own("https://lists.test/logs", b"pem").signature == "https://lists.test/logs.sig"
    assert own(URL, None).signature is None
    assert not own(URL, None).local
    assert own("logs.json", None).local


async def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origin, "MAX_LIST", 100)
    path = tmp_path / "logs.json"
    path.write_bytes(BODY)
    with pytest.raises(BadAnswer, match="more than 100 bytes"):
        await fetch(own(str(path), None), Canned(), Clock())


def test_messages_say_which_list() -> None:
    with pytest.raises(BadAnswer, match=r"log list https://lists\.test/logs\.json: not JSON"):
        read(own(URL, None), b"<html>", b"", {})
    listed = read(own(URL, None), json.dumps({"operators": [{"logs": [{}]}]}).encode(), b"", {})
    assert listed.notices[0].startswith("log list https://lists.test/logs.json: entry")
