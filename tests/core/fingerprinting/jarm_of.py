"""Prints the JARM that pyjarm finds at a port of this machine, `jarm_of.py PORT`, where an interpreter has pyjarm."""

import sys

from jarm.scanner.scanner import Scanner  # type: ignore[import-not-found]

sys.stdout.write(Scanner.scan("127.0.0.1", int(sys.argv[1]), timeout=30, concurrency=1, proxy="ignore")[0])
