"""Other people's clients, unmodified, against a growing world: each sees every certificate, in order for each log."""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import trustme
from tests.e2e.conftest import Certhia
from tests.e2e.program import Program
from tests.e2e.stream import installed
from tests.e2e.stream.installed import CLIENTS
from tests.e2e.worlds import Served, served
from tests.installed import UnavailableError

from certhia.testing import World

# The first test waits for the installation of its client: some seconds, then never again.
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]

ROUNDS, EACH = 12, 17  # certificates come in so many steps
Command = Callable[[str], Sequence[str]]


def ours(name: str) -> Command:
    return lambda url: (sys.executable, str(CLIENTS / name), url)


def calidog_python(url: str) -> Sequence[str]:
    return (str(installed.calidog_python()), str(CLIENTS / "calidog-py" / "listen.py"), url)


def calidog_javascript(url: str) -> Sequence[str]:
    node, module = installed.calidog_javascript()
    return (node, str(CLIENTS / "calidog-js" / "listen.js"), str(module), url)


def browser(means: str) -> Command:
    return lambda url: (sys.executable, str(CLIENTS / "with_browser.py"), installed.chromium(), means, url)


CASES: dict[str, tuple[Command, str]] = {
    "calidog-python": (calidog_python, "ws://{}/"),
    "calidog-python-full": (calidog_python, "ws://{}/full-stream"),
    "calidog-javascript": (calidog_javascript, "ws://{}/"),
    "calidog-javascript-domains": (calidog_javascript, "ws://{}/domains-only"),
    "websockets": (ours("with_websockets.py"), "ws://{}/full-stream"),
    "aiohttp": (ours("with_aiohttp.py"), "ws://{}/domains-only"),
    "raw-frames": (ours("with_sockets.py"), "ws://{}/no-such-path?dedupe=0"),
    "browser-websocket": (browser("WebSocket"), "ws://{}/"),
    "browser-eventsource": (browser("EventSource"), "http://{}/sse?stream=full"),
}


class Firehose:
    """A world and the program that serves it."""

    def __init__(self, there: Served, certhia: Certhia, program: Program, address: str) -> None:
        self.there, self.certhia, self.program, self.address = there, certhia, program, address

    @property
    def sizes(self) -> dict[str, int]:
        """Of each log, by what cursors begin with."""
        return self.there.do(lambda: {log.id[:8].hex(): log.size for log in self.there.world.logs.values()})

    def listen(self, command: Command, url: str, environment: Mapping[str, str] | None = None) -> Program:
        """A client; skips the test where it can't be had."""
        try:
            line = command(url.format(self.address))
        except UnavailableError as reason:
            pytest.skip(str(reason))
        program = self.certhia.launcher.installed(
            directory=self.certhia.directory, command=line, environment=environment
        )
        self.certhia.started.append(program)
        return program

    def until_it_sees(self, client: Program) -> None:
        """Lets the logs grow until the client gets something of each: from then on it must get everything."""

        def is_there() -> bool:
            assert client.status is None, client.err
            self.there.grow(1)
            return {cursor.partition(":")[0] for cursor in cursors(client)} == {*self.sizes}

        client.until(is_there, "a first message of each log")


def messages(client: Program) -> list[dict[str, Any]]:
    """What the client has shown; heartbeats and its own words left out."""
    whole = [line for line in client.out.splitlines(keepends=True) if line.startswith("{") and line.endswith("\n")]
    read: list[dict[str, Any]] = [json.loads(line) for line in whole]
    return [message for message in read if message["message_type"] != "heartbeat"]


def cursors(client: Program) -> list[str]:
    return [message["cursor"] for message in messages(client)]


def of_each_log(seen: Sequence[str]) -> dict[str, list[int]]:
    found = defaultdict[str, list[int]](list)
    for cursor in seen:
        log, _, index = cursor.partition(":")
        found[log].append(int(index))
    return found


@pytest.fixture(scope="module")
def world() -> Iterator[Served]:
    """Two logs, one of each kind."""
    world = World()
    world.rfc6962("alpha", max_get_entries=32)
    world.static("beta")
    world.grow(20)
    with served(world) as there:
        yield there


def serving(world: Served, certhia: Certhia, address: str = "127.0.0.1:0", *more: str) -> Firehose:
    given = (*more, "--listen", address, "--compression", "--cors", "*", "--heartbeat", "1s", "--history", "16MB")
    reading = ("--log-list", world.list_url, "--poll", "200ms", "--patience", "0")
    program = certhia("serve", *given, *reading, "--state", str(certhia.state))
    program.says("serving on ")
    found = re.search(r"serving on (127\.0\.0\.1:\d+)", program.err)
    assert found is not None
    return Firehose(world, certhia, program, found[1])


