"""Bodies that come as gzip, unpacked within bounds of memory, work and time on the event loop."""

from __future__ import annotations

import asyncio
import threading
import zlib
from collections.abc import Iterator

from certhia.errors import BadAnswer
from certhia.net import SMALL, TooLong

MAGIC = b"\x1f\x8b"  # how gzip begins (RFC 1952 section 2.3.1)
MEMBERS = 1024  # of one gzip body; real ones have one, and each costs as much as a body of its own
BITE = 1 << 16  # bytes of a gzip body that are unpacked at a time; of less, unpacked small, no thread is worth it
_TURN = threading.Lock()  # one large body at a time: many logs with a bomb each cost the memory of one


def gunzip(body: bytes, cap: int) -> bytes:
    """A gzip body unpacked; one that isn't gzip (by its magic) as it is. Raises BadAnswer where it is damaged or has
    more than MEMBERS members, and TooLong where it grows beyond `cap` bytes: at most that much is ever unpacked. The
    work grows with `body` and `cap`, whatever `body` holds."""
    if not body.startswith(MAGIC):
        return body
    # Measured first: what a bomb would fill leaves holes in memory that nobody gets back.
    size = 0
    for part in _parts(body):
        size += len(part)
        if size > cap:
            raise TooLong(f"a gzip answer of {len(body)} bytes unpacks to more than {cap}: it was not read on")
    return b"".join(_parts(body))


def _parts(body: bytes) -> Iterator[bytes]:
    """What is in it, at most BITE bytes at a time."""
    packed = memoryview(body)
    at = members = 0
    try:
        while at < len(body):  # members follow one another (RFC 1952 section 2.2)
            if members == MEMBERS:
                raise BadAnswer(
                    f"a gzip answer of {len(body)} bytes in more than {MEMBERS} members: it was not read on"
                )
            members += 1
            unpacker = zlib.decompressobj(wbits=31)
            while not unpacker.eof:
                bite = unpacker.unconsumed_tail or packed[at : at + BITE]
                if not bite:
                    raise BadAnswer(f"a gzip answer of {len(body)} bytes is cut off")
                yield unpacker.decompress(bite, BITE)
                at += len(bite) - len(unpacker.unconsumed_tail) - len(unpacker.unused_data)
    except zlib.error as error:
        raise BadAnswer(f"an answer of {len(body)} bytes begins like gzip but is none ({error})") from error


async def unpack(url: str, body: bytes, cap: int) -> bytes:
    """See gunzip; errors name the URL. What may take long is done in a thread."""
    try:
        if not body.startswith(MAGIC) or (len(body) <= BITE and cap <= SMALL):
            return gunzip(body, cap)
        return await asyncio.to_thread(_in_turn, body, cap)
    except BadAnswer as error:
        raise type(error)(f"{url}: {error}") from error


def _in_turn(body: bytes, cap: int) -> bytes:
    with _TURN:
        return gunzip(body, cap)
