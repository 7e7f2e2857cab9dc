"""Intelligence as a module: what it knows when it starts, and what it says."""

from __future__ import annotations

import hashlib
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.modules.builtin.intelligence.cases import match
from tests.modules.builtin.matching import Around, at_work, kinds
from tests.modules.worlds import run
from tests.store.conftest import Book, both

from certhia.clock import Clock
from certhia.config.modules.intelligence import IntelligenceSection
from certhia.errors import ConfigError
from certhia.modules.batch import Matches
from certhia.modules.builtin.intelligence.history import MAX_RECORDS
from certhia.modules.builtin.intelligence.module import Intelligence
from certhia.store import State
from certhia.testing import CA

MONTHLY = [match(number, day=30 * number) for number in range(6)]


def intelligence(around: Around, **settings: object) -> AbstractAsyncContextManager[Intelligence]:
    return at_work(Intelligence(), IntelligenceSection.model_validate(settings), around)


@pytest.fixture
def around(tmp_path: Path) -> Around:
    return Around(tmp_path, Clock())


async def test_it_learns_as_it_goes(around: Around) -> None:
    async with intelligence(around) as module:
        assert kinds(await module.process(Matches(MONTHLY[:1]))) == ["issued", "first-certificate"]
        assert kinds(await module.process(Matches(MONTHLY[1:]))) == ["issued"] * 5
        odd = match(9, "www.example.com", "*.example.com", day=155, by="ZeroSSL", length=400, key=1000)
        assert kinds(await module.process(Matches([odd]))) == [
            *("issued", "first-certificate", "unusual-issuer", "key-reuse", "wildcard", "validity")
        ]


async def test_what_comes_again_is_judged_as_before(around: Around) -> None:
    async with intelligence(around) as module:
        first = await module.process(Matches([*MONTHLY, match(9, day=155, by="ZeroSSL")]))
        assert await module.process(Matches([*MONTHLY, match(9, day=155, by="ZeroSSL")])) == first


@both
async def test_it_learns_from_the_state(tmp_path: Path, state: State, book: Book) -> None:
    state.writer.log(book.log)
    for number in range(450):  # more than are read at once
        one = match(number, f"n{number % 7}.example.com", day=number)
        state.writer.match(replace(one, sighting=replace(one.sighting, log_id=book.log.id)), [])
    await state.writer.durable()
    async with intelligence(Around(tmp_path, Clock(), state)) as module:
        found = await module.process(Matches([match(900, "n1.example.com", day=460, by="ZeroSSL")]))
        assert "unusual-issuer" in kinds(found)
        assert found[0].data["earlier"] == MAX_RECORDS - 1
        again = await module.process(Matches([match(449, "n1.example.com", day=449)]))  # stored before it was told
        assert "first-certificate" not in kinds(again)
    async with intelligence(Around(tmp_path, Clock(), state), history=10) as module:
        assert len(module.history.of("example.com").records) == 10


async def test_each_kind_can_be_switched_off(around: Around) -> None:
    fields = ("issued", "first_certificate", "unusual_issuer", "key_reuse", "wildcard", "validity", "short_lived")
    off = dict.fromkeys((*fields, "rhythm", "caa"), False)
    odd = match(9, "*.example.com", day=151.5, by="ZeroSSL", length=3, key=1000, begins=4)
    async with intelligence(around, **off) as module:
        assert await module.process(Matches([*MONTHLY, odd])) == []
        for field in fields:
            await module.reconfigure(IntelligenceSection.model_validate(off | {field: True}))
            found = await module.process(Matches([odd]))
            assert set(kinds(found)) == {field.replace("_", "-")}, field


async def test_entries_that_cannot_be_decoded_are_left_alone(around: Around) -> None:
    async with intelligence(around) as module:
        assert await module.process(Matches([replace(match(1), fault="garbage")])) == []


async def test_owners_by_ccadb(tmp_path: Path, state: State) -> None:
    around, ca = Around(tmp_path, Clock(), state), CA(organization="Brand")
    fingerprint = hashlib.sha256(ca.intermediate).hexdigest()
    report = tmp_path / "ccadb.csv"
    report.write_text(f"CA Owner,Certificate Name,SHA-256 Fingerprint\nThe Owner,R1,{fingerprint}\n")
    nameless = replace(match(2, day=1), issuer="CN=x", issuer_organization="Brand")
    async with intelligence(around, ccadb=report) as module:
        by_name = await module.process(Matches([match(1, by="Brand")]))
        assert "issued by Brand (The Owner)" in by_name[0].text
        assert (await module.process(Matches([nameless])))[0].data["owner"] == "Brand"
        state.writer.recent.put(nameless.key, (b"leaf", ca.intermediate))  # as it is kept for another module
        assert (await module.process(Matches([nameless])))[0].data["owner"] == "The Owner"
    with pytest.raises(ConfigError, match="can't be read"):
        async with intelligence(around, ccadb=tmp_path / "none.csv"):
            pass
    with pytest.raises(ConfigError, match="name server"):
        async with intelligence(around, resolver=["nonsense"]):
            pass


async def test_a_whole_run(tmp_path: Path) -> None:
    came = await run(tmp_path, {}, tables={"intelligence": {"enabled": True, "caa": False}}, rules=("example.com",))
    found = came.found("intelligence")
    first = "example.com: the first certificate"  # of the name; or of the domain, too: they are logged at one moment
    assert any(text.startswith(first) and text.endswith("for host7.example.com") for text in found)
    assert any("issued by Certhia Test for 90 days" in text for text in found)
    assert came.summary is not None
    assert len([text for text in found if ": issued by" in text]) == came.summary.matches
