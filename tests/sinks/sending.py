"""What tests of sinks share: the world as a sink gets it, and sending until it is told, as the outbox does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tests.sinks.conftest import delivery

from certhia.clock import Clock
from certhia.errors import RemoteError
from certhia.model import Delivery, Sink
from certhia.sinks.open import Outside

TRIES = 200


class Said:
    """Hears what a sink says."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: str, *, level: str = "info", log: str = "") -> None:
        self.texts.append(text)


def outside(directory: Path | None = None, said: Said | None = None) -> Outside:
    """The machine's clock; nobody listens unless `said` does."""
    return Outside(Clock(), said or Said(), "certhia/test", directory=directory)


def batches(number: int, each: int) -> list[list[Delivery]]:
    """`number` batches of different deliveries."""
    return [
        [delivery(start * each + one, key=key(start * each + one)) for one in range(each)] for start in range(number)
    ]


def key(number: int) -> bytes:
    """A match's key that says which."""
    return number.to_bytes(32, "big")


async def tell_all(
    sink: Sink,
    wanted: Sequence[Sequence[Delivery]],
    at: int,
    upset: Callable[[], object],
    mend: Callable[[], object],
    *,
    must_fail: bool = True,
) -> list[str]:
    """Sends all batches in order, each until it is told. `upset` is called before batch `at`, and `mend` when that has
    failed once. Gives the failures; there must be one, where there `must_fail`."""
    failures: list[str] = []
    for number, batch in enumerate(wanted):
        if number == at:
            upset()
        for _ in range(TRIES):
            try:
                await sink.send(batch)
            except RemoteError as error:
                failures.append(str(error))
                if len(failures) == 1:
                    mend()
            else:
                break
        else:
            raise AssertionError(f"never told: {failures[-1]}")
    assert failures or not must_fail, "nothing was upset"
    return failures
