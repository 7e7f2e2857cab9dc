"""The command line: one file a command. A command reads settings, builds the parts, and shows what happens."""

from __future__ import annotations

import sys

__all__ = ["main"]

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main() -> None:
    """Entry point of the `certhia` program."""
    if sys.platform == "win32":
        sys.exit("certhia: Windows is not supported; use WSL or Linux")
    try:
        # Here, so that Ctrl-C is met while all else is still being imported, too.
        from certhia.cli import collector, streams
        from certhia.cli.app import run

        streams.settle()
        collector.begin()
        run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
