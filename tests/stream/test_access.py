"""Tokens, networks, proxies and other people's web pages, over real connections."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from tests.stream.asking import Asking, get, over
from tests.stream.rig import Raw

from certhia.config.listen import Listen
from certhia.errors import ConfigError
from certhia.stream.access import MAX_HOPS, MAX_TOKEN, MAX_TOKEN_FILE, Rules, is_known, read_tokens
from certhia.stream.front import USUAL, Front
from certhia.stream.gate import Bounds
from certhia.testing import World

TOKEN, OTHER = "correct-horse-battery-staple", "incorrect-horse-battery-staple"
HASHES = tuple(hashlib.sha256(one.encode()).digest() for one in (TOKEN, "another-one-of-them"))
LOOPBACK = ip_network("127.0.0.0/8")


def asking(rules: Rules, bounds: Bounds = USUAL) -> Asking:
    world = World()
    return Asking(world, Front(world.clock, bounds, rules))


async def test_nobody_without_a_token() -> None:
    stage = asking(Rules(tokens=lambda: HASHES))
    async with stage.running() as port:
        await stage.feed(1)
        for path in ("/", "/stats", "/metrics", "/latest.json", "/nothing", "/sse", "/health/deep"):
            none = await stage.get(path)
            assert (none.status, none.headers["www-authenticate"]) == (401, 'Bearer realm="certhia"'), path
            assert (await stage.get(path, Authorization=f"Bearer {OTHER}")).status == 401
            assert (await stage.get(f"{path}?token={OTHER}")).status == 401
        assert (await stage.get("/health")).status == 200
        assert (await stage.get("/stats", Authorization=f"Bearer {TOKEN}")).status == 200
        assert (await stage.get("/stats", Authorization=f"bearer  {TOKEN} ")).status == 200
        assert (await stage.get(f"/stats?token={TOKEN}")).status == 200
        assert (await stage.get("/stats?token=another-one-of-them")).status == 200
        refused, taken = await Raw.open(port, "/?token=nothing-of-the-kind"), await Raw.open(port, f"/?token={TOKEN}")
        assert (refused.head.split()[1], taken.head.split()[1]) == (b"401", b"101")
    assert stage.server.front.access.refused == {401: 22, 403: 0}


async def test_which_paths_are_open_is_configurable() -> None:
    stage = asking(Rules(tokens=lambda: HASHES, open=frozenset({"/metrics"})))
    async with stage.running():
        assert (await stage.get("/health")).status == 401
        assert (await stage.get("/metrics")).status == 200


async def test_a_token_is_shown_nowhere(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    stage = asking(Rules(tokens=lambda: HASHES))
    async with stage.running() as port:
        answers = [
            await stage.get(f"{path}{'&' if '?' in path else '?'}token={token}")
            for path in ("/stats", "/metrics", "/sse?rule=re:(", "/sse?tokens=1", "/nothing", "/health/deep", "/cert/x")
            for token in (TOKEN, OTHER)
        ]
        raw = await Raw.open(port, f"/?token={TOKEN}&rule=re:(")
        told = await raw.frame()
        raw.close()
    shown = [*(one.body.decode() + str(one.headers) for one in answers), str(told), *stage.said, caplog.text]
    assert [text for text in [*shown, *capfd.readouterr()] if TOKEN in text or OTHER in text] == []


async def test_a_fault_of_ours_does_not_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = asking(Rules(tokens=lambda: HASHES))

    def broken() -> dict[str, int]:
        raise ValueError("a defect")

    monkeypatch.setattr(stage.answers, "clients", broken)
    async with stage.running():
        answer = await stage.get(f"/stats?token={TOKEN}")
        said, stage.said[:] = list(stage.said), []
    assert answer.status == 500
    assert said == ["a request for /stats failed: ValueError: a defect"]


def test_a_wrong_token_takes_as_long_as_a_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """All are compared, each in constant time, whichever fits."""
    compared: list[bytes] = []

    def counted(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return one == other

    monkeypatch.setattr("certhia.stream.access.hmac.compare_digest", counted)
    assert is_known(TOKEN, HASHES)
    assert not is_known(OTHER, HASHES)
    assert compared == [*HASHES, *HASHES]


async def test_only_some_addresses() -> None:
    stage = asking(Rules(allow=(ip_network("127.0.0.2/32"), ip_network("2001:db8::/32"))))
    async with stage.running() as port:
        refused, taken = await get(port, "/health"), await get(port, "/health", source="127.0.0.2")
        raw = await Raw.open(port)
    assert (refused.status, taken.status, raw.head.split()[1]) == (403, 200, b"403")
    assert refused.body == b"your address is not among those that this server answers\n"


@pytest.mark.parametrize(
    "forwarded, status",
    [
        ("192.0.2.7", 200),
        ("203.0.113.1, 192.0.2.7", 200),
        ("192.0.2.7, 203.0.113.1", 403),
        ("192.0.2.7:4711", 200),
        ('"[2001:db8::1]:4711"', 403),
        ("192.0.2.7, 127.0.0.9", 200),
        ("192.0.2.7, unknown", 403),
        ("", 403),
    ],
)
async def test_a_trusted_proxy_says_who_asks(forwarded: str, status: int) -> None:
    rules = Rules(allow=(ip_network("192.0.2.0/24"),), proxies=(LOOPBACK,))
    stage = asking(rules)
    async with stage.running():
        assert (await stage.get("/health", X_Forwarded_For=forwarded)).status == status


@pytest.mark.parametrize(
    "forwarded, status",
    [
        (None, 200),
        ("192.0.2.7", 403),
        ("127.0.0.9", 200),
        ("unknown", 403),
        ("_hidden", 403),
        ("", 403),
        ("127.0.0.9, unknown", 403),
        ("unknown, 127.0.0.9", 403),
    ],
)
async def test_a_proxy_that_is_allowed_lends_its_address_to_nobody(forwarded: str | None, status: int) -> None:
    stage = asking(Rules(allow=(LOOPBACK,), proxies=(LOOPBACK,)))
    async with stage.running() as port:
        assert (await get(port, "/health")).status == 200
        if forwarded is not None:
            assert (await stage.get("/health", X_Forwarded_For=forwarded)).status == status


@pytest.mark.parametrize(
    "origin, status",
    [
        ("https://example.com", b"101"),
        ("https://example.org", b"403"),
        ("null", b"403"),
        ("http://here", b"101"),
        ("", b"101"),
    ],
)
async def test_pages_of_others_open_no_websocket_where_some_are_named(origin: str, status: bytes) -> None:
    stage = asking(Rules(origins=frozenset({"https://example.com"})))
    async with stage.running() as port:
        raw = await Raw.open(port, headers=f"Origin: {origin}\r\n" if origin else "")
        assert raw.head.split()[1] == status
        assert (await get(port, "/health", Origin=origin)).status == 200  # the browser keeps it from the page


@pytest.mark.parametrize("origins", [frozenset[str](), frozenset({"*"})])
async def test_else_all_pages_may(origins: frozenset[str]) -> None:
    stage = asking(Rules(origins=origins))
    async with stage.running() as port:
        raw = await Raw.open(port, headers="Origin: https://example.org\r\n")
        assert raw.head.split()[1] == b"101"


async def test_a_long_way_through_proxies() -> None:
    stage = asking(Rules(allow=(ip_network("192.0.2.0/24"),), proxies=(LOOPBACK,)))
    async with stage.running():
        for hops, status in ((MAX_HOPS - 1, 200), (MAX_HOPS, 403)):
            forwarded = ", ".join(["192.0.2.7", *["127.0.0.9"] * hops])
            assert (await stage.get("/health", X_Forwarded_For=forwarded)).status == status


async def test_nobody_else_is_believed() -> None:
    stage = asking(Rules(allow=(ip_network("192.0.2.0/24"),), proxies=(ip_network("127.0.0.2/32"),)))
    async with stage.running() as port:
        assert (await get(port, "/health", X_Forwarded_For="192.0.2.7")).status == 403
        assert (await get(port, "/health", source="127.0.0.2", X_Forwarded_For="192.0.2.7")).status == 200


async def test_who_comes_by_a_proxy_has_bounds_of_its_own() -> None:
    stage = asking(Rules(proxies=(LOOPBACK,)), Bounds(per_address=1, exempt=()))
    async with stage.running() as port:
        first = await Raw.open(port, headers="X-Forwarded-For: 192.0.2.7\r\n")
        again = await Raw.open(port, headers="X-Forwarded-For: 192.0.2.7\r\n")
        other = await Raw.open(port, headers="X-Forwarded-For: 192.0.2.8\r\n")
        heads = [one.head.split()[1] for one in (first, again, other)]
    assert heads == [b"101", b"429", b"101"]
    assert stage.server.front.gate.inside == 0


async def test_other_peoples_pages() -> None:
    stage = asking(Rules(tokens=lambda: HASHES, origins=frozenset({"https://a.example"})))
    allowed, ours = "access-control-allow-origin", {"Authorization": f"Bearer {TOKEN}"}
    async with stage.running() as port:
        good = await stage.get("/stats", Origin="https://a.example", **ours)
        bad = await stage.get("/stats", Origin="https://b.example", **ours)
        none = await stage.get("/stats", **ours)
        ahead = await stage.get(
            "/stats", method="OPTIONS", Origin="https://a.example", Access_Control_Request_Method="GET"
        )
        events = await Raw.open(
            port, f"/sse?token={TOKEN}", headers="Origin: https://a.example\r\n", upgrade="Host: here\r\n"
        )
    assert (good.headers[allowed], good.headers["vary"]) == ("https://a.example", "Origin")
    assert (allowed in bad.headers, allowed in none.headers) == (False, False)
    assert (ahead.status, ahead.headers[allowed]) == (204, "https://a.example")
    assert ahead.headers["access-control-allow-headers"] == "Authorization, Last-Event-ID"
    assert b"Access-Control-Allow-Origin: https://a.example" in events.head


async def test_all_pages_where_that_is_wanted() -> None:
    stage = asking(Rules(origins=frozenset({"*"})))
    async with stage.running():
        answer = await stage.get("/stats", Origin="null")
    assert answer.headers["access-control-allow-origin"] == "*"


def test_tokens_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"# ours\n{TOKEN}\n\nsha256:{HASHES[1].hex()}\n", encoding="utf-8")
    assert read_tokens([file]) == HASHES
    assert read_tokens([]) == ()


@pytest.mark.parametrize(
    "content, said",
    [
        (b"short\n", ":1: a token has 16 to 512 plain characters"),
        (b"# nothing\n", "holds no token; write one a line"),
        (b"\xff\n", "is not UTF-8"),
        (b"x" * (MAX_TOKEN_FILE + 1), "is larger than 64 KiB"),
        (None, "cannot be read: No such file"),
    ],
)
def test_files_that_are_none(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "tokens"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        read_tokens([file])


async def test_a_token_beyond_all_measure_is_none() -> None:
    long = "x" * (MAX_TOKEN + 1)
    stage = asking(Rules(tokens=lambda: (hashlib.sha256(long.encode()).digest(),)))
    async with stage.running():
        assert (await stage.get(f"/stats?token={long}")).status == 401


@pytest.mark.parametrize(
    "forwarded, status", [("203.0.113.9", 200), ("198.51.100.9", 403), (None, 200), ("nobody", 403)]
)
async def test_a_proxy_behind_a_unix_socket(tmp_path: Path, forwarded: str | None, status: int) -> None:
    """What it says counts where it is trusted to; who says nothing is on this machine."""
    rules = Rules(allow=(ip_network("203.0.113.0/24"),), unix_proxy=True)
    stage = asking(rules)
    stage.server._terms = replace(stage.server._terms, listen=(Listen(None, 0, str(tmp_path / "s")),))
    await stage.server.start()
    try:
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        headers = {"X-Forwarded-For": forwarded} if forwarded is not None else {}
        assert (await over(reader, writer, "/health", **headers)).status == status
        writer.close()
    finally:
        await stage.server.close()
