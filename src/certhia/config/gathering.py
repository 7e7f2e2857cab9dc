"""What flags, the environment and a file say of each key, before anything is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from certhia.config import document
from certhia.config.document import Document
from certhia.config.keys import PREFIX, fields, flag, sections, settable, variable
from certhia.config.named import CALLED, NAMED, SINKS, Parts, header, key_of, parts_of, wrong_name
from certhia.config.nearness import near
from certhia.errors import ConfigError
from certhia.render import terminal

FILE, ENVIRONMENT, FLAG = range(3)  # the stronger one is more

_HEADS: Final = {f"{PREFIX}{section.upper()}__": section for section in CALLED}  # of variables, with a table's name


class Given(NamedTuple):
    """A value that somebody set, and where: `certhia.toml:12`, `CERTHIA_READ__MEMORY`, `--memory`."""

    value: object
    where: str
    rank: int = FLAG
    document: Document | None = None  # that it stands in


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is given for each key, weakest first, and what is wrong with keys and tables themselves."""

    given: dict[Parts, list[Given]] = field(default_factory=dict)
    tables: dict[Parts, str] = field(default_factory=dict)  # that users named, and where
    problems: list[str] = field(default_factory=list)

    def add(self, parts: Parts, one: Given) -> None:
        """A value for a key."""
        if len(parts) == 3:
            self.tables.setdefault(parts[:2], one.where)
        self.given.setdefault(parts, []).append(one)


def gather(flags: Mapping[str, object], path: Path | None, environment: Mapping[str, str]) -> Gathered:
    """All of it; `path`: the file that is to be read. Raises ConfigError where it can't be."""
    found = Gathered()
    if path is not None:
        _take_file(document.read(path), found)
    _take_environment(environment, found)
    take_values(flags, found, flag)
    return found


def take_values(values: Mapping[str, object], found: Gathered, where: object = None) -> None:
    """Values by key; None and empty lists count as not given. `where`: gives a key's place, else it is the key."""
    known = {*map(parts_of, settable())}
    for key, value in values.items():
        if value is None or value in ((), []):
            continue
        try:
            parts = parts_of(key)
        except ConfigError as error:
            found.problems.append(str(error))
            continue
        named = len(parts) == 3 and parts[0] in NAMED
        if named and (wrong := wrong_name(parts[:2])):
            found.problems.append(wrong)
        elif named or parts in known:
            found.add(parts, Given(value, where(key) if callable(where) else key))
        else:
            found.problems.append(f"{terminal(key)}: is an unknown key{near(key, fields())}")


def _take_file(read: Document, found: Gathered) -> None:
    known = sections()
    if "ct_logs" in read.content or ("watchlist" in read.content and "logging" in read.content):
        found.problems.append(
            f"{read.path}: is ct-scout's; make ours of it: certhia config import ct-scout {read.path}"
        )
        return
    for section, content in read.content.items():
        where = read.at(section)
        if section not in known and section != SINKS:
            word = near(str(section), (*known, SINKS))
            found.problems.append(f"{where}: [{terminal(str(section))}] is an unknown section{word}")
        elif content is None:  # YAML: all of it is commented out
            continue
        elif not isinstance(content, dict):
            found.problems.append(f"{where}: {section} must be a section: [{section}] with keys below it")
        else:
            for parts, value in _keys(section, content, read, found):
                if value is not None:
                    found.add(parts, Given(value, read.at(*parts), FILE, read))


def _keys(
    section: str, content: Mapping[object, object], read: Document, found: Gathered
) -> Iterator[tuple[Parts, object]]:
    """A section's keys, and those of the tables in it; what is unknown is told."""
    known = settable()
    for name, value in content.items():
        parts = (section, str(name))
        where, key = read.at(*parts), terminal(key_of(parts))
        if key in known:
            yield parts, value
        elif section in NAMED and isinstance(value, dict):
            if wrong := wrong_name(parts):
                found.problems.append(f"{where}: {wrong}")
                continue
            found.tables.setdefault(parts, where)
            yield from (((*parts, str(inner)), one) for inner, one in value.items())
        elif section == SINKS:
            found.problems.append(f"{where}: {key} must be a table: {header(parts)} with keys below it")
        else:
            found.problems.append(f"{where}: {key} is an unknown key{near(key, known)}")


def _take_environment(environment: Mapping[str, str], found: Gathered) -> None:
    """An empty variable counts as not set."""
    known = {variable(key): parts_of(key) for key in settable()}
    heads = tuple(f"{PREFIX}{section.upper()}_" for section in (*sections(), SINKS))
    for name, text in sorted(environment.items()):
        if name in known:
            if text:
                found.add(known[name], Given(text, name, ENVIRONMENT))
        elif (head := next((one for one in _HEADS if name.startswith(one)), None)) is not None:
            _take_named(name, text, head, found)
        elif name.startswith(heads) or (name.startswith(PREFIX) and "__" in name):
            found.problems.append(f"{terminal(name)}: is an unknown variable{near(name, known)}")


def _take_named(name: str, text: str, head: str, found: Gathered) -> None:
    """`CERTHIA_SINKS__CHAT__URL`; a dash in the table's name is an underscore here."""
    shouted, _, key = name.removeprefix(head).partition("__")
    if not key:
        found.problems.append(f"{terminal(name)}: is an unknown variable; write {head}NAME__KEY")
        return
    section = _HEADS[head]
    of_file = _meant(shouted, (table[1] for table in found.tables if table[0] == section))
    table = (section, of_file or shouted.lower())
    if wrong := wrong_name(table):
        found.problems.append(f"{terminal(name)}: {wrong}")
    elif text:
        found.add((*table, key.lower()), Given(text, name, ENVIRONMENT))


def _meant(shouted: str, names: Iterable[str]) -> str:
    return next((name for name in names if name.upper().replace("-", "_") == shouted), "")
