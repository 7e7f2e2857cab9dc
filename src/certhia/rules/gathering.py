"""Rules of all sources on their way into one matcher."""

from __future__ import annotations

from typing import Final

from certhia import render
from certhia._core import LinesRead, Matcher, Rules, Suffixes
from certhia.errors import ConfigError, Malformed
from certhia.rules.exclusions import EVERYWHERE, Exclusion, Scopes
from certhia.rules.language import Rule
from certhia.rules.numbers import Numbers, Owner

MAX_NOTICES: Final = 20


class Gathering:
    """Filled once, by one thread, then built.

    Attributes:
        numbers: from the matcher's numbers to rules.
        exclusions: what takes away, in the order of its coming.
        notices: what the user should know, for people.
        problems: what is wrong, each with its place; a gathering with problems gives no matcher.
        suffixes: the public suffixes that rules go by.
    """

    def __init__(self, suffixes: Suffixes, *, excluding: bool = True) -> None:
        """`excluding`: whether exclusions take anything away; else they are gathered and that is all."""
        self.numbers = Numbers()
        self.exclusions: list[Exclusion] = []
        self.notices: list[str] = []
        self.problems: list[str] = []
        self.suffixes = suffixes
        self._excluding = excluding
        self._rules = Rules()
        self._scopes = Scopes()
        self._sources = 0

    def source(self) -> int:
        """A number for one more file of programmes."""
        self._sources += 1
        return self._sources

    def add(self, rule: Rule, source: int = EVERYWHERE) -> None:
        """One rule, of any kind. Raises ConfigError where the core refuses it."""
        if rule.notice:
            self.notices.append(rule.notice)
        if rule.excludes:
            self.exclusions.append(Exclusion(rule, source))
            return
        owner = rule.programme, rule.platform
        try:
            number = self._rules.add(rule.kind, rule.value, self._scopes.number(source, owner))
        except Malformed as error:
            raise _refused(rule, error) from error
        self.numbers.one(number, rule, source)

    def add_lines(self, text: bytes, owner: Owner = ("", ""), source: int = EVERYWHERE) -> LinesRead:
        """The plain rules among lines; what it gives tells which the others are: they are the caller's to read."""
        read = self._rules.add_lines(text, self._scopes.number(source, owner))
        if read.count:
            self.numbers.many(read.first, owner, source)
        return read

    def build(self, *, empty: bool = False) -> Matcher:
        """The compiled rules. Raises ConfigError with all problems, and where there is nothing to watch, unless it may
        be `empty`."""
        if self.problems:
            raise ConfigError("\n".join(self.problems))
        if not len(self._rules) and not empty:
            if self.exclusions:
                raise ConfigError("there are only exclusions, so nothing could match: give what to watch (example.com)")
            raise ConfigError("there is nothing to watch: give a rule (example.com) or a file of rules (-w FILE)")
        if self._excluding:
            self._exclude()
        try:
            return self._rules.build(self.suffixes)
        except Malformed as error:
            raise ConfigError(f"the rules cannot be compiled: {render.terminal(str(error))}") from error

    def told(self) -> tuple[str, ...]:
        """The notices, each once, and no more than anybody reads."""
        notices = [*dict.fromkeys(self.notices), *self._scopes.idle(self.exclusions)]
        more = len(notices) - MAX_NOTICES
        return (*notices[:MAX_NOTICES], *([f"there are {more} more notices like these"] if more > 0 else ()))

    def _exclude(self) -> None:
        for rule, scope in self._scopes.apply(self.exclusions):
            try:
                self._rules.exclude(rule.kind, rule.value, scope)
            except Malformed as error:
                raise _refused(rule, error) from error


def _refused(rule: Rule, error: Malformed) -> ConfigError:
    return ConfigError(f"the rule {render.quoted(rule.text)} cannot be compiled: {render.terminal(str(error))}")
