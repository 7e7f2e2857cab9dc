"""`certhia modules`: those that there are, what one says of itself, a new one from a template, one tried."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from certhia.cli import options as opt
from certhia.render import terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from certhia._core import Page
    from certhia.config import Settings
    from certhia.library.rehearsing import Rehearsed

SHOWN: Final = 20  # findings that are printed, unless more are asked for
UNREAD: Final = 20  # certificates that could not be read, and are named

AUTOLOAD: Final = opt.Option(
    "--autoload", list[Path], "modules.autoload", "File of a module, or directory of such; repeatable."
)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(help="Modules: list them, write a new one, try one.", no_args_is_help=True)
    group.command("list")(list_)
    group.command("info")(info)
    group.command("new")(new)
    group.command("test")(try_)
    app.add_typer(group, name="modules")


@opt.sets(AUTOLOAD)
def list_(*, given: opt.Given, config: opt.Config = None) -> None:
    """List all modules that are found: name, whether it is in use, where it is. None of them is executed."""
    from certhia.config import load
    from certhia.modules.places import Places
    from certhia.modules.plugged import is_name

    settings = load(given, config)
    seen: set[str] = set()
    for place in Places(settings.modules.autoload).all():
        section = settings.modules.each.get(place.name)
        use = "not used" if section is None else "in use" if section.enabled else "not enabled"
        use = "hidden by the one above" if place.name in seen else use
        use = use if is_name(place.name) else "can't be used: a name has a-z, 0-9, _ and - alone"
        seen.add(place.name)
        print(f"{terminal(place.name):<16}  {use:<11}  {terminal(str(place))}")
    for name in settings.modules.each.keys() - seen:
        print(f"{terminal(name):<16}  {'not found':<11}  [modules.{terminal(name)}] has no module")


@opt.sets(AUTOLOAD)
def info(
    name: Annotated[str, typer.Argument(help="Name of the module.")], *, given: opt.Given, config: opt.Config = None
) -> None:
    """Print what a module says of itself: it is imported for that, in a process of its own."""
    from certhia.clock import Clock
    from certhia.config import load
    from certhia.config.modules import ModuleSection
    from certhia.library.rehearsing import looked_at

    place, one = asyncio.run(looked_at(load(given, config), name, Clock(), _say))
    about = one.info
    print(f"{terminal(about.name)} {terminal(about.version)}: {terminal(about.summary)}")
    print(f"  where   {terminal(str(place))}")
    print(f"  sees    {about.sees.value}{', before they are told' if about.inline else ''}")
    print(f"  has     {', '.join(sorted(one.has))}")
    print(f"  needs   {terminal(', '.join(about.needs)) or 'nothing'}")
    for key, text in one.keys.items():
        if key in ModuleSection.model_fields:  # those that all have
            continue
        print(f"  key     {terminal(key)}{': ' if text else ''}{terminal(text)}")


def new(
    name: Annotated[str, typer.Argument(help="What it is to be called.")],
    into: Annotated[Path, typer.Option("--into", help="Directory to write it into.")] = Path(),
    sees: Annotated[str, typer.Option("--sees", help="What it is to see: entries or matches.")] = "entries",
) -> None:
    """Write a module that works, with a test that passes."""
    from certhia.errors import ConfigError
    from certhia.library.writing_modules import TEMPLATES, write

    if sees not in TEMPLATES:
        raise ConfigError(f"--sees: {terminal(sees)} is nothing that there is a template for; write entries or matches")
    module, test = write(name, into, sees)
    print(f"{terminal(str(module))} and {terminal(str(test))} are written. Now:")
    print(f"  pytest {terminal(str(test))}")
    print(f"  certhia modules test {terminal(name)} --autoload {terminal(str(module))}")


@opt.sets(AUTOLOAD)
def try_(
    name: Annotated[str, typer.Argument(help="Name of the module.")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files of certificates, or directories: PEM, DER, JSON of entries; also .zst. Unless given some are "
            "made up."
        ),
    ] = None,
    rule: Annotated[list[str] | None, typer.Option("--rule", help="Only certificates that this rule matches.")] = None,
    most: Annotated[int, typer.Option("--limit", min=0, help="How many findings are printed.")] = SHOWN,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Try a module on certificates: print what it finds, and the time that it takes for each entry.

    A module that sees matches gets all certificates as such. What can't be read is named, and the others are tried.
    What the module prints is shown. Exit status 1 where it fails, or where nothing could be read.
    """
    from certhia.config import load

    raise typer.Exit(asyncio.run(_try(load(given, config), name, files or [], rule or [], most)))


