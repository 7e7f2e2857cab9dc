"""Content-Security-Policy (CSP Level 3): the names in it.

A policy says where a page may take things from, send them to, and report to; so it names hosts that its owner works
with. Every directive that holds sources is read. What is no source is passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from certhia.scanner.content.extracting import Visit
from certhia.scanner.content.urls import name_of
from certhia.scanner.guard import Refused, check
from certhia.scanner.records import Found

MAX_SOURCES: Final = 10_000  # of one policy
MAX_GROUPS: Final = 64  # of reporting endpoints

# Section 6.1 to 6.5, with what earlier levels had and servers still send.
DIRECTIVES: Final = frozenset(
    (
        *("child-src", "connect-src", "default-src", "fenced-frame-src", "font-src", "frame-src", "img-src"),
        *(
            "manifest-src",
            "media-src",
            "object-src",
            "prefetch-src",
            "script-src",
            "script-src-attr",
            "script-src-elem",
        ),
        *("style-src", "style-src-attr", "style-src-elem", "worker-src"),
        *("base-uri", "form-action", "frame-ancestors", "navigate-to"),
    )
)
# A host-source of section 2.3.1: scheme, host with a wildcard or not, port, path.
_SOURCE: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]{0,31}://)?((?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)(?::(?:[0-9]{1,5}|\*))?(?:[/?#].*)?",
    re.IGNORECASE,
)
_KEY: Final = re.compile(r"[a-z*][a-z0-9_.*-]*")  # RFC 9651 section 3.1.2
_POLICIES: Final = {"content-security-policy": "header", "content-security-policy-report-only": "report-only"}

_CONFIDENCE: Final = {"header": 1.0, "report-only": 0.9, "meta": 0.9}


class Csp:
    """The extractor of these names: of the headers of each answer, and of the page."""

    full = True  # scripts are nothing to it

    def __init__(self, _visit: Visit) -> None:
        self._endpoints: dict[str, list[str]] = {}  # of the last answer

    def extract(self, context: Visit) -> Iterable[Found]:
        """See `extracting.Extractor`."""
        piece, response = context.piece, context.response
        if piece is None or response is None or piece.kind not in {"headers", "policy"}:
            return ()
        told = [("meta", str(piece.text))]
        if piece.kind == "headers":
            self._endpoints = endpoints(response.headers)
            told = list(policies(response.headers))
        return [Found(name, "csp", _CONFIDENCE[where]) for where, text in told for name in names(text, self._endpoints)]


def policies(headers: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """("header" or "report-only", policy) for all policies of a response; a header may hold several, with commas
    between (section 3.1)."""
    for name, value in headers:
        if name in _POLICIES:
            for text in value.split(","):
                if text.strip():
                    yield _POLICIES[name], text.strip()


def names(policy: str, endpoints: Mapping[str, Sequence[str]] | None = None) -> list[str]:
    """Names in a policy, each once, in order; `*.` where that is what it says. `endpoints`: URLs of the groups that
    `report-to` may name."""
    found: dict[str, None] = {}
    left = MAX_SOURCES
    for directive in policy.split(";"):
        words = directive.split()
        if not words:
            continue
        kind, values = words[0].lower(), words[1 : left + 1]
        left -= len(values)
        if kind in DIRECTIVES:
            told = [one for value in values if (one := _of_source(value))]
        elif kind == "report-uri":
            told = [one for value in values if (one := of_url(value))]
        elif kind == "report-to" and values and endpoints:
            told = [one for url in endpoints.get(values[0], ()) if (one := of_url(url))]
        else:
            continue
        found |= dict.fromkeys(told)
    return list(found)


def _of_source(text: str) -> str | None:
    if text.startswith("'"):  # a keyword, a nonce, a hash
        return None
    found = _SOURCE.fullmatch(text)
    return name_of(found[1]) if found else None


def of_url(text: str) -> str | None:
    """The name in an absolute URL of http or https; None where there is none."""
    try:
        return name_of(check(f"https:{text}" if text.startswith("//") else text).host)
    except Refused:
        return None


def endpoints(headers: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """URLs by group, of `Reporting-Endpoints` (Reporting API section 3.2) and of `Report-To` (its first version)."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        if name == "reporting-endpoints":
            pairs = [(key.strip(), url.strip()) for key, _, url in (part.partition("=") for part in value.split(","))]
            told = [(key, url[1:].partition('"')[0]) for key, url in pairs if _KEY.fullmatch(key) and url[:1] == '"']
        elif name == "report-to":
            told = _report_to(value)
        else:
            continue
        for group, url in told:
            if group in found or len(found) < MAX_GROUPS:
                found.setdefault(group, []).append(url)
    return found


def _report_to(value: str) -> list[tuple[str, str]]:
    """Objects of JSON with commas between, without the brackets around."""
    try:
        groups = json.loads(f"[{value}]")
    except (ValueError, RecursionError):
        return []
    found = []
    for one in groups:
        places = one.get("endpoints") if isinstance(one, dict) else None
        if not isinstance(places, list):
            continue
        group = one.get("group", "default")
        urls = [place.get("url") for place in places if isinstance(place, dict)]
        found += [(group, url) for url in urls if isinstance(group, str) and isinstance(url, str)]
    return found
