"""The watch language: one line of text to one rule.

example.com, .example.com       the name and everything below it            kind "tree"
*.example.com                   everything below it, not the name itself    kind "below"
=www.example.com, exact:...     this one name                               kind "exact"
192.0.2.7, 2001:db8::/32        an address or a network                     kind "cidr"
.                               every certificate                           kind "all"
kw:acme                         part of a label                             kind "keyword"
re:^acme-\\d+\\.                  a regular expression on each name           kind "regex"
typo:example.com,-tld,score=80  names that look like it                     kind "typo"
issuer:Let's Encrypt            text in the issuer's name                   kind "issuer"
org:Acme Inc                    text in the subject's organisation          kind "organization"
key:SHA256                      the key, by the SHA-256 of its SPKI         kind "key"
cert:SHA256                     one certificate                             kind "certificate"
!RULE, not:RULE                 takes away what RULE matches
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from certhia import render
from certhia.errors import ConfigError
from certhia.rules import hosts, patterns
from certhia.rules.complaint import RuleError
from certhia.rules.hosts import FORMS

if TYPE_CHECKING:
    from certhia._core import Suffixes

MAX_TEXT: Final = 4096  # characters

_PREFIX = re.compile(r"([a-z][a-z0-9_-]*):(.*)", re.IGNORECASE | re.DOTALL)
# What other tools, and hope, call our prefixes.
_MEANT: Final = {
    "keyword": "kw:",
    "keywords": "kw:",
    "contains": "kw:",
    "regex": "re:",
    "regexp": "re:",
    "lookalike": "typo:",
    "typosquat": "typo:",
    "fuzzy": "typo:",
    "ca": "issuer:",
    "organization": "org:",
    "organisation": "org:",
    "spki": "key:",
    "pin": "key:",
    "sha256": "cert:",
    "fingerprint": "cert:",
    "certificate": "cert:",
    "exclude": "!",
    "host": "=",
    "domain": "",
    "dns": "",
    "ip": "",
    "cidr": "",
}
_KNOWN: Final = ("exact", "not", *patterns.PREFIXES)


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing to look for, or to leave out.

    `kind` and `value` are what `certhia._core.Rules` takes; `text` is what the user wrote. `notice` says what the
    user should know about a rule that works but may not do what was meant; empty for most. `excludes` takes away
    what the rule matches; `out_of_scope` says that it stands in a programme's list of that name.
    """

    kind: str
    value: str
    text: str
    programme: str = ""
    platform: str = ""
    notice: str = ""
    excludes: bool = False
    out_of_scope: bool = False


def parse_rule(text: str, *, programme: str = "", platform: str = "", suffixes: Suffixes | None = None) -> Rule:
    """Reads one rule. `suffixes`: the public suffixes that notices go by, the shipped ones unless given.

    Raises RuleError (a ConfigError), which says what is wrong, where, and how to write it.
    """
    written = text.strip()
    lowered = written.lower()
    name = lowered.removesuffix(".")
    if hosts.is_plain(name):
        return Rule("tree", name, written, programme, platform, hosts.width(name, written, suffixes))
    if not written:
        raise ConfigError(f"a rule is empty; write {FORMS}")
    if len(written) > MAX_TEXT:
        raise ConfigError(f"the rule {render.quoted(written, 40)} is longer than {MAX_TEXT} characters")
    rest = _excluded(written)
    if rest is None:
        kind, value, notice = _parse(written, written, suffixes)
        return Rule(kind, value, written, programme, platform, notice)
    if _excluded(rest) is not None:
        raise RuleError(written, "excludes what excludes", "write one ! before a rule", len(written) - len(rest) + 1)
    kind, value, notice = _parse(rest, written, suffixes)
    if kind == "all":
        raise RuleError(written, "takes away every certificate", "name what to leave out: !test.example.com")
    return Rule(kind, value, written, programme, platform, notice, excludes=True)


def _excluded(text: str) -> str | None:
    """The rule behind a `!` or `not:`; None where there is none of these."""
    if text.startswith("!"):
        return text[1:].lstrip()
    if text[:4].lower() == "not:":
        return text[4:].lstrip()
    return None


def _parse(text: str, written: str, suffixes: Suffixes | None) -> tuple[str, str, str]:
    """Kind, value and notice of a rule. `text` ends `written`, of which a `!` may stand before it."""
    if text == ".":
        return "all", "", ""
    if (prefixed := _PREFIX.fullmatch(text)) and (read := patterns.PREFIXES.get(prefixed[1].lower())):
        return read(prefixed[2].strip(), written, suffixes)
    kind, rest = _kind(text, written)
    hosts.refuse_pasted(rest, written)
    if kind != "below" and (network := hosts.network(rest, written)) is not None:
        if kind == "exact" and "/" in network[0]:
            raise RuleError(written, "asks for one name but gives a network", f"write {network[0]}")
        return "cidr", *network
    name = hosts.domain(rest, written)
    return kind, name, "" if kind == "exact" else hosts.width(name, written, suffixes)


def _kind(text: str, written: str) -> tuple[str, str]:
    """The kind that a name's first characters ask for, and what follows them."""
    if text.startswith("="):
        return "exact", text[1:].lstrip()
    if text.startswith("*."):
        return "below", text[2:]
    if text.startswith("."):
        return "tree", text[1:]
    prefixed = _PREFIX.fullmatch(text)
    prefix = prefixed[1].lower() if prefixed else ""
    if prefix not in _MEANT:
        hosts.refuse_pasted(text, written)
    if prefixed is None or hosts.looks_like_address(text):
        return "tree", text
    if prefix == "exact":
        return "exact", prefixed[2].lstrip()
    raise _unknown(prefix, prefixed[2].strip(), written)


def _unknown(prefix: str, rest: str, written: str) -> RuleError:
    what = f"begins with an unknown kind of rule, {render.quoted(prefix)}"
    near = difflib.get_close_matches(prefix, _KNOWN, n=1)
    if prefix in _MEANT:
        instead = f"write {_MEANT[prefix]}{render.terminal(rest[:80])}"
    elif near:
        instead = f"did you mean {near[0]}:{render.terminal(rest[:80])}?"
    else:
        instead = f"write {FORMS}, or one of {', '.join(f'{name}:' for name in _KNOWN)}"
    return RuleError(written, what, instead, len(written) - len(written.lstrip("! ")) + 1)
