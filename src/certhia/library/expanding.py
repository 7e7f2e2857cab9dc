"""Names found in certificates that are asked as well: of the user's own scope, so deep, and so many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from certhia.config.scanning import ScanOptions
from certhia.errors import ConfigError
from certhia.rules.watchlist import Watchlist
from certhia.scanner.hosts import is_plain
from certhia.scanner.records import Result

REMEMBERED: Final = 1_000_000  # hosts; of more, one that certificates name may be asked once more


class Expansion:
    """Looks at results, and offers the hosts that they lead to. Not for two threads at once.

    Attributes:
        offered: how many hosts were.
        left_out: how many were in scope, and more than the budget allows.
    """

    def __init__(self, options: ScanOptions, offer: Callable[[str, str], bool]) -> None:
        """`offer`: takes a host and where it was found; False where it can't. Raises ConfigError."""
        if not options.scope:
            raise ConfigError(
                "--expand asks hosts that strangers name: say which ones may be, by --scope and rules as of a watch "
                "list (--scope example.com)"
            )
        self._scope = Watchlist(*options.scope)
        self._deepest = options.expand
        self._most = options.expand_most
        self._offer = offer
        self._depths: dict[str, int] = {}  # of hosts that were offered, or need not be
        self.offered = self.left_out = 0

    def consider(self, results: Sequence[Result]) -> None:
        """Offers what these lead to."""
        for result in results:
            host = result.target.host
            depth = 0 if host is None else self._depths.get(host, 0)
            if host is not None and len(self._depths) < REMEMBERED:
                self._depths[host] = depth
            if depth >= self._deepest:
                continue
            for found in result.names:
                name = found.name.removeprefix("*.")
                if name not in self._depths and "." in name and is_plain(name):
                    self._look_at(name, depth + 1, result)

    def _look_at(self, name: str, depth: int, result: Result) -> None:
        if not self._scope.match_names([name]):
            return
        if self.offered >= self._most or not self._offer(name, result.target.origin):
            self.left_out += 1
            return
        self._depths[name] = depth
        self.offered += 1
