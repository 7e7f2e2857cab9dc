"""What makes no sense is said in one line that tells what to do; exit status 2."""

from __future__ import annotations

import pytest
from tests.e2e.conftest import Certhia

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("watch", "--nonsense"), ["--nonsense"]),
        (("nonsense",), ["nonsense"]),
        (("watch", "exa mple.com"), ["exa mple.com"]),
        (("watch", "*.*.example.com"), ["*.*.example.com"]),
        (("watch", "192.0.2.0/33"), ["192.0.2.0/33"]),
        (("watch", "-w", "missing.txt"), ["missing.txt"]),
        (("watch", "example.com", "--log-list", "missing.json"), ["missing.json"]),
        (("watch", "example.com", "--config", "missing.toml"), ["missing.toml", "--config"]),
        (("watch", "example.com", "--from", "yesteryear"), ["--from", "yesteryear"]),
        (("watch", "example.com", "--memory", "plenty"), ["--memory", "plenty"]),
        (("watch", "example.com", "--format", "xml"), ["--format", "jsonl"]),
        (("watch", "example.com", "-o", "no/such/all.jsonl"), ["all.jsonl", "mkdir"]),
        (("watch", "example.com", "-o", "all.xml"), ["all.xml"]),
        (("watch", "example.com", "--ca-file", "missing.pem"), ["missing.pem"]),
        (("watch", "example.com", "--roots", "missing.txt"), ["missing.txt"]),
        (("watch", "example.com", "--state", "a name"), ["--state", "a name"]),
        (("entry", "nowhere", "0", "--log-list", "missing.json"), ["missing.json"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_one_line_and_status_2(certhia: Certhia, arguments: tuple[str, ...], words: list[str]) -> None:
    # Whatever is accepted by mistake must not go out to the real logs.
    nowhere = ("--log-list", "nothing.json") if "watch" in arguments and "--log-list" not in arguments else ()
    program = certhia.done(*arguments, *nowhere, status=2)
    assert program.out == ""
    for word in words:
        assert word in program.err
    said = [line for line in program.err.splitlines() if line.startswith(("certhia:", "Error:"))]
    assert len(said) <= 2, program.err
    assert len(program.err.splitlines()) <= 4, program.err


def test_no_rule_at_all(certhia: Certhia) -> None:
    program = certhia.done("watch", "--log-list", "nothing.json", "--state", str(certhia.state), status=2)
    assert "example.com" in program.err


@pytest.mark.parametrize(
    "text, words",
    [
        ("[read]\npoll = 3\n", ["certhia.toml", "read.poll", "poll_static"]),
        ("[reading]\n", ["certhia.toml", "[reading]", "read"]),
        ("[read]\nmemory = 'plenty'\n[logs]\nrefresh = 'never'\n", ["read.memory", "logs.refresh", "2 problems"]),
        ("read = [", ["certhia.toml", "is not TOML", "end of document"]),
    ],
)
def test_a_file_that_is_wrong(certhia: Certhia, text: str, words: list[str]) -> None:
    (certhia.directory / "certhia.toml").write_text(text)
    program = certhia.done("watch", "example.com", "--config", "certhia.toml", "--log-list", "x.json", status=2)
    for word in words:
        assert word in program.err


def test_an_environment_variable_that_is_wrong(certhia: Certhia) -> None:
    program = certhia.done(
        "watch", "example.com", "--log-list", "nothing.json", status=2, environment={"CERTHIA_READ__MEMORIES": "1MB"}
    )
    assert "CERTHIA_READ__MEMORIES" in program.err
    assert "CERTHIA_READ__MEMORY" in program.err


def test_a_rule_in_a_file_that_is_wrong_is_told_with_its_line(certhia: Certhia) -> None:
    (certhia.directory / "rules.txt").write_text("example.com\n\n# a comment\nbad domain\n")
    program = certhia.done("watch", "-w", "rules.txt", "--log-list", "nothing.json", status=2)
    assert "rules.txt:4" in program.err
