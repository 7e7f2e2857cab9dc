"""A log that contradicts itself: what shows it is gathered while the log still answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from certhia._core import Edge
from certhia.clock import Clock
from certhia.errors import Malformed, RemoteError, Unverified
from certhia.logs.client import Fetched, LogClient
from certhia.logs.evidence import MAX_ANSWERS, MAX_LEAVES, Evidence, Prefix, SeenHead, Subtree
from certhia.model import Head
from certhia.store.blocks import Block


@dataclass(frozen=True, slots=True)
class Sight:
    """A head, and when it was seen (Unix seconds)."""

    head: Head
    at: float


FILES: Final = 16  # of one log that goes on; a log that gives cause for more of them is told of by these


class Files:
    """Evidence against a log that goes on: one file for each head, and not without end."""

    def __init__(self, keep: Callable[[Evidence], Awaitable[str]]) -> None:
        self._keep = keep
        self._names: dict[tuple[int, bytes], str] = {}  # by the head's size and root

    async def keep(self, about: Sight, made: Callable[[], Evidence]) -> str:
        """The path of the file; empty where there are enough of them. Raises StateError where it can't be kept."""
        key = about.head.size, about.head.root
        if key not in self._names and len(self._names) < FILES:
            self._names[key] = await self._keep(made())
        return self._names.get(key, "")


