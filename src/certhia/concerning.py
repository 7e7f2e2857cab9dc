"""Which certificate is at work now: every message that is said meanwhile carries its id."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_CERTIFICATE: Final[ContextVar[str]] = ContextVar("certificate", default="")


@contextmanager
def concerning(certificate: str) -> Iterator[None]:
    """What this task says within concerns that match: its key, hex, which is the `id` of its record everywhere. Empty
    for several, or none."""
    token = _CERTIFICATE.set(certificate)
    try:
        yield
    finally:
        _CERTIFICATE.reset(token)


def certificate() -> str:
    """The id of the match that is at work; empty where none is."""
    return _CERTIFICATE.get()
