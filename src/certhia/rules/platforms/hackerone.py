"""HackerOne's hacker API (api.hackerone.com/hacker-resources): JSON:API, basic authentication, pages of 100.

600 reads a minute; structured scopes at most 50 a minute.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final
from urllib.parse import quote

from certhia.config.platforms import HackerOnePlatform
from certhia.errors import BadAnswer
from certhia.rules.platforms.asking import Ask
from certhia.rules.platforms.client import MAX_PAGES, Client
from certhia.rules.platforms.fields import at, check_some, rows, text
from certhia.rules.platforms.records import MAX_ASSETS, Asset, Fetched, Listed, named

PAGE: Final = 100  # the most that it gives at once
GAP: Final = 0.12  # seconds between two requests: 600 a minute, and a little less
SCOPES_GAP: Final = 1.3  # of structured scopes: 50 a minute


async def fetch(settings: HackerOnePlatform, ask: Ask) -> Fetched:
    """Programmes and their scopes. Raises RemoteError."""
    credentials = f"{settings.username}:{settings.token.get_secret_value()}".encode()
    headers = {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}
    client = ask.client(settings.url, headers, gap=GAP)
    listed = await _programmes(client, bookmarked=settings.filter == "bookmarked")

    async def assets(one: Listed) -> Sequence[Asset]:
        return await _assets(client, one.key)

    return await ask.each(listed, assets)


async def _programmes(client: Client, *, bookmarked: bool) -> list[Listed]:
    listed: dict[str, Listed] = {}
    async for row in _rows(client, "/v1/hackers/programs", GAP, _is_marked if bookmarked else _is_programme):
        handle = text(row, "attributes", "handle")
        shown = named(handle)  # anybody's text
        if shown and (not bookmarked or at(row, "attributes", "bookmarked") is True):
            listed.setdefault(handle, Listed(shown, named(at(row, "attributes", "name"), shown), handle))
    return list(listed.values())


async def _assets(client: Client, handle: str) -> list[Asset]:
    found: list[Asset] = []
    path = f"/v1/hackers/programs/{quote(handle, safe='')}/structured_scopes"
    async for row in _rows(client, path, SCOPES_GAP, _is_asset):
        inside = at(row, "attributes")
        eligible = at(inside, "eligible_for_submission") is True
        found.append(Asset(text(inside, "asset_type").lower(), text(inside, "asset_identifier"), eligible))
        if len(found) > MAX_ASSETS:
            break
    return found


def _is_programme(row: object) -> bool:
    return text(row, "attributes", "handle") != ""


def _is_marked(row: object) -> bool:
    return _is_programme(row) and isinstance(at(row, "attributes", "bookmarked"), bool)


def _is_asset(row: object) -> bool:
    eligible = at(row, "attributes", "eligible_for_submission")
    return text(row, "attributes", "asset_identifier") != "" and isinstance(eligible, bool)


async def _rows(client: Client, path: str, gap: float, readable: Callable[[object], bool]) -> AsyncIterator[Any]:
    """All of a list's rows, page by page for as long as it says that there is a next one. Raises BadAnswer, also where
    none of a page is `readable`."""
    seen: set[str] = set()
    for page in range(1, MAX_PAGES + 1):
        document = await client.json(f"{path}?page%5Bnumber%5D={page}&page%5Bsize%5D={PAGE}", gap=gap)
        if not isinstance(at(document, "data"), list):
            raise BadAnswer(f"{client.place}{path}: the answer has no list as data")
        check_some(rows(document, "data"), readable, client.place + path)
        new = [row for row in rows(document, "data") if text(row, "id") not in seen or not text(row, "id")]
        seen.update(text(row, "id") for row in new)
        for row in new:
            yield row
        if not text(document, "links", "next") or not rows(document, "data"):
            return
        if not new:
            raise BadAnswer(f"{client.place}{path}: page {page} repeats earlier ones, and there is said to be a next")
    raise BadAnswer(f"{client.place}{path}: more than {MAX_PAGES} pages")