class Witness:
    """Gathers evidence against one log. Its requests are few, and none that fails matters."""

    def __init__(self, client: LogClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def shown(self, smaller: Head, larger: Head, place: int) -> Prefix | None:
        """What the log's own hashes say of the beginning of `larger`, as long as `smaller`; None where it gives none.

        `place`: of `larger` among the heads of the evidence.
        """
        if smaller.size >= larger.size:
            return None
        try:
            edge = await self._client.edge(larger, smaller.size)
            kind, proof = await self._client.prove(edge, larger)
        except (RemoteError, Malformed):
            return None
        return Prefix(edge.size, edge.hashes, place, kind, proof)

    def of_heads(self, reason: str, one: Sight, other: Sight, shown: Prefix | None = None) -> Evidence:
        """Two heads that contradict each other; `shown` is of the larger one, which then comes last."""
        return self._made(reason, (one, other), shown=shown)

    async def of_entries(
        self,
        reason: str,
        proof: tuple[str, tuple[bytes, ...]],
        before: tuple[Prefix, Sight],
        now: tuple[Edge, bytes],
        head: Sight,
    ) -> Evidence:
        """Entries that don't lead to a signed head, by the log's `proof` for it.

        `before`: the verified position, and the head that it was proven to (where the proof is not at hand the log is
        asked for it); `now`: all that was read, and the leaf
        hashes since, empty where they aren't known.
        """
        (held, earlier), (read, leaves) = before, now
        verified = Edge(held.size, held.edge)
        count = read.size - verified.size
        known = leaves if len(leaves) == 32 * count and count <= MAX_LEAVES else b""
        agreed = await self._agreed(verified, known, read.size, head.head)
        shown = await self.shown(earlier.head, head.head, 1) if agreed is None else None
        if not held.kind and held.size != earlier.head.size:
            held = await self._proven(verified, earlier.head, 0) or held
        answers = await self._served(agreed, verified.size, known, head.head) if agreed is not None else ()
        if agreed is not None and agreed.size > verified.size:
            reason = f"{reason}; entries {verified.size} to {agreed.size - 1} are as it signed them"
        return self._made(
            reason,
            (earlier, head),
            verified=held,
            read=Prefix(read.size, read.hashes, 1, *proof),
            leaves=known,
            agreed=agreed,
            shown=shown,
            answers=answers,
        )

    async def other(self, read: Edge, head: Head) -> bool | None:
        """Whether what was read is another tree than that of `head`, as the log's own hashes for it say now. None where
        they don't lead to it either: then the log proves nothing, and nothing is known of the entries."""
        if read.size == head.size:
            return read.root() != head.root
        if await self._proven(read, head, 0) is not None:
            return False
        for size in (read.size, read.size + 1) if read.size % 2 == 0 else (read.size,):
            try:
                own = await self._client.edge(head, size)
            except (RemoteError, Malformed):  # the entry before may be one that is served wrongly: by the one behind
                continue
            return own.hashes[: 32 * read.size.bit_count()] != read.hashes
        return None

    async def other_block(self, block: Block) -> bool:
        """Whether a block of entries is another one than that of the tree of its head, by the log's own hashes."""
        try:
            read = await self._client.edge(block.head, block.start)
        except (RemoteError, Malformed):
            return False
        read.append_nodes([block.root], block.end)
        return await self.other(read, block.head) is True

    async def of_block(self, reason: str, block: Block, leaves: bytes) -> Evidence:
        """Entries of a backfill, with their leaf hashes, that are not proven to the head that covers them."""
        sight = Sight(block.head, self._clock.now())
        known = leaves if len(leaves) <= 32 * MAX_LEAVES else b""
        subtree = Subtree(block.level, block.index, block.root, block.path, 0)
        alone = self._made(reason, (sight,), leaves=known, block=subtree)
        try:
            read = await self._client.edge(block.head, block.start)
            before = await self._proven(read, block.head, 0)
        except (RemoteError, Malformed):
            return alone
        if before is None:
            return alone
        read.append(leaves)
        try:
            await self._client.prove(read, block.head)
        except Unverified as error:
            return await self.of_entries(reason, error.proof, (before, sight), (read, leaves), sight)
        except (RemoteError, Malformed):
            pass
        return alone

    async def of_two(self, reason: str, older: Head, newer: Head) -> Evidence:
        """Two heads that contradict each other, the smaller one first."""
        now = self._clock.now()
        return self.of_heads(reason, Sight(older, now), Sight(newer, now), await self.shown(older, newer, 1))

    def _made(self, reason: str, heads: tuple[Sight, ...], **parts: object) -> Evidence:
        seen = tuple(SeenHead(one.head.raw, one.at) for one in heads)
        return Evidence(self._client.log, self._clock.now(), reason, seen, **parts)  # type: ignore[arg-type]

    async def _agreed(self, edge: Edge, leaves: bytes, end: int, head: Head) -> Prefix | None:
        """As much of what was read as the log proves to be the beginning of its head, by halving what is left."""
        best = await self._proven(edge, head, 1)
        low, high = edge.size, end
        while best is not None and leaves and high - low > 1:
            middle = (low + high) // 2
            longer = edge.copy()
            longer.append(leaves[: 32 * (middle - edge.size)])
            try:
                kind, proof = await self._client.prove(longer, head)
            except Unverified:
                high = middle
            except (RemoteError, Malformed):
                break  # it must do with what is known by now
            else:
                low, best = middle, Prefix(middle, longer.hashes, 1, kind, proof)
        return best

    async def _proven(self, edge: Edge, head: Head, place: int) -> Prefix | None:
        try:
            kind, proof = await self._client.prove(edge, head)
        except (RemoteError, Malformed):
            return None
        return Prefix(edge.size, edge.hashes, place, kind, proof)

    async def _served(self, agreed: Prefix, first: int, leaves: bytes, head: Head) -> tuple[Fetched, ...]:
        """The answer with the first entry that differs, as served once more; nothing where it is another one now."""
        if not leaves:
            return ()
        try:
            answer = await self._client.fetch(agreed.size, agreed.size + 1, head.size)
            page = self._client.decode([answer])
        except (RemoteError, Malformed):
            return ()
        begin, end = max(page.first, first), min(page.end, first + len(leaves) // 32)
        same = page.slice(begin, end).leaf_hashes == leaves[32 * (begin - first) : 32 * (end - first)]
        return (answer,) if same and 0 < len(answer.body) <= MAX_ANSWERS else ()
