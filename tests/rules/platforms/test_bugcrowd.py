"""What Bugcrowd's own pages read."""

from __future__ import annotations

import html
import json
from itertools import pairwise

import pytest
from pydantic import SecretStr
from tests.rules.platforms.asked import BASE, fetched, texts

from certhia.config.platforms import BugcrowdPlatform
from certhia.errors import RemoteError
from certhia.net import Response
from certhia.rules.platforms import bugcrowd as bugcrowds
from certhia.rules.platforms.fields import Unreadable
from certhia.testing import SimClock, in_simulated_time
from certhia.testing.platform_shapes import BUGCROWD_PAGE, FakeProgramme
from certhia.testing.platforms import FakePlatforms, say
from certhia.testing.request import Answer, as_json

OPEN = BugcrowdPlatform(url=f"{BASE}/bugcrowd")
ROWS = [
    ("website", "https://www.acme.example", True),
    ("api", "*.acme.test", True),
    ("android", "com.acme", True),
    ("website", "The acme portal", True),
    ("website", "shop.acme.test", False),
]
RULES = ["=www.acme.example", "*.acme.test", "!=shop.acme.test"]


@pytest.mark.parametrize("older", [False, True])
@in_simulated_time
async def test_scopes_and_what_is_out_of_them(certhia_clock: SimClock, older: bool) -> None:
    platforms = FakePlatforms(certhia_clock, [FakeProgramme("acme", "Acme", ROWS, older=older)])
    assert texts(await fetched(OPEN, platforms)) == {"Acme": RULES}
    times = platforms.times
    assert all(later - earlier >= 1 for earlier, later in pairwise(times))  # else it bans


@in_simulated_time
async def test_all_pages_and_a_session(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [FakeProgramme(f"p{n}", f"P{n}") for n in range(BUGCROWD_PAGE + 1)])
    settings = BugcrowdPlatform(url=f"{BASE}/bugcrowd", token=SecretStr("abc"))
    found = await fetched(settings, platforms, listing=True)
    assert len(found.scopes) == BUGCROWD_PAGE + 1
    assert [path.partition("?")[2][-6:] for path in platforms.asked] == ["page=1", "page=2", "page=1"]
    assert "category=vdp" in platforms.asked[-1]
    assert platforms.headers["cookie"] == "_bugcrowd_session=abc"


@in_simulated_time
async def test_a_ban_fails_as_a_whole(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [FakeProgramme(f"p{n}", f"P{n}", ROWS) for n in range(9)])
    platforms.fault("/engagements/p", say(406, "blocked"))
    with pytest.raises(RemoteError, match="it bans who asks too much, for some hours"):
        await fetched(OPEN, platforms)
    assert len(platforms.asked) == 2 + 3  # the rest is not asked for


@in_simulated_time
async def test_rules_that_must_be_agreed_to_first(certhia_clock: SimClock) -> None:
    programmes = [FakeProgramme("shy", "Shy", ROWS), FakeProgramme("acme", "Acme", ROWS)]
    platforms = FakePlatforms(certhia_clock, programmes)
    platforms.pages["/bugcrowd/engagements/shy"] = Response(200, b"<html>ResearcherEngagementCompliance")
    found = await fetched(OPEN, platforms)
    assert texts(found) == {"Acme": RULES}
    assert "rules may have to be agreed to first" in found.failed["shy"]


@pytest.mark.parametrize("brief", ["https://evil.example/x", "//evil.example/x", "/a/../../b?x", "/x y", "\u00e4"])
@in_simulated_time
async def test_a_brief_that_leads_elsewhere(certhia_clock: SimClock, brief: str) -> None:
    platforms = FakePlatforms(certhia_clock, [FakeProgramme("acme", "Acme", ROWS)])
    endpoints = html.escape(json.dumps({"engagementBriefApi": {"getBriefVersionDocument": brief}}))
    page = f'<div data-api-endpoints="{endpoints}">'.encode()
    platforms.pages["/bugcrowd/engagements/acme"] = Response(200, page)
    found = await fetched(OPEN, platforms)
    assert "is no path there" in found.failed["acme"]
    assert all(path.startswith("/bugcrowd/") for path in platforms.asked)


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example", "", 5, None])
@in_simulated_time
async def test_programmes_elsewhere_are_left_out(certhia_clock: SimClock, path: object) -> None:
    platforms = FakePlatforms(certhia_clock)
    rows = [{"name": "X", "briefUrl": path}, {"briefUrl": "/engagements/a"}]
    platforms.pages["/bugcrowd/engagements.json"] = as_json({"engagements": rows, "paginationMeta": {"totalCount": 1}})
    assert [*(await fetched(OPEN, platforms, listing=True)).scopes] == ["a"]
    rows.pop()
    platforms.pages["/bugcrowd/engagements.json"] = as_json({"engagements": rows, "paginationMeta": {"totalCount": 1}})
    with pytest.raises(Unreadable, match="none of 1 rows has in it what they had"):
        await fetched(OPEN, platforms, listing=True)


@in_simulated_time
async def test_groups_are_bounded(certhia_clock: SimClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bugcrowds, "MAX_GROUPS", 1)
    platforms = FakePlatforms(certhia_clock, [FakeProgramme("acme", "Acme", ROWS, older=True)])
    assert texts(await fetched(OPEN, platforms)) == {"Acme": RULES[:2]}


@in_simulated_time
async def test_a_path_that_does_not_fit_costs_nothing(certhia_clock: SimClock) -> None:
    """Matched in more than one way, this would take longer than anybody lives."""
    platforms = FakePlatforms(certhia_clock, [FakeProgramme("acme", "Acme", ROWS)])
    rows = [{"name": "Evil", "briefUrl": f"/{'a' * 4000}!"}]
    platforms.pages["/bugcrowd/engagements.json"] = as_json({"engagements": rows, "paginationMeta": {"totalCount": 1}})
    with pytest.raises(Unreadable):
        await fetched(OPEN, platforms)


@in_simulated_time
async def test_pages_without_a_count(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock)
    pages = [[{"briefUrl": "/engagements/a"}], [{"briefUrl": "/engagements/b"}], [], []]
    platforms.fault("engagements.json", lambda: Answer(as_json({"engagements": pages[len(platforms.asked) - 1]})))
    assert list((await fetched(OPEN, platforms, listing=True)).scopes) == ["a", "b"]
