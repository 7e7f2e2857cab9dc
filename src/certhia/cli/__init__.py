"""The command line: one file a command. A command reads settings, builds the parts, and shows what happens."""

from __future__ import annotations

import sys

from certhia.cli.app import app

__all__ = ["app", "main"]


def main() -> None:
    """Entry point of the `certhia` program."""
    if sys.platform == "win32":
        sys.exit("certhia: Windows is not supported; use WSL or Linux")
    from certhia.cli import collector
    from certhia.cli.app import run

    collector.begin()
    run(sys.argv[1:])
