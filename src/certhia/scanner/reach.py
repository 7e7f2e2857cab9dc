"""Further connections to a target whose way is known: for fingerprints and enumeration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from certhia.scanner.conversation import RECEIVE, Conversation, Send
from certhia.scanner.failures import Expired, ScanFailure

PATIENCE: Final = 3.0  # seconds for each answer

# Opens a connection to the target, up to where TLS may begin.
Reach: TypeAlias = Callable[[], Conversation[None]]


def first_record(hello: bytes, most: int) -> Conversation[bytes]:
    """Sends a hello on an open connection and reads the first record of the answer, at most `most` bytes; what there
    was of it where the peer hung up, or said no more for `PATIENCE`. Raises Expired."""
    said = b""
    try:
        data = yield Send(hello, "hello", PATIENCE)
        while data:
            said += data
            if len(said) >= most or (len(said) >= 5 and len(said) >= 5 + int.from_bytes(said[3:5], "big")):
                break
            data = yield RECEIVE
    except Expired:
        raise
    except ScanFailure:
        return said[:most]
    return said[:most]
