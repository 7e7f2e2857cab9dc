"""A world of CT logs in a process of its own, which grows by itself: for demonstrations and benchmarks.

    python -m certhia.testing.feed --rate 20

Prints one line of JSON once all logs answer: `{"log_list": URL, "key": PEM, "logs": [{"name", "protocol", "id", "url",
"size"}, …]}`; `key` is the one that signs the list, at `log_list.sig` beside it.
A line of names on standard input, where that is a pipe, has a certificate for them put into one of the logs; the answer
is another line of JSON: `{"log": NAME, "protocol", "id", "index"}`, or `{"error": WHY}`.

Ends on SIGTERM or SIGINT, after `--seconds`, or when the pipe at its standard input is closed, which is how it learns
that the process that started it is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

from certhia.clock import Clock
from certhia.errors import ConfigError
from certhia.testing import faults
from certhia.testing.entries import Submission, Template, templates
from certhia.testing.logs import FakeLog, Options
from certhia.testing.names import Wish, wishes
from certhia.testing.world import World

_DAY_MS = 86400 * 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m certhia.testing.feed", description="A world of growing CT logs.")
    parser.add_argument("--port", type=int, default=0, help="of the log list; 0 takes a free one")
    parser.add_argument("--logs", type=int, default=5, help="how many (default 5)")
    parser.add_argument("--rate", type=float, default=20.0, help="new entries a second over all logs (default 20)")
    parser.add_argument("--prefill", type=int, default=300, help="entries of each log at the start (default 300)")
    parser.add_argument("--seconds", type=float, help="end after that time")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other keys and names")
    parser.add_argument("--entries", type=Path, help="JSON lines with leaf_input and extra_data (.zst too) to serve")
    parser.add_argument("--count", type=int, default=60000, help="with --entries: entries of each log, all different")
    parser.add_argument("--page", type=int, default=1024, help="with --entries: most entries of a get-entries answer")
    parser.add_argument("--full-speed", action="store_true", help="with --entries: all at once, answers made ahead")
    parser.add_argument("--fault", action="append", default=[], metavar="ID", help="a fault of one of the logs (L04)")
    parser.add_argument("--fault-after", type=float, default=5.0, help="seconds until the faults begin (default 5)")
    parser.add_argument("--tls", action="store_true", help="serve HTTPS; the line then has the CA's root as `root`")
    options = parser.parse_args(arguments)
    try:
        options.faults = [faults.find(name) for name in options.fault]
    except ConfigError as error:
        parser.error(str(error))
    asyncio.run(_run(options))
    return 0


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    world = World(Clock(), options.seed)
    growth = _bulk(world, options) if options.entries else Population(world, options.logs, options.prefill)
    _listen_to_parent(loop, stop.set, lambda line: _put(growth, line))
    try:
        places = assign(list(world.logs.values()), options.faults)
    except ConfigError as error:
        raise SystemExit(str(error)) from error
    async with world.serve(port=options.port, apart=True, tls=options.tls) as url:
        _announce(world, url, root=options.tls)
        try:
            async with asyncio.timeout(options.seconds), asyncio.TaskGroup() as tasks:
                growing = tasks.create_task(_grow(world, growth, options.rate, everything=options.full_speed))
                falling = tasks.create_task(_fall_ill(world, places, options.fault_after))
                await stop.wait()
                growing.cancel()
                falling.cancel()
        except TimeoutError:
            return


def _announce(world: World, url: str, *, root: bool) -> None:
    logs = [
        {"name": log.name, "protocol": log.protocol.value, "id": log.id.hex(), "url": log.url, "size": log.size}
        for log in world.logs.values()
    ]
    line: dict[str, object] = {"log_list": f"{url}log_list.json", "key": world.list_key, "logs": logs}
    if root:
        line["root"] = world.ca.root_pem
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _listen_to_parent(
    loop: asyncio.AbstractEventLoop, stop: Callable[[], None], order: Callable[[bytes], None]
) -> None:
    """Calls `order` with each line from the pipe at standard input, and `stop` once it is closed; where it is no pipe,
    never."""
    mode = os.fstat(0).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return

    def watch() -> None:
        held = b""
        with suppress(RuntimeError):  # the loop has ended before the pipe
            while more := os.read(0, 4096):
                *lines, held = (held + more).split(b"\n")
                for line in lines:
                    loop.call_soon_threadsafe(order, line)
            loop.call_soon_threadsafe(stop)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _put(growth: Population | Bulk, line: bytes) -> None:
    """Puts a certificate for the names on the line into a log, and says in a line of JSON where it stands."""
    try:
        if isinstance(growth, Bulk):
            raise ValueError("logs of --entries take no others")
        log, index = growth.put(line.decode("ascii").split())
        said: dict[str, object] = {"log": log.name, "protocol": log.protocol.value, "id": log.id.hex(), "index": index}
    except ValueError as error:
        said = {"error": str(error)}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


async def _grow(world: World, growth: Population | Bulk, rate: float, *, everything: bool) -> None:
    """Lets the logs grow by `rate` entries a second, a little every half a second."""
    owed = 0.0
    while rate > 0 and not everything:
        pause = world.clock.jitter(0.5, 0.5)
        await world.clock.sleep(pause)
        owed += rate * pause
        owed -= growth.more(owed)


async def _fall_ill(world: World, places: Sequence[tuple[faults.NamedFault, FakeLog]], after: float) -> None:
    """Has the faults come over the logs, and says which on standard error."""
    await world.clock.sleep(after)
    for fault, log in places:
        fault.install(world, log)
        sys.stderr.write(f"from now on {log.name} has {fault.id} {fault.name}: {fault.does}\n")
        sys.stderr.flush()


def assign(logs: Sequence[FakeLog], wanted: Sequence[faults.NamedFault]) -> list[tuple[faults.NamedFault, FakeLog]]:
    """A log for each fault that can have it: another each time, as far as there are. Raises ConfigError."""
    places: list[tuple[faults.NamedFault, FakeLog]] = []
    for fault in wanted:
        able = [log for log in logs if log.protocol in fault.kinds]
        if not able or fault.how is None:
            raise ConfigError(
                f"{fault.id} {fault.name}: none of the {len(logs)} logs can have it; --logs 5 has all kinds"
            )
        taken = [log for _, log in places]
        places.append((fault, min(able, key=taken.count)))
    return places


class Population:
    """The demonstration's logs and what comes to them: precertificates go to two logs and come back as certificates,
    which somebody submits to one; about one entry in three hundred can't be decoded."""

    def __init__(self, world: World, logs: int, prefill: int) -> None:
        self.world = world
        for number, (name, make, options) in enumerate(islice(cycle(_kinds(world)), logs)):
            again = f"-{number // 5 + 1}" if number >= 5 else ""
            make(name + again, **options)
        self._wishes = wishes(world.seed)
        self._turn = self._open_logs()
        self._count = 0
        self.more(prefill * logs)

    def more(self, entries: float) -> int:
        """Issues until about so many entries were added to the logs; gives how many it were."""
        added = 0
        while added + 1 <= entries:
            added += self._issue(next(self._wishes))
        for log in self.world.logs.values():
            if log.final is None:
                log.publish()
        return added

    def put(self, names: Sequence[str]) -> tuple[FakeLog, int]:
        """A precertificate for these names in one log, published at once; gives the log and the entry's index there.

        Raises ValueError where there are no names."""
        if not names:
            raise ValueError("a certificate needs a name")
        log = next(self._turn)
        (entry, *_) = log.add(self.world.ca.issue(names, precert=True))
        log.publish()
        return log, entry.index

    def _open_logs(self) -> Iterator[FakeLog]:
        """Those that take entries, in turn, for ever."""
        while True:
            yield from [log for log in self.world.logs.values() if log.final is None]

    def _issue(self, wish: Wish) -> int:
        self._count += 1
        ca, first = self.world.ca, next(self._turn)
        if self._count % 100 == 0:
            first.add(ca.undecodable("garbage" if self._count % 200 else "truncated"))
            return 1
        precert = ca.issue(
            wish.names, wish.ips, precert=True, precert_signer=self._count % 20 == 0,
            organization=wish.organization, days=wish.days, key=wish.names[0],
        )  # fmt: skip
        # One log or two, and never the same twice.
        homes = list(dict.fromkeys((first, next(self._turn))))
        entries = [(log, log.add(precert)[0]) for log in homes]
        first.add(ca.finish(precert, [log.sct(entry) for log, entry in entries]))
        return len(homes) + 1


