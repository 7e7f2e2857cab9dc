"""W02: URLs in certificates, headers and redirects lead nowhere inside: not one connection."""

from __future__ import annotations

import pytest
from tests.scanner.guarding import INWARD, SPELLED, Names, guarded, listening

from certhia.scanner.guard import Refused


async def test_w02_nothing_is_sent_inwards() -> None:
    async with listening() as counted, guarded(Names(["127.0.0.1"]), loopback=False) as guard:
        for host in [*INWARD, "localhost", "inside.example", "127.0.0.1."]:
            for url in (f"http://{host}:{counted.port}/", f"https://{host}:{counted.port}/"):
                with pytest.raises(Refused):
                    await guard.get(url)
                with pytest.raises(Refused):
                    await guard.post(url, b"x")
        for url in SPELLED:
            with pytest.raises(Refused):
                await guard.get(url)
        assert (counted.connections, guard.refused) == (0, 4 * (len(INWARD) + 3) + len(SPELLED))


async def test_w02_a_name_with_one_foot_inside() -> None:
    async with listening() as counted, guarded(Names(["127.0.0.1", "10.0.0.1"])) as guard:
        with pytest.raises(Refused, match=r"10\.0\.0\.1 is private"):
            await guard.get(f"http://both.example:{counted.port}/")
        assert counted.connections == 0


async def test_w02_rebinding_changes_nothing() -> None:
    """The name's second answer leads inwards; the connection went where the first one said, and nobody asked again."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    async with listening() as counted, guarded(names) as guard:
        answer = await guard.get(f"http://Rebinding.example:{counted.port}/x?y")
        assert (answer.status, answer.body, names.asked) == (200, b"ok", ["rebinding.example"])
        assert counted.requests[0].startswith(b"GET /x?y HTTP/1.1\r\n")
        assert f"host: rebinding.example:{counted.port}".encode() in counted.requests[0].lower()
        with pytest.raises(Refused, match="metadata"):
            await guard.get(f"http://rebinding.example:{counted.port}/")
        assert counted.connections == 1


async def test_w02_redirects_are_followed_when_asked_for_and_judged_each() -> None:
    async with listening() as counted, guarded(Names(["127.0.0.1"])) as guard:
        url = f"http://one.example:{counted.port}/"
        inside = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n"
        on = b"HTTP/1.1 301 Moved\r\nLocation: /two\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        counted.answers = [inside]
        assert (await guard.get(url)).status == 302
        counted.answers = [inside]
        with pytest.raises(Refused, match="metadata"):
            await guard.get(url, redirects=3)
        counted.answers = [on]
        assert (await guard.get(url, redirects=1)).body == b"ok"
        assert counted.requests[-1].startswith(b"GET /two ")
        counted.answers = [on, on, on]
        assert (await guard.get(url, redirects=2)).status == 301
        counted.answers = [b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"]
        with pytest.raises(Refused):
            await guard.get(url, redirects=2)


async def test_w02_no_proxy_resolves_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening() as counted:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{counted.port}")
        async with guarded(Names(["10.0.0.1"])) as guard:
            with pytest.raises(Refused):
                await guard.get("http://inside.example/")
        assert counted.connections == 0
