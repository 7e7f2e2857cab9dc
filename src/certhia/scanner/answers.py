"""What name servers answer, and the door through which they are asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeAlias


class Record(NamedTuple):
    """One resource record of an answer.

    Attributes:
        owner: lower case, without a trailing dot.
        kind: "A", "AAAA", "CNAME", "PTR", "NS", "MX" or "CAA".
        value: an address, or a name as `owner` is, whatever it holds (of "MX" without its preference); of "CAA" flags,
            tag and value, with spaces between.
        ttl: seconds.
    """

    owner: str
    kind: str
    value: str
    ttl: int


class Unanswered(Exception):
    """There is no answer to a question: `.word` says why ("NXDOMAIN", "SERVFAIL", "no answer in time")."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


Ask: TypeAlias = Callable[[str, str], Awaitable[Sequence[Record]]]
"""Name and kind to the records of the answer, CNAMEs among them. Raises Unanswered."""
