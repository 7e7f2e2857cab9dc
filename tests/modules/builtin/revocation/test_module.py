"""Revocation as a module: what is asked, told and kept over restarts, with lists and answers from loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.modules.builtin.matching import Around, match_of
from tests.scanner.guarding import but_for_loopback
from tests.scanner.responding import NOW, answer, crl, serving
from tests.store.conftest import Book, both

from certhia.clock import Clock
from certhia.config.modules.revocation import DAY, RevocationSection
from certhia.errors import ConfigError
from certhia.model import Match
from certhia.modules.batch import Matches
from certhia.modules.builtin.revocation import module as of_module
from certhia.modules.builtin.revocation.module import Revocation, paced
from certhia.modules.builtin.revocation.pacing import Paced
from certhia.scanner.guard import Guard
from certhia.store import State, revocations
from certhia.testing.authority import Authority, Made

ROOT = Authority.root("Revocation module")


class Later(Clock):
    """A clock that can be set on, and leaves nothing to chance."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead

    def jitter(self, seconds: float, spread: float = 0.1) -> float:
        return seconds


def loopback(_settings: RevocationSection, clock: Clock) -> Guard:
    async def resolve(_host: str) -> list[str]:
        return ["127.0.0.1"]

    return Paced(clock=clock, user_agent="certhia/1", interval=0.001, closed=but_for_loopback, resolve=resolve)


@asynccontextmanager
async def revocation(around: Around, **settings: object) -> AsyncIterator[Revocation]:
    module = Revocation(loopback)
    await module.setup(RevocationSection.model_validate(settings), around.outside)
    try:
        yield module
    finally:
        await module.close()


async def batch(state: State, book: Book, made: Sequence[Made], lost: Sequence[Made] = ()) -> Matches:
    """Matches of these certificates, stored, and these as the program keeps them, but for those that are `lost`."""
    state.writer.log(book.log)
    matches = []
    for index, one in enumerate(made):
        match = match_of(one.der, logged=NOW - 2 * DAY, index=index)
        match = replace(match, sighting=replace(match.sighting, log_id=book.log.id))
        state.writer.match(match, [], () if one in lost else (one.der, ROOT.der))
        matches.append(match)
    await state.writer.durable()
    ders = {match.key: one.der for match, one in zip(matches, made, strict=True)}
    return Matches(matches, lambda match: ders[match.key], lambda _: ROOT.der)


def found(around: Around) -> list[tuple[str, str]]:
    """What was published: kind, name."""
    kinds: list[tuple[str, str]] = []
    for type_, data in around.published:
        assert type_ == "finding.reported"
        assert isinstance(data, dict)
        kinds.append((str(data["kind"]), str(data["names"][0])))
    return sorted(kinds)


async def known(state: State, matches: Sequence[Match]) -> list[str]:
    """What is kept of them, in the order of their storing."""
    answers = [await revocations.known(state, number + 1) for number in range(len(matches))]
    return ["" if one is None else one.state for one in answers]


@both
async def test_changes_are_told_also_over_restarts(tmp_path: Path, state: State, book: Book) -> None:
    clock = Later()
    async with serving() as pages:
        a, b = (ROOT.leaf([name], crl=pages.url("/crl")) for name in ("a.example.com", "b.example.com"))
        pages.bodies["/crl"] = crl(ROOT, until=5)
        around = Around(tmp_path, clock, state)
        matches = await batch(state, book, [a, b])
        async with revocation(around) as module:
            assert await module.process(matches) == []
            await module.flush()
            assert found(around) == [("status", "a.example.com"), ("status", "b.example.com")]
            await module.process(matches)  # told again, as after a crash: it is watched already
            await module.flush()
            assert len(found(around)) == 2
        assert await known(state, matches.matches) == ["good", "good"]
        pages.bodies["/crl"] = crl(ROOT, [b], until=5)
        around = Around(tmp_path, clock, state)
        async with revocation(around) as module:
            await module.flush()
            assert found(around) == []  # a day has not gone by
        clock.ahead = DAY + 60
        async with revocation(around) as module:
            await module.flush()
        assert found(around) == [("revoked", "b.example.com")]
        data: Any = around.published[0][1]
        assert data["match"] == matches.matches[1].key.hex()
        assert data["data"]["reason"] == "keyCompromise"
        assert data["severity"] == "high"
        assert "b.example.com (serial" in around.said[-1]
        assert pages.asked.count("/crl") == 2  # once for both certificates, each time
        clock.ahead = 70 * DAY  # both have run out
        async with revocation(around) as module:
            await module.flush()
        assert await revocations.next_due(state) is None


