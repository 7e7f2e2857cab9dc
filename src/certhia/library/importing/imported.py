"""What became of another tool's settings, and how it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from certhia.config import toml
from certhia.config.named import header, key_of, parts_of
from certhia.config.sources import from_values

LONG = 100  # characters; longer lists are written one value a line


@dataclass(frozen=True, slots=True)
class Imported:
    """Our keys with their values, as TOML has them, and what is to be told to whoever asked for it."""

    values: dict[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def check(self, environment: Mapping[str, str]) -> None:
        """Raises ConfigError where a value makes no sense. `environment`: what variables in values stand for here."""
        filled = {key: _filled(value, environment) for key, value in self.values.items()}
        from_values(filled)

    def written(self, source: str) -> str:
        """A settings file. `source`: what it was made from."""
        return "\n".join(_lines(self.values, source)) + "\n"


def _filled(value: object, environment: Mapping[str, str]) -> object:
    if isinstance(value, str):
        for name, text in environment.items():
            value = value.replace(f"${{{name}}}", text)
    return value


def _lines(values: Mapping[str, object], source: str) -> Iterator[str]:
    yield f"# Made from {source} by `certhia config import`."
    tables: dict[tuple[str, ...], list[tuple[str, object]]] = {}
    for key, value in values.items():
        parts = parts_of(key)
        tables.setdefault(parts[:-1], []).append((parts[-1], value))
    for table, keys in tables.items():
        yield ""
        yield header(table)
        for name, value in keys:
            yield f"{key_of((name,))} = {_value(value)}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        texts = [_value(one) for one in value]
        line = f"[{', '.join(texts)}]"
        return line if len(line) <= LONG else "[\n" + "".join(f"  {text},\n" for text in texts) + "]"
    return str(value) if isinstance(value, int | float) else toml.text(str(value))
