"""From what people ask of stored matches to what the state looks for."""

from __future__ import annotations

import json

from certhia._core import Matcher
from certhia.errors import ConfigError
from certhia.model import Match
from certhia.quantity import moment
from certhia.render import quoted
from certhia.rules.language import Rule, parse_rule
from certhia.store.searching import Wanted

_OF_NAMES = {"tree", "below", "exact", "cidr", "keyword", "regex"}  # kinds of rules that names alone decide


def wanted(*, domain: str | None, programme: str | None, since: str | None, until: str | None, now: float) -> Wanted:
    """What to look for. Raises ConfigError, which names the option.

    `domain`: a name or an address as watch rules have them: `example.com` with all below it, `*.example.com` only what
    is below, `=www.example.com` that name. `programme`: the name of one, in whatever case. `since`, `until`: ages or
    dates; `now` is Unix seconds.
    """
    rule = None if domain is None else rule_of(domain)
    matcher = None if rule is None else Matcher([(rule.kind, rule.value)])
    folded = None if programme is None else programme.casefold()

    def fits(match: Match) -> bool:
        if folded is not None and all(hit.programme.casefold() != folded for hit in match.hits):
            return False
        return matcher is None or bool(matcher.match([_sound(name) for name in match.names]))

    texts = [] if rule is None else [_texts(rule)]
    if programme is not None and programme.isascii():
        texts.append((json.dumps(programme),))
    return Wanted(
        fits,
        tuple(group for group in texts if group),
        since=None if since is None else moment_of("--since", since, now),
        until=None if until is None else moment_of("--until", until, now),
    )


def rule_of(domain: str) -> Rule:
    """What --domain means. Raises ConfigError."""
    try:
        rule = parse_rule(domain)
    except ConfigError as error:
        raise ConfigError(f"--domain: {error}") from None
    if rule.excludes or rule.kind not in _OF_NAMES:
        raise ConfigError(
            f"--domain {quoted(domain)}: write a name or an address: *.example.com, example.com, =a.example"
        )
    return rule


def _texts(rule: Rule) -> tuple[str, ...]:
    """One of these stands in the JSON of each match that the rule fits; none where that can't be said."""
    if rule.kind not in {"tree", "below", "exact"}:
        return ()
    above = rule.value.partition(".")[2]
    # A wildcard that stands for the name, a label that nobody can read, and letters beyond ASCII, as JSON escapes them.
    return (rule.value, f"*.{above}", "?.", "\\u")


def _sound(name: str) -> str:
    """A name as the core takes it: what is no text is escaped, as in the state."""
    return name.encode("utf-8", "backslashreplace").decode()


def moment_of(option: str, text: str, now: float) -> float:
    """What an option for a time means, Unix seconds. Raises ConfigError."""
    try:
        return moment(text, now)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from None
