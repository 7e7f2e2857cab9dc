"""Which of the names that were found are told: those of a wish list, without those of third parties."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from certhia import data
from certhia.config.scanning import ScanOptions
from certhia.errors import ConfigError
from certhia.rules.watchlist import Watchlist
from certhia.scanner.records import Found

REMEMBERED: Final = 1_000_000  # names left out that are counted once


class Filter:
    """Leaves names out. What the user himself asked for, by `sni`, always stays. Not for two threads at once."""

    def __init__(self, options: ScanOptions) -> None:
        """Raises ConfigError."""
        self._wanted = _watchlist("--include", options.include)
        shipped = data.third_parties() if options.default_exclusions else []
        self._unwanted = _watchlist("--exclude-domains", options.exclude_domains, shipped)
        self._gone: set[str] = set()

    @property
    def narrow(self) -> bool:
        """Whether any name may be left out."""
        return self._wanted is not None or self._unwanted is not None

    @property
    def left_out(self) -> int:
        """How many names were."""
        return len(self._gone)

    def keep(self, names: Sequence[Found]) -> tuple[Found, ...]:
        """Those that are told, in their order."""
        return tuple(one for one in names if one.source == "sni" or self._told(one.name))

    def _told(self, name: str) -> bool:
        if self._unwanted is not None and self._unwanted.matcher.match([name]):
            told = False
        else:
            told = self._wanted is None or bool(self._wanted.matcher.match([name]))
        if not told and len(self._gone) < REMEMBERED:
            self._gone.add(name)
        return told


def _watchlist(option: str, entries: Sequence[str], more: Sequence[str] = ()) -> Watchlist | None:
    """Rules by comma, and files of them; None where there are none. Raises ConfigError, which names the option."""
    files = [Path(entry) for entry in entries if _is_file(entry)]
    texts = [text.strip() for entry in entries if not _is_file(entry) for text in _pieces(entry)]
    if not (files or texts or more):
        return None
    try:
        return Watchlist(*texts, *more, files=files)
    except ConfigError as error:
        raise ConfigError(f"{option}: {error}") from error


def _is_file(entry: str) -> bool:
    try:
        return Path(entry).is_file()
    except (OSError, ValueError):  # a list is longer than a name may be
        return False


def _pieces(entry: str) -> Iterator[str]:
    r"""A pattern (`^api\d+\.example\.com$`) may hold commas; names never do."""
    yield from [f"re:{entry}"] if entry.startswith("^") else (piece for piece in entry.split(",") if piece.strip())
