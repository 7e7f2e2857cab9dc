"""`certhia scan` against other people's servers: what each shows, at once and after STARTTLS."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.scanner.setups import KINDS
from tests.realservers import launching
from tests.realservers.launching import ISSUING, LOOPBACK, ROOT, Running, UnavailableError

from certhia.scanner.report.schema import schema

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# What is said before TLS on the plain port, by server.
STARTTLS = {
    "postfix": "smtp", "dovecot-imapd": "imap", "postgresql": "postgres", "mariadb-server": "mysql", "slapd": "ldap",
    "vsftpd": "ftp", "dovecot-pop3d": "pop3", "dovecot-managesieved": "sieve", "prosody": "xmpp-client", "xrdp": "rdp",
}  # fmt: skip
AT_ONCE = ("nginx", "postfix", "dovecot-imapd", "dovecot-pop3d", "slapd")


class Servers:
    """Each is started when it is first asked for, and stays."""

    def __init__(self) -> None:
        self._there: dict[str, Running | UnavailableError] = {}

    def __getitem__(self, name: str) -> Running:
        """One that runs; skips the test where it can't be had."""
        if name not in self._there:
            try:
                self._there[name] = launching.start(next(kind for kind in KINDS if kind.name == name))
            except UnavailableError as reason:
                self._there[name] = reason
        found = self._there[name]
        if isinstance(found, UnavailableError):
            pytest.skip(f"{name}: {found}")
        return found

    def stop(self) -> None:
        """Ends all."""
        for one in self._there.values():
            if isinstance(one, Running):
                one.stop()


@pytest.fixture(scope="module")
def real() -> Iterator[Servers]:
    there = Servers()
    yield there
    there.stop()


def scanned(certhia: Certhia, target: str, *more: str) -> dict[str, Any]:
    """The one result of a scan."""
    program = certhia.done("scan", target, "--allow-private", "--state", str(certhia.state), *more)
    (result,) = program.records
    jsonschema.validate(result, schema())
    return result


def shows(result: dict[str, Any], server: Running) -> None:
    """Its certificate, its issuer's, and the names in it."""
    assert result["error"] is None
    assert result["certificate"]["sha256"] == hashlib.sha256(server.made.der).hexdigest()
    assert [one["sha256"] for one in result["chain"]] == [hashlib.sha256(ISSUING.der).hexdigest()]
    assert result["certificate"]["names"] == [server.name, f"www.{server.name}", LOOPBACK]
    assert result["domains"] == ["example.com"]
    assert result["cipher"].startswith("TLS_")


@pytest.mark.parametrize("name", STARTTLS)
def test_what_it_shows_after_starttls(certhia: Certhia, real: Servers, name: str) -> None:
    server, protocol = real[name], STARTTLS[name]
    result = scanned(certhia, f"{LOOPBACK}:{server.place.port}/{protocol}")
    shows(result, server)
    assert (result["starttls"], result["version"], result["complete"]) == (protocol, "TLS 1.2", False)


@pytest.mark.parametrize("name", STARTTLS)
def test_a_whole_handshake_after_starttls(certhia: Certhia, real: Servers, name: str) -> None:
    """Signatures of the chain are checked, up to a root of ours."""
    server, protocol = real[name], STARTTLS[name]
    roots = certhia.directory / "roots.pem"
    roots.write_text(ROOT.pem)
    asked = ("--full", "--verify", "--roots", str(roots), "--sni", server.name)
    result = scanned(certhia, f"{LOOPBACK}:{server.place.port}", "--starttls", protocol, *asked)
    shows(result, server)
    assert (result["version"], result["complete"]) == ("TLS 1.3", True)
    assert result["trust"]["trusted"] is True
    assert result["verdicts"] == []


