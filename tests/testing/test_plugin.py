from __future__ import annotations

import subprocess
import sys

from certhia.testing import CA, SimClock, World


def test_fixtures_belong_together(certhia_world: World, certhia_ca: CA, certhia_clock: SimClock) -> None:
    assert certhia_world.ca is certhia_ca
    assert certhia_world.clock is certhia_clock is certhia_ca.clock
    assert not certhia_world.logs


def test_costs_those_nothing_who_do_not_use_it() -> None:
    heavy = (
        "'cryptography', 'aiohttp', 'aiosqlite', 'certhia.testing.world', 'certhia.testing.simulated', 'certhia._core'"
    )
    code = f"import sys, certhia.testing.plugin; print([name for name in ({heavy}) if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
