"""Pages of real servers on loopback, kind and hostile ones."""

from __future__ import annotations

import ssl
import threading
from concurrent.futures import Future
from contextlib import suppress

import pytest
from tests.scanner.content.sites import answer, asked, leading, names, seen, site
from tests.scanner.driving import until_cut
from tests.scanner.tls_servers import context

from certhia.scanner import openssl
from certhia.scanner.content.web import MAX_BESIDE, MAX_PAGE, MAX_SCRIPT, MAX_SCRIPTS
from certhia.scanner.records import Failure, Policy

HTML = "Content-Type: text/html"


def test_a_page_with_its_policies() -> None:
    page = answer(
        b"<meta http-equiv=Content-Security-Policy content='img-src meta.example.net'>",
        HTML,
        "Content-Security-Policy: default-src cdn.example.net *.example.org; report-to main",
        "Content-Security-Policy-Report-Only: script-src try.example.net",
        'Reporting-Endpoints: main="https://reports.example.net/csp"',
        "X-Odd: \x1b[31m",
    )
    with site({"/": page}) as (server, port):
        http = asked(port)
        assert server.heads == [
            f"GET / HTTP/1.1\r\nHost: www.example.com:{port}\r\nUser-Agent: certhia/test\r\n"
            "Accept: text/html,*/*;q=0.8\r\nAccept-Encoding: identity".encode()
        ]
    assert (http.status, http.url, http.failure) == (200, f"https://www.example.com:{port}/", None)
    assert ("x-odd", "\\x1b[31m") in http.headers
    assert http.policies == (
        Policy("header", "default-src cdn.example.net *.example.org; report-to main"),
        Policy("report-only", "script-src try.example.net"),
        Policy("meta", "img-src meta.example.net"),
    )
    assert {(one.name, one.source, one.confidence) for one in http.names} == {
        ("cdn.example.net", "csp", 1.0),
        ("*.example.org", "csp", 1.0),
        ("reports.example.net", "csp", 1.0),
        ("try.example.net", "csp", 0.9),
        ("meta.example.net", "csp", 0.9),
    }


def test_a_path_and_an_address() -> None:
    with site({"/a?b": answer(b"x", HTML)}) as (server, port):
        assert asked(port, "/a?b", host="").url == f"https://127.0.0.1:{port}/a?b"
        assert server.heads[0].split(b"\r\n")[1] == f"Host: 127.0.0.1:{port}".encode()


def test_redirects_are_told_and_not_followed() -> None:
    with site({"/": leading("https://other.example.net/x")}) as (server, port):
        http = asked(port)
        assert len(server.asked) == 1
    assert (http.status, http.location, http.redirects) == (302, "https://other.example.net/x", ())
    assert names(http) == {("other.example.net", "redirect")}


def test_redirects_on_the_same_host_are_followed_on_one_connection() -> None:
    pages = {
        "/": leading("/a"),
        "/a": leading("b?c#d"),
        "/b?c": answer(b"", "Content-Security-Policy: img-src x.example.net"),
    }
    with site(pages) as (server, port):
        http = asked(port, follow="host")
        assert server.asked == [(1, "/"), (1, "/a"), (1, "/b?c")]
    here = f"https://www.example.com:{port}"
    assert (http.status, http.url, http.redirects) == (200, f"{here}/b?c", (f"{here}/a", f"{here}/b?c"))
    assert names(http) == {("x.example.net", "csp")}


def test_redirects_are_followed_so_often() -> None:
    pages = {f"/{number or ''}": leading(f"/{number + 1}") for number in range(20)}
    with site(pages) as (server, port):
        assert len(asked(port, follow="all").redirects) == 10
        assert len(server.asked) == 11
        http = asked(port, follow="all", most=2)
    assert (len(http.redirects), http.location) == (2, f"https://www.example.com:{port}/3")


@pytest.mark.parametrize("pages", [{"/": "/"}, {"/": "/a", "/a": "/b", "/b": "/a"}])
def test_a_loop_is_left(pages: dict[str, str]) -> None:
    with site({path: leading(where) for path, where in pages.items()}) as (server, port):
        http = asked(port, follow="host")
        assert len(server.asked) == len(pages)
    assert http.location == f"https://www.example.com:{port}{pages['/'] if len(pages) > 1 else '/'}"


@pytest.mark.parametrize(
    "where",
    [
        "http://169.254.169.254/latest/",
        "https://127.0.0.1:{port}/",
        "https://[::1]/",
        "http://2130706433/",
        "file:///etc/passwd",
    ],
)
def test_no_redirect_leads_inwards(where: str) -> None:
    with site({"/": leading(where)}) as (server, port):
        http = asked(port, follow="all")
        assert len(server.asked) == 1
    assert http.location is not None
    assert not http.names
    assert not http.redirects


