"""TLSXtractor's options: those of its command line, as it has no file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from certhia.errors import ConfigError
from certhia.library.importing.imported import Imported
from certhia.render import quoted

# Its option, and our key.
_VALUES: Final = {
    "--cidr": "scan.targets",
    "--url": "scan.targets",
    "--file": "scan.targets_from",
    "-f": "scan.targets_from",
    "--ip-file": "scan.targets_from",
    "--url-file": "scan.targets_from",
    "--hostname-file": "scan.targets_from",
    "--output": "scan.files",
    "-o": "scan.files",
    "--port": "scan.ports",
    "-p": "scan.ports",
    "--threads": "scan.concurrency",
    "-t": "scan.concurrency",
    "--rate-limit": "scan.rate",
    "--timeout": "scan.timeout",
    "--retry": "scan.retry",
    "--max-redirects": "scan.max_redirects",
    "--log-level": "scan.log_level",
    "--log-file": "scan.log_file",
    "--exclude-domains": "scan.exclude_domains",
    "--include-domains": "scan.include",
}
_SWITCHES: Final[Mapping[str, tuple[str, bool]]] = {
    "--allow-private": ("scan.allow_private", True),
    "--ipv6": ("scan.ipv6", True),
    "--fetch-csp": ("scan.http", True),
    "--follow-redirects": ("scan.follow", True),
    "--follow-host-redirects": ("scan.follow_host", True),
    "--no-default-exclusions": ("scan.default_exclusions", False),
    "--quiet": ("output.quiet", True),
    "-q": ("output.quiet", True),
}
_NOTHING: Final = {"--pipeline": "results always come as they are found"}
_LISTS: Final = {"scan.targets", "scan.targets_from", "scan.files", "scan.exclude_domains", "scan.include"}
_NUMBERS: Final = {"scan.concurrency", "scan.rate", "scan.timeout", "scan.retry", "scan.max_redirects"}


def read(arguments: Sequence[str]) -> Imported:
    """`arguments`: of its command line, with or without the program's name. Raises ConfigError for others."""
    found, words = Imported(), iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if name in ("tlsxtractor", "python", "-m"):
            continue
        if name in _SWITCHES:
            key, sets = _SWITCHES[name]
            found.values[key] = sets
        elif name in _NOTHING:
            found.notes.append(f"{name}: {_NOTHING[name]}")
        elif name == "--format":
            form = value if equals else next(words, "")
            found.values["scan.format"] = "tlsxtractor" if form == "json" else form
        elif name in _VALUES:
            _add(found, name, value if equals else next(words, None))
        else:
            raise ConfigError(f"{quoted(word)} is no option of TLSXtractor; known are {', '.join(_known())}")
    if "scan.exclude_domains" in found.values:
        found.notes.append("--exclude-domains: names are exact there, so they are written =NAME here")
    return found


def _known() -> Iterable[str]:
    return (name for name in (*_VALUES, *_SWITCHES, *_NOTHING, "--format") if name.startswith("--"))


def _add(found: Imported, name: str, value: str | None) -> None:
    if value is None:
        raise ConfigError(f"{name}: needs a value")
    key = _VALUES[name]
    if key == "scan.exclude_domains":
        value = ",".join(one if one.startswith("*") else f"={one}" for one in value.split(","))
    if key in _LISTS:
        before = found.values.setdefault(key, [])
        assert isinstance(before, list)
        before += [one.strip() for one in value.split(",")] if key != "scan.files" else [value]
    elif key in _NUMBERS:
        found.values[key] = _number(name, value)
    else:
        found.values[key] = value.lower() if key == "scan.log_level" else value


def _number(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise ConfigError(f"{name}: {quoted(value)} is no number") from None
    return int(number) if number.is_integer() else number
