"""What Bugcrowd's own pages read (bugcrowd.com): public programmes without a token, more with a session's cookie.

There is no API for researchers. It is not documented, may change without a word, and bans whoever asks more than once a
second for some hours (403 or 406).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from html import unescape
from typing import Any, Final

from certhia.config.platforms import BugcrowdPlatform
from certhia.errors import BadAnswer, RemoteError
from certhia.render import quoted
from certhia.rules.platforms.asking import Ask
from certhia.rules.platforms.client import MAX_PAGES, Client, Withheld
from certhia.rules.platforms.fields import at, check_some, first, number, rows, text
from certhia.rules.platforms.records import Asset, Fetched, Listed, named

GAP: Final = 1.05  # seconds between two requests
MAX_GROUPS: Final = 50  # of targets in one programme
CATEGORIES: Final = ("bug_bounty", "vdp")

_BRIEF: Final = re.compile(r"data-api-endpoints=(?:\"([^\"]{1,20000})\"|'([^']{1,20000})')")
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9_.~-]+)+/?")  # in one way only: what does not fit must not take for ever
_BANS: Final = ("(403)", "(406)")


async def fetch(settings: BugcrowdPlatform, ask: Ask) -> Fetched:
    """Programmes and their scopes. Raises RemoteError."""
    headers = {"X-Requested-With": "XMLHttpRequest"}
    if settings.token is not None:
        cookie = settings.token.get_secret_value()
        headers["Cookie"] = cookie if "=" in cookie else f"_bugcrowd_session={cookie}"
    client = ask.client(settings.url, headers, gap=GAP)
    listed = [one for category in CATEGORIES for one in await _programmes(client, category)]

    async def assets(one: Listed) -> Sequence[Asset]:
        try:
            return await (_engagement if one.key.startswith("/engagements/") else _older)(client, one.key)
        except Withheld as error:
            if any(ban in str(error) for ban in _BANS):
                raise RemoteError(f"{error}: it bans who asks too much, for some hours") from error
            raise

    return await ask.each(list({one.handle: one for one in listed}.values()), assets)


async def _programmes(client: Client, category: str) -> list[Listed]:
    """All pages of the list of a category. Raises BadAnswer."""
    listed: dict[str, Listed] = {}
    for page in range(1, MAX_PAGES + 1):
        path = f"/engagements.json?category={category}&sort_by=promoted&sort_direction=desc&page={page}"
        document = await client.json(path)
        if not isinstance(at(document, "engagements"), list):
            raise BadAnswer(f"{client.place}/engagements.json: the answer has no list of engagements")
        engagements, before = rows(document, "engagements"), len(listed)
        check_some(engagements, _is_programme, f"{client.place}/engagements.json")
        for row in engagements:
            path = text(row, "briefUrl")
            if _PATH.fullmatch(path):
                handle = named(path.rstrip("/").rpartition("/")[2])
                listed.setdefault(path, Listed(handle, named(first(row, "name"), handle), path.rstrip("/")))
        total = number(document, "paginationMeta", "totalCount")
        if not engagements or len(listed) == before or (total is not None and len(listed) >= total):
            return list(listed.values())
    raise BadAnswer(f"{client.place}/engagements.json: more than {MAX_PAGES} pages")


async def _engagement(client: Client, path: str) -> list[Asset]:
    """By the document that the programme's page names."""
    page = await client.get(path, accept="text/html")
    found = _BRIEF.search(page.body.decode("utf-8", "replace"))
    try:
        endpoints: Any = json.loads(unescape((found[1] or found[2]) if found is not None else "null"))
    except (ValueError, RecursionError):
        endpoints = None
    brief = text(endpoints, "engagementBriefApi", "getBriefVersionDocument")
    if not brief:
        raise Withheld(f"{client.place}{path}: shows no brief; its rules may have to be agreed to first")
    if not _PATH.fullmatch(brief):
        raise BadAnswer(f"{client.place}{path}: names {quoted(brief)} as its brief, which is no path there")
    document = await client.json(f"{brief}.json")
    scope = at(document, "data", "scope")
    if not isinstance(scope, list):
        raise BadAnswer(f"{client.place}{brief}.json: the answer has no list as data.scope")
    check_some(scope, lambda group: isinstance(at(group, "inScope"), bool), f"{client.place}{brief}.json")
    return [asset for group in scope for asset in _targets(rows(group, "targets"), at(group, "inScope") is True)]


async def _older(client: Client, path: str) -> list[Asset]:
    """By its groups of targets."""
    document = await client.json(f"{path}/target_groups")
    check_some(rows(document, "groups"), lambda group: isinstance(at(group, "in_scope"), bool), f"{client.place}{path}")
    found: list[Asset] = []
    for group in rows(document, "groups")[:MAX_GROUPS]:
        targets = text(group, "targets_url")
        if not _PATH.fullmatch(targets):
            raise BadAnswer(f"{client.place}{path}: names {quoted(targets)} for its targets, which is no path there")
        found += _targets(rows(await client.json(targets), "targets"), at(group, "in_scope") is True)
    return found


def _is_programme(row: object) -> bool:
    return _PATH.fullmatch(text(row, "briefUrl")) is not None


def _targets(targets: Iterable[Any], in_scope: bool) -> Iterable[Asset]:
    for one in targets:
        target = first(one, "uri", "ipAddress", "name")
        if " " in target and "." not in target:
            continue  # a name for people, of something that has no address
        yield Asset(text(one, "category").strip().lower(), target, in_scope)
