"""Settings from flags, the environment, a file and defaults, in this order; every problem is told at once.

A key is `section.name`, in the file (TOML, YAML) a name under its section, in the environment
`CERTHIA_SECTION__NAME`. Lists in the environment are JSON or separated by commas. Relative paths in a file start from
the file's directory. In a file `${VAR}` stands for a variable. A secret `KEY` may stand in a file of its own, which
`KEY_FILE` names.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from pydantic import BaseModel, ValidationError

from certhia.config.gathering import Gathered, Given, gather, take_values
from certhia.config.judging import FILE_OF, judge, problems
from certhia.config.keys import fields
from certhia.config.named import Parts, key_of, parts_of
from certhia.config.resolving import secret_path
from certhia.config.settings import Settings
from certhia.errors import ConfigError

DEFAULT: Final = "default"


class Examined(NamedTuple):
    """What there is to say of a configuration. The settings are whole: what makes no sense is left at its default."""

    settings: Settings
    given: Mapping[str, Given]  # for each key that is set
    problems: tuple[str, ...]
    file: Path | None  # that was read
    tables: Mapping[Parts, str] = MappingProxyType({})  # that users named, and where
    secrets: tuple[Path, ...] = ()  # files that `KEY_FILE` names

    def where(self, key: str, *inside: str | int) -> str:
        """Where a key is set, as complaints begin with it; `inside`: which of its values is meant."""
        one = self.given.get(key)
        if one is None:
            return DEFAULT
        return one.where if one.document is None or not inside else one.document.at(*parts_of(key), *inside)


def load(
    flags: Mapping[str, object] | None = None,
    file: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """The settings that hold. Raises ConfigError, which names every problem with the place that it comes from.

    `flags` has keys such as `read.memory`; None and empty lists count as not given. `file` must exist; where it is
    None, the default file is read if there is one.
    """
    return _whole(examine(flags, file, environment))


def from_values(values: Mapping[str, object]) -> Settings:
    """Settings from values by key alone: neither a file nor the environment is looked at. None and empty lists count
    as not given. Raises ConfigError, which names every problem with its key."""
    found = Gathered()
    take_values(values, found)
    return _whole(_examined(found, None, {}))


def refused(section: type[BaseModel], values: Mapping[str, object], error: ValidationError) -> ConfigError:
    """What is wrong with a section that a program makes of `values`, as `from_values` says it."""
    return ConfigError(told(tuple(problems(section, values, error))))


def examine(
    flags: Mapping[str, object] | None = None,
    file: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Examined:
    """Like `load`, for whoever wants to know more than the first that is wrong. Raises ConfigError for a file that
    can't be read at all."""
    path = file_of(file, environment)
    return _examined(gather(flags or {}, path, environment), path, environment)


def origins(
    flags: Mapping[str, object] | None = None,
    file: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """Where each key that is set comes from; the others have their defaults."""
    return {key: one.where for key, one in examine(flags, file, environment).given.items()}


def file_of(file: Path | None, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file that is read: the one that is named, else the default one if it is there."""
    if file is not None:
        return file.expanduser()
    default = default_file(environment)
    return default if default.is_file() else None


def default_file(environment: Mapping[str, str] = os.environ) -> Path:
    """The file that is read when none is named, if it is there: `$XDG_CONFIG_HOME/certhia/certhia.toml`, or else
    `certhia.yaml`, `certhia.yml` beside it."""
    base = Path(environment.get("XDG_CONFIG_HOME", ""))
    if not base.is_absolute():  # the XDG base directory specification asks to ignore a relative one
        home = environment.get("HOME")
        base = (Path(home) if home else Path.home()) / ".config"
    named = [base / "certhia" / f"certhia.{suffix}" for suffix in ("toml", "yaml", "yml")]
    return next((path for path in named if path.is_file()), named[0])


def _examined(found: Gathered, path: Path | None, environment: Mapping[str, str]) -> Examined:
    settings, places, problems = judge(found, environment)
    secrets = tuple(dict.fromkeys(_secrets(found, environment)))
    return Examined(settings, places, tuple(dict.fromkeys(problems)), path, found.tables, secrets)


def _secrets(found: Gathered, environment: Mapping[str, str]) -> Iterator[Path]:
    known = fields()
    for parts, given in found.given.items():
        if parts[-1].endswith(FILE_OF) and key_of(parts) not in known:
            with suppress(ValueError):  # it is among the problems
                yield secret_path(given[-1], environment)


def _whole(examined: Examined) -> Settings:
    if examined.problems:
        raise ConfigError(told(examined.problems))
    return examined.settings


def told(problems: tuple[str, ...]) -> str:
    """All problems, one a line, below a first one that counts them."""
    count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n  ".join([f"the configuration has {count}:", *problems])
