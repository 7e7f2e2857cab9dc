"""From what is given for each key to settings, and to what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from certhia.config.gathering import FILE, Gathered, Given
from certhia.config.keys import flag, has_file, is_mapping, is_private, sections
from certhia.config.masking import without_password, without_value
from certhia.config.modules import OWN, Own
from certhia.config.named import (
    EACH,
    LOGS,
    MODULES,
    NAMED,
    PLATFORMS,
    SINKS,
    TYPE,
    TYPED,
    Parts,
    fields_of,
    header,
    is_type,
    key_of,
    model_of,
    says_secret,
    types_of,
)
from certhia.config.nearness import near
from certhia.config.resolving import Resolved, filled, resolved, secret_in
from certhia.config.settings import Settings
from certhia.render import quoted, terminal

M = TypeVar("M", bound=BaseModel)
FILE_OF = "_file"


def judge(found: Gathered, environment: Mapping[str, str]) -> tuple[Settings, dict[str, Given], list[str]]:
    """The settings, what is given for each key that is set, and all problems. What makes no sense is left out."""
    problems, places = list(found.problems), dict[str, Given]()
    tables: dict[Parts, dict[str, list[Given]]] = {(section,): {} for section in sections()}
    tables |= {table: {} for table in found.tables}
    for parts, given in found.given.items():
        tables[parts[:-1]][parts[-1]] = given
    each, whole = {section: dict[str, BaseModel]() for section in NAMED}, dict[str, Any]()
    for table, given_for in tables.items():
        kind = ""
        if len(table) == 2 and table[0] in TYPED and _is_off(given_for):
            continue
        if len(table) == 2 and table[0] in TYPED and not (kind := _kind(table, given_for, found, problems)):
            continue
        model = sections()[table[0]] if len(table) == 1 else model_of(table, kind)
        judged = _Table(table, model, found.tables.get(table, ""), environment, problems, places)
        made = judged.made(given_for, {TYPE: kind} if kind else {})
        if len(table) == 1:
            whole[table[0]] = made if made is not None else model()
        elif made is not None:
            each[table[0]][table[1]] = made
    for section in (LOGS, MODULES, PLATFORMS):
        whole[section] = whole[section].model_copy(update={EACH: each[section]})
    return Settings(**whole, sinks=each[SINKS]), places, problems


def problems(section: type[BaseModel], values: Mapping[str, object], error: ValidationError) -> list[str]:
    """What `error` says of the values of a section, by their keys."""
    name = next(name for name, model in sections().items() if model is section)
    return _Table((name,), section, "", {}, [], {}).told(values, error)


def _is_off(given: dict[str, list[Given]]) -> bool:
    """Whether nothing is said of a table but that it is off (`--no-webhook`)."""
    return given.keys() == {"enabled"} and str(given["enabled"][-1].value).lower() in ("false", "0", "no", "off")


def _kind(table: Parts, given: dict[str, list[Given]], found: Gathered, problems: list[str]) -> str:
    """The type of a table, which is its name's unless it is given; empty where there is none such."""
    known = types_of(table[0])
    if TYPE not in given:
        if is_type(table[0], table[1]):
            return table[1]
        of, one_of_them = ", ".join(known), "webhook" if table[0] == SINKS else "hackerone"
        problems.append(
            f'{found.tables[table]}: {header(table)} has no type; write one of {of}: type = "{one_of_them}"'
        )
        return ""
    said = given[TYPE][-1]
    if is_type(table[0], str(said.value)):
        return str(said.value)
    shown, meant = quoted(str(said.value)), near(str(said.value), known)
    problems.append(f"{said.where}: {key_of((*table, TYPE))}: {shown} is no type of {TYPED[table[0]]}{meant}")
    return ""


