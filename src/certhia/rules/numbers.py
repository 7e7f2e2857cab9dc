"""From a rule's number in the matcher back to the rule and to whoever asked for it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import overload

from certhia._core import Matcher
from certhia.rules.language import Rule

Owner = tuple[str, str]  # programme and platform; ("", "") is nobody in particular


class Numbers:
    """Plain lines are known by the range of numbers that they got, since a Rule for each of a million would be ten
    times what the matcher needs; other rules one by one. Mutable while rules are gathered.
    """

    def __init__(self) -> None:
        self._single: dict[int, Rule] = {}
        self._firsts: list[int] = []  # of ranges of plain lines, ascending
        self._owners: list[Owner] = []
        self._begins: list[int] = []  # of the rules of a source, ascending
        self._sources: list[int] = []

    def one(self, number: int, rule: Rule, source: int) -> None:
        """The rule of one number."""
        self._single[number] = rule
        self._from(number, source)

    def many(self, first: int, owner: Owner, source: int) -> None:
        """Plain lines from `first` on, up to where the next ones begin."""
        if not self._owners or self._owners[-1] != owner:
            self._firsts.append(first)
            self._owners.append(owner)
        self._from(first, source)

    def _from(self, number: int, source: int) -> None:
        if not self._sources or self._sources[-1] != source:
            self._begins.append(number)
            self._sources.append(source)

    def rule(self, number: int, matcher: Matcher) -> Rule:
        """The rule that has a number in `matcher`. Raises IndexError."""
        if (single := self._single.get(number)) is not None:
            return single
        kind, value, text = matcher.rule(number)
        programme, platform = self._owners[bisect_right(self._firsts, number) - 1]
        return Rule(kind, value, text, programme, platform)

    def source(self, number: int) -> int:
        """The number of the file of programmes that a rule stands in; 0 where it stands in none."""
        return self._sources[bisect_right(self._begins, number) - 1]

    @property
    def everything(self) -> bool:
        """Whether the rule `.` is among them: it is no plain line."""
        return any(rule.kind == "all" for rule in self._single.values())


class Numbered(Sequence[Rule]):
    """All rules of a matcher by number, each made when it is asked for."""

    def __init__(self, numbers: Numbers, matcher: Matcher) -> None:
        self._numbers = numbers
        self._matcher = matcher

    def __len__(self) -> int:
        return len(self._matcher)

    @overload
    def __getitem__(self, number: int, /) -> Rule: ...
    @overload
    def __getitem__(self, number: slice, /) -> Sequence[Rule]: ...
    def __getitem__(self, number: int | slice, /) -> Rule | Sequence[Rule]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        at = number + len(self) if number < 0 else number
        if not 0 <= at < len(self):
            raise IndexError(f"there is no rule {number}: there are {len(self)}")
        return self._numbers.rule(at, self._matcher)