async def test_answers_of_a_responder(tmp_path: Path, state: State, book: Book) -> None:
    around = Around(tmp_path, Later(), state)
    async with serving() as pages:
        leaf = ROOT.leaf(["ocsp.example.com"], ocsp=pages.url("/ocsp"))

        class Answering(dict[str, bytes | None]):
            def get(self, key: str, default: Any = None) -> Any:
                return answer(leaf, ROOT)

            def __contains__(self, key: object) -> bool:
                return True

        pages.bodies = Answering()
        matches = await batch(state, book, [leaf])
        async with revocation(around) as module:
            await module.process(matches)
            await module.flush()
        assert found(around) == [("status", "ocsp.example.com")]
        assert "not revoked, by OCSP" in around.said[-1]


async def test_what_says_nobody_is_not_watched(tmp_path: Path, state: State, book: Book) -> None:
    around = Around(tmp_path, Later(), state)
    mute, over = ROOT.leaf(["mute.example.com"]), ROOT.leaf(["over.example.com"], crl="http://x.example/", not_after=-1)
    async with revocation(around) as module:
        await module.process(await batch(state, book, [mute, over]))
        await module.flush()
        assert await revocations.next_due(state) is None


async def test_how_many_there_is_no_room_for_is_told(tmp_path: Path, state: State, book: Book) -> None:
    around = Around(tmp_path, Later(), state)
    made = [ROOT.leaf([f"n{number}.example.com"], crl="http://127.0.0.2/") for number in range(3)]
    async with revocation(around, max_certificates=1) as module:
        await module.process(await batch(state, book, made))
        assert around.said[0].startswith("2 certificates are not watched, as 1 are")


async def test_nothing_inside_is_asked_in_earnest(tmp_path: Path, state: State, book: Book) -> None:
    around = Around(tmp_path, Later(), state)
    async with serving() as pages:
        pages.bodies["/crl"] = crl(ROOT)
        inner = ROOT.leaf(["inner.example.com"], crl=f"http://127.0.0.1:{pages.port}/crl")
        module = Revocation()
        await module.setup(RevocationSection(), around.outside)
        try:
            await module.process(await batch(state, book, [inner]))
            await module.flush()
        finally:
            await module.close()
        assert pages.asked == []
        answered = await revocations.known(state, 1)
        assert answered is not None
        assert answered.failing > 0


async def test_one_that_is_not_kept_costs_no_other(tmp_path: Path, state: State, book: Book) -> None:
    around = Around(tmp_path, Later(), state)
    async with serving() as pages:
        pages.bodies["/crl"] = crl(ROOT)
        made = [ROOT.leaf([name], crl=pages.url("/crl")) for name in ("gone.example.com", "here.example.com")]
        matches = await batch(state, book, made, made[:1])
        async with revocation(around) as module:
            await module.process(matches)
            await module.flush()
        assert found(around) == [("status", "here.example.com")]
        assert await known(state, matches.matches) == ["", "good"]


async def test_ten_of_one_host_take_turns_with_others(
    tmp_path: Path, state: State, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_module, "OF_EACH", 2)
    around = Around(tmp_path, Later(), state)
    async with serving() as pages:
        pages.bodies["/crl"] = crl(ROOT)
        many = [ROOT.leaf([f"n{number}.example.com"], crl=pages.url("/crl", "big.example")) for number in range(10)]
        one = ROOT.leaf(["one.example.com"], crl=pages.url("/crl", "small.example"))
        async with revocation(around) as module:
            await module.process(await batch(state, book, [*many, one]))
            await module.flush()
        names = [str(data["names"][0]) for _, data in around.published if isinstance(data, dict)]
        assert len(names) == 11
        assert names.index("one.example.com") < 8


async def test_other_settings_are_taken_over(tmp_path: Path, state: State, book: Book) -> None:
    around = Around(tmp_path, Later(), state)
    async with serving() as pages:
        pages.bodies["/crl"] = crl(ROOT)
        async with revocation(around) as module:
            await module.reconfigure(RevocationSection(first=False))
            await module.process(await batch(state, book, [ROOT.leaf(["a.example.com"], crl=pages.url("/crl"))]))
            await module.flush()
        assert found(around) == []


async def test_without_a_state_it_does_not_begin(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is none"):
        await Revocation().setup(RevocationSection(), Around(tmp_path, Clock()).outside)


async def test_it_is_a_guard_that_asks() -> None:
    asked = paced(RevocationSection(), Clock())
    assert isinstance(asked, Guard)
    await asyncio.gather(asked.close())
