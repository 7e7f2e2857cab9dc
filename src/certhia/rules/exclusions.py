"""What is taken away from whose rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from certhia import render
from certhia.errors import ConfigError
from certhia.rules.language import Rule
from certhia.rules.numbers import Owner

MAX_EXCLUSIONS: Final = 5_000_000  # each counted once for each scope that it applies to

EVERYWHERE: Final = 0  # the core's scope 0, and the source of what stands in no file of programmes


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A rule that excludes, and the number of the file of programmes that it stands in; else EVERYWHERE."""

    rule: Rule
    source: int = EVERYWHERE

    def concerns(self, rule: Rule, source: int) -> bool:
        """Whether it takes away from `rule`, which stands in `source`: from all rules; in a file of programmes, from
        those of its own programme in any file, or, where it belongs to none, from all of that file.
        """
        if self.source == EVERYWHERE:
            return True
        if self.rule.programme:
            return (rule.programme, rule.platform) == (self.rule.programme, self.rule.platform)
        return source == self.source


class Scopes:
    """Numbers for the core: the rules of one programme in one file are a scope. Mutable while rules are gathered."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, Owner], int] = {}
        self._plain = False  # whether there are rules that stand in no file of programmes

    def number(self, source: int, owner: Owner) -> int:
        """The scope of rules that stand in `source` for `owner`; EVERYWHERE for those that only exclusions without a
        scope concern."""
        if source == EVERYWHERE:
            self._plain = True
            return EVERYWHERE
        return self._numbers.setdefault((source, owner), len(self._numbers) + 1)

    def apply(self, exclusions: Sequence[Exclusion]) -> Iterator[tuple[Rule, int]]:
        """Each exclusion with each scope that it concerns. Raises ConfigError where that are too many."""
        of_owner: dict[Owner, list[int]] = {}
        of_source: dict[int, list[int]] = {}
        for (source, owner), number in self._numbers.items():
            of_owner.setdefault(owner, []).append(number)
            of_source.setdefault(source, []).append(number)
        count = 0
        for exclusion in exclusions:
            rule = exclusion.rule
            if exclusion.source == EVERYWHERE:
                concerned = [EVERYWHERE]
            elif rule.programme:
                concerned = of_owner.get((rule.programme, rule.platform), [])
            else:
                concerned = of_source.get(exclusion.source, [])
            if len(concerned) == len(self._numbers) and not self._plain:
                concerned = [EVERYWHERE]  # the same, said once
            count += len(concerned)
            if count > MAX_EXCLUSIONS:
                raise ConfigError(
                    f"there are more than {MAX_EXCLUSIONS} exclusions, each counted once for each programme that it "
                    "applies to; give those that hold everywhere as rules of their own (!test.example)"
                )
            for number in concerned:
                yield rule, number

    def idle(self, exclusions: Sequence[Exclusion]) -> tuple[str, ...]:
        """A notice for each programme that excludes, but has no rules to take away from."""
        owners = {owner for _, owner in self._numbers}
        lonely = {
            rule.programme
            for exclusion in exclusions
            if (rule := exclusion.rule).programme and (rule.programme, rule.platform) not in owners
        }
        return tuple(
            f"programme {render.quoted(name)} excludes, but has no rules to take away from; is its name (and platform) "
            "written as where they are?"
            for name in sorted(lonely)
        )
