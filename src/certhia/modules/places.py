"""Where modules are found by their names: built in, in files that the user named, in the user's directory, installed.

Nothing is executed to find a module. The current directory is never looked at by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final, Literal

from certhia.errors import ConfigError
from certhia.modules.builtin import BUILTIN
from certhia.render import terminal

GROUP: Final = "certhia.modules"  # of entry points
MOST: Final = 1000  # files of one directory

Kind = Literal["built in", "file", "installed"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a module is.

    Attributes:
        name: what it is called.
        kind: what `where` is: "module:Class" of ours, a file, or an entry point's "module:object".
        where: see there.
    """

    name: str
    kind: Kind
    where: str

    def __str__(self) -> str:
        return self.kind if self.kind == "built in" else f"{self.where} ({self.kind})"


class Places:
    """All places where modules may be. `autoload`: files, and directories of files, that the user named."""

    def __init__(self, autoload: Sequence[Path] = (), environment: Mapping[str, str] = os.environ) -> None:
        self._autoload = autoload
        self._own = own_directory(environment)

    def find(self, name: str) -> Place:
        """The module of that name; built-in ones come first, then named files, then those of the user's directory.
        Raises ConfigError where there is none, and for paths that are none."""
        for place in self.all():
            if place.name == name:
                return place
        known = ", ".join(sorted({place.name for place in self.all()})) or "none"
        raise ConfigError(
            f"modules.{name}: there is no such module; known are {terminal(known)}; one of a file is named by "
            f"modules.autoload, or lies in {terminal(str(self._own))}"
        )

    def all(self) -> Iterator[Place]:
        """Every module, those that hide others first. Raises ConfigError for a path that is none."""
        for name, where in BUILTIN.items():
            yield Place(name, "built in", where)
        for path in self._autoload:
            if not path.exists():
                raise ConfigError(f"modules.autoload: there is no {terminal(str(path))}; name a file or a directory")
            yield from _files(path)
        if self._own.is_dir():
            yield from _files(self._own)
        for point in installed():
            yield Place(point.name, "installed", point.value)


def own_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """The user's: `$XDG_DATA_HOME/certhia/modules`."""
    base = Path(environment.get("XDG_DATA_HOME", ""))
    if not base.is_absolute():  # the XDG base directory specification asks to ignore a relative one
        home = environment.get("HOME")
        base = (Path(home) if home else Path.home()) / ".local" / "share"
    return base / "certhia" / "modules"


def installed() -> list[EntryPoint]:
    """Entry points of installed distributions."""
    return sorted(entry_points(group=GROUP), key=lambda point: point.name)


def called(path: Path) -> str:
    """What the module of a file, or of a package's directory, is called."""
    return path.stem.replace("_", "-") if path.suffix == ".py" else path.name.replace("_", "-")


def _files(path: Path) -> Iterator[Place]:
    """The modules of a file, a package, or a directory of such; tests and hidden files are none."""
    path = path.absolute()
    if path.is_file() or (path / "__init__.py").is_file():
        yield Place(called(path), "file", str(path))
        return
    try:
        inside = sorted(path.iterdir())[:MOST]
    except OSError as error:
        raise ConfigError(f"{terminal(str(path))}: cannot be read: {error.strerror}") from error
    for one in inside:
        is_module = one.suffix == ".py" and one.is_file()
        if (is_module or (one / "__init__.py").is_file()) and not one.name.startswith(("_", ".", "test_", "conftest")):
            yield Place(called(one), "file", str(one))
