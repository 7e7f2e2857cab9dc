"""What is wrong with a configuration beyond its values: files that it names, rules, sinks that can't be made."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from certhia._core import build_info
from certhia.clock import Clock, utc
from certhia.config import Settings
from certhia.config.keys import fields
from certhia.config.named import SINKS, header, key_of
from certhia.config.sinks import FileSink, SinkSettings
from certhia.config.sources import DEFAULT, Examined
from certhia.errors import CerthiaError, ConfigError
from certhia.library.setup import choice_of, network
from certhia.logs.hybrids import with_changes
from certhia.logs.named import read_key
from certhia.logs.select import choose
from certhia.net import user_agent
from certhia.rules.expected import Expected
from certhia.rules.roots import Roots
from certhia.rules.watchlist import Watchlist
from certhia.sinks.open import Outside, open_sink
from certhia.store.place import state_place

PATIENCE: Final = 10.0  # seconds for a sink that asks its server

_OTHER: Final = re.compile(r"[a-z]+\.[a-z_]+")
_KEY: Final = re.compile(r"([a-z]+(?:\.[a-z0-9_-]+)+): (.*)", re.DOTALL)


class Trial(NamedTuple):
    """Something that is tried: it raises where it doesn't go."""

    key: str  # that it is about
    run: Callable[[], object]
    inside: tuple[int, ...] = ()  # which of the key's values


async def check(examined: Examined, clock: Clock) -> list[str]:
    """All that is wrong, each with file, line and key. Nothing is written and no log asked; a sink that must have its
    server asks it."""
    problems = list(examined.problems)
    for trial in trials(examined.settings, clock):
        try:
            await asyncio.to_thread(trial.run)
        except (CerthiaError, OSError, ValueError, RuntimeError) as error:
            problems += _told(examined, trial.key, trial.inside, error)
    async with AsyncExitStack() as stack:
        for name, settings in examined.settings.sinks.items():
            try:
                async with clock.deadline(PATIENCE):
                    await _try_sink(name, settings, clock, stack)
            except (CerthiaError, OSError, TimeoutError) as error:
                problems += _told(examined, key_of((SINKS, name)), (), error)
    return list(dict.fromkeys(problems))


def trials(settings: Settings, clock: Clock) -> Iterator[Trial]:
    """What is to be tried."""
    watch, logs, output = settings.watch, settings.logs, settings.output
    for number, rule in enumerate(watch.rules):
        yield Trial("watch.rules", partial(Watchlist, rule), (number,))
    for number, path in enumerate(watch.files):
        yield Trial("watch.files", partial(Watchlist, files=[path]), (number,))
    for number, path in enumerate(watch.expected):
        yield Trial("watch.expected", partial(Expected.load, [path]), (number,))
    if watch.roots is not None:
        yield Trial("watch.roots", partial(Roots.load, watch.roots))
    if settings.read.ca_file is not None:
        yield Trial("read.ca_file", partial(network, settings, clock))
    yield Trial("logs.hybrids", partial(with_changes, logs.hybrids))
    for number, key in enumerate(logs.log_key):
        yield Trial("logs.log_key", partial(read_key, key), (number,))
    yield Trial("logs.log" if logs.log else "logs.add_log", partial(choose, (), choice_of(settings), utc(clock.now())))
    for number, place in enumerate(logs.log_list):
        if "://" not in place:
            yield Trial("logs.log_list", partial(_read, Path(place)), (number,))
    for number, path in enumerate(output.files):
        yield Trial("output.files", partial(_write, path), (number,))
    if output.alarms is not None:
        yield Trial("output.alarms", partial(_write, output.alarms))
    yield Trial("state.name", partial(state_place, settings.state.name))
    yield from _serving(settings, clock)


def _serving(settings: Settings, clock: Clock) -> Iterator[Trial]:
    """The server's paths, tokens and certificates."""
    from certhia.library.fronting import front_of  # noqa: PLC0415  (it imports the whole server)
    from certhia.library.serving import paths_of  # noqa: PLC0415
    from certhia.stream.access import read_tokens  # noqa: PLC0415

    yield Trial("serve.lite", partial(paths_of, settings))
    for number, path in enumerate(settings.serve.token_file):
        yield Trial("serve.token_file", partial(read_tokens, [path]), (number,))
    if settings.serve.tls_cert is not None or settings.serve.tls_key is not None:
        plain = settings.model_copy(update={"serve": settings.serve.model_copy(update={"token_file": ()})})
        key = "serve.tls_key" if settings.serve.tls_cert is None else "serve.tls_cert"
        yield Trial(key, partial(front_of, plain, clock, _silent))


def _silent(text: str, *, level: str = "info", log: str = "") -> None:
    del text, level, log


def _read(path: Path) -> None:
    with path.expanduser().open("rb") as file:
        file.read(1)


def _write(path: Path) -> None:
    """Whether a file can be written, or made; nothing is."""
    path = path.expanduser()
    folder = path.parent
    if path.is_dir():
        raise ConfigError(f"{path} is a directory; name a file in it")
    if not folder.is_dir():
        raise ConfigError(f"{path}: there is no directory {folder}; make it first")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise ConfigError(f"{path} may not be written; give its owner's rights to this user")


async def _try_sink(name: str, settings: SinkSettings, clock: Clock, stack: AsyncExitStack) -> None:
    if not settings.enabled:
        return
    if isinstance(settings, FileSink):  # opening it would make the file, and mend it under the one who writes it
        await asyncio.to_thread(_write, settings.path)
        return
    outside = Outside(clock, _silent, user_agent(build_info["version"], None))
    stack.push_async_callback((await open_sink(name, settings, outside)).close)


def _told(examined: Examined, key: str, inside: tuple[int, ...], error: Exception) -> Iterator[str]:
    """Each line of an error, with the place and the key that it comes from."""
    text = str(error) or "took too long to answer"
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}; give the name of a file you may read"
    for line in text.splitlines():
        found = _KEY.fullmatch(line.strip())
        named = found is not None and (found[1] in fields() or found[1].startswith(f"{SINKS}."))
        about, said = (found[1], found[2]) if found is not None and named else (key, line.strip())
        where = examined.where(about, *(() if named else inside))
        if where == DEFAULT:  # it clashes with something that was set
            where = next((examined.where(other) for other in _OTHER.findall(said) if other in examined.given), where)
        if where == DEFAULT and about.startswith(f"{SINKS}."):
            table = about.split(".")[:2]
            where = examined.tables.get((table[0], table[1]), DEFAULT)
            said = said.removeprefix(f"{header((table[0], table[1]))} ")
        yield f"{where}: {about}: {said}"
