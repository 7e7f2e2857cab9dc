"""Certificates of matches as files: there before the match is, read back, gone after their time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.sinks.conftest import delivery
from tests.test_telling import desk

from certhia.clock import Clock
from certhia.config.sinks import ExecSink
from certhia.model import Match, MatchKind
from certhia.sinks.certificates import KEPT, TIDIED, Certificates, kept
from certhia.sinks.routing import Route
from certhia.store.submissions import chains
from certhia.store.submitted import place
from certhia.testing import World, in_simulated_time

EVERY = Route.of(ExecSink(command=("true",)), ("alert",))


def pems(path: Path) -> list[str]:
    return path.read_text("ascii").split("-----BEGIN CERTIFICATE-----")[1:]


@in_simulated_time
async def test_the_chain_is_kept_before_the_match_is_told(certhia_world: World, tmp_path: Path) -> None:
    issued = [certhia_world.ca.issue([f"{kind}.example.com"], precert=kind == "pre") for kind in ("pre", "final")]
    said: list[str] = []
    for log in (certhia_world.rfc6962("one"), certhia_world.rfc6962("two")):
        for one in issued:
            log.add(one)
        log.publish()
    async with desk(certhia_world, tmp_path / "state") as at:
        keeping = Certificates(tmp_path, certhia_world.clock, lambda text, **_: said.append(text), lambda: [EVERY])
        at.teller._keep = keeping.keep
        for log in certhia_world.logs.values():
            await at.take(log)
        stored = await at.stored()
    assert len(stored) == 2
    for match in stored.values():
        file = kept(tmp_path, match.key)
        assert file.path == place(tmp_path, match.key)
        assert len(pems(file.path)) >= 2, "with its chain"
        assert file.subject == f"CN={match.names[0]}"
        assert len(file.leaf_hash) == 44
        assert not file.fault
    assert said == []


async def test_what_is_not_wanted_has_no_file(tmp_path: Path) -> None:
    keeping = Certificates(tmp_path, Clock(), lambda *_, **__: None, list)
    anything: Any = object()
    await keeping.keep(anything, [(anything, anything)], anything)
    assert kept(tmp_path, b"k").path is None
    assert kept(None, b"k").path is None
    own = Certificates(tmp_path, Clock(), lambda *_, **__: None, lambda: [EVERY])
    await own.keep(anything, [(delivery(1, kind=MatchKind.EXPECTED).match, anything)], anything)


@in_simulated_time
async def test_old_ones_go_and_a_disk_that_takes_none_is_said_once(certhia_world: World, tmp_path: Path) -> None:
    log, said = certhia_world.rfc6962("one"), list[str]()
    old = place(tmp_path, b"\x01" * 32)
    old.parent.mkdir(parents=True)
    old.write_text("")
    now = certhia_world.clock.now()
    os.utime(old, (now - KEPT - 1, now - KEPT - 1))
    async with desk(certhia_world, tmp_path / "state") as at:
        keeping = Certificates(tmp_path, certhia_world.clock, lambda text, **_: said.append(text), lambda: [EVERY])
        at.teller._keep = keeping.keep
        log.add(certhia_world.ca.issue(["a.example.com"]))
        log.publish()
        await at.take(log)
        assert not old.exists()
        blocked = tmp_path / "blocked"
        blocked.write_text("")
        keeping._directory = blocked
        for name in ("b", "c"):
            log.add(certhia_world.ca.issue([f"{name}.example.com"]))
            log.publish()
            await certhia_world.clock.sleep(TIDIED)
            await at.take(log, len(log) - 1)
        assert len(await at.stored()) == 3, "they are told all the same"
    (text,) = said
    assert "certificates can't be kept" in text


def test_a_file_that_holds_no_certificate(tmp_path: Path) -> None:
    path = place(tmp_path, b"\x02" * 32)
    path.parent.mkdir(parents=True)
    path.write_text("leaf hash: abc=\n-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")
    one = kept(tmp_path, b"\x02" * 32)
    assert (one.leaf_hash, one.subject) == ("abc=", None)
    assert one.fault


class Every:
    """Wants those of all matches."""

    def wants(self, match: Match) -> bool:
        return True


@in_simulated_time
async def test_what_modules_need_is_stored_with_its_match(certhia_world: World, tmp_path: Path) -> None:
    log, issued = certhia_world.rfc6962("one"), certhia_world.ca.issue(["a.example.com"])
    log.add(issued)
    log.publish()
    async with desk(certhia_world, tmp_path / "state") as at:
        keeping = Certificates(tmp_path, certhia_world.clock, lambda *_, **__: None, list, lambda: [Every()])
        at.teller._keep = keeping.keep
        await at.take(log)
        (match,) = (await at.stored()).values()
        kept_ = await chains(at.state, [match.key])
    assert kept_[match.key][0] == issued.der
    assert len(kept_[match.key]) >= 2, "with its chain"
    assert not place(tmp_path, match.key).exists()
