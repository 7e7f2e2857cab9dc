"""`type = "url"`: a JSON document of programmes, in whichever of the usual forms.

    {"programs": [{"name": "Acme", "domains": ["acme.example"], "out_of_scope": ["shop.acme.example"]}]}
    [{"name": "Acme", "targets": {"in_scope": [{"asset_type": "URL", "asset_identifier": "www.acme.example"}]}}]

The first is ours, and chaos' (projectdiscovery/public-bugbounty-programs); the second that of
arkadiyt/bounty-targets-data, whose assets have other keys for each platform.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final

from certhia.config.platforms import UrlPlatform
from certhia.errors import BadAnswer
from certhia.rules.platforms.asking import Ask
from certhia.rules.platforms.assets import TREE
from certhia.rules.platforms.fields import at, check_some, first, rows
from certhia.rules.platforms.records import Asset, Fetched, Listed, Scope, named

MAX_LISTED: Final = 100_000  # programmes in one document

_LISTS: Final = ("programs", "programmes", "data", "items", "records")
_TEXT: Final = ("asset_identifier", "endpoint", "target", "uri", "identifier", "scope", "value", "domain", "name")
_TYPE: Final = ("asset_type", "type", "scope_type", "category", "kind")
_IN: Final = ("in_scope", "inScope", "in")
_OUT: Final = ("out_of_scope", "outOfScope", "out")
# Lists of plain texts, and of what kind these are.
_PLAIN: Final = {"domains": TREE, "hosts": "url", "ips": "cidr", "cidrs": "cidr", "wildcards": "wildcard"}


async def fetch(settings: UrlPlatform, ask: Ask) -> Fetched:
    """What the document says. Raises RemoteError."""
    headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"} if settings.token is not None else {}
    client = ask.client(settings.url, headers)
    # Tens of thousands of assets: half a second in which nothing else would go on.
    return await asyncio.to_thread(read, await client.json(), client.place, ask)


def read(document: object, where: str, ask: Ask) -> Fetched:
    """The programmes of a document. Raises BadAnswer where it has none."""
    programmes = document if isinstance(document, list) else None
    if programmes is None:
        programmes = next((found for key in _LISTS if isinstance(found := at(document, key), list)), None)
    if programmes is None:
        raise BadAnswer(f"{where}: holds no list of programmes; it must be a list, or have one as {', '.join(_LISTS)}")
    by_handle: dict[str, Any] = {}
    for one in programmes[:MAX_LISTED]:
        name = named(first(one, "name", "title", "handle", "id"))
        if handle := named(first(one, "handle", "slug", "id"), name):
            by_handle.setdefault(handle, one)
    check_some(programmes, lambda one: bool(first(one, "name", "title", "handle", "id", "slug")), where)
    chosen, left_out = ask.choose([Listed(handle, handle) for handle in by_handle])
    scopes, notes = dict[str, Scope](), list[str]()
    for listed in chosen:
        one = by_handle[listed.handle]
        name = named(first(one, "name", "title"), listed.handle)
        platform = named(first(one, "platform"))
        scopes[listed.handle], said = ask.scope(listed.handle, name, _assets(one), platform)
        notes += said
    if len(programmes) > len(by_handle):
        notes.append(f"{len(programmes) - len(by_handle)} programmes have no name, or that of another")
    return Fetched(scopes, notes=notes, left_out=left_out)


def _assets(programme: object) -> Iterator[Asset]:
    # Of a document like our own files, in which a name has everything below it; elsewhere it says what it means.
    out = TREE if any(rows(programme, key) for key in _PLAIN) else ""
    for key, kind in _PLAIN.items():
        yield from _listed(rows(programme, key), kind, in_scope=True)
    for inside in (programme, at(programme, "targets"), at(programme, "scope")):
        for key in _IN:
            yield from _listed(rows(inside, key), "", in_scope=True)
        for key in _OUT:
            yield from _listed(rows(inside, key), out, in_scope=False)
    yield from _listed(rows(programme, "exclude"), TREE, in_scope=False)


def _listed(entries: Sequence[Any], kind: str, *, in_scope: bool) -> Iterator[Asset]:
    for one in entries:
        if isinstance(one, str):
            yield Asset(kind, one, in_scope)
            continue
        impact = first(one, "impact").lower()  # of Intigriti's: its tier
        yield Asset(
            first(one, *_TYPE).lower() or kind,
            first(one, *_TEXT),
            in_scope and impact != "out of scope" and at(one, "eligible_for_submission") is not False,
        )
