from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from tests.sinks.conftest import MAKE
from tests.sinks.sending import outside

from certhia.config.sinks.exec import ExecSink
from certhia.errors import ConfigError, RemoteError
from certhia.sinks import exec as executing
from certhia.sinks.exec import Exec, open_exec
from certhia.sinks.refusals import Refused
from certhia.store.submitted import place


async def sink(script: str, timeout: float = 20.0, directory: Path | None = None) -> Exec:
    return await open_exec(
        "hook", ExecSink(command=("/bin/sh", "-c", script), timeout=timeout, directory=directory), outside()
    )


def is_running(number: int) -> bool:
    """Whether a process is there and no corpse."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


async def gone(numbers: list[int]) -> None:
    """Those that were killed end soon, not at once."""
    async with asyncio.timeout(20):
        while any(map(is_running, numbers)):  # noqa: ASYNC110  (the kernel sets no event)
            await asyncio.sleep(0)


def there(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


async def test_what_a_program_is_given(make: MAKE, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTHIA_SINKS__BOUNTY__PASSWORD", "a secret")
    monkeypatch.setenv("MY_OWN", "is there")
    hook = await sink(
        'env > env; cat > stdin; cat "$JSON_FILENAME" > json; cat "$TEXT_FILENAME" > text', directory=tmp_path
    )
    await hook.send([make(1)])
    variables = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    assert variables["EVENT"] == "discovered_cert"
    assert variables["WATCH_ITEM"] == "example.com"
    assert variables["MY_OWN"] == "is there"
    assert "CERTHIA_SINKS__BOUNTY__PASSWORD" not in variables
    assert not os.access(variables["JSON_FILENAME"], os.F_OK)
    assert (tmp_path / "stdin").read_text() == (tmp_path / "json").read_text()
    assert json.loads((tmp_path / "json").read_text())["id"] == "01" * 32
    assert "www.example.com" in (tmp_path / "text").read_text()
    await hook.close()


async def test_a_program_finds_the_certificate_in_a_file(make: MAKE, tmp_path: Path) -> None:
    file = place(tmp_path, make(1).match.key)
    file.parent.mkdir(parents=True)
    file.write_text("leaf hash: abc=\n-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
    for save in (True, False):
        command = ("/bin/sh", "-c", f'echo "$CERT_FILENAME $LEAF_HASH" >> {tmp_path}/out')
        hook = await open_exec("hook", ExecSink(command=command, save=save), outside(tmp_path))
        await hook.send([make(1)])
    assert (tmp_path / "out").read_text() == f"{file} abc=\n \n"


async def test_nothing_in_a_certificate_is_run(make: MAKE, tmp_path: Path) -> None:
    hook = await sink('echo "$WATCH_ITEM $ISSUER_DN" > out', directory=tmp_path)
    await hook.send([make(1, issuer="CN=$(touch pwned)`touch pwned`;touch pwned\ntouch pwned")])
    assert there(tmp_path) == ["out"]


async def test_one_that_fails_is_refused_with_what_it_said_last(make: MAKE, tmp_path: Path) -> None:
    hook = await sink('echo first >&2; printf "no \\033[31mroom" >&2; exit 3', directory=tmp_path)
    with pytest.raises(Refused, match=r'"/bin/sh" ended with status 3: no \\x1b\[31mroom'):
        await hook.send([make(1)])
    with pytest.raises(Refused, match="ended with status 3"):
        await hook.note({"type": "alarm", "event": "raised", "text": "full"})


async def test_status_75_means_later(make: MAKE) -> None:
    with pytest.raises(RemoteError, match="ended with status 75") as later:
        await (await sink("exit 75")).send([make(1)])
    assert not isinstance(later.value, Refused)


async def test_those_that_were_told_are_not_told_again(make: MAKE, tmp_path: Path) -> None:
    hook = await sink("echo $ENTRY_INDEX >> told; [ $ENTRY_INDEX != 1002 ] || [ -e mended ]", directory=tmp_path)
    some = [make(1), make(2), make(3)]
    with pytest.raises(Refused):
        await hook.send(some)
    (tmp_path / "mended").touch()
    await hook.send(some)
    assert (tmp_path / "told").read_text().split() == ["1001", "1002", "1002", "1003"]


async def test_it_and_all_that_it_started_are_ended(
    make: MAKE, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults W04: it forks, keeps standard error open, ignores SIGTERM, never ends."""
    monkeypatch.setattr(executing, "MERCY", 0.1)
    script = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range(3):
    os.fork()
open("pids", "a").write(f"{os.getpid()}\\n")
os.write(2, b"still here\\n" * 20_000)
while True:
    time.sleep(60)
"""
    settings = ExecSink(command=(sys.executable, "-c", script), timeout=1.0, directory=tmp_path)
    with pytest.raises(Refused, match="had not ended after 1 s"):
        await (await open_exec("hook", settings, outside())).send([make(1)])
    pids = [int(line) for line in (tmp_path / "pids").read_text().split()]
    assert pids
    await gone(pids)


async def test_what_ends_and_leaves_others_behind_keeps_nobody_waiting(make: MAKE, tmp_path: Path) -> None:
    hook = await sink("(sleep 600 & echo $! > pid); echo ready >&2", directory=tmp_path)
    await hook.send([make(1)])
    await gone([int((tmp_path / "pid").read_text())])


async def test_one_that_is_cancelled_ends(make: MAKE, tmp_path: Path) -> None:
    hook = await sink("echo $$ > pid; mv pid there; exec sleep 600", directory=tmp_path)
    sending = asyncio.ensure_future(hook.send([make(1)]))
    while not (tmp_path / "there").exists():  # noqa: ASYNC110  (as above)
        await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await gone([int((tmp_path / "there").read_text())])


async def test_programs_that_are_not_there(make: MAKE, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'\[sinks\.hook\] runs "no-such", and there is no such program'):
        await open_exec("hook", ExecSink(command=("no-such",)), outside())
    with pytest.raises(ConfigError, match="there is no such directory: make it first"):
        await sink("true", directory=tmp_path / "none")
    script = tmp_path / "hook"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    hook = await open_exec("hook", ExecSink(command=(str(script),)), outside())
    assert hook.name == "hook"
    await hook.send([make(1)])
    script.unlink()
    with pytest.raises(RemoteError, match="can't be run: No such file or directory"):
        await hook.send([make(2)])
    assert there(tmp_path) == []
