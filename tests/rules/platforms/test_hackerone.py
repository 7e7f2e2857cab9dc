"""HackerOne's hacker API."""

from __future__ import annotations

from itertools import pairwise

import pytest
from tests.rules.platforms.asked import fetched, hackerone, texts

from certhia.errors import BadAnswer, RemoteError
from certhia.rules.platforms import hackerone as hackerones
from certhia.rules.platforms.client import Denied
from certhia.rules.platforms.fields import Unreadable
from certhia.rules.platforms.hackerone import PAGE
from certhia.testing import SimClock, in_simulated_time
from certhia.testing.platform_shapes import TOKEN, FakeProgramme
from certhia.testing.platforms import FakePlatforms, say
from certhia.testing.request import Answer, as_json

ACME = FakeProgramme(
    "acme",
    "Acme",
    [
        ("URL", "https://www.acme.example/", True),
        ("WILDCARD", "*.acme.test", True),
        ("DOMAIN", "acme.example", True),
        ("CIDR", "198.51.100.0/24", True),
        ("Url", "api.acme.example", True),
        ("URL", "status.acme.test", False),
        ("WILDCARD", "*.shop.acme.test", False),
        ("GOOGLE_PLAY_APP_ID", "com.acme.app", True),
        ("SOURCE_CODE", "https://github.com/acme/x", True),
    ],
    bookmarked=True,
)


@in_simulated_time
async def test_assets_of_all_types_in_and_out_of_scope(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [ACME])
    found = await fetched(hackerone(), platforms)
    assert texts(found) == {
        "Acme": [
            "=www.acme.example",
            "*.acme.test",
            "=acme.example",
            "198.51.100.0/24",
            "=api.acme.example",
            "!=status.acme.test",
            "!*.shop.acme.test",
        ]
    }
    assert (found.notes, found.failed, found.left_out) == ([], {}, 0)
    assert platforms.asked == [
        "/hackerone/v1/hackers/programs?page%5Bnumber%5D=1&page%5Bsize%5D=100",
        "/hackerone/v1/hackers/programs/acme/structured_scopes?page%5Bnumber%5D=1&page%5Bsize%5D=100",
    ]
    assert platforms.headers["authorization"].startswith("Basic ")
    assert platforms.headers["accept"] == "application/json"


@in_simulated_time
async def test_all_pages_of_lists_and_scopes(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock)
    platforms.add(*(FakeProgramme(f"p{number:03}", f"Programme {number}") for number in range(2 * PAGE + 1)))
    platforms.programmes[0].assets = [("URL", f"h{number}.acme.example", True) for number in range(PAGE + 5)]
    found = await fetched(hackerone(), platforms)
    assert len(found.scopes) == 2 * PAGE + 1
    assert len(found.scopes["p000"].rules) == PAGE + 5
    assert sum("/programs?" in path for path in platforms.asked) == 3
    scopes = [at for path, at in zip(platforms.asked, platforms.times, strict=True) if "structured" in path]
    assert all(later - earlier >= 60 / 50 for earlier, later in pairwise(scopes))  # 50 a minute


@in_simulated_time
async def test_only_what_is_bookmarked(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [ACME, FakeProgramme("other", "Other", [("URL", "other.example", True)])])
    assert list((await fetched(hackerone("bookmarked"), platforms)).scopes) == ["acme"]
    assert list((await fetched(hackerone("all"), platforms)).scopes) == ["acme", "other"]


@in_simulated_time
async def test_at_most_so_many_programmes_and_those_that_are_known_first(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [FakeProgramme(f"p{number}", f"P{number}") for number in range(5)])
    found = await fetched(hackerone(), platforms, most=2)
    assert (list(found.scopes), found.left_out) == (["p0", "p1"], 3)
    found = await fetched(hackerone(), platforms, most=2, known={"p4"})
    assert list(found.scopes) == ["p4", "p0"]


@in_simulated_time
async def test_wrong_credentials(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [ACME])
    with pytest.raises(
        Denied, match=r"the credentials are not taken \(401\): .*Unauthorized.*; make a new token"
    ) as told:
        await fetched(hackerone(token="other"), platforms)
    assert "other" not in str(told.value)
    assert len(platforms.asked) == 1  # nothing is gained by asking again


@in_simulated_time
async def test_a_programme_that_is_withheld_is_passed_over(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [FakeProgramme("shy", "Shy", withheld=True), ACME])
    found = await fetched(hackerone(), platforms)
    assert list(found.scopes) == ["acme"]
    assert list(found.failed) == ["shy"]
    assert "refused (403)" in found.failed["shy"]


