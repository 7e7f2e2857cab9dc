"""certhia outbox: beside a follower, and without one."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.sinks.receiving import Receiver, Request, receiving_beside


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Refuses the names with a 7 in them, until `answer` is set otherwise."""

    def answer(request: Request) -> int:
        return 422 if "7" in request.content["matched_domain"] else 200

    with receiving_beside(answer) as one:
        yield one


@pytest.fixture
def options(tmp_path: Path, receiver: Receiver, log_list: str, state: Path) -> tuple[str, ...]:
    file = tmp_path / "certhia.toml"
    file.write_text(f'[sinks.hook]\ntype = "webhook"\nurl = "{receiver.url}"\nretry = ["1h"]\n')
    return ("--config", str(file), "--log-list", log_list, "--state", str(state), "--from", "beginning", "-q")


def test_what_was_refused_is_listed_shown_tried_again_and_dropped(
    certhia: Command, receiver: Receiver, options: tuple[str, ...], state: Path
) -> None:
    assert certhia("watch", "example.com", "--until", "now", "-f", "silent", *options).status == 0
    where = ("--state", state)
    told = certhia("outbox", "list", *where)
    assert told.status == 0
    rows = told.out.splitlines()
    assert rows, told.err
    assert all(" hook held next " in row and " after 1 attempt host" in row and "answered 422" in row for row in rows)
    assert told.err.splitlines() == [f"hook: {len(rows)} held"]
    assert len(certhia("outbox", "list", "other", *where).out) == 0
    listed = certhia("outbox", "list", "--limit", "1", "--json", *where)
    (one,) = map(json.loads, listed.out.splitlines())
    assert (one["sink"], one["state"], one["attempts"]) == ("hook", "held", 1)
    assert "7" in one["match"]["matched_domain"]
    shown = certhia("outbox", "show", one["id"], *where)
    assert one["match"]["matched_domain"] in shown.out
    assert json.loads(certhia("outbox", "show", one["id"], "--json", *where).out) == one
    wrong = certhia("outbox", "show", "99999", *where)
    assert (wrong.status, "there is no delivery 99999 here" in wrong.err) == (2, True)
    assert certhia("outbox", "drop", "hook", one["id"], *where).out == "hook: 1 delivery dropped\n"
    assert certhia("outbox", "retry", "hook", *where).out == f"hook: {len(rows) - 1} deliveries to be tried again\n"
    waiting = certhia("outbox", "list", "--waiting", *where)
    assert waiting.err.splitlines() == [f"hook: {len(rows) - 1} waiting, 1 dropped"]
    receiver.answer = lambda _: 200
    before = len(receiver.taken)
    assert certhia("watch", "example.com", "--until", "now", "-f", "silent", *options).status == 0
    assert len(receiver.taken) == before + len(rows) - 1
    assert certhia("fsck", *where).status == 0


def test_a_follower_is_asked(certhia: Command, receiver: Receiver, options: tuple[str, ...], state: Path) -> None:
    """One that runs in a thread: its sink is gone until somebody asks."""
    from certhia.cli.session import Session
    from certhia.config import load

    receiver.answer = lambda _: 410
    flags = {"logs.log_list": [options[3]], "state.name": str(state), "read.from": "beginning"}
    settings = load({**flags, "watch.rules": ["example.com"], "output.format": "silent"}, Path(options[1]), {})
    session, loop = Session(settings), asyncio.new_event_loop()
    session._on_signals = lambda _: None  # type: ignore[method-assign, assignment]  # not in the main thread
    task: list[asyncio.Task[int]] = []

    async def follow() -> None:
        task.append(asyncio.current_task())  # type: ignore[arg-type]
        await session.run()

    def work() -> None:
        try:
            loop.run_until_complete(follow())
        except asyncio.CancelledError:
            pass  # as it should be
        finally:
            loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    wait(lambda: "sink hook: wants no more" in certhia("status", "--state", state).out)
    (host,) = json.loads(certhia("status", "--json", "--state", state).out)["hosts"]
    assert (host["state"], host["failures"]) == ("closed", 0), "it did answer"
    receiver.answer = lambda _: 200
    assert certhia("outbox", "retry", "hook", "--state", state).out == "hook: 0 deliveries to be tried again\n"
    wait(lambda: len(receiver.taken) == 40)
    loop.call_soon_threadsafe(task[0].cancel)
    thread.join(20)


def wait(holds: object) -> None:
    assert callable(holds)
    for _ in range(3000):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError("not within 30 s")
