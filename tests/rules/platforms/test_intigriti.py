"""Intigriti's researcher API."""

from __future__ import annotations

import pytest
from tests.rules.platforms.asked import fetched, intigriti, texts

from certhia.errors import BadAnswer
from certhia.rules.platforms.client import Denied
from certhia.rules.platforms.intigriti import PAGE
from certhia.testing import SimClock, in_simulated_time
from certhia.testing.platform_shapes import TOKEN, FakeProgramme
from certhia.testing.platforms import FakePlatforms
from certhia.testing.request import Answer, as_json

ROWS = [
    ("Url", "https://www.acme.example/login", True),
    ("wildcard", "*.acme.test", True),
    ("IpRange", "192.0.2.0-192.0.2.3", True),
    ("Android", "com.acme.app", True),
    ("URL", "shop.acme.test", False),
]
RULES = ["=www.acme.example", "*.acme.test", "192.0.2.0/30"]


@pytest.mark.parametrize("tier", [1, 2, 3, 4])
@in_simulated_time
async def test_tiers_in_scope(certhia_clock: SimClock, tier: int) -> None:
    platforms = FakePlatforms(certhia_clock, [FakeProgramme("acme", "Acme", ROWS, tier=tier)])
    found = await fetched(intigriti(), platforms)
    assert texts(found) == {"Acme": [*RULES, "!=shop.acme.test"]}
    assert platforms.headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "tier, rules",
    [
        ({"id": 4, "value": "Tier 1"}, ["=a.acme.example"]),
        ({"id": 3, "value": "Tier 2"}, ["=a.acme.example"]),
        ({"id": 5, "value": "Out Of Scope"}, ["!=a.acme.example"]),
        ({"id": 9, "value": "OUT OF SCOPE"}, ["!=a.acme.example"]),
        ({"id": 9, "value": "Tier 9"}, []),
    ],
)
@in_simulated_time
async def test_what_tiers_mean(certhia_clock: SimClock, tier: object, rules: list[str]) -> None:
    platforms = FakePlatforms(certhia_clock, [FakeProgramme("acme", "Acme")])
    row = {"endpoint": "a.acme.example", "type": {"id": 1, "value": "Url"}, "tier": tier}
    platforms.fault("id-acme", lambda: Answer(as_json({"domains": {"content": [row]}})))
    assert texts(await fetched(intigriti(), platforms)) == {"Acme": rules}


@pytest.mark.parametrize("tier", [{}, None, "4"])
@in_simulated_time
async def test_without_tiers_nothing_is_read(certhia_clock: SimClock, tier: object) -> None:
    platforms = FakePlatforms(certhia_clock, [FakeProgramme("acme", "Acme")])
    row = {"endpoint": "a.acme.example", "type": {"id": 1, "value": "Url"}, "tier": tier}
    content: list[object] = [row]
    platforms.fault("id-acme", lambda: Answer(as_json({"domains": {"content": content}})))
    assert [*(await fetched(intigriti(), platforms)).failed] == ["acme"]
    content.append({**row, "endpoint": "b.acme.example", "tier": {"id": 4}})
    assert texts(await fetched(intigriti(), platforms)) == {"Acme": ["=b.acme.example"]}


@in_simulated_time
async def test_a_list_that_repeats_itself_ends_also_where_none_of_it_is_followed(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock)
    rows = [{"id": "a", "handle": "a", "following": False}]
    platforms.fault("programs?", lambda: Answer(as_json({"maxCount": 10**9, "records": rows})))
    with pytest.raises(BadAnswer, match="repeats programmes"):
        await fetched(intigriti("following"), platforms)
    assert len(platforms.asked) == 2


@in_simulated_time
async def test_all_pages(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [FakeProgramme(f"p{n}", f"P{n}") for n in range(PAGE + 3)])
    found = await fetched(intigriti(), platforms, most=PAGE + 3, listing=True)
    assert len(found.scopes) == PAGE + 3
    assert platforms.asked == [
        "/intigriti/v1/programs?limit=500&offset=0",
        "/intigriti/v1/programs?limit=500&offset=500",
    ]


