"""`certhia scan`, from the command line to the end."""

from __future__ import annotations

import json
import re
import shlex
import ssl
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from tests.cli.conftest import Command, Done
from tests.library.importing.test_tlsxtractor import LINE
from tests.scanner.driving import until_cut
from tests.scanner.tls_servers import context, tls_server

from certhia.config.scanning import ScanOptions
from certhia.library.resuming import Record, Standing, identity
from certhia.scanner.report.schema import schema


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with tls_server(context()) as number:
        yield number


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "states"))


def lines(done: Done) -> list[dict[str, object]]:
    assert done.status == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_lines_of_json(certhia: Command, port: int) -> None:
    done = certhia("scan", f"127.0.0.1:{port}", "--allow-private")
    (one,) = lines(done)
    jsonschema.validate(one, schema())
    assert (one["ip"], one["port"], one["version"], one["error"]) == ("127.0.0.1", port, "TLS 1.2", None)
    assert one["domains"] == ["example.com", "example.net"]
    assert done.err.splitlines()[-4].startswith("1 target (")
    assert "versions: TLS 1.2 1" in done.err


def test_files_by_their_names_and_nothing_on_standard_output(certhia: Command, port: int, tmp_path: Path) -> None:
    files = [tmp_path / f"a.{suffix}" for suffix in ("jsonl", "csv", "txt", "json")]
    options = [part for file in files for part in ("-o", file)]
    done = certhia("scan", "127.0.0.1", "-p", port, "--allow-private", "-q", *options)
    assert (done.status, done.out, done.err) == (0, "", "")
    assert json.loads(files[0].read_text())["port"] == port
    assert len(files[1].read_text().splitlines()) == 2
    assert files[2].read_text() == "www.example.com\n*.example.net\n"
    assert json.loads(files[3].read_text())["metadata"]["mode"] == "ip_scan"


@pytest.mark.parametrize(
    "form, begins",
    [("csv", "timestamp,"), ("domains", "www.example.com\n"), ("human", "127.0.0.1:"), ("tlsxtractor", '{"metadata":')],
)
def test_formats(certhia: Command, port: int, form: str, begins: str) -> None:
    done = certhia("scan", f"127.0.0.1:{port}", "--allow-private", "--format", form, "-q")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(begins)


def test_targets_of_a_file_with_a_bad_line(certhia: Command, port: int, tmp_path: Path) -> None:
    targets = tmp_path / "targets.txt"
    targets.write_text(f"# ours\n127.0.0.1:{port}\na..example\nlocalhost:{port}\n")
    done = certhia("scan", "-f", targets, "--allow-private")
    assert {(one["target"], one["line"]) for one in lines(done)} == {(f"127.0.0.1:{port}", 2), (f"localhost:{port}", 4)}
    assert f'{targets}:3: the target "a..example" has an empty label' in done.err


def test_watch_rules_mark_results(certhia: Command, port: int, tmp_path: Path) -> None:
    rules = tmp_path / "rules.txt"
    rules.write_text("*.example.net\n")
    done = certhia("scan", f"127.0.0.1:{port}", "--allow-private", "-w", rules)
    (one,) = lines(done)
    assert [hit["rule"] for hit in one["rules"]] == ["*.example.net"]  # type: ignore[attr-defined]
    assert "1 matched a watch rule" in done.err


def test_private_addresses_are_refused(certhia: Command, port: int) -> None:
    done = certhia("scan", f"127.0.0.1:{port}", f"localhost:{port}")
    errors = [one["error"] for one in lines(done)]
    assert [error["kind"] for error in errors] == ["policy"] * len(errors)  # type: ignore[index]
    assert "errors: policy" in done.err


def test_what_makes_no_sense(certhia: Command, tmp_path: Path) -> None:
    for arguments, told in (
        ((), "there is nothing to scan"),
        (("192.0.2.1", "-p", "gopher"), "is no port and no service"),
        (("192.0.2.1", "--starttls", "gopher"), "is not known; write none, or one of"),
        (("-f", tmp_path / "none"), "targets can't be read"),
        (("192.0.2.1", "-o", "results"), "its name does not say how to write it"),
        (("192.0.2.1", "--rate", "0"), "--rate"),
        (("-f", "-", "--resume"), "standard input can't be read again"),
        (("192.0.2.1", "--resume", "-o", tmp_path / "a.json"), "--resume needs a .jsonl or .csv"),
        (("192.0.2.1", "--log-file", tmp_path / "none" / "log"), "messages can't be written there"),
    ):
        done = certhia("scan", *arguments)
        assert done.status == 2, arguments
        assert told in done.err, done.err


