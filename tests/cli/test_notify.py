"""`certhia notify test`: whom it asks, and what it says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.cli.conftest import Command

# Of a package that Apprise's plugins import.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def service() -> Iterator[str]:
    """A service of Apprise's JSON kind, which takes what comes to /good."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200 if self.path.startswith("/good") else 500)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"json://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_all_or_those_that_are_named(certhia: Command, service: str, tmp_path: Path) -> None:
    config = tmp_path / "certhia.toml"
    config.write_text(
        f'[sinks.ops]\ntype = "notify"\nurls = ["{service}/good"]\n'
        f'[sinks.boss]\ntype = "notify"\nurls = ["{service}/bad"]\n'
        '[sinks.disk]\ntype = "file"\npath = "m.jsonl"\n'
    )
    done = certhia("notify", "test", "--config", config)
    assert done.status == 1
    assert "ops: taken in " in done.out
    assert "boss: not taken: RemoteError: " in done.out
    assert "disk" not in done.out
    one = certhia("notify", "test", "ops", "--config", config)
    assert (one.status, one.out.count("\n")) == (0, 1)
    other = certhia("notify", "test", "disk", "--config", config)
    assert other.status == 2
    assert '"disk" is no sink of type notify; configured are: ops, boss' in other.err


def test_none_is_configured(certhia: Command, tmp_path: Path) -> None:
    config = tmp_path / "certhia.toml"
    config.write_text("")
    done = certhia("notify", "test", "--config", config)
    assert done.status == 2
    assert "no sink of type notify is configured" in done.err
