"""Why a rule matched, in a sentence for people."""

from __future__ import annotations

from typing import Final

from certhia import render
from certhia.model import RuleHit
from certhia.rules.language import Rule

PLACES: Final = {"san": "SAN", "cn": "common name", "ip": "IP SAN"}

_SHOWN = 120  # characters of what a rule found


_SENTENCES: Final = {
    "exact": "{name} is {rule} itself",
    "apex": "{name} is {rule} itself",
    "below": "{name} is below {rule}",
    "wildcard": "{name} reaches {rule}",
    "cidr": "{name} is in {rule}",
    "everything": "every certificate is asked for",
    "keyword": "{name} has {found} in it",
    "regex": "{name} has {found} in it",
    "lookalike": "{name} looks like {rule}: {trick}score {score}",
    "issuer": "its issuer's name has {found} in it",
    "organization": "its subject's organisation has {found} in it",
    "key": "its key is the one that is asked for",
    "certificate": "it is the certificate that is asked for",
    "possible": "{name} may be meant for {rule}: nobody can read all of it",
}


def sentence(hit: RuleHit) -> str:
    """One sentence without a full stop, inert for a terminal: "www.example.com is below example.com"."""
    text = render.terminal(hit.rule)
    template = _SENTENCES.get(hit.why, "{name} matches {text}")
    if hit.why == "cidr" and "/" not in hit.rule:
        template = "{name} is the address {rule}"
    return template.format(
        name=render.domain(hit.name) or "a certificate without names",
        rule=_meant(hit.rule),
        text=text,
        found=render.quoted(hit.detail, _SHOWN) if hit.detail else f"what {text} looks for",
        trick=f"{render.terminal(hit.detail)}, " if hit.detail else "",
        score=hit.score,
    )


def excluded(by: Rule) -> str:
    """Why something that matched is left out all the same: "out of scope of Acme: shop.acme.example"."""
    text, programme = render.terminal(by.text), render.terminal(by.programme)
    if by.out_of_scope:
        return f"out of scope{f' of {programme}' if programme else ''}: {text}"
    return f"excluded{f' for {programme}' if programme else ''} by {text}"


def whose(programme: str, platform: str) -> str:
    """ " (Acme, hackerone)", or "" where a rule belongs to no programme."""
    named = ", ".join(render.terminal(part) for part in (programme, platform) if part)
    return f" ({named})" if named else ""


def _meant(text: str) -> str:
    """What a rule is about, without what tells its kind."""
    bare = text
    for prefix in ("exact:", "typo:"):
        if bare[: len(prefix)].lower() == prefix:
            bare = bare[len(prefix) :].split(",", 1)[0].strip()
    return render.domain(bare.removeprefix("=").strip().removeprefix("*").removeprefix("."))
