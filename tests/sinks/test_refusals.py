"""Both are errors of a server: whoever knows no more takes them for such."""

from __future__ import annotations

from certhia.errors import RemoteError
from certhia.sinks.refusals import Gone, Refused


def test_kinds() -> None:
    assert issubclass(Refused, RemoteError)
    assert issubclass(Gone, RemoteError)
    assert not issubclass(Gone, Refused)
