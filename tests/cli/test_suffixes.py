"""`certhia suffixes`: the public suffix list in use."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from tests.cli.conftest import Command

from certhia.rules.suffixes import place

LIST = "// VERSION: 2026-11-20\ncom\nexample.com\n" + "".join(f"tld{number}\n" for number in range(1000))


class Answers(BaseHTTPRequestHandler):
    """The list at /list, nonsense elsewhere."""

    def do_GET(self) -> None:
        body = LIST.encode() if self.path == "/list" else b"<html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    http = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()
    thread.join()


def test_the_shipped_list(certhia: Command) -> None:
    done = certhia("suffixes")
    assert done.status == 0
    assert "rules, shipped with Certhia" in done.out


def test_registrable_domains(certhia: Command) -> None:
    done = certhia("suffixes", "www.example.co.uk", "*.bücher.example")
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        "www.example.co.uk: example.co.uk",
        "*.bücher.example: xn--bcher-kva.example (bücher.example)",
    ]
    done = certhia("suffixes", "co.uk")
    assert (done.status, done.out) == (1, "co.uk: no registrable domain\n")


def test_a_fetched_list_is_used_from_then_on(certhia: Command, server: str) -> None:
    done = certhia("suffixes", "--refresh", "--url", f"{server}/list")
    assert done.status == 0, done.err
    assert f"version 2026-11-20, 1,002 rules, {place()}, fetched" in done.out
    assert certhia("suffixes", "a.b.example.com").out == "a.b.example.com: b.example.com\n"
    assert "is a suffix like com" in certhia("explain", "a.example.com", "-r", "example.com").err


def test_nonsense_is_refused_and_changes_nothing(certhia: Command, server: str) -> None:
    done = certhia("suffixes", "--refresh", "--url", f"{server}/else")
    assert done.status == 1
    assert "gives no public suffix list" in done.err
    assert not place().exists()


def test_a_list_that_cannot_be_kept(
    certhia: Command, server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    done = certhia("suffixes", "--refresh", "--url", f"{server}/list")
    assert done.status == 1
    assert f"{place()}: cannot be written" in done.err
    done = certhia("suffixes")
    assert (done.status, "shipped with Certhia" in done.out) == (0, True)
    assert f"{place()}: cannot be read" in done.err


def test_a_url_alone_makes_no_sense(certhia: Command) -> None:
    done = certhia("suffixes", "--url", "https://publicsuffix.example/")
    assert (done.status, done.out) == (2, "")
    assert "--url says where to fetch from: give --refresh too" in done.err
