"""Whether a scan has extractors of others."""

from __future__ import annotations

import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from certhia.clock import Clock
from certhia.config import load
from certhia.events.bus import Bus
from certhia.library.extracting import extractors_of


async def test_none_where_no_module_is_configured(tmp_path: Path) -> None:
    for text in ("", "[modules.domains]\n", "[modules.other]\nenabled = false\n"):
        file = tmp_path / "certhia.toml"
        file.write_text(text)
        settings = load({}, file, {"HOME": str(tmp_path)})
        async with AsyncExitStack() as stack:
            assert await extractors_of(settings, stack, Bus(), clock=Clock(), tell=lambda *_, **__: None) is None


def test_a_plain_scan_does_without_what_modules_need() -> None:
    code = "import sys, certhia.cli.scanning; print([n for n in ('pluggy', 'sqlalchemy') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == "[]\n"
