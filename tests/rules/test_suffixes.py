import gzip
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from certhia.errors import BadAnswer
from certhia.net import Response
from certhia.rules import suffixes
from certhia.rules.suffixes import SHIPPED, URL, fetch, in_use, place

LIST = "// VERSION: 2026-11-20_08-00-00_UTC\ncom\ncorp\nintra.corp\n" + "".join(f"tld{n}\n" for n in range(1000))


class Server:
    """Answers every request alike."""

    def __init__(self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.asked: list[str] = []
        self._answer = Response(status, body, headers or {})

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        self.asked.append(url)
        return self._answer

    async def close(self) -> None:
        """Nothing is open."""


def test_the_list_is_kept_where_caches_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert place() == tmp_path / "certhia" / "public_suffix_list.dat"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert place() == tmp_path / ".cache" / "certhia" / "public_suffix_list.dat"


def test_the_shipped_list_is_used_until_another_is_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shipped = in_use()
    assert (shipped.source, shipped.notice) == (SHIPPED, "")
    assert shipped.suffixes.registrable_domain("a.b.intra.corp") == "intra.corp"
    place().parent.mkdir()
    place().write_text(LIST)
    os.utime(place(), (1_790_000_000, 1_790_000_000))
    fetched = in_use()
    assert (fetched.source, fetched.fetched, fetched.notice) == (str(place()), 1_790_000_000, "")
    assert fetched.suffixes.registrable_domain("a.b.intra.corp") == "b.intra.corp"
    assert str(fetched) == (
        f"public suffix list, version 2026-11-20_08-00-00_UTC, 1,003 rules, {place()}, fetched 2026-09-21"
    )


@pytest.mark.parametrize("damage", ["cut", "folder"])
def test_a_damaged_list_is_told_and_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, damage: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    place().parent.mkdir()
    if damage == "cut":
        place().write_text(LIST[:100])
    else:
        place().mkdir()
    found = in_use()
    assert found.source == SHIPPED
    assert f"the public suffix list {SHIPPED} is used: certhia suffixes --refresh" in found.notice


async def test_a_list_is_fetched_and_checked() -> None:
    server = Server(LIST.encode())
    assert await fetch(server) == LIST.encode()
    assert server.asked == [URL]
    assert await fetch(Server(gzip.compress(LIST.encode()))) == LIST.encode()


@pytest.mark.parametrize(
    "body, status, headers, problem",
    [
        (
            b"",
            302,
            {"location": "https://else.example/"},
            "redirects to 'https://else.example/', which is not followed",
        ),
        (b"", 404, {}, "answered with status 404; the list in use stays"),
        (b"<html>", 200, {}, "gives no public suffix list"),
        (gzip.compress(b"\n" * (suffixes.MAX_LIST + 1)), 200, {}, ""),
    ],
)
async def test_what_is_no_list_is_refused(body: bytes, status: int, headers: dict[str, str], problem: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        await fetch(Server(body, status, headers))
    assert problem in str(caught.value)
