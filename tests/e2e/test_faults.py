"""One log's illness costs the others nothing, and it recovers by itself; the list may change while it runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.worlds import Served, served

from certhia.net import Response
from certhia.testing import Request, World, fail

pytestmark = pytest.mark.e2e


class Garbage:
    """What a misconfigured front end says, so many times."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self, request: Request) -> Response | None:
        self.left -= 1
        if self.left < 0:
            return None
        return Response(200, b"<html>It works!</html>", {"content-type": "text/html"})


@pytest.fixture
def three() -> Iterator[Served]:
    world = World()
    for name in ("down", "garbled", "well"):
        world.rfc6962(name)
    world.grow(20)
    with served(world) as there:
        yield there


def test_what_is_ill_costs_the_others_nothing_and_recovers(certhia: Certhia, three: Served) -> None:
    down, garbled = (three.world.logs[name] for name in ("down", "garbled"))
    # Not for long: after three failures in a row a log is left alone for a minute.
    down.hooks.append(fail(503, times=2))
    garbled.hooks.append(garbled_twice := Garbage(2))
    program = certhia.watch(three, "example.com", "-f", "jsonl", "--every-sighting", "-v")

    def told(log: str) -> int:
        return sum(record["log"] == log for record in program.records)

    program.until(lambda: told("well") == 20)
    three.grow(10)
    program.until(lambda: told("well") == told("down") == told("garbled") == 30)
    assert garbled_twice.left < 0
    program.stop()
    certhia.is_sound()
    assert set(certhia.positions(three).values()) == {(30, 30)}


def test_one_that_stays_down_costs_the_others_nothing(certhia: Certhia, three: Served) -> None:
    three.world.logs["down"].hooks.append(fail(503))
    three.world.logs["garbled"].hooks.append(Garbage(10**9))
    program = certhia.watch(three, "example.com", "-f", "jsonl", "--stats", "0.2")
    program.until(lambda: len(program.records) == 20)
    program.says("logs: 1 healthy, 2 failed")
    three.grow(10)
    program.until(lambda: len(program.records) == 30)
    assert {record["log"] for record in program.records} == {"well"}
    program.stop()
    certhia.is_sound()


def test_a_lying_log_is_not_believed_and_said_so(certhia: Certhia, three: Served) -> None:
    well = three.world.logs["well"]
    program = certhia.watch(three, "example.com", "-f", "jsonl", "--allow", "well")
    program.until(lambda: len(program.records) == 20)

    def lie() -> None:
        well.add(three.world.ca.issue(["late.example.com"]))
        well.sign(21, root=bytes(32))

    three.do(lie)
    program.says("error: well: frozen at 20: differs from its signed head")
    program.stop()
    assert "alarm: well: frozen at 20: differs" in program.err
    assert "has it go on" in program.err
    assert not program.records[-1]["verified"]
    certhia.is_sound()
    assert certhia.positions(three)["well"][0] == 20


def test_the_list_is_refreshed_while_it_runs(certhia: Certhia, pair: Served) -> None:
    (certhia.directory / "certhia.toml").write_text(
        f'[logs]\nlog_list = ["{pair.list_url}"]\nrefresh = "300ms"\n'
        '[read]\nfrom = "beginning"\npoll_static = "200ms"\npoll_rfc6962 = "200ms"\npatience = 0\n'
        '[watch]\nrules = ["example.com"]\nevery_sighting = true\n'
        '[output]\nformat = "jsonl"\n[state]\nname = "./state"\n'
    )
    program = certhia("watch", "--config", "certhia.toml")
    program.until(lambda: len(program.records) == 40)
    world = pair.world

    def told(log: str) -> list[object]:
        return [record["matched_domain"] for record in program.records if record["log"] == log]

    # New ones appear: what they have from before the refresh comes too, as nobody saw them there.
    def appear() -> None:
        for log in (world.rfc6962("gamma"), world.static("delta")):
            log.add(world.ca.issue([f"{log.name}.example.com"]))
            log.publish()

    pair.do(appear)
    program.until(lambda: told("gamma") == ["gamma.example.com"])
    program.says("gamma: new in the log list")
    program.until(lambda: told("delta") == ["delta.example.com"])

    # One moves to another URL: its entries go on where they were.
    pair.do(lambda: setattr(world.logs["beta"], "host", world.base_url.rstrip("/")))
    program.says("beta: changed in the log list")
    assert pair.grow(3) == ["host20.example.com", "host21.example.com", "host22.example.com"]
    program.until(lambda: sum(record["index"] >= 20 for record in program.records) == 6)  # type: ignore[operator]
    # One of the four goes; a list that dropped more than a third of them would not be believed.
    pair.do(lambda: world.logs.pop("alpha"))
    program.says("alpha: no longer to be followed")
    pair.grow(2)
    program.until(lambda: len(told("gamma")) == 6)
    program.stop()
    assert len(told("alpha")) == 23
    assert "Traceback" not in program.err
    certhia.is_sound()


def test_the_only_log_may_move(certhia: Certhia) -> None:
    world = World()
    log = world.rfc6962("alpha")
    world.grow(5)
    (certhia.directory / "certhia.toml").write_text('[logs]\nrefresh = "300ms"\n')
    with served(world) as there:
        program = certhia.watch(there, "example.com", "-f", "jsonl", "--config", "certhia.toml")
        program.until(lambda: len(program.records) == 5)

        there.do(lambda: setattr(log, "host", world.base_url.rstrip("/")))
        program.says("changed in the log list")
        there.grow(2)
        program.until(lambda: len(program.records) == 7)
        assert program.status is None
        program.stop()
