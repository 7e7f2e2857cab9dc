"""What a client wants of a stream, in the watch language, to what the core filters by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from certhia._core import Filter, Suffixes, to_ascii
from certhia.errors import ConfigError, Malformed
from certhia.render import quoted, terminal
from certhia.rules.language import parse_rule

MAX_RULES: Final = 1000  # of a client: rules, issuers and top-level domains together
MAX_ISSUER: Final = 200  # characters
TYPES: Final = ("precert", "certificate")
BEYOND_NAMES: Final = frozenset({"key", "certificate", "issuer", "organization"})  # rules that need more than names


def read(rules: Sequence[str], issuers: Sequence[str], tlds: Sequence[str], kind: str) -> Filter | None:
    """A filter from what a client wrote; None where all entries pass. Long rules take long: not for the loop.

    An entry passes that matches a rule, has one of the issuers and one of the top-level domains and is of the type,
    where these are given. Raises ConfigError, which says what is wrong with which part.
    """
    if len(rules) + len(issuers) + len(tlds) > MAX_RULES:
        raise ConfigError(f"a client may have {MAX_RULES:,} rules, and these are more")
    if kind not in ("", *TYPES):
        raise ConfigError(f"type: {quoted(kind)} is none; write precert or certificate")
    parsed = [parse_rule(text, suffixes=_suffixes()) for text in rules]
    wanted = [(rule.kind, rule.value) for rule in parsed if not rule.excludes]
    excluded = [(rule.kind, rule.value) for rule in parsed if rule.excludes]
    if ("all", "") in wanted:
        wanted = []
    named, below = _each(issuers, _issuer), _each(tlds, _tld)
    if not (wanted or excluded or named or below or kind):
        return None
    try:
        return Filter(wanted, excluded, named, below, kind)
    except Malformed as error:
        raise ConfigError(f"the filter cannot be compiled: {terminal(error.reason)}") from error


def check_names(rules: Sequence[str]) -> None:
    """Raises ConfigError for the first rule that names alone don't answer."""
    for text in rules[:MAX_RULES]:
        if parse_rule(text, suffixes=_suffixes()).kind in BEYOND_NAMES:
            raise ConfigError(f"the rule {quoted(text)} needs more than names, and this server reads names alone")


def _each(texts: Sequence[str], one: Callable[[str], str]) -> list[str]:
    return [one(text) for text in texts]


def _issuer(text: str) -> str:
    if not text.strip() or len(text) > MAX_ISSUER:
        raise ConfigError(f"issuer: {quoted(text)} is no part of a name; write up to {MAX_ISSUER} characters of it")
    return text.strip()


def _tld(text: str) -> str:
    try:
        name = to_ascii(text.strip().removeprefix("*").strip("."))
    except Malformed:
        name = ""
    if not name or not name.replace("-", "").replace(".", "").isalnum() or name.rpartition(".")[2].isdigit():
        raise ConfigError(f"tld: {quoted(text)} is none; write com, or co.uk")
    return name


@lru_cache(maxsize=1)
def _suffixes() -> Suffixes:
    return Suffixes.shipped()
