"""How two settings differ, key by key; and who wants to hear of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from pydantic.fields import FieldInfo

from certhia.config import toml
from certhia.config.judging import tables
from certhia.config.keys import is_secret
from certhia.config.masking import masked
from certhia.config.named import CALLED, EACH, SINKS, Parts, is_named, key_of, keys_of, parts_of
from certhia.config.settings import Settings
from certhia.model import Tell


class Change(NamedTuple):
    """One key's value before and after; None also where its table is new, or gone."""

    before: object
    after: object


Hearer = Callable[[Mapping[str, Change]], object]

_hearers: list[Hearer] = []


def on_reload(fn: Hearer) -> Callable[[], None]:
    """Has `fn` called with what changed, by key, each time that other settings have come into force while the program
    runs: on the event loop, after all of them hold. What it raises is told, and stops nothing. Gives what takes it
    back."""
    _hearers.append(fn)

    def forget() -> None:
        if fn in _hearers:
            _hearers.remove(fn)

    return forget


def announce(changes: Mapping[str, Change], tell: Tell) -> None:
    """Calls all who want to hear."""
    for fn in tuple(_hearers):
        try:
            fn(changes)
        except Exception as error:  # noqa: BLE001  (anybody's code: the settings hold all the same)
            name = getattr(fn, "__qualname__", repr(fn))
            tell(f"{name} could not take the new settings: {type(error).__name__}: {error}", level="error")


def differences(before: Settings, after: Settings) -> dict[str, Change]:
    """Every key whose value is another one."""
    old, new = _values(before), _values(after)
    keys = dict.fromkeys((*old, *new))
    return {
        key: Change(old.get(key, (None,))[0], new.get(key, (None,))[0])
        for key in keys
        if (key in old) != (key in new) or old[key][0] != new[key][0]
    }


def fields_in(*settings: Settings) -> dict[str, FieldInfo]:
    """All keys of these settings, with those of tables that users named."""
    return {key: field for one in settings for key, (_, field) in _values(one).items()}


def told(before: Settings, after: Settings) -> list[str]:
    """What changed, for people, a line each; secrets are not shown."""
    known, lines = fields_in(before, after), dict[str, None]()
    for key, change in differences(before, after).items():
        table = parts_of(key)[:2]
        if is_named(parts_of(key)) and table[0] in CALLED and _has(before, table) != _has(after, table):
            lines[f"settings reloaded: {table[0]}.{table[1]} is {'new' if _has(after, table) else 'gone'}"] = None
        elif is_secret(known[key]):
            lines[f"settings reloaded: {key} is another one"] = None
        else:
            was, now = (_shown(one, known[key]) for one in change)
            lines[f"settings reloaded: {key} is {now} (was {was})"] = None
    return list(lines)


def _has(settings: Settings, table: Parts) -> bool:
    """Whether there is such a table."""
    named: Mapping[str, object] = settings.sinks if table[0] == SINKS else getattr(getattr(settings, table[0]), EACH)
    return table[1] in named


def _shown(value: object, field: FieldInfo) -> str:
    return "not set" if value is None else toml.value(masked(value, field), field)


def _values(settings: Settings) -> dict[str, tuple[object, FieldInfo]]:
    found: dict[str, tuple[object, FieldInfo]] = {}
    for table, options in tables(settings):
        for name, value, field in keys_of(options):
            found[key_of((*table, name))] = value, field
    return found
