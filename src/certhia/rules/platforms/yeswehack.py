"""What YesWeHack's own pages read (api.yeswehack.com): public programmes without a token, more with a session's.

It is not documented, and may change without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from certhia.config.platforms import YesWeHackPlatform
from certhia.errors import BadAnswer
from certhia.rules.platforms.asking import Ask
from certhia.rules.platforms.client import MAX_PAGES, Client
from certhia.rules.platforms.fields import at, check_some, first, number, rows, text
from certhia.rules.platforms.records import Asset, Fetched, Listed, named

GAP: Final = 0.5  # seconds between two requests


async def fetch(settings: YesWeHackPlatform, ask: Ask) -> Fetched:
    """Programmes and their scopes. Raises RemoteError."""
    token = settings.token
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token is not None else {}
    client = ask.client(settings.url, headers, gap=GAP)
    listed = await _programmes(client)

    async def assets(one: Listed) -> Sequence[Asset]:
        path = f"/programs/{quote(one.key, safe='')}"
        document = await client.json(path)
        if not isinstance(at(document, "scopes"), list | None):
            raise BadAnswer(f"{client.place}{path}: the answer has no list of scopes")
        check_some(rows(document, "scopes"), lambda row: text(row, "scope") != "", f"{client.place}{path}")
        found = [Asset(text(row, "scope_type").lower(), text(row, "scope"), True) for row in rows(document, "scopes")]
        # These are sentences as a rule; only what is one name by itself says what it means.
        plain = (text({"": row}, "").strip() for row in rows(document, "out_of_scope"))
        return [*found, *(Asset("url", one, False) for one in plain if one and "." in one and len(one.split()) == 1)]

    return await ask.each(listed, assets)


async def _programmes(client: Client) -> list[Listed]:
    """All pages of the list. Raises BadAnswer."""
    listed: dict[str, Listed] = {}
    for page in range(1, MAX_PAGES + 1):
        document = await client.json(f"/programs?page={page}")
        if not isinstance(at(document, "items"), list):
            raise BadAnswer(f"{client.place}/programs: the answer has no list as items")
        items, before = rows(document, "items"), len(listed)
        check_some(items, lambda row: text(row, "slug") != "", f"{client.place}/programs")
        for row in items:
            slug = text(row, "slug")
            if named(slug) and at(row, "disabled") is not True:
                listed.setdefault(slug, Listed(named(slug), named(first(row, "title", "name"), named(slug)), slug))
        pages = number(document, "pagination", "nb_pages")
        if not items or (pages is not None and page >= pages):
            return list(listed.values())
        if len(listed) == before and all(text(row, "slug") in listed for row in items):
            raise BadAnswer(f"{client.place}/programs: page {page} repeats earlier ones")
    raise BadAnswer(f"{client.place}/programs: more than {MAX_PAGES} pages")
