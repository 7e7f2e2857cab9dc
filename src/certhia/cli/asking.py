"""A request of a command to the process that follows, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from certhia.clock import Clock

ANSWER_WITHIN = 60.0  # seconds that a running follower has


async def ask(directory: Path, kind: str, payload: str, clock: Clock) -> str:
    """Leaves a request for the running follower, and waits for its answer. Raises StateError."""
    from certhia.errors import StateError
    from certhia.store.state import State

    async with await State.open(directory, clock=clock, follow=False) as state:
        request = await state.request(kind, payload)
        try:
            async with clock.deadline(ANSWER_WITHIN):
                while (answer := await state.answer(request)) is None:
                    await clock.sleep(0.2)
        except TimeoutError:
            raise StateError(
                f"{directory}: nobody took up the request in {ANSWER_WITHIN:.0f} s; the next `certhia watch` there does"
            ) from None
        return answer
