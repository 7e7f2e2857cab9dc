"""P01: a module that raises, blocks, changes what it is handed, ends its process, leaks, or fails at import.

Each time: every entry is read and proven, the match is told, a good module beside it in the same process sees every
entry, and whoever runs the program is told what the bad one did.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.modules.worlds import ENTRIES, GOOD, LOGS, Run, run

from certhia.errors import ConfigError

HEAD = """
import os, time
from certhia.modules import Entries, Finding, Info, Matches, Sees

class Bad:
    info = Info("bad", "1", "Bad", Sees.{sees}, inline={inline})

    def __init__(self):
        self.held = []

    def process(self, batch):
        {body}
        return []
"""
RAISES = "raise RuntimeError('as ever')"
BLOCKS = "time.sleep(10)"
EXITS = "os._exit(3)"
LEAKS = "self.held.append(b'x' * 80_000_000)"
CHANGES = "batch.matches[0].names = ('changed.example',)"
FORCES = "object.__setattr__(batch.matches[0], 'names', ('changed.example',))"


def bad(body: str, sees: str = "ENTRIES", *, inline: bool = False) -> dict[str, str]:
    """A bad module, and a good one beside it."""
    return {"bad": HEAD.format(body=body, sees=sees, inline=inline), "good": GOOD}


def unharmed(came: Run) -> None:
    """All was read and proven, the match was told as it is, the good module saw everything."""
    assert came.summary is not None
    assert (came.summary.entries, came.summary.verified) == (LOGS * ENTRIES, LOGS * ENTRIES)
    assert [delivery.match.names for delivery in came.sheet.told] == [("host7.example.com",)]
    assert sorted(came.found("good")) == sorted(
        f"host{number}.example.com" for number in range(ENTRIES) for _ in range(LOGS)
    )


def switched_off(came: Run, why: str) -> None:
    """That was said, published, and is an alarm."""
    assert len(came.texts("module bad is switched off after three failures", why)) == 1
    assert [one["module"] for one in came.of("module.disabled")] == ["bad"]
    assert why in str(came.of("module.disabled")[0]["why"])


@pytest.mark.parametrize(
    "body, why, settings",
    [
        (RAISES, "RuntimeError: as ever", {}),
        (BLOCKS, "took longer than 0.1 s", {"modules.bad.deadline": 0.1}),
        (EXITS, "ended its process: exit status 3", {}),
        (LEAKS, "took ", {"modules.memory": "100MB"}),
        ("return ['text']", "which is no Finding", {}),
        ("return [Finding('a', 'b', severity='dire')]", "a finding has a kind, a text, a severity", {}),
        ("raise SystemExit(0)", "SystemExit: 0", {}),
        ("raise KeyboardInterrupt", "ended its process", {}),
    ],
)
async def test_p01_bad_module_entries(tmp_path: Path, body: str, why: str, settings: dict[str, object]) -> None:
    came = await run(tmp_path, bad(body), settings=settings)
    unharmed(came)
    switched_off(came, why)


@pytest.mark.parametrize(
    "body, why, settings",
    [
        (RAISES, "RuntimeError: as ever", {}),
        (CHANGES, "FrozenInstanceError", {}),
        (EXITS, "ended its process: exit status 3", {}),
    ],
)
async def test_p01_bad_module_matches(tmp_path: Path, body: str, why: str, settings: dict[str, object]) -> None:
    came = await run(tmp_path, bad(body, "MATCHES"), settings=settings)
    unharmed(came)
    assert came.texts("module bad: ", why)


async def test_p01_bad_module_who_changes_a_match_by_force_changes_a_copy(tmp_path: Path) -> None:
    unharmed(await run(tmp_path, bad(FORCES, "MATCHES")))


async def test_p01_bad_module_import_fails(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"module bad: ZeroDivisionError"):
        await run(tmp_path, {"bad": "1 / 0\n", "good": GOOD})


async def test_p01_bad_module_import_ends_the_process(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"module bad: ended its process: exit status 4"):
        await run(tmp_path, {"bad": "import os\nos._exit(4)\n", "good": GOOD})


async def test_p01_bad_module_a_trusted_one_that_raises_costs_itself_alone(tmp_path: Path) -> None:
    came = await run(tmp_path, bad(RAISES), settings={"modules.bad.trusted": True})
    unharmed(came)
    switched_off(came, "RuntimeError: as ever")


async def test_p01_bad_module_a_trusted_one_that_is_late_is_told_of(tmp_path: Path) -> None:
    settings = {"modules.bad.trusted": True, "modules.bad.deadline": 0.05}
    came = await run(tmp_path, bad("time.sleep(0.1)"), settings=settings)
    unharmed(came)
    assert came.texts("module bad: has not come back for 0.05 s; it is trusted, so it is waited for")
    switched_off(came, "0.05 s are its deadline")


async def test_p01_bad_module_one_that_is_too_slow_is_skipped_and_that_is_counted(tmp_path: Path) -> None:
    settings = {"modules.bad.queue": 1, "modules.good.queue": 1000}
    came = await run(tmp_path, bad("time.sleep(0.2)"), settings=settings)
    unharmed(came)
    assert came.texts("module bad: 32 entries were skipped")


async def test_p01_bad_module_one_that_prints_without_end_damages_nothing(tmp_path: Path) -> None:
    came = await run(tmp_path, bad("[print('x' * 5000) for _ in range(2000)]; os.write(1, b'junk' * 999)"))
    unharmed(came)
    assert len(came.texts("a module printed")) <= 200
