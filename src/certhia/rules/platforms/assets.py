"""From an asset, as a programme wrote it, to rules: names and networks, and nothing else of the watch language.

What a platform says is anybody's text. A rule is made from a name or a network that was read out of it, never from the
text; what is neither, or wider than anybody can mean, is left out and told.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from certhia import render
from certhia.errors import ConfigError
from certhia.rules import hosts
from certhia.rules.platforms.fields import whole
from certhia.rules.platforms.networks import RANGE, Unusable, networks_of
from certhia.rules.platforms.records import MAX_TEXT, Asset, Ruled

if TYPE_CHECKING:
    from certhia._core import Suffixes

MAX_PARTS: Final = 200  # names in one asset: "a.example, b.example", (a|b).example
TREE: Final = "tree"  # the kind of a name that stands for everything below it, too

NAMES: Final = frozenset(
    (
        *("url", "wildcard", "domain", "api", "website", "web", "web-application", "web_application", "webapp"),
        *("web application", "host", "hostname", "web-app", "ip-address", "ip_address", "ip address", "ip"),
        *("tree", "cidr", "iprange", "ip range", "ip_range", "network", "network infrastructure", ""),
    )
)
"""Types of assets, in lower case, that have names or networks in them; apps, source code and the like have none."""

SHARED: Final = frozenset(
    (
        *("github.com", "www.github.com", "gitlab.com", "bitbucket.org", "raw.githubusercontent.com"),
        *("apps.apple.com", "itunes.apple.com", "testflight.apple.com", "play.google.com", "docs.google.com"),
        *("chrome.google.com", "chromewebstore.google.com", "addons.mozilla.org", "marketplace.visualstudio.com"),
        *("www.npmjs.com", "npmjs.com", "pypi.org", "hub.docker.com", "crates.io", "rubygems.org", "packagist.org"),
        *("wordpress.org", "apps.microsoft.com", "www.microsoft.com", "appgallery.huawei.com", "etherscan.io"),
        *("www.facebook.com", "twitter.com", "x.com", "www.linkedin.com", "www.youtube.com", "t.me"),
    )
)
"""Hosts on which everybody has a page: a URL there that has a path says nothing about the host."""

_BETWEEN: Final = re.compile(r"[,;\r\n]+")
_SCHEME: Final = re.compile(r"[a-z*][a-z0-9+.*-]{0,30}://", re.IGNORECASE)
_LIKE_A_NAME: Final = re.compile(r".*[.:].*[^.:]")
_CHOICE: Final = re.compile(r"[(\[{]([a-z0-9_.*-]+(?:[|,][a-z0-9_.*-]+)+)[)\]}]", re.IGNORECASE)
_PORT: Final = re.compile(r":(?:\d{1,5}|\*)$")
_NAME: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+")


def ruled(asset: Asset, *, subdomains: bool, suffixes: Suffixes | None = None) -> Iterator[Ruled | Unusable]:
    """What an asset comes to: a rule for each name and network in it, or why there is none. `subdomains`: a name brings
    everything below it. Nothing where it is of a type that has no names."""
    if asset.kind not in NAMES:
        return
    text, subdomains = whole(asset.text.strip()), subdomains or asset.kind == TREE
    if len(text) > MAX_TEXT:
        yield Unusable(f"{render.quoted(text, 40)} is longer than {MAX_TEXT} characters")
        return
    found = 0
    for part in _parts(text):
        if (found := found + 1) > MAX_PARTS:
            yield Unusable(f"{render.quoted(text, 40)} has more than {MAX_PARTS} names in it; the rest is left out")
            return
        try:
            yield from _read(part, asset.in_scope, subdomains=subdomains, suffixes=suffixes)
        except Unusable as error:
            yield error
        except ConfigError:  # its words are for somebody who wrote a rule
            yield Unusable(f"{render.quoted(part)} is no name or network")


def _parts(text: str) -> Iterator[str]:
    """The names in one asset, with each choice that they offer: `(a|b).example` is two."""
    if RANGE.fullmatch(text):
        yield text
        return
    for piece in _BETWEEN.split(_CHOICE.sub(lambda found: found[0].replace(",", "|"), text)):
        words = piece.split()
        if not words:
            continue
        if len(words) > 1 and not all(_LIKE_A_NAME.fullmatch(word) for word in words):
            words = [piece]  # a sentence: a name in it may be an example, or what is not meant
        for word in words:
            yield from _chosen(word)


def _chosen(part: str) -> Iterator[str]:
    pieces = _CHOICE.split(part)
    choices = [piece.split("|") if at % 2 else [piece] for at, piece in enumerate(pieces)]
    for one in itertools.islice(itertools.product(*choices), MAX_PARTS + 1):
        yield "".join(one)


def _read(part: str, in_scope: bool, *, subdomains: bool, suffixes: Suffixes | None) -> Iterator[Ruled]:
    networks = networks_of(part)
    if networks:
        yield from networks
        return
    host, whole = _host(part)
    if not whole and not in_scope:
        raise Unusable(f"{render.quoted(part)} is a part of a host: the rest of it stays in scope")
    if not whole and host in SHARED:
        raise Unusable(f"{render.quoted(part)} is on a host that is not the programme's own")
    yield from networks_of(host) or [_named(part, host, subdomains=subdomains, suffixes=suffixes)]


def _named(part: str, host: str, *, subdomains: bool, suffixes: Suffixes | None) -> Ruled:
    """The rule of a name. Raises Unusable, and RuleError for what is none."""
    if any(character.isspace() for character in host):
        raise Unusable(f"{render.quoted(part)} is no name or network")
    exactly, host = host.startswith("="), host.removeprefix("=")  # as our own files have it
    below = host.startswith("*.")
    name = host.removeprefix("*.") if below else host.removeprefix(".")
    if name in ("", "*"):
        raise Unusable(f"{render.quoted(part)} is every name there is")
    if "*" in name:
        raise Unusable(f"{render.quoted(part)} has a star where no rule can have one")
    name = hosts.domain(name, name)
    if below and "." not in name:
        raise Unusable(f"{render.quoted(part)} is wider than one registrable domain")
    if not _NAME.fullmatch(name):
        raise Unusable(f"{render.quoted(part)} is no domain name")
    kind = "below" if below else "tree" if (subdomains and not exactly) or host.startswith(".") else "exact"
    if kind != "exact" and hosts.is_suffix(name, suffixes):
        raise Unusable(f"{render.quoted(part)} is wider than one registrable domain")
    return Ruled(kind, name)


def _host(part: str) -> tuple[str, bool]:
    """The host that a URL, or what looks like one, names: without scheme, user, port and path; and whether it means all
    of it."""
    text = _SCHEME.sub("", part, count=1) if "://" in part else part.removeprefix("//")
    text, *path = re.split(r"[/?#\\]", text, maxsplit=1)
    whole = not path or path[0].strip("*/") == ""
    text = text.rpartition("@")[2].lower().strip("`'\"<>()").rstrip(".")
    if text.startswith("["):
        return text[1:].partition("]")[0], whole
    if text.count(":") != 1:
        return text, whole
    return _PORT.sub("", text).removesuffix("."), whole and text.endswith((":443", ":*"))
