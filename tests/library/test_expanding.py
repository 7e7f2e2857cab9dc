"""Hosts that are asked because certificates name them."""

from __future__ import annotations

import pytest

from certhia.config.scanning import ScanOptions
from certhia.errors import ConfigError
from certhia.library.expanding import Expansion
from certhia.scanner.ports import Port
from certhia.scanner.records import Found, Http, Result, Target

OPTIONS = ScanOptions(expand=2, scope=("example.com", "!internal.example.com"))


def result(host: str | None, *names: str) -> Result:
    return Result(
        Target("origin", None, host, "192.0.2.1", 443), 1.0, 0.1, names=tuple(Found(name, "san") for name in names)
    )


def offered(options: ScanOptions, *results: Result) -> list[str]:
    found: list[str] = []

    def offer(host: str, origin: str, port: Port | None, path: str | None) -> bool:
        assert origin == "origin"
        found.append(host if port is None else f"{host}:{port.number}{path}")
        return True

    expansion = Expansion(options, offer)
    expansion.consider(results)
    return found


def test_hosts_in_scope_each_once() -> None:
    names = ("www.example.com", "*.a.example.com", "www.example.org", "internal.example.com", "example.com")
    assert offered(OPTIONS, result(None, *names), result(None, *names)) == [
        "www.example.com",
        "a.example.com",
        "example.com",
    ]


def test_what_is_no_host_is_left_alone() -> None:
    odd = ("bad name.example.com", "*.*.example.com", "1.2.3.4", "*", "", "x", "\x1b.example.com")
    assert offered(ScanOptions(expand=1, scope=(".",)), result(None, *odd)) == []


def test_a_host_that_is_asked_anyway() -> None:
    assert offered(OPTIONS, result("www.example.com", "www.example.com", "b.example.com")) == ["b.example.com"]


def test_so_many_steps() -> None:
    chain = [result(None, "a.example.com")]
    chain += [result(f"{one}.example.com", f"{two}.example.com") for one, two in ("ab", "bc")]
    assert offered(OPTIONS, *chain) == ["a.example.com", "b.example.com"]
    assert offered(OPTIONS.model_copy(update={"expand": 1}), *chain[:2]) == ["a.example.com"]


def test_so_many_hosts() -> None:
    options = OPTIONS.model_copy(update={"expand_most": 2})
    expansion = Expansion(options, lambda *_: True)
    expansion.consider([result(None, *(f"{number}.example.com" for number in range(5)))])
    assert (expansion.offered, expansion.left_out) == (2, 3)


def redirected(host: str | None, location: str) -> Result:
    return result(host)._replace(http=Http(301, "https://x/", location=location))


def test_where_redirects_lead() -> None:
    options = ScanOptions(follow=True, max_redirects=2)
    chain = [redirected(None, "https://a.example/x?y"), redirected("a.example", "http://b.example")]
    chain += [redirected("b.example", "https://c.example/")]
    assert offered(options, *chain) == ["a.example:443/x?y", "b.example:443/"]
    assert offered(options, redirected(None, "https://xn--bcher-kva.example:8443/")) == ["xn--bcher-kva.example:8443/"]
    assert offered(ScanOptions(), *chain) == []
    for odd in ("/relative", "https://192.0.2.1/", "https://user@a.example/", "ftp://a.example/", "https://localhost/"):
        assert offered(options, redirected(None, odd)) == [], odd


def test_no_scope_no_expansion() -> None:
    with pytest.raises(ConfigError, match="say which ones may be, by --scope"):
        Expansion(ScanOptions(expand=1), lambda *_: True)
