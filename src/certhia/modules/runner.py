"""How a module is run: what the two ways, in this process and in a worker, have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol as Protocol_

from certhia.modules.api import Info
from certhia.modules.batch import Shown
from certhia.modules.configured import Spec
from certhia.modules.finding import Result


@dataclass(frozen=True, slots=True)
class Done:
    """What a call came to: its results, the seconds that it took, and whether that was too long."""

    results: list[Result]
    seconds: float
    late: bool = False


class Runner(Protocol_):
    """Runs one module. All raise `Failed`, which says how."""

    @property
    def info(self) -> Info:
        """What it says of itself."""

    @property
    def has(self) -> frozenset[str]:
        """The functions that it implements."""

    @property
    def keys(self) -> dict[str, str]:
        """Its own keys, and what they mean."""

    @property
    def begins(self) -> bool:
        """Whether it is just being loaded anew, in the process after one that was lost."""

    async def process(self, batch: Shown, deadline: float) -> Done:
        """Has it look at a batch. `deadline`: seconds."""

    async def reconfigure(self, spec: Spec) -> None:
        """Its keys have changed."""

    async def flush(self, deadline: float) -> Done:
        """What it held back."""

    async def close(self) -> None:
        """Lets it go. Idempotent; raises nothing."""
