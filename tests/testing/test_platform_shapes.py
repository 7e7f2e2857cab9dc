"""The shapes that platforms document."""

from __future__ import annotations

import json

import pytest

from certhia.testing.platform_shapes import H1_PAGE, SHAPES, TOKEN, FakeProgramme

BEARER = {"authorization": f"Bearer {TOKEN}"}
ACME = FakeProgramme("acme", "Acme", [("URL", "a.example", True), ("URL", "b.example", False)], following=True)


@pytest.mark.parametrize("platform, path", [("hackerone", "v1/hackers/programs"), ("intigriti", "v1/programs")])
def test_nobody_is_let_in_without_credentials(platform: str, path: str) -> None:
    assert SHAPES[platform]([ACME], path, {}, {}).status == 401


@pytest.mark.parametrize(
    "platform, path, keys",
    [
        ("intigriti", "v1/programs", {"maxCount", "records"}),
        ("intigriti", "v1/programs/id-acme", {"domains", "id", "handle"}),
        ("yeswehack", "programs", {"items", "pagination"}),
        ("yeswehack", "programs/acme", {"scopes", "out_of_scope"}),
        ("bugcrowd", "engagements.json", {"engagements", "paginationMeta"}),
        ("bugcrowd", "engagements/acme/changelog/1.json", {"data"}),
    ],
)
def test_what_stands_at_the_top(platform: str, path: str, keys: set[str]) -> None:
    answer = SHAPES[platform]([ACME], path, {"category": "bug_bounty"}, BEARER)
    assert answer.status == 200
    assert json.loads(answer.body).keys() >= keys


def test_pages_of_hackerone_name_the_next_one() -> None:
    programmes = [FakeProgramme(f"p{n}", f"P{n}") for n in range(H1_PAGE + 1)]
    headers = {"authorization": "Basic aHVudGVyOnMzY3JldC10b2tlbi1vZi1hLXRlc3Q="}
    pages = [
        json.loads(SHAPES["hackerone"](programmes, "v1/hackers/programs", query, headers).body)
        for query in ({"page[number]": "1", "page[size]": "999"}, {"page[number]": "2", "page[size]": "100"})
    ]
    assert [len(page["data"]) for page in pages] == [H1_PAGE, 1]
    assert ["next" in page["links"] for page in pages] == [True, False]


@pytest.mark.parametrize("platform", SHAPES)
def test_what_is_not_there(platform: str) -> None:
    if platform != "scopes.json":
        assert SHAPES[platform]([ACME], "programs/none", {}, BEARER).status in (401, 404)