def test_messages_in_a_file(certhia: Command, port: int, tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = certhia(
        "scan", f"127.0.0.1:{port}", "a..example", "--allow-private", "--log-file", log, "--format", "silent"
    )
    assert (done.status, done.out, done.err) == (0, "", "")
    assert "empty label" in log.read_text()
    assert "1 target (" in log.read_text()


def test_only_what_is_that_important(certhia: Command, port: int) -> None:
    done = certhia("scan", f"127.0.0.1:{port}", "a..example", "--allow-private", "--log-level", "error")
    assert "empty label" not in done.err


def test_a_scan_that_is_complete_leaves_nothing_to_resume(certhia: Command, port: int, tmp_path: Path) -> None:
    arguments = ("scan", f"127.0.0.1:{port}", "--allow-private", "-o", tmp_path / "a.jsonl")
    assert certhia(*arguments).status == 0
    done = certhia(*arguments, "--resume")
    assert "no unfinished scan of these targets is there" in done.err
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == 2


def test_a_command_line_of_tlsxtractor(certhia: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands but for addresses, and names that are looked for."""
    monkeypatch.chdir(tmp_path)
    with tls_server(context(), after=page) as port:
        (tmp_path / "targets.txt").write_text(f"127.0.0.1:{port}\n")
        here = {"192.0.2.0/24": "127.0.0.1/32", "https://a.example": f"https://127.0.0.1:{port}", "8443": str(port)}
        line = LINE.replace("c.example", "example.com").removeprefix("tlsxtractor ")
        for theirs, ours in here.items():
            line = line.replace(theirs, ours)
        done = certhia("scan", *shlex.split(line))
    assert (done.status, done.out, done.err) == (0, "", "")
    document = json.loads((tmp_path / "results.json").read_text())
    assert document["metadata"]["parameters"]["retry"] == 3
    assert document["discovered_hosts"]["hostnames"] == ["api.example.com", "www.example.com"]
    assert (tmp_path / "x.log").exists()


def page(peer: ssl.SSLSocket) -> None:
    peer.recv(4096)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Security-Policy: img-src api.example.com\r\n\r\n")
    until_cut(peer)


def test_going_on_needs_the_files_of_that_scan(certhia: Command, port: int, tmp_path: Path) -> None:
    target, results, further = f"127.0.0.1:{port}", tmp_path / "a.jsonl", tmp_path / "b.csv"
    record = Record(tmp_path / "state", identity(ScanOptions(targets=(target, "127.0.0.2:1"), allow_private=True)))
    results.write_text("{}\n")
    record.open()
    record.write(Standing(b"k" * 16, [(0, 1)], {str(results): 3}))
    record.close()
    going_on = ("scan", target, "127.0.0.2:1", "--allow-private", "--state", tmp_path / "state", "--resume")
    done = certhia(*going_on, "-o", results, "-o", further)
    assert done.status == 2
    assert f"{further}: was not part of that scan: leave it out" in done.err
    results.unlink()
    done = certhia(*going_on, "-o", results)
    assert done.status == 2
    assert f"{results}: is not there, and 3 bytes of it were recorded" in done.err
    assert (results.exists(), further.exists(), record.path.exists()) == (False, False, True)
    results.write_text("{}\n")
    assert certhia(*going_on, "-o", results).status == 0
    assert [json.loads(line).get("ip") for line in results.read_text().splitlines()] == [None, "127.0.0.2"]


def test_figures(certhia: Command) -> None:
    done = certhia("scan", "127.0.0.0/28", "-p", "1", "--allow-private", "--stats", "0.001", "--rate", "20")
    assert re.search(r"\d+ of 16 \(\d+ %\), 0 answered, \d+/s, \d+ at once", done.err)
