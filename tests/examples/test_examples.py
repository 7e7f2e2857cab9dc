"""The examples do what they say, each in a process of its own, against logs and certificates of ours."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import parquet
from tests.e2e.worlds import Served, served

from certhia.testing import CA, World

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LONGEST = 40


@pytest.fixture(scope="module")
def there() -> Iterator[Served]:
    world = World()
    world.rfc6962("alpha", operator="Ours")
    world.static("beta", operator="Theirs", state="readonly")
    world.grow(20)
    with served(world) as there:
        yield there


def run(name: str, *arguments: object, directory: Path) -> list[str]:
    """The lines that an example prints."""
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False, cwd=directory)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_they_are_five_short_ones() -> None:
    lengths = {path.stem: len(path.read_text("utf-8").splitlines()) for path in EXAMPLES.glob("*.py")}
    assert set(lengths) == {"watch", "decode", "follow", "match", "logs"}
    assert max(lengths.values()) < LONGEST


def test_watch(there: Served, tmp_path: Path) -> None:
    given = (
        "example.com",
        "--state",
        "./state",
        "--start",
        "beginning",
        "--until",
        "now",
        "--log-list",
        there.list_url,
    )
    lines = run("watch", *given, directory=tmp_path)
    assert len(lines) == 20
    assert any("'host7.example.com' (below example.com), issued by " in line for line in lines)
    assert run("watch", *given, directory=tmp_path) == [], "told once"


def test_decode(tmp_path: Path) -> None:
    issued = CA().issue(["www.example.com", "example.com"])
    (tmp_path / "good.der").write_bytes(issued.der)
    (tmp_path / "bad.der").write_bytes(issued.der[:40])
    shown = "\n".join(run("decode", "good.der", "bad.der", directory=tmp_path))
    assert "names     'www.example.com', 'example.com'" in shown
    assert "key       ec 256 bits" in shown
    assert "bad.der: " in shown.splitlines()[-1]
    assert shown.endswith("of 40")


def test_follow(there: Served, tmp_path: Path) -> None:
    given = ("alpha", "out", "--start", "beginning", "--log-list", there.list_url)
    first = run("follow", *given, "--until", "12", directory=tmp_path)
    assert first[-1] == "out/000000000000-000000000012.parquet: 12 entries"
    run("follow", *given, "--until", "now", directory=tmp_path)
    files = sorted((tmp_path / "out").iterdir())
    assert sum(parquet.read_table(file).num_rows for file in files) == 20
    assert {file.suffix for file in files} == {".parquet"}


def test_match(tmp_path: Path) -> None:
    issued = CA().issue(["www.example.com", "example.org"])
    (tmp_path / "one.der").write_bytes(issued.der)
    lines = run("match", "-r", "example.com", "-r", "=example.org", "one.der", "example.net", directory=tmp_path)
    assert lines == [
        "one.der: ",
        "  example.com matches 'www.example.com' in san: below",
        "  =example.org matches 'example.org' in san: exact",
        "example.net: nothing matches",
    ]


def test_logs(there: Served, tmp_path: Path) -> None:
    lines = run("logs", "--log-list", there.list_url, directory=tmp_path)
    assert lines[0].startswith("list 1.0 of ")
    assert [line.split() for line in lines[2:]] == [
        ["Ours", "usable", "rfc6962", "1"],
        ["Theirs", "readonly", "static", "1"],
    ]
    assert len(run("logs", "--offline", directory=tmp_path)) > 5
