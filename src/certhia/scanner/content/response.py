"""An HTTP/1.1 response (RFC 9112), read as it comes: bounded, without I/O, and the same however its bytes are sliced.

It takes what browsers take: lines that end in a bare LF, header lines that are none (left out), lengths that contradict
each other (read until the end). So that hostile servers are all the same to it, every count is of bytes of the stream
and of nothing that depends on how they arrived; a general library bounds its buffer instead, and refuses odd servers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from certhia.render import quoted
from certhia.scanner.failures import ScanFailure

MAX_HEAD: Final = 65_536  # bytes of the status line and all headers
MAX_HEADERS: Final = 256  # that are kept
MAX_INTERIM: Final = 8  # answers 1xx before the one that counts
MAX_FRAMING: Final = 262_144  # bytes around chunks, trailers included

_START: Final = b"HTTP/"
_STATUS: Final = re.compile(rb"HTTP/([0-9])(?:\.([0-9]))?[ \t]+([1-9][0-9][0-9])(?:[ \t].*)?", re.DOTALL)
_END: Final = re.compile(rb"\n\r?\n")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_SIZE: Final = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?", re.DOTALL)
_LENGTH: Final = re.compile(r"[0-9]{1,18}")


class Response:
    """Takes a response. Raises ScanFailure where it is none.

    Attributes:
        status: of the final answer; None before it came.
        headers: names in lower case, values without white space around, in order; as latin-1.
        done: whether all is read that will be.
        cut: whether the body goes on beyond what was read, or ended too early.
        short: what is missing where it ended too early ("12 bytes", "its last chunk"); "" where nothing is.
        reusable: whether another request may follow on the connection.
    """

    def __init__(
        self, take: Callable[[bytes], None], most: int, wanted: Callable[[Response], bool] = lambda _: True
    ) -> None:
        """`take`: gets the body, piece by piece; `most`: bytes of it that are read; `wanted`: whether it is read at
        all, asked once the headers are there."""
        self.status: int | None = None
        self.headers: list[tuple[str, str]] = []
        self.done = self.cut = self.reusable = False
        self.short = ""
        self._take = take
        self._wanted = wanted
        self._left = most
        self._buffer = bytearray()
        self._searched = self._interim = self._framing = 0
        self._step: Callable[[], bool] = self._head
        self._lasts = False  # whether the connection may be used once more
        self._length = 0  # bytes of the body, or of the chunk, that are still to come

    def header(self, name: str) -> str | None:
        """The first of that name (lower case)."""
        return next((value for one, value in self.headers if one == name), None)

    def all(self, name: str) -> list[str]:
        """All of that name (lower case), in order."""
        return [value for one, value in self.headers if one == name]

    def feed(self, data: bytes) -> None:
        """More bytes; b"" is the connection's end."""
        if not data:
            self._ended()
            return
        self._buffer += data
        while not self.done and self._step():
            pass

    def _finish(self, *, reusable: bool) -> None:
        self.reusable = reusable and not self._buffer and self._lasts
        self.done = True
        self._buffer.clear()

    def _ended(self) -> None:
        if self.done:
            return
        if self.status is None:
            raise ScanFailure("closed", "http", "in the headers" if self._buffer else "")
        if self._step != self._until_end:
            self.cut = True
            self.short = f"{self._length} bytes" if self._step == self._known_length else "its last chunk"
        self._finish(reusable=False)

    # Steps: each takes from the buffer and says whether there may be more to do.

    def _head(self) -> bool:
        buffer = self._buffer
        if not _START.startswith(bytes(buffer[: len(_START)])):
            raise ScanFailure("malformed", "http", "no HTTP")
        end = _END.search(buffer, self._searched)
        if (end.end() if end else len(buffer)) > MAX_HEAD:
            raise ScanFailure("too-large", "http", f"more than {MAX_HEAD} bytes of headers")
        if end is None:
            self._searched = max(0, len(buffer) - 2)
            return False
        lines = bytes(buffer[: end.start()]).split(b"\n")
        del buffer[: end.end()]
        self._searched = 0
        status = _STATUS.fullmatch(lines[0].rstrip(b"\r"))
        if status is None:
            raise ScanFailure("malformed", "http", f"no status: {quoted(lines[0].decode('latin-1'), 40)}")
        number = int(status[3])
        if number < 200 and number != 101:
            self._interim += 1
            if self._interim > MAX_INTERIM:
                raise ScanFailure("malformed", "http", "answers without end before the one that counts")
            return True
        self.status = number
        self.headers = _headers(lines[1:])
        self._lasts = self._persistent(int(status[1]), int(status[2] or 0))
        self._frame(number)
        if not self._wanted(self) and not self.done:
            self.cut = True
            self._finish(reusable=False)
        return True

    def _persistent(self, major: int, minor: int) -> bool:
        said = ",".join(self.all("connection")).lower()
        return "close" not in said and ((major, minor) >= (1, 1) or "keep-alive" in said)

    def _frame(self, number: int) -> None:
        """How the body's end is told (RFC 9112 section 6.3)."""
        if number in (101, 204, 304):
            self._finish(reusable=number != 101)
            return
        coding = ",".join(self.all("transfer-encoding")).lower()
        if coding.rpartition(",")[2].strip() == "chunked":
            self._step = self._chunk_size
            return
        said = {one.strip() for value in self.all("content-length") for one in value.split(",")}
        length = said.pop() if len(said) == 1 else ""
        if coding or not _LENGTH.fullmatch(length):
            self._step = self._until_end
            return
        self._length = int(length)
        self._step = self._known_length

    def _body(self, most: int) -> int:
        """Gives away what is there, up to `most`; how many bytes that were."""
        piece = bytes(self._buffer[: min(most, self._left)])
        over = min(most, len(self._buffer)) > len(piece)
        del self._buffer[: len(piece)]
        self._left -= len(piece)
        if piece:
            self._take(piece)
        if over and not self.done:
            self.cut = True
            self._finish(reusable=False)
        return len(piece)

    def _until_end(self) -> bool:
        self._body(len(self._buffer))
        return False

    def _known_length(self) -> bool:
        self._length -= self._body(self._length)
        if self._length == 0 and not self.done:
            self._finish(reusable=True)
        return False

    def _line(self) -> bytes | None:
        """The next line of framing, without its end; None where it is not all there."""
        buffer = self._buffer
        end = buffer.find(b"\n", self._searched)
        self._framing += (end + 1 if end >= 0 else len(buffer)) - self._searched
        if self._framing > MAX_FRAMING:
            raise ScanFailure("too-large", "http", f"more than {MAX_FRAMING} bytes around its chunks")
        if end < 0:
            self._searched = len(buffer)
            return None
        line = bytes(buffer[:end])
        del buffer[: end + 1]
        self._searched = 0
        return line.rstrip(b"\r")

    def _chunk_size(self) -> bool:
        line = self._line()
        if line is None:
            return False
        size = _SIZE.fullmatch(line)
        if size is None:
            raise ScanFailure("malformed", "http", f"no length of a chunk: {quoted(line.decode('latin-1'), 40)}")
        self._length = int(size[1], 16)
        self._step = self._chunk if self._length else self._trailers
        return True

    def _chunk(self) -> bool:
        self._length -= self._body(self._length)
        if self._length == 0:
            self._step = self._chunk_end
        return self._length == 0

    def _chunk_end(self) -> bool:
        line = self._line()
        if line:
            raise ScanFailure("malformed", "http", "a chunk is longer than it says")
        if line is not None:
            self._step = self._chunk_size
        return line is not None

    def _trailers(self) -> bool:
        line = self._line()
        if line == b"":
            self._finish(reusable=True)
        return bool(line)


def _headers(lines: list[bytes]) -> list[tuple[str, str]]:
    """Those that can be read; a line that begins with white space goes on with the one before (obs-fold)."""
    found: list[tuple[str, list[str]]] = []
    kept = False  # whether the line before was a header
    for line in lines:
        text = line.decode("latin-1").rstrip("\r")
        if text[:1] in (" ", "\t"):
            if kept:
                found[-1][1].append(text.strip())
            continue
        name, colon, value = text.partition(":")
        name = name.rstrip(" \t")
        kept = bool(colon) and _NAME.fullmatch(name) is not None and len(found) < MAX_HEADERS
        if kept:
            found.append((name.lower(), [value.strip()]))
    return [(name, " ".join(parts)) for name, parts in found]
