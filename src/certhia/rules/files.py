"""Files of rules: one rule a line, or programmes in TOML or YAML."""

from __future__ import annotations

from pathlib import Path

from certhia.errors import ConfigError
from certhia.rules.language import Rule, parse_rule
from certhia.rules.lines import read_lines
from certhia.rules.programmes import read_programmes

SHOWN = 20  # problems told at once

_STRUCTURED = frozenset((".toml", ".yaml", ".yml"))


def read_file(path: Path) -> list[Rule]:
    """The rules of a file: programmes where its name ends in .toml, .yaml or .yml, else one rule a line, with `#`
    comments. UTF-8, with or without a byte order mark, any line ends. Raises ConfigError with each problem's line."""
    if path.suffix.lower() in _STRUCTURED:
        return read_programmes(path)
    rules: list[Rule] = []
    problems: list[str] = []
    for line, text in read_lines(path):
        try:
            rules.append(parse_rule(text))
        except ConfigError as error:
            problems.append(f"{path}:{line}: {error}")
            if len(problems) > SHOWN:
                problems[-1] = f"{path}: there are more problems; mend these first"
                break
    if problems:
        raise ConfigError("\n".join(problems))
    return rules
