"""Files of programmes (TOML, YAML): rules grouped by whom they concern.

    [[programs]]                          acme:
    name = "Acme"                           platform: hackerone
    platform = "hackerone"                  domains: [acme.example, "*.acme.test"]
    domains = ["acme.example"]              hosts: [www.acme.net]
    hosts = ["www.acme.net"]                ips: [192.0.2.7]
    ips = ["192.0.2.7"]                     cidrs: [198.51.100.0/24]
    cidrs = ["198.51.100.0/24"]

Programmes stand in a list (`programs`, `programmes`, `program` or `programme`, or the whole of a YAML file) or in a
mapping by name. `domains`, `hosts`, `ips` and `cidrs` at the top, or under `watchlist`, belong to no programme.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from certhia import render
from certhia.errors import ConfigError
from certhia.rules.documents import Text, read_document
from certhia.rules.language import Rule, parse_rule

MAX_RULES = 5_000_000  # also what YAML aliases may multiply a small file to
SHOWN = 20  # problems told at once

_RULES = ("domains", "hosts", "ips", "cidrs")
_LISTS = ("programs", "programmes", "program", "programme")
_KEYS = ("name", "platform", *_RULES)


def read_programmes(path: Path) -> list[Rule]:
    """The rules of all programmes of a file. Raises ConfigError with the place of each problem."""
    reader = _Reader(path)
    rules = list(reader.top(read_document(path)))
    if reader.problems:
        raise ConfigError("\n".join(reader.problems[:SHOWN]))
    return rules


class _Reader:
    """Walks one document and collects what is wrong with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []
        self._count = 0

    def top(self, document: object) -> Iterator[Rule]:
        if isinstance(document, list):
            yield from self._many(document, "")
            return
        if not isinstance(document, dict):
            self._complain("", document, "holds no programmes; write [[programs]] with name and domains")
            return
        for key, value in document.items():
            if key in _RULES:
                yield from self._rules(str(key), value, str(key), "", "")
            elif key == "watchlist" and isinstance(value, dict):
                yield from self._programme(value, "watchlist", named=False)
            elif key in _LISTS and not _is_programme(value):
                yield from self._many(value, str(key))
            elif _is_programme(value):
                yield from self._programme({"name": key, **value}, str(key))
            else:
                self._unknown(str(key), key, (*_LISTS, "watchlist", *_RULES))

    def _many(self, value: object, where: str) -> Iterator[Rule]:
        """A list of programmes, or a mapping from name to programme."""
        if isinstance(value, dict):
            for name, programme in value.items():
                inner = {"name": name, **programme} if isinstance(programme, dict) else programme
                yield from self._programme(inner, f"{where}.{name}")
        elif isinstance(value, list):
            for number, programme in enumerate(value):
                yield from self._programme(programme, f"{where}[{number}]")
        else:
            self._complain(where, value, "must be a list of programmes, each with name and domains")

    def _programme(self, value: object, where: str, *, named: bool = True) -> Iterator[Rule]:
        if not isinstance(value, dict):
            self._complain(where, value, "must be a programme with name and domains")
            return
        for key in value:
            if key not in _KEYS:
                self._unknown(f"{where}.{key}", key, _KEYS)
        name = self._string(value, "name", where)
        if named and not name:
            self._complain(where, next(iter(value), None), "has no name; give the programme one: name = ...")
        platform = self._string(value, "platform", where)
        for key in _RULES:
            if key in value:
                yield from self._rules(key, value[key], f"{where}.{key}", name, platform)

    def _string(self, programme: dict[object, object], key: str, where: str) -> str:
        value = programme.get(key, "")
        if not isinstance(value, str):
            self._complain(f"{where}.{key}", value, "must be text in quotes")
            return ""
        return str(value).strip()

    def _rules(self, key: str, value: object, where: str, programme: str, platform: str) -> Iterator[Rule]:
        entries = [value] if isinstance(value, str) else value
        if not isinstance(entries, list):
            self._complain(where, value, 'must be a list of texts: ["example.com"]')
            return
        for number, text in enumerate(entries):
            place = f"{where}[{number}]"
            self._count += 1
            if self._count > MAX_RULES:
                raise ConfigError(f"{self.path}: holds more than {MAX_RULES} rules; split it")
            if not isinstance(text, str):
                self._complain(place, text, "must be text in quotes")
                continue
            try:
                yield _rule(key, str(text), programme, platform)
            except ConfigError as error:
                self._complain(place, text, str(error))

    def _unknown(self, where: str, key: object, known: tuple[str, ...]) -> None:
        near = difflib.get_close_matches(str(key), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known here are {', '.join(known)}"
        self._complain(where, key, f"is an unknown key; {hint}")

    def _complain(self, where: str, value: object, what: str) -> None:
        line = f":{value.line}" if isinstance(value, Text) and value.line else ""
        place = f" {render.terminal(where[:200])}:" if where else ""
        self.problems.append(f"{self.path}{line}:{place} {what}")
        if len(self.problems) == SHOWN:
            raise ConfigError("\n".join([*self.problems, f"{self.path}: there may be more; mend these first"]))


def _is_programme(value: object) -> bool:
    return isinstance(value, dict) and any(key in value for key in _RULES)


def _rule(key: str, text: str, programme: str, platform: str) -> Rule:
    """One entry of the list `key`."""
    if key == "domains":
        return parse_rule(text, programme=programme, platform=platform)
    stripped = text.strip()
    if key == "hosts":
        bare = stripped.removeprefix("=")
        rule = parse_rule(f"={bare}", programme=programme, platform=platform)
        return Rule(rule.kind, rule.value, stripped, programme, platform, rule.notice)
    rule = parse_rule(stripped, programme=programme, platform=platform)
    if rule.kind != "cidr":
        raise ConfigError(f"{render.quoted(stripped)} is no address or network; names belong in domains or hosts")
    if key == "ips" and "/" in rule.value:
        raise ConfigError(f"{render.quoted(stripped)} is a network; networks belong in cidrs")
    return rule
