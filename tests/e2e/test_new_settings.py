"""Settings that change under a running program: all of them hold, or none."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import aiohttp
import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.program import Program, lines
from tests.e2e.worlds import Served

pytestmark = pytest.mark.e2e


def write(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def told(path: Path) -> set[str]:
    return {str(record["matched_domain"]) for record in lines(path.read_text())} if path.exists() else set()


def test_everything_that_may_change_does(certhia: Certhia, pair: Served) -> None:
    file, sink = certhia.directory / "c.toml", certhia.directory / "more.jsonl"
    file.write_text('[watch]\nrules = ["host1.example.com"]\n')
    program = certhia.watch(pair, "--config", "c.toml", "-f", "jsonl")
    program.until(lambda: len(program.records) == 1)
    first = pair.do(lambda: next(iter(pair.world.logs.values())).model.url)

    write(
        file,
        '[watch]\nrules = ["host1.example.com", "host20.example.com", "host25.example.com"]\nevery_sighting = false\n'
        '[read]\nmemory = "16MB"\nmax_rate = 50\nmax_parallel = 4\nmax_bandwidth = "5MB/s"\n'
        f'[sinks.more]\ntype = "file"\npath = "more.jsonl"\n[logs."{first}"]\nparallel = 2\nrate = 20\n'
        "[output]\nverbose = 1\nstats = 0.5\n",
    )
    program.says("settings reloaded: sinks.more is new")
    for text in ('read.memory is "16MB" (was "64MB")', "read.max_rate is 50 (was not set)", "rules reloaded: 2 added"):
        program.says(text)
    assert pair.grow(5)[0] == "host20.example.com"
    program.until(lambda: told(sink) == {"host20.example.com"})
    program.says("requests: ")

    write(file, '[watch]\nrules = ["host25.example.com"]\n[logs]\nallow = ["*beta*"]\n')
    program.says("no longer to be followed")
    program.says("settings reloaded: sinks.more is gone")
    pair.grow(5)
    program.until(lambda: len(program.records) == 3)
    write(file, '[watch]\nrules = ["host25.example.com", "host30.example.com"]\n')
    program.says("settings reloaded: logs.allow is [] ")
    pair.grow(5)
    program.until(lambda: len(program.records) == 4)
    program.stop()
    names = [record["matched_domain"] for record in program.records]
    assert names == [f"host{number}.example.com" for number in (1, 20, 25, 30)]
    assert told(sink) == {"host20.example.com"}
    certhia.is_sound()


def test_where_matches_go_and_who_we_are(certhia: Certhia, pair: Served) -> None:
    """Standard output, files, alarms, metrics, and what logs are told of us."""
    file, all_of_them, metrics = (certhia.directory / name for name in ("c.toml", "all.jsonl", "m.prom"))
    agents: set[str] = set()
    pair.do(lambda: setattr(pair.world.logs["alpha"], "on_request", lambda one: agents.add(one.headers["user-agent"])))
    file.write_text('[watch]\nrules = ["example.com"]\n[output]\nformat = "jsonl"\n')
    program = certhia.watch(pair, "--config", "c.toml")
    program.until(lambda: len(program.records) == 20)
    write(
        file,
        '[watch]\nrules = ["example.com"]\n[read]\ncontact = "me@example.org"\n'
        '[output]\nformat = "silent"\nfiles = ["all.jsonl"]\nalarms = "alarms.jsonl"\nhealth_interval = "5s"\n'
        '[metrics]\nfile = "m.prom"\ninterval = "100ms"\n',
    )
    program.says('settings reloaded: output.format is "silent" (was "jsonl")')
    pair.grow(5)
    program.until(lambda: len(told(all_of_them)) == 5)
    program.until(lambda: metrics.exists() and "certhia_matches_total 25" in metrics.read_text())
    program.until(lambda: any("me@example.org" in one for one in agents))
    write(file, '[watch]\nrules = ["example.com"]\n[output]\nformat = "jsonl"\n')
    program.says('settings reloaded: output.format is "jsonl" (was "silent")')
    pair.grow(5)
    program.until(lambda: len(program.records) == 25)
    program.stop()
    assert len(told(all_of_them)) == 5
    assert len({str(record["id"]) for record in program.records}) == 25
    certhia.is_sound()


def test_what_cant_be_taken_over_changes_nothing(certhia: Certhia, pair: Served) -> None:
    file, alarms = certhia.directory / "c.toml", certhia.directory / "alarms.jsonl"
    good = '[watch]\nrules = ["host1.example.com"]\n[output]\nhealth_interval = 5\nalarms = "alarms.jsonl"\n'
    file.write_text(good)
    program = certhia.watch(pair, "--config", "c.toml", "-f", "jsonl")
    program.until(lambda: len(program.records) == 1)

    write(file, good.replace("host1", "host20") + '[sinks.run]\ntype = "exec"\ncommand = ["/none/program"]\n')
    program.says("settings not reloaded, the old ones stay in use: [sinks.run] runs")
    write(file, good.replace("host1", "host20") + '[read]\nmemory = "1XB"\n[state]\nname = "./other"\n')
    program.says('read.memory: "1XB" is no size')
    write(file, good.replace("host1", "host20") + '[metrics]\nlisten = ":1"\n[serve]\nlisten = ":1"\n')
    program.says("metrics.listen: can't change while this runs; restart, or undo that: nothing was taken over")
    program.until(lambda: "metrics.listen" in alarms.read_text())
    heard = lines(alarms.read_text())
    assert {one["kind"] for one in heard} == {"config"}
    assert [one["event"] for one in heard] == ["raised", *(["cleared", "raised"] * 2)], "each complaint is an alarm"
    assert pair.grow(5)[0] == "host20.example.com"
    file.write_text(good)
    program.kill(signal.SIGHUP)
    program.until(lambda: lines(alarms.read_text())[-1]["event"] == "cleared")
    program.stop()
    assert [record["matched_domain"] for record in program.records] == ["host1.example.com"]
    certhia.is_sound()


def test_no_client_is_dropped(certhia: Certhia, pair: Served) -> None:
    file = certhia.directory / "c.toml"
    file.write_text('[serve]\nlisten = "127.0.0.1:0"\n')
    program = certhia(
        "serve", "--config", "c.toml", "--log-list", pair.list_url, "--poll", "200ms", "--patience", "0",
        "--state", str(certhia.state), "--from", "beginning",
    )  # fmt: skip
    program.says("serving on 127.0.0.1:")
    port = int(program.err.split("serving on 127.0.0.1:")[1].split(":")[0])
    seen = asyncio.run(_listens(port, pair, program, file))
    assert {f"host{number}.example.com" for number in range(20, 30)} <= seen
    program.stop()


def test_a_server_that_watched_nothing_does_once_it_is_given_rules(certhia: Certhia, pair: Served) -> None:
    file, more = certhia.directory / "c.toml", certhia.directory / "more.jsonl"
    plain = '[serve]\nlisten = "127.0.0.1:0"\n[output]\nformat = "jsonl"\n'
    file.write_text(plain)
    program = certhia(
        "serve", "--config", "c.toml", "--log-list", pair.list_url, "--poll", "200ms", "--patience", "0",
        "--state", str(certhia.state), "--from", "beginning",
    )  # fmt: skip
    program.says("serving on 127.0.0.1:")
    write(certhia.directory / "rules.txt", "host22.example.com\n")
    rules = '[watch]\nrules = ["host20.example.com"]\nfiles = ["rules.txt"]\n'
    write(file, f'{plain}{rules}[sinks.more]\ntype = "file"\npath = "more.jsonl"\n')
    program.says("rules reloaded: 2 added, 2 in all")
    program.says("settings reloaded: sinks.more is new")
    pair.grow(5)
    program.until(lambda: {record["matched_domain"] for record in program.records} == {*told(more)} != set())
    program.until(lambda: told(more) == {"host20.example.com", "host22.example.com"})
    write(certhia.directory / "rules.txt", "host26.example.com\n")
    program.says("rules reloaded: 1 added, 1 gone, 2 in all")
    pair.grow(5)
    program.until(lambda: "host26.example.com" in {record["matched_domain"] for record in program.records})
    write(file, plain)
    program.says("rules reloaded: 2 gone, 0 in all")
    pair.grow(2)
    program.stop()
    assert len(program.records) == 3


async def _listens(port: int, pair: Served, program: Program, file: Path) -> set[str]:
    """What a client hears that is connected before the server learns of a token, and after."""
    seen: set[str] = set()
    url = f"http://127.0.0.1:{port}/"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as client:
        await asyncio.to_thread(pair.grow, 5)
        await _hear(client, seen, "host24.example.com")
        write(file, '[serve]\nlisten = "127.0.0.1:0"\ntoken = "correct-horse-battery"\nheartbeat = "1s"\n')
        await asyncio.to_thread(program.says, "settings reloaded: serve.token is another one")
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            await http.ws_connect(url)
        await asyncio.to_thread(pair.grow, 5)
        await _hear(client, seen, "host29.example.com")
    return seen


async def _hear(client: aiohttp.ClientWebSocketResponse, seen: set[str], last: str) -> None:
    async with asyncio.timeout(30):
        while last not in seen:
            message = json.loads((await client.receive()).data)
            if message["message_type"] == "certificate_update":
                seen.update(message["data"]["leaf_cert"]["all_domains"])
