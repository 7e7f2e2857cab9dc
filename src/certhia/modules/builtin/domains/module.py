"""Finds registrable domains that were never seen before, in whatever certificate."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from fnmatch import translate
from typing import Final

from certhia._core import Novel
from certhia.config.modules.domains import DomainsSection
from certhia.errors import ConfigError, Malformed
from certhia.modules.api import Info, Outside, Sees
from certhia.modules.batch import Entries
from certhia.modules.builtin.domains.output import Output
from certhia.modules.builtin.domains.seen import Standing, opened
from certhia.modules.finding import JSON, Finding
from certhia.rules.suffixes import in_use

LISTED: Final = 50_000  # new domains of a page that are looked at one by one; further ones are counted
TOLD: Final = 100  # of these that are findings


class Domains:
    """The module."""

    info = Info(
        "domains",
        "1",
        "Registrable domains, and which were never seen before",
        Sees.ENTRIES,
        config=DomainsSection,
    )

    def setup(self, config: DomainsSection, outside: Outside) -> None:
        """Opens the set. Raises ConfigError."""
        self._outside = outside
        self._output: Output | None = None
        self._suffixes = in_use().suffixes
        self.seen = opened(
            outside.directory,
            capacity=config.capacity,
            error_rate=config.error_rate,
            max_size=config.max_size,
            clock=outside.clock,
            tell=outside.tell,
        )
        try:
            self.reconfigure(config)
        except ConfigError:
            self.seen.close()
            raise
        self._begin()
        outside.tell(f"of domains {shown(self.seen.standing())}")

    def reconfigure(self, config: DomainsSection) -> None:
        """The set stays; its size and error rate count for what it grows by. Raises ConfigError."""
        wanted = _wanted(config)
        output = None
        if config.file is not None:
            output = Output(config.file, config.max_file, clock=self._outside.clock, tell=self._outside.tell)
        if self._output is not None:
            self._output.close()
        self._config, self._output, self._is_wanted = config, output, wanted
        self._limit = 0 if config.report == "count" and output is None else LISTED
        self.seen.adopt(config.capacity, config.error_rate, config.max_size)

    def process(self, batch: Entries) -> Iterator[Finding]:
        """Findings on new domains, and how many there were, once in a while."""
        page = batch.page
        chosen = None if len(batch) == len(page) else struct.pack(f"<{len(batch)}H", *batch.positions)
        novel = self.seen.add(page, chosen, 0 if self._learns() else self._limit, self._suffixes)
        self._entries += len(batch)
        self._domains += novel.domains
        self._new += novel.count
        if novel.new:
            yield from self._told(batch, novel)
        if self._outside.clock.monotonic() >= self._due:
            yield self._counted()

    def flush(self) -> Iterator[Finding]:
        """How many were new since it was last told."""
        if self._entries:
            yield self._counted()

    def close(self) -> None:
        """Writes the set to the disk."""
        if self._output is not None:
            self._output.close()
        self.seen.close()

    def _told(self, batch: Entries, novel: Novel) -> Iterator[Finding]:
        new = [one for one in novel.new if self._is_wanted is None or self._is_wanted.match(one[1])]
        if new and self._output is not None:
            self._output.write(batch, new)
        if self._config.report == "count" or not new:
            return
        rules = self._rules(new) if self._config.report == "watched" else {}
        told = [one for one in new if one[1] in rules] if self._config.report == "watched" else new
        for position, domain in told[:TOLD]:
            data: dict[str, JSON] = {"domain": domain}
            if domain in rules:
                data["rules"] = rules[domain]
            yield Finding("new-domain", f"{domain} was never seen before", "low", position, (domain,), data)
        more = len(told) - TOLD
        if more > 0:
            yield Finding("new-domain", f"{more:,} further domains of that page were never seen before", "low")

    def _rules(self, new: Sequence[tuple[int, str]]) -> dict[str, list[str]]:
        """Which rules match which of these domains."""
        watched = self._outside.watched()
        found: dict[str, list[str]] = {}
        try:
            hits = watched.hits(watched.matcher.match([domain for _, domain in new]))
        except Malformed:
            return found
        for hit in hits:
            if hit.why != "everything":
                found.setdefault(hit.name, []).append(hit.rule)
        return found

    def _learns(self) -> bool:
        return bool(self._config.learn) and self._outside.clock.now() < self.seen.begun + self._config.learn

    def _begin(self) -> None:
        self._entries = self._domains = self._new = 0
        self._since = self._outside.clock.monotonic()
        self._due = self._since + self._config.every

    def _counted(self) -> Finding:
        standing = self.seen.standing()
        seconds = self._outside.clock.monotonic() - self._since
        text = (
            f"{self._new:,} registrable domains never seen before, of {self._domains:,} in {self._entries:,} entries; "
            f"{shown(standing)}"
        )
        data: dict[str, JSON] = {
            "new": self._new,
            "domains": self._domains,
            "entries": self._entries,
            "seconds": round(seconds, 1),
            "known": standing.known,
            "error_rate": standing.error_rate,
            "bytes": standing.nbytes,
            "layers": standing.layers,
        }
        self._begin()
        return Finding("new-domains", text, "info", data=data)


def shown(standing: Standing) -> str:
    """The set's size and error rate, for people."""
    many = f"{standing.nbytes / 1e6:,.1f} MB on disk"
    if standing.error_rate * 1e9 < 1:
        return f"{standing.known:,} are known ({many}, next to no errors yet)"
    return f"{standing.known:,} are known ({many}; of new ones 1 in {1 / standing.error_rate:,.0f} is taken for known)"


def _wanted(config: DomainsSection) -> re.Pattern[str] | None:
    """Matches the domains that are told and written; None for all. Raises ConfigError."""
    parts = []
    if config.tlds:
        tlds = [tld.lower().strip(".") for tld in config.tlds]
        if bad := next((tld for tld in tlds if not re.fullmatch(r"[a-z0-9.-]+", tld)), None):
            raise ConfigError(f"modules.domains.tlds: {bad!a} is none; write de, co.uk or xn--p1ai")
        parts.append(rf"(?=.*\.(?:{'|'.join(map(re.escape, tlds))})\Z)")
    if config.names:
        parts.append("(?:" + "|".join(translate(glob.lower()) for glob in config.names) + ")")
    return re.compile("".join(parts)) if parts else None
