"""Hosts that results lead to, and that are asked as well: named by certificates within the user's own scope, or by
redirects where those are followed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from certhia.config.scanning import ScanOptions
from certhia.errors import ConfigError
from certhia.rules.watchlist import Watchlist
from certhia.scanner.content.urls import name_of, path_of
from certhia.scanner.guard import Refused, check
from certhia.scanner.ports import Port
from certhia.scanner.records import Result

REMEMBERED: Final = 1_000_000  # hosts; of more, one that certificates name may be asked once more


class Expansion:
    """Looks at results, and offers the hosts that they lead to. Not for two threads at once.

    Attributes:
        offered: how many hosts were.
        left_out: how many more there were than the budget allows.
    """

    def __init__(self, options: ScanOptions, offer: Callable[[str, str, Port | None, str | None], bool]) -> None:
        """`offer`: as `Supply.offer`. Raises ConfigError."""
        if options.expand and not options.scope:
            raise ConfigError(
                "--expand asks hosts that strangers name: say which ones may be, by --scope and rules as of a watch "
                "list (--scope example.com)"
            )
        self._scope = Watchlist(*options.scope) if options.expand else None
        self._deepest = options.expand
        self._redirects = options.max_redirects if options.follow else 0
        self._most = options.expand_most
        self._offer = offer
        self._depths: dict[str, tuple[int, int]] = {}  # steps by names and by redirects, of hosts that were asked
        self.offered = self.left_out = 0

    def consider(self, results: Sequence[Result]) -> None:
        """Offers what these lead to."""
        for result in results:
            host = result.target.host
            named, redirected = (0, 0) if host is None else self._depths.get(host, (0, 0))
            if host is not None and len(self._depths) < REMEMBERED:
                self._depths[host] = named, redirected
            if named < self._deepest:
                for found in result.names:
                    self._named(found.name.removeprefix("*."), (named + 1, redirected), result)
            if redirected < self._redirects and result.http is not None and result.http.location:
                self._redirected(result.http.location, (named, redirected + 1), result)

    def _redirected(self, url: str, depth: tuple[int, int], result: Result) -> None:
        try:
            place = check(url)
        except Refused:
            return
        port = 443 if place.scheme == "http" else place.port
        self._take(place.host, depth, result, Port(port, ""), path_of(place))

    def _named(self, name: str, depth: tuple[int, int], result: Result) -> None:
        if name not in self._depths and self._scope is not None and self._scope.matcher.match([name]):
            self._take(name, depth, result)

    def _take(
        self, name: str, depth: tuple[int, int], result: Result, port: Port | None = None, path: str | None = None
    ) -> None:
        if name in self._depths or "*" in name or name_of(name) != name:
            return
        if self.offered >= self._most or not self._offer(name, result.target.origin, port, path):
            self.left_out += 1
            return
        self._depths[name] = depth
        self.offered += 1