def test_a_connection_that_is_closed_is_opened_again() -> None:
    def once(peer: ssl.SSLSocket) -> None:
        peer.sendall(leading("/next"))  # and is gone, without a word

    with site({"/": once, "/next": answer(b"x", HTML)}) as (server, port):
        assert asked(port, follow="host").status == 200
        assert server.asked == [(1, "/"), (2, "/next")]
    with site({"/": answer(b"", "Location: /next", "Connection: close", status="301 -"), "/next": answer()}) as (
        server,
        port,
    ):
        assert asked(port, follow="host").status == 200
        assert server.asked == [(1, "/"), (2, "/next")]


def test_scripts_of_the_same_host() -> None:
    page = answer(
        b"<base href=/js/><script src=a.js></script><script src='//static.example.com/b.js'></script>"
        b"<script src=a.js></script><script src=gone.js></script><script>x = 'https://inline.example.com'</script>",
        HTML,
    )
    pages = {
        "/": page,
        "/js/a.js": answer(b'fetch("https://api.example.org/v1"), "cdn.example.com"', "Content-Type: text/plain"),
    }
    with site(pages) as (server, port):
        http = asked(port, scripts=True)
        assert server.asked == [(1, "/"), (1, "/js/a.js"), (1, "/js/gone.js")]
        without = asked(port)
    assert (len(without.names), len(without.scripts)) == (0, 0)
    assert http.scripts == tuple(f"https://www.example.com:{port}/js/{name}.js" for name in ("a", "gone"))
    assert {one.name: one.confidence for one in http.names} == {
        "static.example.com": 0.9,
        "inline.example.com": 0.9,
        "api.example.org": 0.9,
        "cdn.example.com": 0.9,
    }


def test_scripts_are_bounded_in_number_and_length() -> None:
    page = b"".join(b"<script src=%d.js></script>" % number for number in range(MAX_SCRIPTS + 5))
    long = b" " * MAX_SCRIPT + b"'https://late.example.org'"
    with site({"/": answer(page, HTML), "/0.js": answer(long)}) as (server, port):
        http = asked(port, scripts=True)
        assert len(server.asked) == 1 + MAX_SCRIPTS
    assert http.names == ()
    assert len(http.scripts) == MAX_SCRIPTS


def test_pages_that_are_no_text_are_not_read() -> None:
    meta = b"<meta http-equiv=Content-Security-Policy content='img-src a.example.net'>"
    for header in ("Content-Type: image/png", "Content-Type: image/png\r\nContent-Encoding: gzip"):
        with site({"/": answer(meta, header)}) as (_, port):
            http = asked(port)
        assert (http.status, http.failure, http.names) == (200, None, ())


def test_endless_headers() -> None:
    def flood(peer: ssl.SSLSocket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        with suppress(OSError):
            while True:
                peer.sendall(b"X: y\r\n" * 1000)

    with site({"/": flood}) as (_, port):
        http = asked(port)
    assert http.status is None
    assert http.failure == Failure("too-large", "http", "more than 65536 bytes of headers")


def test_an_endless_body() -> None:
    def flood(peer: ssl.SSLSocket) -> None:
        peer.sendall(
            b"HTTP/1.1 200 OK\r\n\r\n<meta http-equiv=content-security-policy content='img-src a.example.net'>"
        )
        with suppress(OSError):
            while True:
                peer.sendall(b"<p>" * 5000)

    with site({"/": flood}) as (_, port):
        http = asked(port)
    assert (http.status, http.failure) == (200, None)
    assert names(http) == {("a.example.net", "csp")}


def test_a_server_that_takes_its_time_is_left_at_the_deadline() -> None:
    """What it said until then is told."""

    def mute(peer: ssl.SSLSocket) -> None:
        peer.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Security-Policy: img-src a.example.net\r\n\r\n"
            b"<meta http-equiv=content-security-policy content='img-src b.example.net'>"
        )
        until_cut(peer)

    with site({"/": mute}) as (_, port):
        http = asked(port, timeout=2.0)
    assert http.failure == Failure("timeout", "http")
    assert names(http) == {("a.example.net", "csp"), ("b.example.net", "csp")}


def test_what_is_no_web_server() -> None:
    def other(peer: ssl.SSLSocket) -> None:
        peer.sendall(b"220 mail.example.com ESMTP\r\n")

    with site({"/": other}) as (_, port):
        found = seen(port)
    assert found.served.complete
    assert found.http is not None
    assert (found.http.status, found.http.failure) == (None, Failure("malformed", "http", "no HTTP"))