@pytest.mark.parametrize("name", AT_ONCE)
def test_what_it_shows_at_once(certhia: Certhia, real: Servers, name: str) -> None:
    server = real[name]
    result = scanned(certhia, f"{LOOPBACK}:{server.place.tls_port}")
    shows(result, server)
    assert (result["starttls"], result["version"]) == (None, "TLS 1.2")
    assert result["alpn"] == ("h2" if name == "nginx" else None)


def test_an_xmpp_server_as_other_servers_see_it(certhia: Certhia, real: Servers) -> None:
    server = real["prosody"]
    result = scanned(certhia, f"{LOOPBACK}:{server.place.tls_port}/xmpp-server")
    shows(result, server)
    assert result["starttls"] == "xmpp-server"


def test_all_of_them_in_one_scan(certhia: Certhia, real: Servers) -> None:
    """A file of targets, and what is not TLS there is told as that."""
    running = [(real[name], protocol) for name, protocol in STARTTLS.items()]
    lines = [f"{LOOPBACK}:{server.place.port}/{protocol}" for server, protocol in running]
    # Those that speak first are no TLS servers on that port; those that wait for us take a hello for nonsense.
    spoken = [f"{LOOPBACK}:{server.place.port}" for server, _ in running]
    targets = certhia.directory / "targets.txt"
    targets.write_text("\n".join([*lines, *spoken]) + "\n")
    program = certhia.done("scan", "-f", str(targets), "--allow-private", "--state", str(certhia.state))
    found = {(one["port"], one["starttls"]): one for one in program.records}
    assert len(found) == 2 * len(running)
    for server, protocol in running:
        shows(found[server.place.port, protocol], server)
        error = found[server.place.port, None]["error"]
        assert isinstance(error, dict)
        assert error["kind"] in {"not-tls", "closed", "reset", "timeout"}, (protocol, error)


def test_the_wrong_protocol_is_told_and_nothing_hangs(certhia: Certhia, real: Servers) -> None:
    server = real["dovecot-imapd"]
    result = scanned(certhia, f"{LOOPBACK}:{server.place.port}/smtp", "--timeout", "3s")
    assert result["error"]["step"] == "starttls"
    result = scanned(certhia, f"{LOOPBACK}:{real['nginx'].place.tls_port}/imap", "--timeout", "3s")
    assert result["error"]["step"] == "starttls"
    assert result["certificate"] is None


def test_one_server_whole(certhia: Certhia, real: Servers) -> None:
    """The page about nginx: versions, suites and fingerprints too."""
    server = real["nginx"]
    asked = ("--sni", server.name, "--full", "--fingerprints", "--enumerate", "--timeout", "20s")
    result = scanned(certhia, f"{LOOPBACK}:{server.place.tls_port}", *asked)
    shows(result, server)
    assert (result["version"], result["alpn"]) == ("TLS 1.3", "h2")
    assert result["supported"]["versions"] == ["TLS 1.2", "TLS 1.3"]
    assert len(result["jarm"]) == 62
    assert result["jarm"].strip("0")
    page = certhia.done("tls", f"{LOOPBACK}:{server.place.tls_port}", "--sni", server.name, status=1)
    assert server.name in page.out


def test_the_page_of_a_web_server_and_of_no_other(certhia: Certhia, real: Servers) -> None:
    asked = ("--http", "--sni", real["nginx"].name)
    result = scanned(certhia, f"{LOOPBACK}:{real['nginx'].place.tls_port}", *asked)
    shows_page = [(one["name"], one["source"]) for one in result["names"] if one["source"] == "csp"]
    assert shows_page == [("api.csp.example.net", "csp"), ("report.example.org", "csp")]
    assert (result["http"]["status"], result["http"]["error"], result["alpn"]) == (200, None, "http/1.1")
    assert ["content-length", "6"] in result["http"]["headers"]
    result = scanned(certhia, f"{LOOPBACK}:{real['dovecot-imapd'].place.port}/imap", *asked)
    assert result["certificate"] is not None
    assert result["http"] is None
