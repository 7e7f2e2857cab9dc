"""What the APIs of bug bounty platforms answer, as they document it, or as their own pages read it.

- HackerOne: https://api.hackerone.com/hacker-resources/ (programs, structured_scopes; JSON:API).
- Intigriti: https://api.intigriti.com/external/researcher (swagger of v1).
- Bugcrowd and YesWeHack document nothing; arkadiyt/bounty-targets and sw33tLie/bbscope read these.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from certhia.net import Response
from certhia.testing.request import as_json

USER, TOKEN = "hunter", "s3cret-token-of-a-test"  # what is taken
H1_PAGE, INTIGRITI_PAGE, YWH_PAGE, BUGCROWD_PAGE = 100, 500, 42, 24  # the most that each gives at once

_TYPES: Final = {"url": 1, "android": 2, "ios": 3, "iprange": 4, "device": 5, "other": 6, "wildcard": 7}
_TIERS: Final = {1: "No Bounty", 2: "Tier 3", 3: "Tier 2", 4: "Tier 1", 5: "Out Of Scope"}

Query = Mapping[str, str]


@dataclass(slots=True)
class FakeProgramme:
    """A programme, on all platforms. `assets`: rows of type, text, and whether it is in scope. `withheld`: its scope is
    refused with 403. `tier`: Intigriti's, of what is in scope. `prose`: what YesWeHack says is out of scope. `older`:
    whether Bugcrowd has it in groups of targets."""

    handle: str
    name: str
    assets: Sequence[Sequence[Any]] = ()
    bookmarked: bool = False
    following: bool = False
    withheld: bool = False
    tier: int = 4
    prose: Sequence[str] = ()
    older: bool = False


Programmes = Sequence[FakeProgramme]


def hackerone(programmes: Programmes, path: str, query: Query, headers: Mapping[str, str]) -> Response:
    """`/v1/hackers/programs` and `/v1/hackers/programs/{handle}/structured_scopes`."""
    if headers.get("authorization") != f"Basic {base64.b64encode(f'{USER}:{TOKEN}'.encode()).decode()}":
        return _errors(401, "Unauthorized")
    if path == "v1/hackers/programs":
        return _paged([_h1_program(number, one) for number, one in enumerate(programmes, 1)], path, query)
    handle = path.removeprefix("v1/hackers/programs/").removesuffix("/structured_scopes")
    one = _find(programmes, handle)
    if one is None or not path.endswith("/structured_scopes"):
        return _errors(404, "Not Found")
    if one.withheld:
        return _errors(403, "Forbidden")
    return _paged([_h1_scope(f"{handle}-{at}", row) for at, row in enumerate(one.assets)], path, query)


def _h1_program(number: int, one: FakeProgramme) -> dict[str, Any]:
    attributes = {
        "handle": one.handle,
        "name": one.name,
        "bookmarked": one.bookmarked,
        "state": "public_mode",
        "submission_state": "open",
        "offers_bounties": True,
    }
    return {"id": str(number), "type": "program", "attributes": attributes}


def _h1_scope(number: str, row: Sequence[Any]) -> dict[str, Any]:
    kind, asset, in_scope = row
    attributes = {
        "asset_type": kind,
        "asset_identifier": asset,
        "eligible_for_bounty": in_scope,
        "eligible_for_submission": in_scope,
        "instruction": "",
        "max_severity": "critical" if in_scope else "none",
    }
    return {"id": number, "type": "structured-scope", "attributes": attributes}


def _paged(rows: Sequence[Any], path: str, query: Query) -> Response:
    """JSON:API pages, with links."""
    number = int(query.get("page[number]", "1"))
    size = min(int(query.get("page[size]", "25")), H1_PAGE)
    begin = (number - 1) * size
    links = {"self": f"https://api.hackerone.com/{path}"}
    if begin + size < len(rows):
        links["next"] = f"https://api.hackerone.com/{path}?page%5Bnumber%5D={number + 1}&page%5Bsize%5D={size}"
    return as_json({"data": rows[begin : begin + size], "links": links})


def _errors(status: int, title: str) -> Response:
    return replace(as_json({"errors": [{"status": status, "title": title}]}), status=status)


def intigriti(programmes: Programmes, path: str, query: Query, headers: Mapping[str, str]) -> Response:
    """`/v1/programs` and `/v1/programs/{id}`."""
    if headers.get("authorization") != f"Bearer {TOKEN}":
        return replace(as_json({"code": "UNAUTH001", "message": "Unauthorized"}), status=401)
    if path == "v1/programs":
        wanted = [one for one in programmes if query.get("following") != "true" or one.following]
        offset, limit = int(query.get("offset", "0")), min(int(query.get("limit", "50")), INTIGRITI_PAGE)
        return as_json(
            {"maxCount": len(wanted), "records": [_intigriti_program(one) for one in wanted[offset : offset + limit]]}
        )
    one = _find(programmes, path.removeprefix("v1/programs/id-"))
    if one is None:
        return replace(as_json({"code": "NOTFOUND001"}), status=404)
    if one.withheld:
        return replace(as_json({"code": "FORBID001", "message": "Forbidden"}), status=403)
    content = [
        {
            "id": f"{one.handle}-{at}",
            "endpoint": asset,
            "type": {"id": _TYPES.get(kind.lower(), 6), "value": kind},
            "tier": {"id": one.tier if in_scope else 5, "value": _TIERS.get(one.tier if in_scope else 5, "?")},
            "description": None,
        }
        for at, (kind, asset, in_scope) in enumerate(one.assets)
    ]
    return as_json({**_intigriti_program(one), "domains": {"id": "v1", "createdAt": 1_700_000_000, "content": content}})


def _intigriti_program(one: FakeProgramme) -> dict[str, Any]:
    return {
        "id": f"id-{one.handle}",
        "handle": one.handle,
        "name": one.name,
        "following": one.following,
        "confidentialityLevel": {"id": 4, "value": "Public"},
        "status": {"id": 3, "value": "Open"},
        "type": {"id": 1, "value": "Bug Bounty"},
    }


def yeswehack(programmes: Programmes, path: str, query: Query, headers: Mapping[str, str]) -> Response:
    """`/programs` and `/programs/{slug}`."""
    del headers
    if path == "programs":
        page = int(query.get("page", "1"))
        pages = max(1, -(-len(programmes) // YWH_PAGE))
        items = [
            {"slug": one.handle, "title": one.name, "public": True, "disabled": False, "bounty": True}
            for one in programmes[(page - 1) * YWH_PAGE : page * YWH_PAGE]
        ]
        counted = {"page": page, "nb_pages": pages, "results_per_page": YWH_PAGE, "nb_results": len(programmes)}
        return as_json({"items": items, "pagination": counted})
    one = _find(programmes, path.removeprefix("programs/"))
    if one is None or one.withheld:
        return replace(as_json({"code": 404 if one is None else 403}), status=404 if one is None else 403)
    scopes = [
        {"scope": asset, "scope_type": kind, "asset_value": "HIGH"} for kind, asset, inside in one.assets if inside
    ]
    out = [asset for _, asset, inside in one.assets if not inside]
    return as_json({"slug": one.handle, "title": one.name, "scopes": scopes, "out_of_scope": [*out, *one.prose]})


def bugcrowd(programmes: Programmes, path: str, query: Query, headers: Mapping[str, str]) -> Response:
    """`/engagements.json`, an engagement's page and its brief; an older programme's groups of targets."""
    del headers
    if path == "engagements.json":
        wanted = programmes if query.get("category") == "bug_bounty" else ()
        page = int(query.get("page", "1"))
        rows = [
            {"name": one.name, "briefUrl": _brief(one), "accessStatus": "open"}
            for one in wanted[(page - 1) * BUGCROWD_PAGE : page * BUGCROWD_PAGE]
        ]
        return as_json({"engagements": rows, "paginationMeta": {"limit": BUGCROWD_PAGE, "totalCount": len(wanted)}})
    parts = path.removesuffix(".json").split("/")
    one = _find(programmes, parts[1] if parts[0] == "engagements" else parts[0])
    if one is None or one.withheld:
        return Response(404 if one is None else 403, b"<html>no</html>", {"content-type": "text/html"})
    if one.older:
        return _groups(one, parts)
    if len(parts) == 2:
        endpoints = {"engagementBriefApi": {"getBriefVersionDocument": f"/engagements/{one.handle}/changelog/1"}}
        page_ = f'<html><div data-react-class="ResearcherEngagementBrief" data-api-endpoints="{_attribute(endpoints)}">'
        return Response(200, page_.encode(), {"content-type": "text/html"})
    groups = [{"inScope": inside, "targets": _targets(one, in_scope=inside)} for inside in (True, False)]
    return as_json({"data": {"brief": {"name": one.name}, "scope": groups}})


def _brief(one: FakeProgramme) -> str:
    return f"/{one.handle}" if one.older else f"/engagements/{one.handle}"


def _groups(one: FakeProgramme, parts: Sequence[str]) -> Response:
    if parts[-1] == "target_groups":
        urls = {inside: f"/{one.handle}/target_groups/{inside}/targets" for inside in (True, False)}
        return as_json({"groups": [{"in_scope": inside, "targets_url": url} for inside, url in urls.items()]})
    return as_json({"targets": _targets(one, in_scope=parts[2] == "True")})


def _targets(one: FakeProgramme, *, in_scope: bool) -> list[dict[str, Any]]:
    return [
        {"name": asset, "uri": "", "category": kind, "ipAddress": None}
        for kind, asset, inside in one.assets
        if inside is in_scope
    ]


def _attribute(value: object) -> str:
    return html.escape(json.dumps(value), quote=True)


def document(programmes: Programmes, path: str, query: Query, headers: Mapping[str, str]) -> Response:
    """As arkadiyt/bounty-targets-data has HackerOne's."""
    del path, query, headers
    return as_json(
        [
            {
                "handle": one.handle,
                "name": one.name,
                "url": f"https://hackerone.com/{one.handle}",
                "targets": {
                    "in_scope": [_h1_scope("", row)["attributes"] for row in one.assets if row[2]],
                    "out_of_scope": [_h1_scope("", row)["attributes"] for row in one.assets if not row[2]],
                },
            }
            for one in programmes
        ]
    )


def _find(programmes: Programmes, handle: str) -> FakeProgramme | None:
    return next((one for one in programmes if one.handle == handle), None)


SHAPES: Final[Mapping[str, Callable[[Programmes, str, Query, Mapping[str, str]], Response]]] = {
    "hackerone": hackerone,
    "intigriti": intigriti,
    "yeswehack": yeswehack,
    "bugcrowd": bugcrowd,
    "scopes.json": document,
}
"""By the first part of the path."""