@in_simulated_time
async def test_throttling_is_obeyed(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [ACME])
    platforms.fault("structured", say(429, headers={"retry-after": "50"}), times=2)
    began = certhia_clock.monotonic()
    assert list((await fetched(hackerone(), platforms)).scopes) == ["acme"]
    assert certhia_clock.monotonic() - began >= 100


@in_simulated_time
async def test_a_server_that_fails_for_a_moment(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [ACME])
    platforms.fault("programs?", say(500), times=2)
    assert list((await fetched(hackerone(), platforms)).scopes) == ["acme"]


@in_simulated_time
async def test_a_server_that_is_down(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [ACME])
    platforms.fault("", say(502, "<html>bad gateway</html>"))
    with pytest.raises(RemoteError, match="answered 502"):
        await fetched(hackerone(), platforms)
    assert len(platforms.asked) == 4


@pytest.mark.parametrize("said", [{"data": {}}, {}, [], {"data": None}, None, {"errors": []}])
@in_simulated_time
async def test_what_is_no_list(certhia_clock: SimClock, said: object) -> None:
    platforms = FakePlatforms(certhia_clock)
    platforms.fault("", lambda: Answer(as_json(said)))
    with pytest.raises(BadAnswer, match="the answer has no list as data"):
        await fetched(hackerone(), platforms)


@in_simulated_time
async def test_rows_that_make_no_sense_are_left_out(certhia_clock: SimClock) -> None:
    rows: list[object] = [1, None, [], {"attributes": []}, {"id": {}, "attributes": {"handle": 5, "name": ["x"]}}]
    platforms = FakePlatforms(certhia_clock)
    platforms.fault("programs?", lambda: Answer(as_json({"data": rows})))
    scopes: list[object] = [
        {"attributes": {"asset_type": 1}},
        "x",
        {"attributes": {"asset_type": "URL", "asset_identifier": "a.example", "eligible_for_submission": True}},
    ]
    platforms.fault("structured", lambda: Answer(as_json({"data": scopes})))
    assert texts(await fetched(hackerone(), platforms)) == {"5": ["=a.example"]}
    scopes.pop()
    found = await fetched(hackerone(), platforms)
    assert [*found.failed] == ["5"], "another form than we read is no empty scope"
    with pytest.raises(Unreadable):  # nothing says what is bookmarked
        await fetched(hackerone("bookmarked"), platforms)
    rows.pop()
    with pytest.raises(Unreadable, match="none of 4 rows has in it what they had: its form may have changed"):
        await fetched(hackerone(), platforms)


@in_simulated_time
async def test_pages_that_never_end(certhia_clock: SimClock) -> None:
    again = {"data": [{"id": "1", "attributes": {"handle": "acme"}}], "links": {"next": "https://elsewhere.example/"}}
    platforms = FakePlatforms(certhia_clock)
    platforms.fault("", lambda: Answer(as_json(again)))
    with pytest.raises(BadAnswer, match="page 2 repeats earlier ones"):
        await fetched(hackerone(), platforms)
    assert all(path.startswith("/hackerone/") for path in platforms.asked)  # what `next` names is not asked


@in_simulated_time
async def test_credentials_do_not_follow_a_redirect(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock)
    platforms.fault("", say(302, headers={"location": "http://169.254.169.254/latest"}))
    with pytest.raises(BadAnswer, match=r"sends on to .http://169.254.169.254/latest., which is not followed"):
        await fetched(hackerone(), platforms)
    assert len(platforms.asked) == 1
    assert TOKEN not in "".join(platforms.asked)


@in_simulated_time
async def test_pages_are_bounded(certhia_clock: SimClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hackerones, "MAX_PAGES", 2)
    platforms = FakePlatforms(certhia_clock, [FakeProgramme(f"p{n}", f"P{n}") for n in range(2 * PAGE + 1)])
    with pytest.raises(BadAnswer, match="more than 2 pages"):
        await fetched(hackerone(), platforms)


@in_simulated_time
async def test_a_handle_that_is_none(certhia_clock: SimClock) -> None:
    programmes = [FakeProgramme(one, "Same", [("url", "a.example", True)]) for one in ("a\n\x1b[31mb", "c" * 5000)]
    found = await fetched(hackerone(), FakePlatforms(certhia_clock, programmes))
    assert list(found.scopes) == ["a [31mb", "c" * 200]
    assert all(one.rules for one in found.scopes.values())  # asked for by what it is


@in_simulated_time
async def test_half_a_character_spoils_nothing(certhia_clock: SimClock) -> None:
    bad = FakeProgramme("b\ud800", "B\ud800", [("URL", "\ud800.example", True), ("\ud800", "x", True)])
    good = FakeProgramme("a", "A", [("URL", "a.example", True)])
    found = await fetched(hackerone(), FakePlatforms(certhia_clock, [bad, good]))
    assert found.scopes["a"].rules
