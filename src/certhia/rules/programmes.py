"""Files of programmes (TOML, YAML): rules grouped by whom they concern.

    [[programs]]                          acme:
    name = "Acme"                           platform: hackerone
    platform = "hackerone"                  domains: [acme.example, "*.acme.test"]
    domains = ["acme.example"]              hosts: [www.acme.net]
    hosts = ["www.acme.net"]                ips: [192.0.2.7]
    ips = ["192.0.2.7"]                     cidrs: [198.51.100.0/24]
    cidrs = ["198.51.100.0/24"]             exclude: ["=status.acme.example"]
    exclude = ["=status.acme.example"]      out_of_scope: [shop.acme.example]
    out_of_scope = ["shop.acme.example"]

Programmes stand in a list (`programs`, `programmes`, `program` or `programme`, or the whole of a YAML file) or in a
mapping by name. `domains` (which takes any rule), `hosts`, `ips` and `cidrs` at the top, or under `watchlist`, belong
to no programme.

`exclude` is what its user does not want to hear of, `out_of_scope` what the programme itself leaves out. In a programme
both take away from the programme's rules, in whichever file these are (a programme is known by name and platform); at
the top, from all rules of the file.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from certhia import render
from certhia.errors import ConfigError
from certhia.rules import hosts
from certhia.rules.documents import Text, read_document
from certhia.rules.gathering import Gathering
from certhia.rules.language import Rule, parse_rule
from certhia.rules.numbers import Owner

MAX_RULES = 5_000_000  # also what YAML aliases may multiply a small file to
SHOWN: Final = 20  # problems told at once

_RULES = ("domains", "hosts", "ips", "cidrs", "exclude", "out_of_scope")
_LISTS = ("programs", "programmes", "program", "programme")
_KEYS = ("name", "platform", *_RULES)
# Tables of ct-scout's configuration, which has its watch list in it, and what it must have to be one.
_THEIRS = frozenset(("ct_logs", "webhook", "logging", "database", "platforms", "output", "certstream"))
_OF_CT_SCOUT = frozenset(("watchlist", "logging"))
_AT_ONCE = 90_000  # texts given to the core as lines: it gives back at most 100,000
_NO_LINE = frozenset("\n\r#")


class _Enough(Exception):
    """There are more problems than anybody reads."""


def read_programmes(path: Path, into: Gathering) -> None:
    """Adds the rules of all programmes of a file; what is wrong goes to the gathering's problems, each with its place.

    Raises ConfigError for a file that can't be read at all.
    """
    document = read_document(path)
    try:
        _Reader(path, into).top(document)
    except _Enough:
        into.problems.append(f"{path}: there may be more; mend these first")


class _Reader:
    """Walks one document and collects what is wrong with it."""

    def __init__(self, path: Path, into: Gathering) -> None:
        self._path = path
        self._into = into
        self._source = into.source()
        self._problems = 0
        self._count = 0
        self._key: object = None  # the one that is read: where numbers and empty lists are, which know no place

    def top(self, document: object) -> None:
        if isinstance(document, list):
            self._many(document, "")
            return
        if not isinstance(document, dict):
            self._complain("", document, "holds no programmes; write [[programs]] with name and domains")
            return
        for key, value in document.items():
            self._key = key
            if key in _RULES:
                self._rules(str(key), value, str(key), ("", ""))
            elif key == "watchlist" and isinstance(value, dict):
                self._programme(value, "watchlist", named=False)
            elif key in _LISTS and not _is_programme(value):
                self._many(value, str(key))
            elif _is_programme(value):
                self._programme(_named(key, value), str(key))
            elif key not in _THEIRS or not document.keys() >= _OF_CT_SCOUT:
                self._unknown(str(key), key, (*_LISTS, "watchlist", *_RULES))

    def _many(self, value: object, where: str) -> None:
        """A list of programmes, or a mapping from name to programme."""
        if isinstance(value, dict):
            for name, programme in value.items():
                inner = _named(name, programme) if isinstance(programme, dict) else programme
                self._programme(inner, f"{where}.{name}")
        elif isinstance(value, list):
            for number, programme in enumerate(value):
                self._programme(programme, f"{where}[{number}]")
        else:
            self._complain(where, value, "must be a list of programmes, each with name and domains")

    def _programme(self, value: object, where: str, *, named: bool = True) -> None:
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
        for key, rules in value.items():
            if key in _RULES:
                self._key = key
                self._rules(str(key), rules, f"{where}.{key}", (name, platform))

    def _string(self, programme: dict[object, object], key: str, where: str) -> str:
        value = programme.get(key, "")
        self._key = next((one for one in programme if one == key), self._key)
        if not isinstance(value, str):
            self._complain(f"{where}.{key}", value, "must be text in quotes")
            return ""
        return str(value).strip()

    def _rules(self, key: str, value: object, where: str, owner: Owner) -> None:
        entries = [value] if isinstance(value, str) else value
        if not isinstance(entries, list):
            self._complain(where, value, 'must be a list of texts: ["example.com"]')
            return
        self._count += len(entries)
        if self._count > MAX_RULES:
            raise ConfigError(f"{self._path}: holds more than {MAX_RULES} rules; split it")
        odd = self._plain(entries, owner) if key == "domains" else range(len(entries))
        for number in odd:
            place, text = f"{where}[{number}]", entries[number]
            if not isinstance(text, str):
                self._complain(place, text, "must be text in quotes")
                continue
            try:
                self._into.add(self._rule(key, str(text).strip(), owner), self._source)
            except ConfigError as error:
                column = getattr(error, "column", 1) - _is_bare(key, text.strip()) + _indent(text)
                self._complain(place, text, str(error), max(1, column))

    def _plain(self, entries: Sequence[object], owner: Owner) -> list[int]:
        """Has the core read the plain rules, as lines; gives the places of the others."""
        left: list[int] = []
        for begin in range(0, len(entries), _AT_ONCE):
            texts = entries[begin : begin + _AT_ONCE]
            lines = [text if isinstance(text, str) and _NO_LINE.isdisjoint(text) else "" for text in texts]
            raw = "\n".join(lines).encode(errors="surrogatepass")
            read = self._into.add_lines(raw, owner, self._source)
            left += [begin + at for at, line in enumerate(lines) if not line.strip()]
            left += [begin + number - 1 for number, _ in read.odd]
            for number in read.wide:
                text = lines[number - 1].strip()
                name = text.removeprefix("=").removeprefix("*").removeprefix(".")
                if notice := hosts.width(name, text, self._into.suffixes):
                    self._into.notices.append(notice)
        return sorted(left)

    def _rule(self, key: str, text: str, owner: Owner) -> Rule:
        """One entry of the list `key`."""
        programme, platform = owner
        if key in ("exclude", "out_of_scope"):
            rule = parse_rule(text, programme=programme, platform=platform, suffixes=self._into.suffixes)
            if rule.excludes:
                raise ConfigError(f"{render.quoted(text)} stands in a list of what is left out; write it without the !")
            if rule.kind == "all":
                raise ConfigError('"." takes away every certificate; name what to leave out')
            return replace(rule, excludes=True, out_of_scope=key == "out_of_scope")
        if _is_bare(key, text):
            rule = parse_rule(f"={text}", programme=programme, platform=platform, suffixes=self._into.suffixes)
            return replace(rule, text=text)
        rule = parse_rule(text, programme=programme, platform=platform, suffixes=self._into.suffixes)
        if key == "domains":
            return rule
        if rule.excludes:
            raise ConfigError(f"{render.quoted(text)} excludes; that belongs in exclude")
        if key == "hosts":
            return rule
        if rule.kind != "cidr":
            raise ConfigError(f"{render.quoted(text)} is no address or network; names belong in domains or hosts")
        if key == "ips" and "/" in rule.value:
            raise ConfigError(f"{render.quoted(text)} is a network; networks belong in cidrs")
        return rule

    def _unknown(self, where: str, key: object, known: tuple[str, ...]) -> None:
        near = difflib.get_close_matches(str(key), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known here are {', '.join(known)}"
        self._complain(where, key, f"is an unknown key; {hint}")

    def _complain(self, where: str, value: object, what: str, column: int = 1) -> None:
        if not isinstance(value, Text):
            value, column = self._key, 1
        at = f":{value.line}:{value.column + column - 1}" if isinstance(value, Text) and value.line else ""
        place = f" {render.terminal(where[:200])}:" if where else ""
        self._into.problems.append(f"{self._path}{at}:{place} {what}")
        self._problems += 1
        if self._problems == SHOWN:
            raise _Enough


def _named(name: object, programme: dict[object, object]) -> dict[object, object]:
    """A programme whose key is its name, unless it has one; its own keys are kept, for they know their places."""
    return programme if "name" in programme else {"name": name, **programme}


def _is_bare(key: str, text: str) -> bool:
    """Whether a `=` is to be thought before it."""
    return key == "hosts" and not text.startswith(("=", "!"))


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _is_programme(value: object) -> bool:
    return isinstance(value, dict) and any(key in value for key in _RULES)
