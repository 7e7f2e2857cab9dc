"""Fingerprints of servers as other people's programs have them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.installed import UnavailableError, python

HERE = Path(__file__).resolve().parent


def jarm(port: int) -> str:
    """The JARM of a server on loopback. Skips the test where pyjarm can't be had."""
    return _run("jarm_of.py", str(port))


def ja3s(sent: bytes) -> str:
    """The JA3S, as text, of what a server sent. Skips the test where dpkt can't be had."""
    return _run("ja3s_of.py", given=sent)


def _run(program: str, *arguments: str, given: bytes = b"") -> str:
    try:
        interpreter = python("fingerprinting", "pyjarm and dpkt", HERE / "requirements.txt")
    except UnavailableError as reason:
        pytest.skip(str(reason))
    command = [str(interpreter), str(HERE / program), *arguments]
    return subprocess.run(command, input=given, check=True, stdout=subprocess.PIPE, timeout=50).stdout.decode().strip()