def _kinds(world: World) -> list[tuple[str, Callable[..., FakeLog], Options]]:
    return [
        ("argon", world.rfc6962, Options(operator="Google-like", max_get_entries=32)),
        ("tuscolo", world.static, Options(operator="Sunlight-like", names_tiles=True, drop_partials=True)),
        ("wyvern", world.rfc6962, Options(operator="DigiCert-like", max_get_entries=256, align=False)),
        ("willow", world.static, Options(operator="TesseraCT-like", gzip=False, extra_signatures=False)),
        ("hetu", world.hybrid, Options(operator="TrustAsia-like", max_get_entries=256)),
    ]


class Bulk:
    """One RFC 6962 and one static log of many entries, each different, made of a few thousand real ones."""

    def __init__(self, world: World, sources: Sequence[Template], count: int, page: int) -> None:
        self.logs = [
            world.rfc6962("rfc", max_get_entries=page, align=False, cache=16 << 30),
            world.static("static", cache=16 << 30),
        ]
        self.count, self.shown = count, 0
        for log in self.logs:
            log.extend_raw(sources, count, timestamp=int(world.clock.now() * 1000) - _DAY_MS)

    def more(self, entries: float) -> int:
        """Signs heads over so many more entries of each log."""
        before, self.shown = self.shown, min(self.count, self.shown + int(entries))
        for log in self.logs:
            log.sign(self.shown)
        return self.shown - before


def _bulk(world: World, options: argparse.Namespace) -> Bulk:
    sources = templates(list(read_entries(options.entries)))
    if not sources:
        raise SystemExit(f"{options.entries} has no entry whose serial number can be replaced")
    bulk = Bulk(world, sources, options.count, options.page)
    bulk.more(options.count if options.full_speed else min(1000, options.count))
    if options.full_speed:
        for log in bulk.logs:
            log.warm()
    return bulk


def read_entries(path: Path) -> Iterator[Submission]:
    """Entries of a file of JSON lines with base64 `leaf_input` and `extra_data`; those that are none are left out."""
    data = path.read_bytes()
    if path.suffix == ".zst":
        import zstandard  # noqa: PLC0415  (only there for development)

        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    for line in data.splitlines():
        try:
            entry = json.loads(line)
            leaf, extra = (base64.b64decode(entry[name]) for name in ("leaf_input", "extra_data"))
            yield Submission.parse(leaf, extra)
        except (ValueError, KeyError, TypeError):
            continue


if __name__ == "__main__":
    sys.exit(main())