def test_a_megabyte_of_policy_in_a_page() -> None:
    sources = b" ".join(b"h%d.example.net" % number for number in range(MAX_PAGE // 16))
    page = b"<meta http-equiv=content-security-policy content='img-src " + sources + b"'><p>"
    with site({"/": answer(page, HTML)}) as (_, port):
        assert asked(port).names == ()


def found(address: str | None) -> Future[str | None]:
    future = Future[str | None]()
    future.set_result(address)
    return future


def test_scripts_of_other_hosts_of_the_same_site() -> None:
    """Where somebody says which address may be asked; what goes wrong there is no fault of the page."""
    asked_for: list[str] = []
    looked_up = {"static.example.com": "127.0.0.1", "gone.example.com": "127.0.0.99"}

    def look_up(host: str, at: str) -> Future[str | None]:
        asked_for.append(host)
        return found(looked_up.get(host))

    with site({}) as (server, port):
        urls = [f"https://{host}:{port}/x.js" for host in ("gone.example.com", "static.example.com", "no.example.com")]
        urls += ["https://static.example.net/y.js", "/own.js", f"http://static.example.com:{port}/z.js"]
        page = "".join(f"<script src='{url}'></script>" for url in urls)
        server.pages = {
            "/": answer(page.encode(), HTML),
            "/x.js": answer(b"'https://api.example.org'"),
            "/own.js": answer(),
        }
        http = asked(port, scripts=True, look_up=look_up)
    assert asked_for == ["gone.example.com", "static.example.com", "no.example.com"]
    assert [path for _, path in server.asked] == ["/", "/own.js", "/x.js"]
    assert server.heads[-1].split(b"\r\n")[1] == f"Host: static.example.com:{port}".encode()
    assert (http.status, http.failure) == (200, None)
    assert http.scripts == (f"https://www.example.com:{port}/own.js", urls[0], urls[1])
    assert ("api.example.org", "script") in names(http)


def test_an_address_that_is_never_found_takes_no_longer_than_the_deadline() -> None:
    never = Future[str | None]()
    with site({"/": answer(b"<script src=//static.example.com/></script>", HTML)}) as (_, port):
        http = asked(port, scripts=True, look_up=lambda *_: never, timeout=2.0)
    assert never.cancelled()
    assert http.status == 200
    assert http.failure == Failure("timeout", "http")


def test_no_more_hosts_than_enough() -> None:
    page = "".join(f"<script src='//h{number}.example.com/'></script>" for number in range(MAX_BESIDE + 2))
    asked_for: list[str] = []

    def look_up(host: str, at: str) -> Future[str | None]:
        asked_for.append(host)
        return found(None)

    with site({"/": answer(page.encode(), HTML)}) as (_, port):
        asked(port, scripts=True, look_up=look_up)
    assert len(asked_for) == MAX_BESIDE


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("kind", ["core", "openssl"])
@pytest.mark.parametrize("length", ["", "Content-Length: 100"])
def test_close_notify_ends_a_page(
    version: ssl.TLSVersion, kind: str, length: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server says that it is done, and leaves the connection open: nobody waits for the deadline."""
    if kind == "openssl":
        monkeypatch.setattr("certhia.scanner.probing.Handshake", openssl.Session)
    over = threading.Event()

    def unclosed(peer: ssl.SSLSocket) -> None:
        head = "\r\n".join(["HTTP/1.0 200 OK", HTML, *([length] if length else [])])
        page = b"<meta http-equiv=Content-Security-Policy content='img-src a.example.net'>"
        peer.sendall(head.encode() + b"\r\n\r\n" + page)
        peer.setblocking(False)
        with suppress(ssl.SSLError):
            peer.unwrap()  # says ours, and waits for none
        over.wait(20)

    with site({"/": unclosed}, speaks=context(version, version)) as (_, port):
        http = asked(port)
        over.set()
    assert names(http) == {("a.example.net", "csp")}
    short = Failure("closed", "http", "the page ended too early: 27 bytes did not come")
    assert http.failure == (short if length else None)


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, br"])
def test_a_page_that_is_packed_is_told(coding: str) -> None:
    page = answer(b"\x1b\x00", HTML, f"Content-Encoding: {coding}", "Content-Security-Policy: img-src a.example.net")
    with site({"/": page}) as (_, port):
        http = asked(port)
    assert http.failure == Failure("malformed", "http", f'the page is packed ("{coding}"), unasked: it is not read')
    assert names(http) == {("a.example.net", "csp")}


def test_a_chunk_that_is_missing_is_told() -> None:
    def broken(peer: ssl.SSLSocket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")

    with site({"/": broken}) as (_, port):
        assert asked(port).failure == Failure("closed", "http", "the page ended too early: its last chunk did not come")
