"""What a server says before TLS, bounded, and the one failure when it says no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from certhia.render import quoted
from certhia.scanner.conversation import Conversation, Send
from certhia.scanner.failures import ScanFailure

MAX_GREETING: Final = 65_536  # bytes of all that one server says before TLS


class Reading:
    """Reads what a server says in the clear, up to where an answer ends.

    At most `MAX_GREETING` bytes of one server are read. What it sends beyond an answer is the beginning of its next;
    what it sends beyond the last is dropped with this object, so that nothing said in the clear counts as said under
    TLS (CVE-2011-0411).
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._left = MAX_GREETING

    def until(self, say: bytes, end: Callable[[bytes], int]) -> Conversation[bytes]:
        """Sends `say` and reads until `end` of all that came gives where the answer ends (0: not yet).

        Raises:
            ScanFailure: `closed`, or `too-large`.
        """
        step = Send(say, "starttls")
        if say:  # what came before it was asked is no answer
            self._held.clear()
        length = end(bytes(self._held)) if self._held else 0
        while not length:
            data = yield step
            if not data:
                raise ScanFailure("closed", "starttls", _shown(bytes(self._held)))
            self._left -= len(data)
            if self._left < 0:
                raise ScanFailure("too-large", "starttls", f"more than {MAX_GREETING} bytes before TLS")
            self._held += data
            length = end(bytes(self._held))
            step = _MORE
        answer = bytes(self._held[:length])
        del self._held[:length]
        return answer

    def lines(self, say: bytes, last: Callable[[bytes], bool]) -> Conversation[list[bytes]]:
        """Lines without their ends, up to the first one that is the `last`."""
        looked = 0

        def end(held: bytes) -> int:
            nonlocal looked
            while (newline := held.find(b"\n", looked)) >= 0:
                line, looked = held[looked:newline], newline + 1
                if last(line.rstrip(b"\r")):
                    return looked
            return 0

        answer = yield from self.until(say, end)
        return [line.rstrip(b"\r") for line in answer.split(b"\n")[:-1]]


_MORE: Final = Send(b"", "starttls")


def refused(said: bytes, why: str = "") -> ScanFailure:
    """The peer does not change to TLS. `said`: its words, shown inert and cut."""
    shown = _shown(said)
    return ScanFailure("starttls-refused", "starttls", f"{why}: {shown}" if why and shown else why or shown)


def _shown(said: bytes) -> str:
    text = said.strip().decode("utf-8", "backslashreplace")
    return quoted(text, 120) if text else ""
