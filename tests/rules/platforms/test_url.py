"""JSON documents of programmes, in whichever of the usual forms."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr
from tests.rules.platforms.asked import BASE, ask, fetched, texts

from certhia.config.platforms import UrlPlatform
from certhia.errors import BadAnswer
from certhia.rules.platforms import url as urls
from certhia.rules.platforms.url import read
from certhia.testing import SimClock, in_simulated_time
from certhia.testing.platform_shapes import FakeProgramme
from certhia.testing.platforms import FakePlatforms

FORMS: dict[str, tuple[Any, dict[str, list[str]]]] = {
    "ours": (
        {
            "programs": [
                {
                    "name": "Acme",
                    "platform": "h1",
                    "domains": ["acme.example", "*.acme.test", "=www.acme.net"],
                    "hosts": ["api.acme.net"],
                    "ips": ["192.0.2.7"],
                    "cidrs": ["198.51.100.0/24"],
                    "exclude": ["=x.acme.example"],
                    "out_of_scope": ["shop.acme.example"],
                }
            ]
        },
        {
            "Acme": [
                *("acme.example", "*.acme.test", "=www.acme.net", "=api.acme.net", "192.0.2.7", "198.51.100.0/24"),
                *("!shop.acme.example", "!=x.acme.example"),  # what our own files mean by these
            ]
        },
    ),
    "chaos": (
        {"programs": [{"name": "Acme", "url": "https://x", "bounty": True, "domains": ["acme.example"]}]},
        {"Acme": ["acme.example"]},
    ),
    "bounty-targets of hackerone": (
        [
            {
                "handle": "acme",
                "name": "Acme",
                "targets": {
                    "in_scope": [
                        {
                            "asset_type": "WILDCARD",
                            "asset_identifier": "*.acme.example",
                            "eligible_for_submission": True,
                        },
                        {"asset_type": "URL", "asset_identifier": "no.acme.example", "eligible_for_submission": False},
                    ],
                    "out_of_scope": [{"asset_type": "URL", "asset_identifier": "out.acme.example"}],
                },
            }
        ],
        {"Acme": ["*.acme.example", "!=no.acme.example", "!=out.acme.example"]},
    ),
    "bounty-targets of bugcrowd": (
        [{"name": "Acme", "targets": {"in_scope": [{"type": "website", "target": "www.acme.example", "uri": None}]}}],
        {"Acme": ["=www.acme.example"]},
    ),
    "bounty-targets of intigriti": (
        [
            {
                "id": "1",
                "handle": "acme",
                "name": "Acme",
                "targets": {
                    "in_scope": [
                        {"type": "wildcard", "endpoint": "*.acme.example", "impact": "Tier 2"},
                        {"type": "url", "endpoint": "out.acme.example", "impact": "Out of scope"},
                    ]
                },
            }
        ],
        {"Acme": ["*.acme.example", "!=out.acme.example"]},
    ),
    "bounty-targets of yeswehack": (
        [{"id": "acme", "name": "Acme", "targets": {"in_scope": [{"target": "*.acme.example", "type": "wildcard"}]}}],
        {"Acme": ["*.acme.example"]},
    ),
    "plain lists": (
        [{"handle": "acme", "in_scope": ["https://www.acme.example", "*.acme.test"], "out_of_scope": ["a.acme.test"]}],
        {"acme": ["=www.acme.example", "*.acme.test", "!=a.acme.test"]},
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(certhia_clock: SimClock, form: str) -> None:
    document, wanted = FORMS[form]
    assert texts(read(document, "x", ask(FakePlatforms(certhia_clock), certhia_clock))) == wanted


@in_simulated_time
async def test_by_its_url(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [FakeProgramme("acme", "Acme", [("URL", "www.acme.example", True)])])
    settings = UrlPlatform(url=f"{BASE}/scopes.json?key=1", token=SecretStr("t"))
    assert texts(await fetched(settings, platforms)) == {"Acme": ["=www.acme.example"]}
    assert platforms.asked == ["/scopes.json?key=1"]
    assert platforms.headers["authorization"] == "Bearer t"


@pytest.mark.parametrize("document", [{}, {"programs": {}}, 5, None, "x", {"other": []}])
def test_what_holds_no_programmes(certhia_clock: SimClock, document: object) -> None:
    with pytest.raises(BadAnswer, match="x: holds no list of programmes; it must be a list, or have one as programs"):
        read(document, "x", ask(FakePlatforms(certhia_clock), certhia_clock))


def test_programmes_that_make_no_sense(certhia_clock: SimClock) -> None:
    odd = {"name": "A", "targets": 5, "domains": "x", "in_scope": [5, None, {"type": []}]}
    document = [5, None, {}, {"name": 7}, odd]
    found = read(document, "x", ask(FakePlatforms(certhia_clock), certhia_clock))
    assert texts(found) == {"7": [], "A": []}
    assert "3 programmes have no name, or that of another" in found.notes


def test_at_most_so_many(certhia_clock: SimClock) -> None:
    document = [{"name": f"P{n}", "domains": [f"p{n}.example"]} for n in range(5)]
    found = read(document, "x", ask(FakePlatforms(certhia_clock), certhia_clock, most=2))
    assert (list(found.scopes), found.left_out) == (["P0", "P1"], 3)


def test_a_document_is_read_as_far_as_its_bound(certhia_clock: SimClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urls, "MAX_LISTED", 2)
    document = [{"name": f"P{n}"} for n in range(5)]
    assert list(read(document, "x", ask(FakePlatforms(certhia_clock), certhia_clock)).scopes) == ["P0", "P1"]
