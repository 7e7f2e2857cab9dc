"""Policy as a module: matches in, findings out."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from tests.modules.builtin.matching import Around, at_work, batch_of, kinds
from tests.modules.worlds import run
from tests.store.conftest import Book

from certhia.clock import Clock
from certhia.config.modules.policy import PolicySection
from certhia.modules.builtin.policy.module import MAX_FINDINGS, QUEUE, Policy
from certhia.modules.builtin.policy.worker import Linted
from certhia.store import State
from certhia.testing import CA

pytest.importorskip("pkilint")

NOW = Clock().now()
BAD = CA().issue(["a_b.example.com", "www.example.com"], days=500).der


def policy(around: Around, **settings: object) -> AbstractAsyncContextManager[Policy]:
    return at_work(Policy(), PolicySection.model_validate(settings), around)


@pytest.fixture
def around(tmp_path: Path) -> Around:
    return Around(tmp_path, Clock())


async def test_violations_become_findings(around: Around) -> None:
    async with policy(around) as module:
        found = await module.process(batch_of([BAD], logged=NOW))
        assert set(kinds(found)) == {"lint"}
        assert all(one.severity in ("medium", "high") for one in found)
        one = next(one for one in found if "validity" in str(one.data["code"]))
        assert one.text.startswith("a_b.example.com: error: ")
        assert one.data["type"] == "DV_FINAL_CERTIFICATE"
        assert one.names == ("a_b.example.com", "www.example.com")


async def test_what_is_told_is_the_users_to_say(around: Around) -> None:
    async with policy(around) as module:
        errors = await module.process(batch_of([BAD], logged=NOW))
        await module.reconfigure(PolicySection(least="info"))
        everything = await module.process(batch_of([BAD], logged=NOW))
        assert len(everything) > len(errors)
        await module.reconfigure(PolicySection(ignore=("*",)))
        assert await module.process(batch_of([BAD], logged=NOW)) == []
        await module.reconfigure(PolicySection(lint=False, max_lifetime=90 * 86400.0))
        assert kinds(await module.process(batch_of([BAD], logged=NOW))) == ["lifetime"]


async def test_what_cannot_be_linted_is_one_finding_and_the_others_go_on(around: Around) -> None:
    big = CA().issue([f"{number:060d}.example.com" for number in range(2000)]).der
    async with policy(around) as module:
        found = await module.process(batch_of([big, BAD], logged=NOW))
        assert kinds([one for one in found if one.position == 0]) == ["unlintable"]
        assert "lint" in kinds([one for one in found if one.position == 1])


async def test_certificates_that_are_not_kept_are_counted_and_told(around: Around) -> None:
    async with policy(around, max_lifetime="90d") as module:
        found = await module.process(batch_of([BAD], logged=NOW, kept=False))
        assert kinds(found) == ["lifetime"]  # which needs no certificate
        module.flush()
        module.flush()
    assert around.said == ["1 match was not linted: from before this module was in use, so no certificate is kept"]


async def test_where_too_many_wait_they_are_skipped_counted_and_told(tmp_path: Path, state: State, book: Book) -> None:
    around = Around(tmp_path, Clock(), state)
    state.writer.log(book.log)
    for index in range(11):
        state.writer.match(book.match(index), [QUEUE])
    await state.writer.durable()
    async with policy(around, max_waiting=10, max_lifetime="90d") as module:
        found = await module.process(batch_of([BAD, BAD], logged=NOW))
        assert kinds(found) == ["lifetime", "lifetime"]  # one's own rules hold for all
        assert (module.linted, module.skipped) == (0, 2)
        assert [one for one in around.said if "2 certificates were not linted" in one]
        await told(state, 5)
        await module.process(batch_of([BAD], logged=NOW))  # six wait: not yet few enough
        assert (module.linted, module.skipped) == (0, 3)
        await told(state, 1)
        await module.process(batch_of([BAD], logged=NOW))
        assert (module.linted, module.skipped) == (1, 3)
        module.flush()
        assert "1 certificates were not linted" in around.said[-1]


async def told(state: State, many: int) -> None:
    """Some of what waits for it does so no more."""
    for delivery in await state.pending(QUEUE, limit=many):
        state.writer.delivered(QUEUE, [delivery.id])
    await state.writer.durable()


async def test_what_takes_too_long_is_skipped(around: Around) -> None:
    async with policy(around, deadline="1ms") as module:
        await module.process(batch_of([BAD, BAD, BAD], logged=NOW))
        assert module.linted + module.skipped == 3
        assert module.skipped >= 2


def test_findings_of_one_certificate_are_bounded() -> None:
    module = Policy()
    module._take(PolicySection())
    violations = tuple(("ERROR", f"code.{number}", "", "") for number in range(MAX_FINDINGS + 5))
    found = list(module._of(0, (), Linted("T", violations)))
    assert len(found) == MAX_FINDINGS + 1
    assert found[-1].text == "5 more violations"


async def test_a_whole_run(tmp_path: Path) -> None:
    tables = {"policy": {"enabled": True, "max_lifetime": "47d", "allowed_cas": ["Let's Encrypt"]}}
    came = await run(tmp_path, {}, tables=tables, rules=("host7.example.com", "host8.example.com"), entries=12)
    found = came.found("policy")
    assert "host7.example.com: valid for 90 days, where you allow 47 days" in found
    assert any("issued by Certhia Test, which is not among" in text for text in found)
    assert any(text.startswith("host8.example.com: error: cabf.serverauth.") for text in found)  # a certificate
    types = {one["data"]["type"] for one in came.of("finding.reported") if one["kind"] == "lint" and one["data"]}  # type: ignore[index]
    assert types == {"DV_PRE_CERTIFICATE", "DV_FINAL_CERTIFICATE"}