async def _try(settings: Settings, name: str, files: list[Path], rules: list[str], most: int) -> int:
    from contextlib import AsyncExitStack
    from tempfile import TemporaryDirectory

    from certhia.clock import Clock
    from certhia.library.rehearsing import rehearsal
    from certhia.library.setup import connect
    from certhia.modules.failing import Failed
    from certhia.store.place import Place
    from certhia.store.state import State

    clock, tally = Clock(), _Tally(most)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="certhia-module-")))
        one = await rehearsal(
            settings,
            name,
            stack,
            rules=rules,
            clock=clock,
            tell=_say_all,
            connect=lambda: connect(settings, clock),
            opened=lambda: State.open(Place(folder / "state"), clock=clock, follow=True),
            directory=folder / "own",
        )
        print(f"{terminal(one.info.name)} {terminal(one.info.version)}: {terminal(one.info.summary)}")
        try:
            await one.run(_pages(files, tally.unread), tally.add)
        except Failed as error:
            tally.print()
            print(f"{terminal(name)}: failed: {terminal(str(error))}")
            return 1
    tally.print()  # once it has ended: what it printed stands before
    return tally.status


def _pages(files: list[Path], unread: Callable[[str], None]) -> Iterable[Page]:
    from certhia._core import Issuers
    from certhia.library.certificates_at_hand import made_up, paged, pages_in

    issuers = Issuers()
    return pages_in(files, issuers, unread) if files else paged(made_up(), issuers)


class _Tally:
    """What was found so far, the first findings printed."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found = 0
        self._entries = 0
        self._unread = 0
        self._seconds = 0.0

    @property
    def status(self) -> int:
        """Of the program: 1 where there was nothing to try it on."""
        return 1 if self._unread and not self._entries else 0

    def unread(self, text: str) -> None:
        """Something could not be read."""
        self._unread += 1
        if self._unread <= UNREAD:
            print(f"  not read: {terminal(text)}")

    def add(self, one: Rehearsed) -> None:
        """What came of one batch."""
        from certhia.modules.finding import Drop, Finding, Name

        self._seconds += one.seconds
        self._entries += len(one.batch) if one.batch is not None else 0
        for result in one.results:
            self._found += 1
            if self._found > self._most:
                continue
            match result:
                case Finding():
                    print(f"  {terminal(result.kind)} ({result.severity}): {terminal(result.text)}")
                case Name():
                    print(f"  name: {terminal(result.name)} of {terminal(result.source)}, {result.confidence:.0%} sure")
                case Drop():
                    print(f"  drop: {terminal(result.why)}")
                case _:
                    print(f"  note: {terminal(str(dict(result.data)))}")

    def print(self) -> None:
        """How it went."""
        if self._found > self._most:
            print(f"  ... and {self._found - self._most:,} more; --limit shows more")
        each = f", {1e6 * self._seconds / self._entries:.1f} µs an entry" if self._entries else ""
        left = f"; {self._unread:,} could not be read" if self._unread else ""
        print(f"{self._found:,} found in {self._entries:,} entries{each}{left}")


def _say(text: str, *, level: str = "info", log: str = "") -> None:
    if level != "debug":
        _say_all(text, level=level, log=log)


def _say_all(text: str, *, level: str = "info", log: str = "") -> None:
    """Also where a module stumbled, and what it prints."""
    del level, log
    for line in text.splitlines():
        print(f"  {terminal(line)}")
