"""A request of a command to the process that follows, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from certhia.clock import Clock
    from certhia.store.place import Place

ANSWER_WITHIN = 60.0  # seconds that a running follower has


async def ask(place: Place, kind: str, payload: str, clock: Clock) -> str:
    """Leaves a request for the running follower, and waits for its answer. Raises StateError."""
    from certhia.errors import StateError
    from certhia.store.state import State

    async with await State.open(place, clock=clock, follow=False) as state:
        request = await state.request(kind, payload)
        try:
            async with clock.deadline(ANSWER_WITHIN):
                while (answer := await state.answer(request)) is None:
                    await clock.sleep(0.2)
        except TimeoutError:
            raise StateError(
                f"{place}: nobody took up the request in {ANSWER_WITHIN:.0f} s; the next `certhia watch` there does"
            ) from None
        return answer
