"""Rules compiled into one matcher, and what it finds told in the words of those who wrote the rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from certhia._core import Certificate, Matcher
from certhia.errors import ConfigError
from certhia.model import RuleHit
from certhia.rules.exclusions import EVERYWHERE, Exclusion
from certhia.rules.files import SHOWN, read_file
from certhia.rules.gathering import Gathering
from certhia.rules.language import Rule, parse_rule
from certhia.rules.numbers import Numbered, Owner
from certhia.rules.suffixes import InUse, in_use

if TYPE_CHECKING:
    from certhia.model import Hit


def _shown(given: object) -> str:
    return f"{type(given).__name__} ({repr(given)[:40]})"


class Watchlist:
    """What to look for. Immutable: a changed list is a new one.

        watchlist = Watchlist("example.com", "kw:acme", "!test.example.com", files=["scope.toml"])
        for hit in watchlist.match(certificate): ...

    Attributes:
        matcher: the compiled rules.
        exclusions: what takes matches away from them.
        everything: whether a rule `.` is among them.
        notices: what the user should know about the rules, for people.
    """

    def __init__(
        self,
        *rules: str | Rule,
        files: Sequence[Path | str] = (),
        suffixes: InUse | None = None,
        excluding: bool = True,
        scopes: Iterable[Rule] = (),
        empty: bool = False,
    ) -> None:
        """Rules one by one (as text, or parsed) and those of files (see `read_file`).

        `suffixes`: the public suffix list to go by; else the one in use on this machine. `excluding`: whether
        exclusions take anything away. `scopes`: rules of programmes, as a file of them has; what excludes takes away
        from its own programme alone. `empty`: whether there may be nothing to watch, which is a ConfigError else, as
        is every problem found, each on a line.
        """
        for rule in rules:
            if not isinstance(rule, str | Rule):
                raise TypeError(f"a rule is text, not {_shown(rule)}; give each on its own: Watchlist(*rules)")
        chosen = suffixes if suffixes is not None else in_use()
        gathering = Gathering(chosen.suffixes, excluding=excluding)
        if chosen.notice:
            gathering.notices.append(chosen.notice)
        for rule in dict.fromkeys(rules):
            try:
                gathering.add(parse_rule(rule, suffixes=chosen.suffixes) if isinstance(rule, str) else rule, EVERYWHERE)
            except ConfigError as error:
                gathering.problems.append(str(error))
                if len(gathering.problems) == SHOWN:
                    gathering.problems.append("there may be more problems; mend these first")
                    break
        for path in dict.fromkeys(Path(file) for file in files):
            try:
                read_file(path, gathering)
            except ConfigError as error:
                gathering.problems.append(str(error))
        source = gathering.source()
        for one in scopes:
            gathering.add(one, source)
        self.matcher: Matcher = gathering.build(empty=empty)
        self.exclusions: tuple[Exclusion, ...] = tuple(gathering.exclusions)
        self.everything: bool = gathering.numbers.everything
        self.notices: tuple[str, ...] = gathering.told()
        self._numbers = gathering.numbers

    @classmethod
    def load(cls, texts: Sequence[str] = (), files: Sequence[Path | str] = ()) -> Watchlist:
        """The same, of lists: as settings have them."""
        return cls(*texts, files=files)

    def narrowed(self, owners: Collection[Owner]) -> Watchlist | None:
        """The rules of these programmes alone (programme and platform), with what takes away from them; None where
        there are none."""
        rules = [rule for rule in self.rules if (rule.programme, rule.platform) in owners]
        out = [one for one in self.exclusions if (one.rule.programme, one.rule.platform) in owners]
        if not rules:
            return None
        everywhere = (one.rule for one in self.exclusions if one.source == EVERYWHERE)
        return Watchlist(*everywhere, scopes=[*rules, *(one.rule for one in out)])

    def __len__(self) -> int:
        return len(self.matcher)

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules by number, each made when it is asked for: there may be a million."""
        return Numbered(self._numbers, self.matcher)

    def source(self, number: int) -> int:
        """The file of programmes that a rule stands in, as `Exclusion.source` counts them."""
        return self._numbers.source(number)

    def match(self, certificate: Certificate | bytes) -> tuple[RuleHit, ...]:
        """Every rule that matches a certificate, with the name that it matched and why; DER is read first.

        Raises Malformed for bytes that are no certificate.
        """
        read = Certificate.from_der(certificate) if isinstance(certificate, bytes) else certificate
        return self.hits(self.matcher.certificate(read))

    def match_names(self, names: Sequence[str]) -> tuple[RuleHit, ...]:
        """The same for DNS names and addresses, as a certificate would have them."""
        return self.hits(self.matcher.match(names))

    def hits(self, found: Sequence[Hit]) -> tuple[RuleHit, ...]:
        """What the matcher found, each thing once however often its rule was given."""
        hits: dict[RuleHit, None] = {}
        for number, name, where, why, detail, score in found:
            rule = self._numbers.rule(number, self.matcher)
            hits[RuleHit(rule.text, name, where, why, rule.programme, rule.platform, detail, score)] = None
        return tuple(hits)

    @staticmethod
    def is_streamed(hits: Sequence[RuleHit]) -> bool:
        """Whether only `.` matched: such matches are streamed as they come, and not stored."""
        return all(hit.why == "everything" for hit in hits)
