"""The settings that hold, as a file has them, each with where it comes from; secrets are never shown."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from certhia.config import toml
from certhia.config.judging import tables
from certhia.config.keys import is_secret
from certhia.config.masking import masked
from certhia.config.named import Parts, header, key_of, keys_of
from certhia.config.sources import DEFAULT, Examined
from certhia.render import terminal

COLUMN = 48  # where the places begin, unless a value is longer


def show(examined: Examined, *, changed: bool = False) -> Iterator[str]:
    """Lines of TOML. `changed`: only what somebody set."""
    for table, options in tables(examined.settings):
        lines = [line for line in _lines(table, options, examined) if not changed or not line.endswith(f"# {DEFAULT}")]
        if lines or not changed:
            yield header(table)
            yield from lines
            yield ""


def _lines(table: Parts, options: BaseModel, examined: Examined) -> Iterator[str]:
    for name, value, field in keys_of(options):
        where = terminal(examined.where(key_of((*table, name))))
        if is_secret(field):
            yield _line(f"# {name} is {'set, and not shown' if value not in (None, ()) else 'not set'}", where)
        elif value is None:
            yield _line(f"# {name} is not set", where)
        else:
            yield _line(f"{name} = {toml.value(masked(value, field), field)}", where)


def _line(text: str, where: str) -> str:
    return f"{terminal(text):<{COLUMN}}  # {where}"
