"""What the settings of all modules share, `[modules.NAME]`: what a module gets, and how it is kept in check."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from certhia.config.values import MB, Interval, Seconds, Section, Size

OWN: Final = "own"  # the field that holds the keys of a module that isn't built in


class ModuleSection(Section):
    """What all modules share; their own keys stand beside these."""

    enabled: bool = Field(True, description="Whether it runs")
    only: tuple[str, ...] = Field(
        (), description="Watch rules: it gets the entries that these match, or of matches those; none: all"
    )
    trusted: bool = Field(
        False,
        description="Run it in the main process, where what it breaks is broken, and lateness can only be reported",
    )
    deadline: Interval | None = Field(
        None, le=600, description="How long a call may take; unless given 5 s, and 1 s before a match is told"
    )
    cache_ttl: Seconds = Field(
        86400.0, description="How long what it found in a certificate is kept, where it says that this will do; 0: not"
    )
    queue: int = Field(64, ge=1, le=4096, description="How many pages may wait for it; what comes besides is skipped")


@dataclass(frozen=True, slots=True)
class Own:
    """A value of a module's own, which only the module can judge.

    Attributes:
        value: as it was given, with variables filled in.
        where: the place that it stands in: `certhia.toml:12`.
        hidden: whether something of the environment is in it, or its name says that it is secret: nobody is shown it.
    """

    value: Any
    where: str = field(default="", compare=False)
    hidden: bool = field(default=False, compare=False)


class OtherModule(ModuleSection):
    """A module that isn't built in: the keys that are its own are checked once it is loaded."""

    own: dict[str, Own] = Field({}, description="The module's own keys")


class ModulesSection(Section):
    """Modules: what people add."""

    autoload: tuple[Path, ...] = Field(
        (),
        description="Files of modules, and directories of such, to find modules in by their names; those of "
        "`$XDG_DATA_HOME/certhia/modules` are found anyway",
    )
    memory: Size = Field(512 * MB, ge=64 * MB, description="The most that the worker process of modules may take")