@pytest.fixture
def firehose(world: Served, certhia: Certhia) -> Iterator[Firehose]:
    there = serving(world, certhia)
    yield there
    assert there.program.stop() < 5


@pytest.mark.parametrize("name", CASES)
def test_every_certificate_is_seen_in_order(firehose: Firehose, name: str) -> None:
    command, url = CASES[name]
    client = firehose.listen(command, url)
    firehose.until_it_sees(client)
    for _ in range(ROUNDS):
        firehose.there.grow(EACH)
    ends = firehose.sizes
    client.until(lambda: {log: seen[-1] + 1 for log, seen in of_each_log(cursors(client)).items()} == ends)
    for log, seen in of_each_log(cursors(client)).items():
        assert seen == list(range(seen[0], ends[log]))
        assert len(seen) > ROUNDS * EACH
    assert {message["message_type"] for message in messages(client)} == {kind(url)}
    assert client.status is None, client.err


def kind(url: str) -> str:
    return "dns_entries" if "domains" in url else "certificate_update"


def test_a_browser_goes_on_where_it_was(world: Served, certhia: Certhia) -> None:
    """Its EventSource comes back by itself, with the id of the last message: what was logged meanwhile is there too."""
    before = serving(world, certhia)
    client = before.listen(browser("EventSource"), "http://{}/sse?stream=domains")
    before.until_it_sees(client)
    assert before.program.stop() < 5
    world.grow(EACH)
    after = serving(world, certhia, before.address)
    ends = after.sizes
    client.until(lambda: {log: seen[-1] + 1 for log, seen in of_each_log(cursors(client)).items()} == ends)
    for log, seen in of_each_log(cursors(client)).items():
        assert seen == list(range(seen[0], ends[log]))
    assert {message["message_type"] for message in messages(client)} == {"dns_entries"}
    assert after.program.stop() < 5


def test_calidogs_client_reads_what_it_was_written_for(firehose: Firehose, tmp_path: Path) -> None:
    """In the original's profile nothing is added, so entries are known by their log and index."""
    client = firehose.listen(calidog_python, "ws://{}/?profile=calidog")

    def updates() -> list[dict[str, Any]]:
        return [message["data"] for message in messages(client)]

    def is_there() -> bool:
        firehose.there.grow(1)
        return len({data["source"]["name"] for data in updates()}) == 2

    client.until(is_there, "a first message of each log")
    names = firehose.there.grow(5)
    client.until(lambda: sum(names[-1] in data["leaf_cert"]["all_domains"] for data in updates()) == 2)
    seen = defaultdict[str, list[int]](list)
    for data in updates():
        seen[data["source"]["name"]].append(data["cert_index"])
        assert data["leaf_cert"]["subject"]["CN"] in data["leaf_cert"]["all_domains"]
        assert "sha256" not in data["leaf_cert"]
    assert all(later == earlier + 1 for row in seen.values() for earlier, later in itertools.pairwise(row))
    assert all({*message} == {"message_type", "data"} for message in messages(client))


TOKEN = "open-sesame-and-32-more-characters"
SECURE = {
    "calidog-python": (calidog_python, "wss://{}/?token=" + TOKEN, "WEBSOCKET_CLIENT_CA_BUNDLE"),
    "calidog-javascript": (calidog_javascript, "wss://{}/?token=" + TOKEN, "NODE_EXTRA_CA_CERTS"),
    "websockets": (ours("with_websockets.py"), "wss://{}/domains-only?token=" + TOKEN, "SSL_CERT_FILE"),
    "aiohttp": (ours("with_aiohttp.py"), "wss://{}/full-stream?token=" + TOKEN, "SSL_CERT_FILE"),
}


@pytest.mark.parametrize("name", SECURE)
def test_over_tls_with_a_token(world: Served, certhia: Certhia, tmp_path: Path, name: str) -> None:
    """The same, where nobody else may listen; the token is nowhere in what the server says."""
    command, url, trust = SECURE[name]
    ca, cert = trustme.CA(), tmp_path / "cert.pem"
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(cert)
    there = serving(world, certhia, "127.0.0.1:0", "--tls-cert", str(cert), "--token", TOKEN)
    stranger = there.listen(ours("with_websockets.py"), "wss://{}/", {"SSL_CERT_FILE": str(tmp_path / "ca.pem")})
    stranger.until(lambda: stranger.status is not None)
    assert "401" in stranger.err
    client = there.listen(command, url, {trust: str(tmp_path / "ca.pem")})
    there.until_it_sees(client)
    there.there.grow(EACH)
    ends = there.sizes
    client.until(lambda: {log: seen[-1] + 1 for log, seen in of_each_log(cursors(client)).items()} == ends)
    for log, seen in of_each_log(cursors(client)).items():
        assert seen == list(range(seen[0], ends[log]))
    assert there.program.stop() < 5
    assert TOKEN not in there.program.err + there.program.out
