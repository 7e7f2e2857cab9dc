"""A trusted module, in the main process."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from certhia.clock import Clock
from certhia.config.modules.watch import WatchSection
from certhia.errors import ConfigError
from certhia.modules.api import Info, Outside
from certhia.modules.configured import Spec
from certhia.modules.failing import Failed
from certhia.modules.finding import Finding
from certhia.modules.local import Local
from certhia.modules.places import Place
from certhia.rules.nothing import NOTHING
from certhia.testing import entries_of

MODULE = """
import asyncio, threading, time
from certhia.modules import Finding, Info, Sees

class One:
    info = Info("one", "1", "One", Sees.ENTRIES)

    def setup(self):
        {setup}

    {kind} process(self, batch):
        {body}
        return [Finding("seen", threading.current_thread().name)]

    def flush(self):
        return []

    def close(self):
        raise RuntimeError("as it goes")
"""


async def started(
    tmp_path: Path, said: list[str], *, body: str = "pass", kind: str = "def", setup: str = "pass"
) -> Local:
    (tmp_path / "one.py").write_text(MODULE.format(body=body, kind=kind, setup=setup))
    spec = Spec(Place("one", "file", str(tmp_path / "one.py")), directory=str(tmp_path))
    clock = Clock()

    def outside(_: Info) -> Outside:
        return Outside(clock, lambda *_a, **_k: None, tmp_path, lambda: NOTHING, lambda *_a, **_k: None)

    return await Local.start(spec, outside, clock, lambda text, **_: said.append(text))


@pytest.mark.parametrize("kind", ["def", "async def"])
async def test_in_a_thread_of_its_own_or_on_the_loop(tmp_path: Path, kind: str) -> None:
    said: list[str] = []
    one = await started(tmp_path, said, kind=kind)
    done = await one.process(entries_of("a.example"), 5.0)
    thread = "module-one" if kind == "def" else threading.current_thread().name
    assert done.results == [Finding("seen", thread)]
    assert (done.late, one.info.name, "process" in one.has, one.keys) == (False, "one", True, {})
    await one.close()
    assert said == ["module one: close: RuntimeError: as it goes"]


async def test_who_is_late_is_waited_for_and_told_of(tmp_path: Path) -> None:
    said: list[str] = []
    one = await started(tmp_path, said, body="time.sleep(0.1)")
    done = await one.process(entries_of("a.example"), 0.02)
    assert (done.late, len(done.results)) == (True, 1)
    assert said == ["module one: has not come back for 0.02 s; it is trusted, so it is waited for"]
    await one.close()


@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize("what", ["RuntimeError('no')", "SystemExit('no')"])
async def test_what_it_raises(tmp_path: Path, kind: str, what: str) -> None:
    one = await started(tmp_path, [], body=f"raise {what}", kind=kind)
    with pytest.raises(Failed, match=r"(RuntimeError|SystemExit): no"):
        await one.process(entries_of("a.example"), 5.0)
    await one.close()


async def test_one_that_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="module one: ZeroDivisionError"):
        await started(tmp_path, [], setup="1 / 0")


class Hasty(Clock):
    """Whose deadlines are over at once."""

    def deadline(self, seconds: float | None) -> asyncio.Timeout:
        """See `Clock`."""
        del seconds
        return super().deadline(0)


async def test_one_that_never_comes_back_is_left_behind(tmp_path: Path) -> None:
    said: list[str] = []
    one = await started(tmp_path, said, body="threading.Event().wait()")
    waits = asyncio.ensure_future(one.process(entries_of("a.example"), 5.0))
    await asyncio.sleep(0)
    one._clock = Hasty()
    waits.cancel()
    with pytest.raises(Failed, match="did not come back within 20 s: what it held back is not told"):
        await one.flush(5.0)
    await one.close()
    assert said == ["module one: did not end within 10 s; it is left behind, and ends with the program"]


async def test_modules_of_ours_that_see_entries_share_a_thread(tmp_path: Path) -> None:
    clock = Clock()
    around = Outside(clock, lambda *_a, **_k: None, tmp_path, lambda: NOTHING, lambda *_a, **_k: None)
    place = Place("watch", "built in", "certhia.modules.builtin.watch:Watch")
    spec = Spec(place, directory=str(tmp_path), section=WatchSection(rules=("a.example",)))
    with ThreadPoolExecutor(1) as together:
        one = await Local.start(spec, lambda _: around, clock, around.tell, together)
        done = await one.process(entries_of("a.example"), 5)
        await one.close()
        assert len(done.results) == 1
        assert together.submit(lambda: True).result(), "it is not the module's to end"