@in_simulated_time
async def test_only_what_is_followed(certhia_clock: SimClock) -> None:
    programmes = [FakeProgramme("acme", "Acme", ROWS, following=True), FakeProgramme("other", "Other", ROWS)]
    platforms = FakePlatforms(certhia_clock, programmes)
    assert list((await fetched(intigriti("following"), platforms)).scopes) == ["acme"]
    assert "&following=true" in platforms.asked[0]
    assert list((await fetched(intigriti("all"), platforms)).scopes) == ["acme", "other"]


@in_simulated_time
async def test_a_server_that_ignores_the_filter(certhia_clock: SimClock) -> None:
    rows = [{"id": "1", "handle": "a", "following": True}, {"id": "2", "handle": "b", "following": False}]
    platforms = FakePlatforms(certhia_clock)
    platforms.fault("programs?", lambda: Answer(as_json({"maxCount": 2, "records": rows})))
    assert list((await fetched(intigriti("following"), platforms, listing=True)).scopes) == ["a"]


@in_simulated_time
async def test_programmes_that_share_a_handle(certhia_clock: SimClock) -> None:
    rows = [{"id": "1", "handle": "bug-bounty", "name": "A"}, {"id": "2", "handle": "bug-bounty", "name": "B"}]
    platforms = FakePlatforms(certhia_clock)
    platforms.fault("programs?", lambda: Answer(as_json({"maxCount": 2, "records": rows})))
    found = await fetched(intigriti(), platforms, listing=True)
    assert {one.handle: one.name for one in found.scopes.values()} == {"bug-bounty": "A", "2": "B"}


@in_simulated_time
async def test_wrong_credentials(certhia_clock: SimClock) -> None:
    with pytest.raises(Denied, match="UNAUTH001"):
        await fetched(intigriti(token="other"), FakePlatforms(certhia_clock))


@in_simulated_time
async def test_a_programme_that_is_withheld(certhia_clock: SimClock) -> None:
    programmes = [FakeProgramme("shy", "Shy", withheld=True), FakeProgramme("acme", "Acme", ROWS)]
    found = await fetched(intigriti(), FakePlatforms(certhia_clock, programmes))
    assert list(found.scopes) == ["acme"]
    assert "FORBID001" in found.failed["shy"]


@pytest.mark.parametrize("said", [{"records": 1}, {}, None, [1]])
@in_simulated_time
async def test_what_is_no_list(certhia_clock: SimClock, said: object) -> None:
    platforms = FakePlatforms(certhia_clock)
    platforms.fault("", lambda: Answer(as_json(said)))
    with pytest.raises(BadAnswer, match="has no list as records"):
        await fetched(intigriti(), platforms)


@in_simulated_time
async def test_pages_that_never_end(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock)
    platforms.fault("", lambda: Answer(as_json({"maxCount": 10**9, "records": [{"id": "1", "handle": "a"}]})))
    with pytest.raises(BadAnswer, match="repeats programmes"):
        await fetched(intigriti(), platforms)


@in_simulated_time
async def test_a_scope_that_is_none(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [FakeProgramme("a", "A"), FakeProgramme("b", "B", ROWS)])
    platforms.fault("id-a", lambda: Answer(as_json({"domains": {"content": "x"}})))
    found = await fetched(intigriti(), platforms)
    assert (list(found.scopes), list(found.failed)) == (["b"], ["a"])


@in_simulated_time
async def test_pages_without_a_count(certhia_clock: SimClock) -> None:
    """What is on the first is not all that there is."""
    platforms = FakePlatforms(certhia_clock)
    pages = [[{"id": str(n), "handle": f"h{n}"} for n in some] for some in (range(PAGE), range(PAGE, PAGE + 3))]
    platforms.fault("programs?", lambda: Answer(as_json({"records": pages[len(platforms.asked) - 1]})))
    assert len((await fetched(intigriti(), platforms, listing=True)).scopes) == PAGE + 3
    assert len(platforms.asked) == 2
