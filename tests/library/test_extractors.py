"""Modules that see visits, in a scan: in a worker, or trusted; what fails costs the scan nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.scanner.tls_servers import context, tls_server

from certhia.cli.scanning import Scanning
from certhia.clock import Clock
from certhia.config import load
from certhia.errors import ConfigError
from certhia.events.bus import Bus
from certhia.events.listening import Listeners
from certhia.library.extracting import extractors_of
from certhia.scanner.content.extracting import Answer, Visit
from certhia.scanner.records import Found

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "events.md"
GOOD = """
from certhia.modules import Info, Name, Sees, Visit

info = Info("{name}", "1", "Names of anything", Sees.VISITS)

def extract(context: Visit):
    leaf = context.chain[0]
    yield f"from-{{leaf.names[0]}}"
    yield Name("other.example.org", "guess", 0.25)
    yield f"port{{context.port}}.{{context.sni or 'none'}}.example.net"
"""
BAD = """
from certhia.modules import Info, Sees

info = Info("bad", "1", "Fails", Sees.VISITS)

def extract(context):
    raise ValueError("no")
"""
ENTRIES = """
from certhia.modules import Info, Sees

info = Info("entries", "1", "Sees something else", Sees.ENTRIES)

def setup(config, outside):
    raise ValueError("is not to be set up")

def process(batch):
    return []
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with tls_server(context()) as number:
        yield number


async def scanned(tmp_path: Path, port: int, config: str, targets: list[str] | None = None) -> list[dict[str, Any]]:
    """Lines of a scan with these settings, and modules of `tmp_path`/modules."""
    file, out = tmp_path / "certhia.toml", tmp_path / "out.jsonl"
    file.write_text(f'[modules]\nautoload = ["{tmp_path}/modules"]\n{config}')
    values = {
        "scan.targets": targets or [f"127.0.0.1:{port}"],
        "scan.allow_private": True,
        "scan.format": "silent",
        "scan.files": [str(out)],
        "state.name": str(tmp_path / "state"),
    }
    assert await Scanning(load(values, file, {"HOME": str(tmp_path)})).run() == 0
    return [json.loads(line) for line in out.read_text().splitlines()]


def written(tmp_path: Path, **modules: str) -> None:
    (tmp_path / "modules").mkdir()
    for name, text in modules.items():
        (tmp_path / "modules" / f"{name}.py").write_text(text)


@pytest.mark.parametrize("trusted", [False, True])
async def test_what_they_find_is_told_with_source_and_confidence(tmp_path: Path, port: int, trusted: bool) -> None:
    written(tmp_path, mine=GOOD.format(name="mine"), entries=ENTRIES)
    config = f"[modules.mine]\ntrusted = {str(trusted).lower()}\n[modules.entries]\n"
    (line,) = await scanned(tmp_path, port, config)
    found = {one["name"]: (one["source"], one["confidence"]) for one in line["names"]}
    assert found["from-www.example.com"] == ("mine", 1.0)
    assert found["other.example.org"] == ("guess", 0.25)
    assert found[f"port{port}.none.example.net"] == ("mine", 1.0)
    assert found["*.example.net"][0] == "san", "what the scanner finds itself"


async def test_one_that_fails_is_switched_off_and_the_scan_goes_on(
    tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, bad=BAD, mine=GOOD.format(name="mine"))
    targets = [f"127.0.0.{n}:{port}" for n in (1, 1)] + [f"localhost:{port}"]
    lines = await scanned(tmp_path, port, "[modules.bad]\n[modules.mine]\n", targets + [f"127.0.0.1:{port}"] * 2)
    assert all("mine" in {one["source"] for one in line["names"]} for line in lines)
    err = capsys.readouterr().err
    assert "module bad: ValueError: no" in err


SLOW = BAD.replace('raise ValueError("no")', "while True: pass")


@pytest.mark.parametrize("text, said", [(BAD, "ValueError: no"), (SLOW, "took longer than 0.3 s")])
async def test_three_strikes(tmp_path: Path, text: str, said: str) -> None:
    written(
        tmp_path,
        bad=text,
        mine=BAD.replace('"bad"', '"mine"').replace('raise ValueError("no")', "return ['a.example']"),
    )
    file = tmp_path / "certhia.toml"
    file.write_text(
        f'[modules]\nautoload = ["{tmp_path}/modules"]\n[modules.bad]\ndeadline = "300ms"\n[modules.mine]\n'
    )
    settings = load({"state.name": str(tmp_path / "state")}, file, {"HOME": str(tmp_path)})
    bus, told = Bus(everywhere=Listeners()), list[str]()
    bus.on("module.*", lambda event: told.append(f"{event.type} {event.data['module']}"))
    correlations = set[str]()
    bus.on("*", lambda event: correlations.add(event.correlation))
    warned = list[str]()
    async with AsyncExitStack() as stack:
        extractors = await extractors_of(
            settings, stack, bus, clock=Clock(), tell=lambda text, **_: warned.append(text), scan="ab" * 16
        )
        assert extractors is not None
        for _ in range(4):
            found = await extractors(Visit(None, None, "192.0.2.1", 443))
            assert [one.name for one in found] == ["a.example"]
    assert told == ["module.loaded bad", "module.loaded mine", "module.disabled bad"]
    assert sum(said in one for one in warned) >= 3
    assert correlations == {"ab" * 16}


async def test_only_those_that_concern_it(tmp_path: Path, port: int) -> None:
    written(tmp_path, mine=GOOD.format(name="mine"))
    (line,) = await scanned(tmp_path, port, '[modules.mine]\nonly = ["example.org", "issuer:Nobody"]\n')
    assert "mine" not in {one["source"] for one in line["names"]}


async def test_what_a_scan_can_not_give(tmp_path: Path, port: int) -> None:
    text = GOOD.format(name="mine").replace("Sees.VISITS)", 'Sees.VISITS, needs=("network",))')
    written(tmp_path, mine=text)
    with pytest.raises(ConfigError, match=r"modules.mine: needs network, which a scan gives to none"):
        await scanned(tmp_path, port, "[modules.mine]\ntrusted = true\n")


async def test_the_one_of_the_guide(tmp_path: Path) -> None:
    (text,) = [one for one in re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL) if "Sees" in one]
    written(tmp_path, headers=text)
    file = tmp_path / "certhia.toml"
    file.write_text(f'[modules]\nautoload = ["{tmp_path}/modules"]\n[modules.headers]\n')
    settings = load({"state.name": str(tmp_path / "state")}, file, {"HOME": str(tmp_path)})
    answer = Answer(
        "https://www.example.com/", 200, (("server", "x"), ("x-served-by", "cache7.example.net")), b"<html>"
    )
    async with AsyncExitStack() as stack:
        extractors = await extractors_of(settings, stack, Bus(), clock=Clock(), tell=lambda *_, **__: None)
        assert extractors is not None
        found = await extractors(Visit("www.example.com", None, "192.0.2.1", 443, (), answer))
        assert found == [Found("cache7.example.net", "x-served-by", 0.8)]
        assert await extractors(Visit(None, None, "192.0.2.1", 443)) == []
