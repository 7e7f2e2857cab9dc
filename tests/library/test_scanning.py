"""`certhia.scan`."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import aclosing, suppress
from pathlib import Path

import pytest
from tests.scanner.driving import serving
from tests.scanner.tls_servers import context, tls_server

from certhia.config.scanning import ScanOptions
from certhia.errors import ConfigError
from certhia.library.scanning import scan, watchlist_of
from certhia.rules.watchlist import Watchlist
from certhia.scanner.records import Result
from certhia.store.observations import Observations

HERE = ScanOptions(allow_private=True, timeout=20.0)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with tls_server(context()) as number:
        yield number


def scanners() -> list[threading.Thread]:
    """Threads of engines."""
    return [one for one in threading.enumerate() if one.name == "scanner"]


async def results(*targets: str, options: ScanOptions = HERE, **given: object) -> list[Result]:
    return [one async for one in scan(targets, options, **given)]  # type: ignore[arg-type]


async def test_a_server(port: int) -> None:
    (result,) = await results(f"127.0.0.1:{port}", rules="example.com")
    assert result.failure is None
    assert result.served is not None
    assert result.served.version == 0x0303, "shown in the clear"
    assert [one.name for one in result.names] == ["www.example.com", "*.example.net", "www.example.com"]
    assert [hit.rule for hit in result.hits] == ["example.com"]
    assert "untrusted" in {one.kind for one in result.verdicts}


async def test_many_targets_each_once(port: int) -> None:
    found = await results("127.0.0.0/26", "localhost", options=HERE.model_copy(update={"ports": str(port)}))
    addresses = [(one.target.host, one.target.address) for one in found]
    assert len(addresses) == len({*addresses}) == 65
    assert {address for host, address in addresses if host} == {"127.0.0.1"}
    assert [one.target.address for one in found if one.served is not None] == ["127.0.0.1"] * 2


async def test_a_complete_handshake(port: int) -> None:
    (result,) = await results(f"127.0.0.1:{port}", options=HERE.model_copy(update={"full": True}))
    assert result.served is not None
    assert (result.served.complete, result.served.version) == (True, 0x0304)


async def test_addresses_of_ones_own_network_are_refused(port: int) -> None:
    told: list[str] = []
    found = await results(
        f"localhost:{port}", "127.0.0.1", "127.0.0.0/8", options=ScanOptions(), tell=lambda text, **_: told.append(text)
    )
    assert [one.failure.kind for one in found if one.failure] == ["policy", "policy"]
    assert told == ['the target "127.0.0.0/8" is left out (loopback; --allow-private scans it)']


async def test_what_makes_no_sense() -> None:
    with pytest.raises(ConfigError, match="nothing to scan"):
        await results()
    with pytest.raises(ConfigError, match="is no port and no service"):
        await results("192.0.2.1", options=ScanOptions(ports="none-such"))


async def test_a_line_that_is_no_target_is_told_and_the_rest_is_scanned(port: int) -> None:
    told: list[str] = []
    found = await results("a..example", f"127.0.0.1:{port}", tell=lambda text, **_: told.append(text))
    assert len(found) == 1
    assert len(told) == 1
    assert "a..example" in told[0]


async def test_leaving_the_loop_closes_all() -> None:
    """A server that never answers is let go of when the loop is left."""
    gone = threading.Semaphore(0)

    def mute(peer: socket.socket) -> None:
        peer.recv(4096)  # the hello
        with suppress(ConnectionError):
            peer.recv(1)  # until the other side closes
        gone.release()

    with serving(mute) as number, tls_server(context()) as port:
        async with aclosing(scan([f"127.0.0.1:{number}", f"127.0.0.1:{port}"], HERE)) as found:
            async for result in found:
                assert result.served is not None
                break
        assert await asyncio.to_thread(gone.acquire, timeout=20)
    assert not scanners()


async def test_cancelling_ends_it() -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def mute(peer: socket.socket) -> None:
        peer.recv(4096)
        loop.call_soon_threadsafe(asked.set)
        with suppress(ConnectionError):
            peer.recv(1)

    with serving(mute) as number:

        async def work() -> None:
            async for _ in scan(f"127.0.0.1:{number}", HERE):
                return

        task = asyncio.ensure_future(work())
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not scanners()


def test_rules_as_one_gives_them() -> None:
    assert watchlist_of(()) is None
    made = watchlist_of(["example.com", "kw:acme"])
    assert made is not None
    assert len(made) == 2
    assert watchlist_of(made) is made
    assert isinstance(watchlist_of("example.com"), Watchlist)


@pytest.mark.parametrize("as_text", [True, False])
async def test_what_is_found_is_kept_where_one_says(port: int, tmp_path: Path, as_text: bool) -> None:
    state = f"{tmp_path}/state" if as_text else tmp_path / "state"
    (result,) = await results(f"127.0.0.1:{port}", state=state)
    held = Observations(tmp_path / "state", made=False)
    assert {(one.name, one.source, one.port) for one in held.find()} == {
        (found.name, found.source, port) for found in result.names
    }
    held.close()


async def test_what_was_found_until_the_loop_is_left_is_kept(port: int, tmp_path: Path) -> None:
    async with aclosing(scan([f"127.0.0.{number}:{port}" for number in range(1, 60)], HERE, state=tmp_path)) as found:
        async for result in found:
            if result.served is not None:
                break
    held = Observations(tmp_path, made=False)
    assert {one.address for one in held.find()} == {result.target.address}
    held.close()


async def test_options_alone_keep_it_in_the_usual_state(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    await results(f"127.0.0.1:{port}", options=HERE.model_copy(update={"keep": True}))
    assert await asyncio.to_thread(lambda: [*tmp_path.rglob("observations.db")])


ALONE = """
import asyncio, sys, certhia

async def main():
    async for _ in certhia.scan("127.0.0.1:1", certhia.ScanOptions(allow_private=True, http=True)):
        pass

asyncio.run(main())
print(*{"aiohttp", "sqlalchemy", "alembic"}.intersection(sys.modules))
"""


def test_a_scan_does_without_what_others_need() -> None:
    """aiohttp is 34 MB in memory, SQLAlchemy 20."""
    done = subprocess.run([sys.executable, "-c", ALONE], check=True, capture_output=True, text=True, timeout=50)
    assert done.stdout.strip() == ""
