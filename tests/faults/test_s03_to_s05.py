"""S03 to S05: a commit whose reply is lost, two followers of one state, schemas that are older, newer, or half made."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.rig import Rig

from certhia.errors import StateError
from certhia.store import State
from certhia.store.direct import Direct
from certhia.store.lock import Held
from certhia.store.schema import SCHEMA
from certhia.testing import World, in_simulated_time


class Silenced:
    """The n-th commit of a state ends with an error: after it was made, or instead of it."""

    def __init__(self, at: int, *, done: bool) -> None:
        self.left, self.done = at, done

    def listen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        end = Direct.end

        async def ended(line: Direct) -> None:
            self.left -= 1
            if self.left == 0:
                if self.done:
                    await end(line)
                raise sqlite3.OperationalError("disk I/O error")
            await end(line)

        monkeypatch.setattr(Direct, "end", ended)


@pytest.mark.parametrize("done", [True, False], ids=["committed", "not committed"])
@pytest.mark.parametrize("at", [1, 2, 3, 5, 8])
@in_simulated_time
async def test_s03_done_but_failed(
    certhia_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, done: bool
) -> None:
    """Committed or not: the process ends with path and reason, and the next one comes to the same end."""
    certhia_world.rfc6962("one", max_get_entries=16)
    certhia_world.static("two")
    certhia_world.grow(60)
    rig = Rig(certhia_world, tmp_path)
    silenced = Silenced(at, done=done)
    with pytest.raises(BaseExceptionGroup) as ended:
        async with rig.running():
            silenced.listen(monkeypatch)
            for _ in range(10):
                await rig.clock.sleep(2)
                certhia_world.grow(5)
    wrong, _ = ended.value.split(StateError)
    assert wrong is not None
    assert "state.db: disk I/O error" in str(wrong.exceptions)
    assert silenced.left <= 0
    before = {delivery.id for delivery in rig.sheet.told}
    again = Rig(certhia_world, tmp_path)
    await again.run(30)
    await again.check()
    repeated = {delivery.id for delivery in again.sheet.told if delivery.id in before}
    assert all(delivery.repeat for delivery in again.sheet.told if delivery.id in repeated)
    stored = await again.stored()
    size = certhia_world.logs["one"].size
    assert {*stored} == {(f"host{number}.example.com",) for number in range(size)}
    assert {(match.sightings, match.verified) for match in stored.values()} == {(2, True)}
    told = {delivery.match.names for delivery in (*rig.sheet.told, *again.sheet.told)}
    assert told == {*stored}


async def test_s04_two_instances(tmp_path: Path, certhia_world: World) -> None:
    """Of many that start at once one follows; the others are told who does, and what to do. One more takes over."""
    clock = certhia_world.clock
    opening = [State.open(tmp_path / "state", clock=clock, follow=True) for _ in range(8)]
    opened = await asyncio.gather(*opening, return_exceptions=True)
    states = [one for one in opened if isinstance(one, State)]
    refused = [one for one in opened if isinstance(one, Held)]
    assert (len(states), len(refused)) == (1, 7)
    assert all("already follows logs with this state: stop it, or use --state NAME" in str(one) for one in refused)
    await states[0].close()
    async with await State.open(tmp_path / "state", clock=clock, follow=True):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("schema", ["0001", "0002"])
def test_s05_half_finished_migration(tmp_path: Path, root: Path, schema: str) -> None:
    """Killed after each statement, and before and after the commit: the old schema with all rows, or the new one."""
    command = [sys.executable, "-m", "tests.faults.migrating", str(tmp_path), schema]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line for line in lines if line["faults"]] == []
    assert [line for line in lines if line["schema"] == schema and not line["as before"]] == []
    schemas = [line["schema"] for line in lines]
    assert sorted(schemas) == schemas, "once it is the new one it stays"
    assert {*schemas} == {schema, SCHEMA}
    assert not lines[-1]["killed"]


@pytest.mark.parametrize("follow", [True, False])
async def test_s05_wrong_version(tmp_path: Path, certhia_world: World, follow: bool) -> None:
    """A newer schema is refused and left as it is, to the byte."""
    await (await State.open(tmp_path, clock=certhia_world.clock, follow=True)).close()
    with closing(sqlite3.connect(tmp_path / "state.db")) as hand, hand:
        hand.execute("UPDATE alembic_version SET version_num='9999'")
    before = (tmp_path / "state.db").read_bytes()
    with pytest.raises(StateError, match=r"made by a newer Certhia \(schema 9999.*or --state NAME"):
        await State.open(tmp_path, clock=certhia_world.clock, follow=follow)
    assert (tmp_path / "state.db").read_bytes() == before
