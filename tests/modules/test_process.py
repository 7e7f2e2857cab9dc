"""A worker process as the main one sees it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from certhia.clock import Clock
from certhia.modules.configured import Spec
from certhia.modules.failing import Fault
from certhia.modules.places import Place
from certhia.modules.process import Child, Lost

MODULE = """
import os, sys, time
from certhia.modules import Info, Sees

print("imported")
{body}

class Mine:
    info = Info("mine", "1", "Mine", Sees.ENTRIES)

    def process(self, batch):
        return []
"""


class Spoken:
    """One process, and what it printed."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.child = Child(1 << 30, Clock(), lambda text, **_: self.said.append(text))

    async def load(self, tmp_path: Path, body: str = "", deadline: float = 20.0) -> dict[str, Any]:
        (tmp_path / "mine.py").write_text(MODULE.format(body=body))
        spec = Spec(Place("mine", "file", str(tmp_path / "mine.py")), directory=str(tmp_path))
        if not self.child.runs:
            await self.child.start()
        return await self.child.ask({"do": "load", "id": "mine@1", "spec": spec.tell()}, (), deadline)


async def test_it_answers_and_ends(tmp_path: Path) -> None:
    one = Spoken()
    answer = await one.load(tmp_path)
    assert answer["ok"]["name"] == "mine"
    assert one.child.resident > 1_000_000
    pid = one.child.pid
    await one.child.close()
    await one.child.close()
    assert (one.child.runs, one.child.pid) == (False, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_what_a_module_raises_costs_nothing(tmp_path: Path) -> None:
    one = Spoken()
    answer = await one.load(tmp_path, "1 / 0")
    assert answer["error"] == "ZeroDivisionError: division by zero"
    assert "mine.py" in answer["trace"]
    assert (await one.load(tmp_path))["ok"]["name"] == "mine"
    await one.child.close()


@pytest.mark.parametrize(
    "body, fault, text",
    [
        ("time.sleep(60)", Fault.LATE, "took longer than 1 s"),
        ("os._exit(7)", Fault.DIED, "ended its process: exit status 7"),
        ("os.kill(os.getpid(), 9)", Fault.DIED, "ended its process: signal 9"),
    ],
)
async def test_one_that_is_lost(tmp_path: Path, body: str, fault: Fault, text: str) -> None:
    one = Spoken()
    await one.load(tmp_path)
    with pytest.raises(Lost, match=text) as lost:
        await one.load(tmp_path, body, 1.0)
    assert lost.value.fault is fault
    assert not one.child.runs


async def test_it_gets_no_secrets_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CERTHIA_SINKS__HOOK__SECRET", "H1_TOKEN", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("LC_TIME", "C.UTF-8")
    one = Spoken()
    secret = "[name for name, value in os.environ.items() if value == 'hush']"
    answer = await one.load(tmp_path, f"raise RuntimeError({secret}, os.environ['LC_TIME'], 'PATH' in os.environ)")
    assert answer["error"] == "RuntimeError: ([], 'C.UTF-8', True)"
    await one.child.close()


async def test_nothing_is_imported_from_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    one = Spoken()
    assert (await one.load(tmp_path))["ok"]["name"] == "mine"
    await one.child.close()


def gone(pid: int) -> bool:
    """Whether a process ends within some seconds."""
    if sys.platform != "linux":
        pytest.skip("needs pidfd_open")
    try:
        end = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(end, select.POLLIN)
        return bool(poll.poll(10_000))
    finally:
        os.close(end)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfd_open")
async def test_what_a_module_began_ends_with_its_process(tmp_path: Path) -> None:
    one, kept = Spoken(), tmp_path / "pid"
    body = f"pid = os.fork()\nif not pid:\n    time.sleep(600)\nopen({str(kept)!r}, 'w').write(str(pid))\nos._exit(7)"
    with pytest.raises(Lost):
        await one.load(tmp_path, body)
    assert gone(int(kept.read_text()))


async def test_what_left_the_group_is_not_waited_for(tmp_path: Path) -> None:
    """It holds the other ends of the pipes, which asyncio waits for."""
    one, kept = Spoken(), tmp_path / "pid"
    body = f"""
import subprocess
apart = subprocess.Popen(["sleep", "60"], start_new_session=True)
open({str(kept)!r}, "w").write(str(apart.pid))
os._exit(7)
"""
    with pytest.raises(Lost):
        await one.load(tmp_path, body)
    os.kill(int(kept.read_text()), signal.SIGKILL)
    assert not one.child.runs


MAIN = """
import asyncio
from certhia.clock import Clock
from certhia.modules.configured import Spec
from certhia.modules.places import Place
from certhia.modules.process import Child

async def main():
    child = Child(1 << 30, Clock(), print)
    await child.start()
    spec = Spec(Place("mine", "file", {path!r}), directory={directory!r})
    await child.ask({{"do": "load", "id": "mine@1", "spec": spec.tell()}}, (), 600)

asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfd_open")
def test_none_outlives_the_main_process_even_where_it_never_lets_go(tmp_path: Path) -> None:
    """A module in an expression that takes for ever keeps the interpreter's lock: no thread has its turn."""
    pipe = tmp_path / "pid"
    os.mkfifo(pipe)
    told = f"with open({str(pipe)!r}, 'w') as out: print(os.getpid(), file=out)"
    body = f"{told}\nimport re; re.match(r'(a+)+$', 'a' * 60 + 'b')"
    (tmp_path / "mine.py").write_text(MODULE.format(body=body))
    main = MAIN.format(path=str(tmp_path / "mine.py"), directory=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", main]) as process:
        worker = int(pipe.read_text())
        process.kill()
    assert gone(worker)
