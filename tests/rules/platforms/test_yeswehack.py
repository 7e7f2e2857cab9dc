"""What YesWeHack's own pages read."""

from __future__ import annotations

import pytest
from pydantic import SecretStr
from tests.rules.platforms.asked import BASE, fetched, texts

from certhia.config.platforms import YesWeHackPlatform
from certhia.errors import BadAnswer
from certhia.testing import SimClock, in_simulated_time
from certhia.testing.platform_shapes import YWH_PAGE, FakeProgramme
from certhia.testing.platforms import FakePlatforms
from certhia.testing.request import Answer, as_json

OPEN = YesWeHackPlatform(url=f"{BASE}/yeswehack")


@in_simulated_time
async def test_scopes_and_what_is_out_of_them(certhia_clock: SimClock) -> None:
    rows = [
        ("web-application", "https://(www|api).acme.example", True),
        ("api", "*.acme.test", True),
        ("ip-address", "192.0.2.7", True),
        ("mobile-application", "com.acme", True),
        ("web-application", "shop.acme.test", False),
    ]
    prose = ["All other domains, such as www.example.com, are out of scope", "Anything else"]
    platforms = FakePlatforms(certhia_clock, [FakeProgramme("acme", "Acme", rows, prose=prose)])
    found = await fetched(OPEN, platforms)
    assert texts(found) == {
        "Acme": ["=www.acme.example", "=api.acme.example", "*.acme.test", "192.0.2.7", "!=shop.acme.test"]
    }
    assert "authorization" not in platforms.headers


@in_simulated_time
async def test_all_pages_and_a_token(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [FakeProgramme(f"p{n}", f"P{n}") for n in range(2 * YWH_PAGE + 1)])
    settings = YesWeHackPlatform(url=f"{BASE}/yeswehack", token=SecretStr("t"))
    found = await fetched(settings, platforms, listing=True)
    assert len(found.scopes) == 2 * YWH_PAGE + 1
    assert platforms.asked == [f"/yeswehack/programs?page={page}" for page in (1, 2, 3)]
    assert platforms.headers["authorization"] == "Bearer t"


@in_simulated_time
async def test_a_programme_that_is_withheld(certhia_clock: SimClock) -> None:
    programmes = [FakeProgramme("shy", "Shy", withheld=True), FakeProgramme("acme", "Acme")]
    found = await fetched(OPEN, FakePlatforms(certhia_clock, programmes))
    assert (list(found.scopes), list(found.failed)) == (["acme"], ["shy"])


@pytest.mark.parametrize(
    "said, error",
    [
        ({"items": None}, "has no list as items"),
        ([], "has no list as items"),
        ({"items": [{"slug": "a"}], "pagination": {"nb_pages": 10**9}}, "page 2 repeats earlier ones"),
    ],
)
@in_simulated_time
async def test_what_makes_no_sense(certhia_clock: SimClock, said: object, error: str) -> None:
    platforms = FakePlatforms(certhia_clock)
    platforms.fault("", lambda: Answer(as_json(said)))
    with pytest.raises(BadAnswer, match=error):
        await fetched(OPEN, platforms)


@in_simulated_time
async def test_disabled_programmes_are_left_out(certhia_clock: SimClock) -> None:
    items = [{"slug": "a", "title": "A", "disabled": True}, {"slug": "b", "title": "B"}]
    platforms = FakePlatforms(certhia_clock)
    platforms.fault("programs?", lambda: Answer(as_json({"items": items, "pagination": {"nb_pages": 1}})))
    assert list((await fetched(OPEN, platforms, listing=True)).scopes) == ["b"]


@in_simulated_time
async def test_pages_without_a_count(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock)
    pages = [[{"slug": "a"}], [{"slug": "b"}], []]
    platforms.fault("programs?", lambda: Answer(as_json({"items": pages[len(platforms.asked) - 1]})))
    assert list((await fetched(OPEN, platforms, listing=True)).scopes) == ["a", "b"]


@in_simulated_time
async def test_a_slug_that_is_none(certhia_clock: SimClock) -> None:
    programmes = [FakeProgramme(one, "Same", [("url", "a.example", True)]) for one in ("a\n\x1b[31mb", "\x1b")]
    found = await fetched(OPEN, FakePlatforms(certhia_clock, programmes))
    assert list(found.scopes) == ["a [31mb"]
    assert found.scopes["a [31mb"].rules
