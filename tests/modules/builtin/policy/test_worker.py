"""The process that lints: one that hangs, dies or babbles costs one certificate its lint, and no other."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from certhia.clock import Clock
from certhia.modules.builtin.policy.worker import COMMAND, MAX_CERTIFICATE, Worker
from certhia.testing import CA

pytest.importorskip("pkilint")

# Says hello, and answers; but hangs, dies or babbles over what begins with such a word.
ODD = """
import json, os, struct, sys, time
def say(what):
    body = json.dumps(what).encode()
    sys.stdout.buffer.write(struct.pack("!I", len(body)) + body)
    sys.stdout.buffer.flush()
say({"requirements": "0"})
while head := sys.stdin.buffer.read(4):
    asked = sys.stdin.buffer.read(struct.unpack("!I", head)[0])
    if asked == b"hang":
        time.sleep(600)
    if asked == b"die":
        os._exit(3)
    if asked == b"tell":
        asked = f"{os.getsid(0) == os.getpid()} {os.environ.get('ACME_TOKEN')}".encode()
    if asked == b"babble":
        sys.stdout.buffer.write(b"\\xff\\xff\\xff\\xffno frame")
        sys.stdout.buffer.flush()
        continue
    say({"type": asked.decode(), "violations": []})
"""


@asynccontextmanager
async def odd(deadline: float = 20.0) -> AsyncIterator[Worker]:
    worker = Worker(Clock(), deadline, [sys.executable, "-c", ODD])
    try:
        yield worker
    finally:
        await worker.close()


async def test_certificates_are_linted() -> None:
    worker = Worker(Clock(), 30.0)
    try:
        linted = await worker.lint(CA().issue(["www.example.com"], days=500).der)
        assert linted.type == "DV_FINAL_CERTIFICATE"
        assert not linted.fault
        assert any(severity == "ERROR" for severity, *_ in linted.violations)
        assert linted.requirements
        assert (await worker.lint(b"no certificate")).fault
        assert worker.started == 1
    finally:
        await worker.close()


async def test_the_current_directory_is_not_looked_in() -> None:
    assert "-P" in COMMAND


@pytest.mark.parametrize("how", ["hang", "die", "babble"])
async def test_one_that_breaks_it_costs_no_other(how: str) -> None:
    async with odd(0.3 if how == "hang" else 20.0) as worker:
        assert (await worker.lint(b"one")).type == "one"
        broken = await worker.lint(how.encode())
        assert broken.fault.startswith("pkilint")
        assert (await worker.lint(b"two")).type == "two"
        assert worker.started == 2


async def test_who_stops_waiting_leaves_no_answer_for_the_next() -> None:
    async with odd() as worker:
        await worker.start()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(worker.lint(b"hang"))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
        assert (await worker.lint(b"next")).type == "next"


async def test_neither_ctrl_c_nor_secrets_come_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", "hunter2")
    async with odd() as worker:
        assert (await worker.lint(b"tell")).type == "True None"


async def test_large_ones_are_not_sent() -> None:
    async with odd() as worker:
        assert "where at most" in (await worker.lint(bytes(MAX_CERTIFICATE + 1))).fault
        assert worker.started == 0


async def test_one_that_does_not_begin_says_so() -> None:
    worker = Worker(Clock(), 1.0, [sys.executable, "-c", "pass"])
    with pytest.raises(OSError, match="pip install pkilint"):
        await worker.lint(b"one")
    await worker.close()
