"""A promise that a log broke: its evidence as a file, and an alarm, here and for whoever follows with the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from certhia.config import Settings
    from certhia.logs.evidence import Evidence
    from certhia.logs.promises import Outcome


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm as it was raised. `file`: its evidence; None where there is none, or it could not be written."""

    line: str
    file: Path | None


async def raise_alarm(outcome: Outcome, settings: Settings, folder: Path | None) -> Raised:
    """Writes the evidence: into `folder`, else into that of the state, where there is one, else here; and leaves the
    alarm for the follower of the state, where there is one."""
    from certhia import render
    from certhia.alarms.broken import MOST, PROMISE, Word, payload
    from certhia.clock import Clock
    from certhia.errors import StateError
    from certhia.store.place import is_there, state_place
    from certhia.store.state import State

    evidence = outcome.evidence
    assert evidence is not None
    clock, place = Clock(), state_place(settings.state.name)
    has_state = await is_there(place)
    file, words = _written(evidence, folder or _place(place.directory if has_state else None))
    log = evidence.log.description or evidence.log.url
    text = f"{evidence.reason}; {words}"
    line = f"alarm: {log}: {text}"
    if has_state:
        word = Word(log, evidence.log.id, outcome.leaf_hash, clock.now(), text)
        try:
            async with await State.open(place, clock=clock, follow=False) as state:
                await state.request(PROMISE, payload(word), MOST)
        except StateError as error:
            line = f"{line}; whoever follows with {place} does not hear of it: {error}"
    return Raised(render.terminal(line), file)


async def end_alarm(outcome: Outcome, settings: Settings) -> str:
    """Of a promise that is kept: whoever follows with the state, or will, may have heard that it is not. Gives what
    went wrong with telling it; empty where nothing did."""
    from certhia import render
    from certhia.alarms.broken import MOST, PROMISE, Word, payload
    from certhia.clock import Clock
    from certhia.errors import StateError
    from certhia.store.place import is_there, state_place
    from certhia.store.state import State

    clock, place, log = Clock(), state_place(settings.state.name), outcome.log
    if log is None or not await is_there(place):
        return ""
    word = Word(log.description or log.url, log.id, outcome.leaf_hash, clock.now())
    try:
        async with await State.open(place, clock=clock, follow=False) as state:
            if await state.follower() is not None or any(one.kind == PROMISE for one in await state.requests()):
                await state.request(PROMISE, payload(word), MOST)
    except StateError as error:
        return render.terminal(f"whoever follows with {place} does not hear that {word.log} kept it: {error}")
    return ""


def _place(directory: Path | None) -> Path:
    from pathlib import Path

    from certhia.freezing import FOLDER

    return directory / FOLDER if directory is not None else Path()


def _written(evidence: Evidence, folder: Path) -> tuple[Path | None, str]:
    """The file, and what to say of it."""
    from certhia.logs import kept
    from certhia.logs.evidence import encode, file_name
    from certhia.logs.judging import Verdict, judge

    verdict = judge(evidence).verdict
    if verdict is Verdict.NOTHING:
        return None, "no evidence: the log did not give what it takes; ask again"
    content = encode(evidence)
    file = (folder / file_name(evidence, content)).absolute()
    try:
        kept.replace(file, content)
    except OSError as error:
        return None, f"{file}: the evidence ({verdict.value}) could not be written: {error.strerror or error}"
    return file, f"evidence ({verdict.value}): {file}, for `certhia verify-evidence`"
