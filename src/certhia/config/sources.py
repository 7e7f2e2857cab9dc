"""Settings from flags, the environment, a file and defaults, in this order; every problem is told at once.

A key is `section.name`, in the file (TOML, YAML) a name under its section, in the environment
`CERTHIA_SECTION__NAME`. Lists in the environment are JSON or separated by commas. Relative paths in a file start from
the file's directory.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from certhia.config import nodes, tokens
from certhia.config.keys import PREFIX, fields, flag, is_list, sections, takes_paths, variable, written
from certhia.config.settings import Settings
from certhia.errors import ConfigError
from certhia.render import quoted, terminal

MAX_FILE = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class _Given:
    """A value that somebody set, and where: `certhia.toml`, `CERTHIA_READ__MEMORY`, `--memory`."""

    value: object
    where: str


def load(
    flags: Mapping[str, object] | None = None,
    file: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """The settings that hold. Raises ConfigError, which names every problem with the place that it comes from.

    `flags` has keys such as `read.memory`; None and empty lists count as not given. `file` must exist; where it is
    None, the default file is read if there is one.
    """
    return _settings(*_gather(flags or {}, file, environment))


def from_values(values: Mapping[str, object]) -> Settings:
    """Settings from values by key alone: neither a file nor the environment is looked at. None and empty lists count
    as not given. Raises ConfigError, which names every problem with its key."""
    known, problems = fields(), list[str]()
    given = {key: _Given(value, key) for key, value in values.items() if value is not None and value not in ((), [])}
    for key in [key for key in given if key not in known]:
        problems.append(f"{terminal(key)}: is an unknown key{_near(key, known)}")
        del given[key]
    return _settings(given, problems)


def _settings(given: Mapping[str, _Given], problems: list[str]) -> Settings:
    nested: dict[str, dict[str, object]] = {}
    for key, one in given.items():
        section, name = key.split(".", 1)
        nested.setdefault(section, {})[name] = one.value
    settings = Settings()
    try:
        settings = Settings.model_validate(nested)
    except ValidationError as error:
        problems.extend(_problem(given, dict(detail)) for detail in error.errors(include_url=False))
    if problems:
        problems = list(dict.fromkeys(problems))
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise ConfigError("\n  ".join([f"the configuration has {count}:", *problems]))
    return settings


def origins(
    flags: Mapping[str, object] | None = None,
    file: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """Where each key that is set comes from; the others have their defaults."""
    given, _ = _gather(flags or {}, file, environment)
    return {key: one.where for key, one in given.items()}


def default_file(environment: Mapping[str, str] = os.environ) -> Path:
    """The file that is read when none is named, if it is there: `$XDG_CONFIG_HOME/certhia/certhia.toml`."""
    base = Path(environment.get("XDG_CONFIG_HOME", ""))
    if not base.is_absolute():  # the XDG base directory specification asks to ignore a relative one
        home = environment.get("HOME")
        base = (Path(home) if home else Path.home()) / ".config"
    return base / "certhia" / "certhia.toml"


def _gather(
    flags: Mapping[str, object], file: Path | None, environment: Mapping[str, str]
) -> tuple[dict[str, _Given], list[str]]:
    """What is given, the strongest source for each key, and what is wrong with the keys themselves."""
    known = fields()
    problems: list[str] = []
    given: dict[str, _Given] = {}
    path = file.expanduser() if file else default_file(environment)
    if file or path.is_file():
        for key, value in _file_keys(path, problems):
            given[key] = _Given(_resolved(value, known[key], path.parent), str(path))
    for name, key, text in _environment_keys(environment, problems):
        try:
            given[key] = _Given(_resolved(_listed(text, known[key]), known[key], None), name)
        except ValueError as error:
            problems.append(f"{name}: {key}: {error}")
    for key, value in flags.items():
        if value is None or value in ((), []):
            continue
        if key not in known:
            problems.append(f"{terminal(key)}: is an unknown key{_near(key, known)}")
            continue
        told = _listed(value, known[key]) if isinstance(value, str) else value
        given[key] = _Given(_resolved(told, known[key], None), flag(key))
    return given, problems


def _file_keys(path: Path, problems: list[str]) -> Iterator[tuple[str, object]]:
    known = fields()
    known_sections = sections()
    for section, content in _read(path).items():
        if section not in known_sections:
            near = _near(str(section), known_sections)
            problems.append(f"{path}: [{terminal(str(section))}] is an unknown section{near}")
        elif not isinstance(content, dict):
            problems.append(f"{path}: {section} must be a section: [{section}] with keys below it")
        else:
            for name, value in content.items():
                key = f"{section}.{name}"
                if key not in known:
                    problems.append(f"{path}: {terminal(key)} is an unknown key{_near(key, known)}")
                elif value is not None:
                    yield key, value


def _environment_keys(environment: Mapping[str, str], problems: list[str]) -> Iterator[tuple[str, str, str]]:
    """Variable, key and text of each key that the environment sets. An empty one counts as not set."""
    known = {variable(key): key for key in fields()}
    heads = tuple(f"{PREFIX}{section.upper()}_" for section in sections())
    for name, text in sorted(environment.items()):
        if name in known:
            if text:
                yield name, known[name], text
        elif name.startswith(heads) or (name.startswith(PREFIX) and "__" in name):
            problems.append(f"{terminal(name)}: is an unknown variable{_near(name, known)}")


def _near(word: str, known: Mapping[str, object]) -> str:
    """What may have been meant. Only the last part is compared: what keys share would make all of them alike."""
    within, _, last = word.rpartition("__" if "__" in word else ".")
    lasts = {one: one.removeprefix(within).lstrip("._") for one in known if one.startswith(within)}
    near = difflib.get_close_matches(last, lasts.values(), n=1)
    if near:
        return f"; did you mean {next(one for one, part in lasts.items() if part == near[0])}?"
    return f"; known are {', '.join(lasts or known)}"


def _read(path: Path) -> dict[str, Any]:
    """The content of a configuration file, TOML or (.yaml, .yml) YAML."""
    try:
        raw = path.read_bytes() if path.stat().st_size <= MAX_FILE else None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}; name a file with --config") from error
    if raw is None:
        raise ConfigError(f"{path}: is larger than {MAX_FILE >> 20} MiB; is it a configuration file?")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    is_yaml = path.suffix.lower() in (".yaml", ".yml")
    content = _yaml(text, str(path)) if is_yaml else tokens.parse(text, str(path))
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: must hold sections such as [watch] with keys below them")
    return content


def _yaml(text: str, place: str) -> object:
    node = nodes.compose(text, place)
    if node is None:
        return {}
    import yaml  # noqa: PLC0415  (most people never need it)

    try:
        return yaml.SafeLoader("").construct_document(node) or {}
    except yaml.YAMLError as error:
        raise nodes.not_yaml(place, error) from error
    except (ValueError, RecursionError, OverflowError, TypeError) as error:  # a date that is none, for one
        raise ConfigError(f"{place}: is not YAML: {terminal(str(error))}") from error


def _listed(text: str, field: FieldInfo) -> object:
    """A text of the environment, as the list that it stands for where the key takes one. Raises ValueError."""
    if not is_list(field):
        return text
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            raise ValueError(f'{quoted(text)} is no list; write a,b or ["a", "b"]') from None
    return [part.strip() for part in text.split(",") if part.strip()]


def _resolved(value: object, field: FieldInfo, base: Path | None) -> object:
    """Paths with `~` expanded and, where they come from a file, seen from its directory. One text for a list is a list
    of one."""
    if is_list(field) and isinstance(value, str | Path):
        value = [value]
    if not takes_paths(field):
        return value
    if isinstance(value, list | tuple):
        return [_path(one, base) for one in value]
    return _path(value, base, named=written(field) == "name or path")


def _path(value: object, base: Path | None, *, named: bool = False) -> object:
    """A path from `base`; a URL, or where names are meant a name, as it is."""
    if not isinstance(value, str | Path) or not str(value) or "://" in str(value):
        return value
    if named and "/" not in str(value):
        return value
    path = Path(value).expanduser()
    path = base / path if base else path
    # `./name` must not become the name that it would be without its slash.
    return str(path.absolute() if named else path)


def _problem(given: Mapping[str, _Given], detail: Mapping[str, Any]) -> str:
    """One line about a value that does not fit."""
    place = [str(part) for part in detail["loc"]]
    key = ".".join(place[:2])
    one = given.get(key)
    message = str(detail["msg"]).removeprefix("Value error, ")
    message = re.sub(r"^Input should be", "must be", message)
    if detail["type"] != "value_error":
        message = f"{quoted(str(detail['input']))} {message}"
    where = one.where if one else "defaults"
    return f"{where}: {message}" if where == flag(key) else f"{where}: {terminal(key)}: {message}"
