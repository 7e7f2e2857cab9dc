"""Rules compiled into one matcher, and what it finds told in the words of those who wrote the rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from certhia._core import Matcher
from certhia.errors import ConfigError, Malformed
from certhia.model import RuleHit
from certhia.rules.files import read_file
from certhia.rules.language import Rule, parse_rule

if TYPE_CHECKING:
    from certhia._core import Hit


class Watchlist:
    """What to look for. Immutable: a changed list is a new one.

    Rules that ask for the same thing are given to the matcher once; all who asked for it are told.

    Attributes:
        rules: as given, without those that repeat another in every respect.
        matcher: the compiled rules.
        everything: whether a rule `.` is among them.
        notices: what the user should know about the rules, for people.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Raises ConfigError where there is no rule, or one that the core refuses."""
        self.rules: tuple[Rule, ...] = tuple(dict.fromkeys(rules))
        if not self.rules:
            raise ConfigError("there is nothing to watch: give a rule (example.com) or a file of rules (-w FILE)")
        asked: dict[tuple[str, str], list[Rule]] = {}
        for rule in self.rules:
            asked.setdefault((rule.kind, rule.value), []).append(rule)
        try:
            self.matcher = Matcher(list(asked))
        except Malformed as error:
            raise ConfigError(f"a rule cannot be compiled: {error}") from error
        self._asked: tuple[tuple[Rule, ...], ...] = tuple(map(tuple, asked.values()))
        self.everything: bool = any(rule.kind == "all" for rule in self.rules)
        self.notices: tuple[str, ...] = tuple(dict.fromkeys(rule.notice for rule in self.rules if rule.notice))

    @classmethod
    def load(cls, texts: Sequence[str] = (), files: Sequence[Path] = ()) -> Watchlist:
        """The rules given one by one and those of all files. Raises ConfigError with every problem found."""
        rules: list[Rule] = []
        problems: list[str] = []
        for text in texts:
            try:
                rules.append(parse_rule(text))
            except ConfigError as error:
                problems.append(str(error))
        for path in files:
            try:
                rules.extend(read_file(path))
            except ConfigError as error:
                problems.append(str(error))
        if problems:
            raise ConfigError("\n".join(problems))
        return cls(rules)

    def __len__(self) -> int:
        return len(self.rules)

    def hits(self, found: Sequence[Hit]) -> tuple[RuleHit, ...]:
        """What the matcher found as one hit for each rule that asked for it."""
        return tuple(
            RuleHit(rule.text, name, where, why, rule.programme, rule.platform, detail, score)
            for number, name, where, why, detail, score in found
            for rule in self._asked[number]
        )

    @staticmethod
    def is_streamed(hits: Sequence[RuleHit]) -> bool:
        """Whether only `.` matched: such matches are streamed as they come, and not stored."""
        return all(hit.why == "everything" for hit in hits)
