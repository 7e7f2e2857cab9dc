"""Answers that are made at most once a second, however many ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from certhia.clock import Clock

FRESH: Final = 1.0  # seconds that an answer is good for


@dataclass(slots=True)
class _Answer:
    """The last one, and the lock of whoever makes the next."""

    body: bytes | None = None
    at: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Once:
    """Keeps the last answer to each question; there must be few questions."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answers: dict[str, _Answer] = {}

    async def get(self, question: str, make: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        """The answer, made now where the last one is too old, or None. What `make` raises is raised, and not kept."""
        answer = self._answers.setdefault(question, _Answer())
        async with answer.lock:
            if self._clock.monotonic() - answer.at >= FRESH:
                answer.body = await make()
                answer.at = self._clock.monotonic() if answer.body is not None else float("-inf")
            return answer.body
