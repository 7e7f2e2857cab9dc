"""What a human accepted of a log that contradicted itself: the trees that the evidence names, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from certhia._core import Edge
from certhia.errors import RemoteError
from certhia.logs.evidence import Evidence
from certhia.logs.heads import read_checkpoint, read_sth
from certhia.model import Head, Log

Tree = tuple[int, bytes]
"""A tree by its size and root."""

KEPT: Final = 64  # trees of one log, the last ones: each freeze names two or three, and a human is asked each time


@dataclass(frozen=True, slots=True)
class Accepted:
    """Of one log, by all of its freezes.

    Attributes:
        trees: that it signed, or whose hashes it showed; which of them it shows from now on is its affair.
        served: entries as they were served, that are not those that it signed, by the root that they gave with all
            before them. Other ones in their place were not accepted.
    """

    trees: tuple[Tree, ...] = ()
    served: Tree | None = None

    def covers(self, *heads: Head) -> bool:
        """Whether each of them is of a tree that was named."""
        return all((head.size, head.root) in self.trees for head in heads)

    def and_also(self, evidence: Evidence) -> Accepted:
        """With what this evidence names."""
        trees = dict.fromkeys((*self.trees, *_named(evidence)))
        read = evidence.read
        served = (read.size, Edge(read.size, read.edge).root()) if read is not None else None
        return Accepted(tuple(trees)[-KEPT:], served)

    def encode(self) -> str:
        """As text, for the state."""
        served = [self.served[0], self.served[1].hex()] if self.served is not None else None
        return json.dumps({"served": served, "trees": [[size, root.hex()] for size, root in self.trees]})


def decode(text: str) -> Accepted:
    """What `Accepted.encode` gave."""
    fields = json.loads(text)
    served = fields.get("served")
    trees = tuple((size, bytes.fromhex(root)) for size, root in fields["trees"])
    return Accepted(trees, (served[0], bytes.fromhex(served[1])) if served else None)


def _named(evidence: Evidence) -> Iterator[Tree]:
    yield from _signed(evidence.log, (one.raw for one in evidence.heads))
    if (shown := evidence.shown) is not None:
        yield shown.size, Edge(shown.size, shown.edge).root()


def _signed(log: Log, heads: Iterable[bytes]) -> Iterator[Tree]:
    for raw in heads:
        try:
            head = (read_sth if raw.lstrip()[:1] == b"{" else read_checkpoint)(log, raw)
        except RemoteError:  # none that was signed: it can't come again
            continue
        yield head.size, head.root