class _Table:
    """One table's keys: what is given for each becomes a value, or a problem."""

    def __init__(
        self,
        table: Parts,
        model: type[BaseModel],
        where: str,
        environment: Mapping[str, str],
        problems: list[str],
        places: dict[str, Given],
    ) -> None:
        self._table = table
        self._model = model
        self._where = where
        self._environment = environment
        self._problems = problems
        self._places = places
        self._known = fields_of(model)
        self._given: dict[str, Given] = {}
        self._expanded: set[str] = set()

    def made(self, given: Mapping[str, list[Given]], values: dict[str, Any]) -> BaseModel | None:
        """The table, without what makes no sense; None where it can't be without it."""
        for name, field in self._known.items():
            one, found = self._chosen(name, field, given)
            if one is None or found is None:
                continue
            self._given[name] = one
            if found.expanded:
                self._expanded.add(name)
            values[name] = found.value
            self._places[key_of((*self._table, name))] = one
        taken = self._taken()
        for name in [name for name in given if name not in taken]:  # in the order in which they are given
            if OWN not in self._model.model_fields:
                self._unknown(name, given[name])
            elif (own := self._own(name, given[name][-1])) is not None:
                values.setdefault(OWN, {})[name] = own
        return self._validated(values)

    def _own(self, name: str, given: Given) -> Own | None:
        """A value that only a module can judge."""
        key = key_of((*self._table, name))
        try:
            value = filled(given.value, self._environment) if given.rank == FILE else given.value
        except ValueError as error:
            self._problems.append(f"{given.where}: {key}: {error}")
            return None
        self._places[key] = given
        return Own(value, given.where, hidden=value != given.value or says_secret(name))

    def told(self, values: Mapping[str, object], error: ValidationError) -> list[str]:
        """What is wrong with values that are no more than that."""
        self._given = {name: Given(value, key_of((*self._table, name))) for name, value in values.items()}
        for detail in error.errors(include_url=False):
            name = str(detail["loc"][0]) if detail["loc"] else ""
            if name in values and name not in self._known:
                self._unknown(name, [self._given[name]])
            else:
                self._problems.append(self._problem(dict[str, Any](detail)))
        return self._problems

    def _taken(self) -> set[str]:
        files = {name + FILE_OF for name, field in self._known.items() if has_file(field)}
        return files.union(self._known)

    def _unknown(self, name: str, given: list[Given]) -> None:
        key = key_of((*self._table, name))
        for one in given:
            word = near(key, [key_of((*self._table, known)) for known in self._known])
            text = f"{terminal(key)} is an unknown key{word}"
            self._problems.append(text if one.where == key else f"{one.where}: {text}")

    def _chosen(
        self, name: str, field: FieldInfo, given: Mapping[str, list[Given]]
    ) -> tuple[Given | None, Resolved | None]:
        """What is given most strongly for a key, or for the file that has it."""
        plain = given.get(name, [])[-1:]
        in_file = given.get(name + FILE_OF, [])[-1:] if has_file(field) and name + FILE_OF not in self._known else []
        key = key_of((*self._table, name))
        if plain and in_file and plain[0].rank == in_file[0].rank:
            self._problems.append(f"{in_file[0].where}: {key} is given as {name}{FILE_OF} too; leave one of them out")
            return None, None
        best = max((*plain, *in_file), key=lambda one: one.rank, default=None)
        if best is None:
            return None, None
        read, told = (secret_in, key + FILE_OF) if best in in_file else (resolved, key)
        try:
            return best, read(best, field, self._environment)
        except ValueError as error:
            said = without_value(str(error)) if is_private(field) and read is resolved else without_password(str(error))
            self._problems.append(f"{best.where}: {told}: {said}")
            return best, None

    def _validated(self, values: dict[str, object]) -> BaseModel | None:
        """Once more without what was wrong: the rest may be whole."""
        left_out: set[str] = set()
        for _ in range(2):
            try:
                return self._model.model_validate(values)
            except ValidationError as error:
                wrong = [dict[str, Any](detail) for detail in error.errors(include_url=False)]
            for detail in wrong:
                if not detail["loc"] or str(detail["loc"][0]) not in left_out:
                    self._problems.append(self._problem(detail))
            left_out = {str(detail["loc"][0]) for detail in wrong if detail["loc"]}
            values = {name: value for name, value in values.items() if name not in left_out}
        return None

    def _problem(self, detail: Mapping[str, Any]) -> str:
        """One line about a value that does not fit."""
        name, *inside = [*detail["loc"], ""] if not detail["loc"] else detail["loc"]
        key = key_of((*self._table, str(name))) if name else key_of(self._table)
        one = self._given.get(str(name))
        message = re.sub(r"^Input should be", "must be", str(detail["msg"]).removeprefix("Value error, "))
        if one is None:
            field = self._known.get(str(name))
            if detail["type"] == "missing" and field is not None:
                return f"{self._where}: {header(self._table)} needs {name}: {field.description}"
            return f"{self._where or 'defaults'}: {terminal(key)}: {message}"
        if detail["type"] == "value_error":  # it says by itself what is wrong with which value
            hidden = is_private(self._known[str(name)]) or str(name) in self._expanded
            message = without_value(message) if hidden else without_password(message)
        elif shown := self._shown(str(name), one, detail["input"]):
            message = f"{shown} {message}"
        if one.where in (key, flag(key)):
            return f"{one.where}: {message}"
        where = one.where if one.document is None else one.document.at(*self._table, str(name), *inside)
        return f"{where}: {terminal(key)}: {message}"

    def _shown(self, name: str, given: Given, value: object) -> str:
        """The value as a complaint shows it; nothing of secrets, nor of variables that were filled in."""
        if is_private(self._known[name]) or is_mapping(self._known[name]):
            return ""
        if name not in self._expanded:
            return quoted(without_password(str(value)))
        return quoted(given.value) if isinstance(given.value, str) else ""


def tables(settings: Settings) -> Iterator[tuple[Parts, BaseModel]]:
    """All tables of the settings, those that users named after the section that they are in."""
    for section in sections():
        yield (section,), getattr(settings, section)
        if section in (LOGS, MODULES, PLATFORMS):
            yield from (((section, name), options) for name, options in getattr(settings, section).each.items())
    yield from (((SINKS, name), options) for name, options in settings.sinks.items())
