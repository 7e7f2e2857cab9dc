"""Intigriti's researcher API (api.intigriti.com/external/researcher, v1): a bearer token, pages of 500.

Tiers: 1 "No Bounty", 2 to 4 "Tier 3" to "Tier 1", 5 "Out Of Scope". Types: 1 url, 4 iprange, 7 wildcard; the others
have no names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

from certhia.config.platforms import IntigritiPlatform
from certhia.errors import BadAnswer
from certhia.rules.platforms.asking import Ask
from certhia.rules.platforms.client import MAX_PAGES, Client
from certhia.rules.platforms.fields import at, check_some, first, number, rows, text
from certhia.rules.platforms.records import Asset, Fetched, Listed, named

PAGE: Final = 500  # the most that it gives at once
GAP: Final = 0.5  # seconds between two requests
OUT: Final = 5  # the tier of what is out of scope
TIERS: Final = range(1, OUT + 1)
TYPES: Final = {1: "url", 4: "iprange", 7: "wildcard"}


async def fetch(settings: IntigritiPlatform, ask: Ask) -> Fetched:
    """Programmes and their scopes. Raises RemoteError."""
    client = ask.client(settings.url, {"Authorization": f"Bearer {settings.token.get_secret_value()}"}, gap=GAP)
    listed = await _programmes(client, following=settings.filter == "following")

    async def assets(one: Listed) -> Sequence[Asset]:
        path = f"/v1/programs/{quote(one.key, safe='')}"
        document = await client.json(path)
        content = at(document, "domains", "content")
        if content is not None and not isinstance(content, list):
            raise BadAnswer(f"{client.place}{path}: the answer has no list of domains")
        check_some(content or (), _is_asset, f"{client.place}{path}")
        return [asset for row in content or () if (asset := _asset(row)) is not None]

    return await ask.each(listed, assets)


async def _programmes(client: Client, *, following: bool) -> list[Listed]:
    """All pages of the list. Raises BadAnswer."""
    listed: dict[str, Listed] = {}
    seen: set[str] = set()
    offset = 0
    for _ in range(MAX_PAGES):
        wanted = "&following=true" if following else ""
        document = await client.json(f"/v1/programs?limit={PAGE}&offset={offset}{wanted}")
        if not isinstance(at(document, "records"), list):
            raise BadAnswer(f"{client.place}/v1/programs: the answer has no list as records")
        records, before = rows(document, "records"), len(seen)
        check_some(records, lambda row: text(row, "id") != "", f"{client.place}/v1/programs")
        seen.update(text(row, "id") for row in records)
        for row in records:
            key = text(row, "id")
            handle = named(first(row, "handle"), named(key))
            if key and not (following and at(row, "following") is False):
                listed.setdefault(key, Listed(handle, named(first(row, "name"), handle), key))
        offset += len(records)
        count = number(document, "maxCount")
        if not records or (offset >= count if count is not None else len(records) < PAGE):
            return _by_handle(listed.values())
        if len(seen) == before:
            raise BadAnswer(f"{client.place}/v1/programs: repeats programmes, and there are said to be more")
    raise BadAnswer(f"{client.place}/v1/programs: more than {MAX_PAGES} pages")


def _by_handle(listed: Iterable[Listed]) -> list[Listed]:
    """Each once by its handle; where companies share one, by its id."""
    found: dict[str, Listed] = {}
    for one in listed:
        handle = one.handle if one.handle not in found else one.key
        found[handle] = one._replace(handle=handle)
    return list(found.values())


def _is_asset(row: object) -> bool:
    return text(row, "endpoint") != "" and (number(row, "tier", "id") is not None or text(row, "tier", "value") != "")


def _asset(row: object) -> Asset | None:
    """None where its tier says nothing that is known."""
    tier = number(row, "tier", "id")
    out = tier == OUT or text(row, "tier", "value").strip().lower() == "out of scope"
    if not out and tier not in TIERS:
        return None
    kind = text(row, "type", "value").strip().lower() or TYPES.get(number(row, "type", "id") or 0, "other")
    return Asset(kind, text(row, "endpoint"), not out)
