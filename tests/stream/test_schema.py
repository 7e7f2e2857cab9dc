"""The streams' schemas: every message of the corpus fits them, and nothing of them vanishes within a major version."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.core.archives import members

from certhia._core import Form, Issuers, Page, Source
from certhia.stream import notices, places
from certhia.stream.schema import KINDS, schema
from certhia.testing import World
from certhia.testing.entries import u16, u24

MAJOR = version("certhia").partition(".")[0]
# What each message has had since that major version: path and types.
GOLDEN = Path(__file__).with_name(f"messages-{MAJOR}.json")
SOURCE = Source(bytes(range(32)), "A log", "https://ct.example/2026/", "rfc6962", "An operator")
PARTS = 8  # of each archive
STREAMS = ("lite", "full", "domains")
WORDS = ("X509LogEntry", "PrecertLogEntry", "CA:TRUE", "CA:FALSE", "rfc6962", "tiled")
PLACE = (bytes(32), 7)

Json = dict[str, Any]


def closed(node: Any) -> Any:
    """The schema without room for keys that it does not name."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    more = {"additionalProperties": False} if "properties" in node else {}
    return {name: closed(value) for name, value in node.items()} | more


def paths(node: Json, path: str = "") -> Iterator[tuple[str, str]]:
    """Every key that a schema names, with its types; a question mark behind what may be missing."""
    for name, value in node.get("properties", {}).items():
        kinds = value["type"] if isinstance(value["type"], list) else [value["type"]]
        may_miss = "" if name in node["required"] else "?"
        yield f"{path}.{name}{may_miss}", " or ".join(kinds)
        yield from paths(value, f"{path}.{name}")
        if "items" in value:
            yield f"{path}.{name}[]", value["items"]["type"]
            yield from paths(value["items"], f"{path}.{name}[]")


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_one(kind: str) -> None:
    Draft202012Validator.check_schema(schema(kind))
    assert all("description" in value or "const" in value or "properties" in value for value in _leaves(schema(kind)))


def _leaves(node: Json) -> Iterator[Json]:
    for value in node.get("properties", {}).values():
        yield value
        yield from _leaves(value)


@pytest.mark.parametrize("kind", KINDS)
def test_no_key_vanishes_or_changes_its_type(kind: str) -> None:
    """A key that is new is written into the file; what stands there stays until the next major version."""
    assert dict(paths(schema(kind))) == json.loads(GOLDEN.read_text())[kind], f"messages differ from {GOLDEN.name}"


@functools.cache
def every_page(corpus: Path) -> list[tuple[Page, Issuers]]:
    """Captured answers, tiles without their issuers, and every certificate and hostile byte as an entry."""
    issuers, tiles = Issuers(), corpus / "tiles" / "navigli2025h2" / "tile" / "data"
    bodies = [path.read_bytes() for path in (corpus / "get-entries").glob("*.json")]
    pages = [(Page.from_get_entries(bodies, 0, issuers), issuers)]
    pages += [(Page.from_tile(path.read_bytes(), 0), Issuers()) for path in tiles.glob("???")]
    for archive in ("certificates", "hostile"):
        contents = [content for _, content in members(corpus / f"{archive}.tar.zst") if 0 < len(content) < 1 << 20]
        pages += [(of_certificates(contents[part::PARTS]), issuers) for part in range(PARTS)]
    return pages


def of_certificates(contents: list[bytes]) -> Page:
    items = [
        {
            "leaf_input": base64.b64encode(bytes(12) + u24(content) + u16(b"")).decode(),
            "extra_data": base64.b64encode(u24(u24(content))).decode(),
        }
        for content in contents
    ]
    return Page.from_get_entries([json.dumps({"entries": items}).encode()], 0, Issuers())


def shape(node: Any) -> Any:
    """What a schema sees of a message: its keys and types, and words of which there are few."""
    if isinstance(node, dict):
        return tuple((name, shape(value)) for name, value in node.items())
    if isinstance(node, list):
        return frozenset(map(shape, node))
    return node if node in WORDS else type(node)


@pytest.mark.slow
@pytest.mark.parametrize("kind", STREAMS)
def test_every_message_of_the_corpus_fits(corpus: Path, kind: str) -> None:
    """One of each shape: thousands are alike. Full ones are many bytes: a part of them, as lite ones have the same."""
    validator, form = Draft202012Validator(closed(schema(kind))), Form(kind)
    known, seen = set[object](), 0
    for page, issuers in every_page(corpus)[: 1 + 4 + PARTS // 2 if kind == "full" else None]:
        messages = page.messages(form, SOURCE, issuers, seen=1.5, verified=3)
        for number in range(len(messages)):
            message, seen = json.loads(messages[number]), seen + 1
            if (one := shape(message)) not in known:
                known.add(one)
                validator.validate(message)
    assert seen > 4000
    assert len(known) > 1


@pytest.mark.parametrize("kind", STREAMS)
def test_every_message_of_the_world_fits(kind: str) -> None:
    world = World()
    log = world.rfc6962("one")
    world.grow(20)
    issuers = Issuers()
    body = world.handle("GET", f"{log.url}ct/v1/get-entries?start=0&end=19").body
    messages = Page.from_get_entries([body], 0, issuers).messages(Form(kind), SOURCE, issuers, seen=1.5, verified=3)
    assert len(messages) == 20
    for number in range(len(messages)):
        Draft202012Validator(closed(schema(kind))).validate(json.loads(messages[number]))


@pytest.mark.parametrize("missed", [None, 0, 12])
@pytest.mark.parametrize("reason", [notices.SLOW, notices.UNPROVEN, notices.TOO_OLD, places.NOT_RECORDED])
def test_gaps_fit(missed: int | None, reason: str) -> None:
    for first, last in ((None, None), (PLACE, None), (PLACE, PLACE)):
        Draft202012Validator(closed(schema("gap"))).validate(json.loads(notices.gap(missed, first, last, reason)))


def test_errors_are_as_the_schema_has_them() -> None:
    Draft202012Validator(closed(schema("error"))).validate(json.loads(notices.error("what was wrong")))


def test_every_reason_of_a_gap_is_explained() -> None:
    told = schema("gap")["properties"]["data"]["properties"]["reason"]["description"]  # type: ignore[index]
    known = {value for name, value in vars(notices).items() if name.isupper() and isinstance(value, str)}
    assert known >= {notices.SLOW, notices.FAULT}
    assert all(f"{reason}: " in told for reason in (*known, places.NOT_RECORDED))
