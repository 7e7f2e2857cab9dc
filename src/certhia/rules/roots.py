"""A filter of output: only names of given registrable domains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from certhia import render
from certhia._core import Suffixes, to_ascii
from certhia.errors import ConfigError, Malformed
from certhia.rules.lines import read_lines
from certhia.rules.suffixes import in_use


class Roots:
    """Registrable domains (public suffix list) that output is limited to."""

    def __init__(self, domains: Iterable[str], suffixes: Suffixes | None = None) -> None:
        """`domains` in A-labels. A name below a registrable domain stands for that domain, by `suffixes`: the list in
        use on this machine unless given."""
        self._suffixes = suffixes if suffixes is not None else in_use().suffixes
        self.domains: frozenset[str] = frozenset(map(self._root, domains))

    @classmethod
    def load(cls, path: Path) -> Roots:
        """Reads a file with one domain a line, `#` comments. Raises ConfigError with file and line."""
        domains: list[str] = []
        for line, text in read_lines(path):
            try:
                domains.append(to_ascii(text.removeprefix("*.").removeprefix(".")))
            except Malformed as error:
                reason = error.reason.partition(": ")[0]  # behind it the core quotes what we quote
                what = f"{render.quoted(text)} is no domain name ({reason}); write example.com"
                raise ConfigError(f"{path}:{line}: {what}") from error
        if not domains:
            raise ConfigError(f"{path}: holds no domain, so nothing would be told; write one a line")
        return cls(domains)

    def __len__(self) -> int:
        return len(self.domains)

    def keeps(self, names: Sequence[str]) -> bool:
        """Whether one of a certificate's names (A-labels, wildcards, addresses) belongs to one of the domains."""
        return any(self._root(name) in self.domains for name in names)

    def _root(self, name: str) -> str:
        bare = name.lower().removeprefix("*.").removesuffix(".")
        return self._suffixes.registrable_domain(bare) or bare
