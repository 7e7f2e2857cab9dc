"""certspotter's watch list: a bare name is that name alone, one with a dot before it is the name and all below it."""

from __future__ import annotations

from pathlib import Path

from certhia.errors import ConfigError
from certhia.library.importing.imported import Imported
from certhia.render import quoted

LONGEST = 1 << 20  # bytes of a list


def read(path: Path) -> Imported:
    """Raises ConfigError, with file and line, for what certspotter does not read either."""
    try:
        raw = path.read_bytes()
        text = raw.decode()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"{path}: cannot be read: {why}; name certspotter's watch list") from error
    if len(raw) > LONGEST // 2:
        raise ConfigError(f"{path}: is too long for a settings file; write its rules as a file for --watchlist")
    rules, dated = list[str](), 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, *more = line.split()
        if strange := next((word for word in more if not word.startswith("valid_at:")), ""):
            raise ConfigError(f"{path}:{number}: {quoted(strange)} is unknown here; write one name a line")
        dated += bool(more)
        rules.append(_rule(name))
    found = Imported({"watch.rules": list(dict.fromkeys(rules))})
    if dated:
        found.notes.append(f"valid_at of {dated} names is left out, as newer certspotters leave it out")
    if "." in rules:
        found.notes.append('the rule "." streams every certificate, and stores none')
    found.notes.append(
        "certspotter tells of names that a wildcard or a label that nobody can read may stand for; so do we"
    )
    return found


def _rule(name: str) -> str:
    """Our rule for an item."""
    if name == ".":
        return name
    return name.removeprefix(".").rstrip(".") if name.startswith(".") else f"={name.rstrip('.')}"
