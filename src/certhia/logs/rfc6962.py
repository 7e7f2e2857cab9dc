"""Logs that speak RFC 6962: get-sth, get-entries, and proofs for the asking."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from urllib.parse import quote as percent

from certhia._core import (
    Edge,
    Entry,
    Issuers,
    Page,
    count_get_entries,
    edge_from_inclusion,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from certhia.errors import BadAnswer, Lagging, Malformed, RemoteError, Throttled, Unverified
from certhia.logs.client import PAGE, Fetched, Line, contradiction
from certhia.logs.heads import read_sth
from certhia.logs.pages import PageSize
from certhia.model import Head, Log
from certhia.net import TooLong, quote

LONGEST_PROOF = 64
LONE = 64 << 20  # bytes: one entry with certificates of 2**24 bytes fits
LARGE = 1024  # places where entries are large that are remembered


class Rfc6962Client:
    """See LogClient."""

    def __init__(self, log: Log, line: Line, issuers: Issuers, *, page: int = 1024) -> None:
        """`line` leads to the log's URL, the part before `ct/v1/`."""
        self.log = log
        self.pages = PageSize(page)
        self._large: dict[int, int] = {}  # what to ask for at most where entries are large, whatever goes elsewhere
        self._line = line
        self._issuers = issuers

    async def head(self) -> Head:
        """RFC 6962 section 4.3."""
        return await self._line.head("ct/v1/get-sth", lambda body: read_sth(self.log, body))

    def plan(self, start: int, end: int) -> int:
        """See LogClient.plan."""
        return self.pages.plan(start, end)

    async def fetch(self, start: int, end: int, size: int) -> Fetched:
        """RFC 6962 section 4.6. Where answers vary in length, more than up to `end` is asked for: the answer to a short
        request would be shorter still."""
        pages = self.pages
        wanted = min(end, size)
        if not 0 <= start < wanted:
            raise ValueError(f"no entries in [{start}, {wanted})")
        last = min(start + min(pages.ask, self._large.get(start, pages.ask)), size if pages.varies else wanted)
        path = f"ct/v1/get-entries?start={start}&end={last - 1}"
        asked = last - start
        try:
            body = await self._line.get(
                path,
                cap=PAGE if asked > 1 else LONE,
                missing=f"entries from {start} on aren't served yet, though the log signed for {size}",
            )
        except TooLong:
            pages.shrink(asked)
            if len(self._large) >= LARGE:
                self._large.clear()
            self._large[start] = max(1, asked // 2)
            raise
        except Throttled:
            raise
        except RemoteError:
            pages.failed(asked)
            raise
        count = self._count(path, body, asked)
        pages.answered(start, asked, count)
        spare = max(start + count - wanted, 0)
        return Fetched(start, count - spare, body, spare=spare)

    def _count(self, path: str, body: bytes, asked: int) -> int:
        try:
            count = count_get_entries(body)
        except Malformed as error:
            raise BadAnswer(f"{self._line.url}{path}: no answer to get-entries: {error}: {quote(body)}") from error
        if count > asked:
            raise BadAnswer(f"{self._line.url}{path}: {count} entries where {asked} were asked for: none is taken")
        if count == 0:
            raise Lagging(f"{self._line.url}{path}: no entries, though the log signed for them")
        return count

    def decode(self, fetched: Sequence[Fetched]) -> Page:
        """See LogClient.decode."""
        pages: list[Page] = []
        bodies: list[bytes] = []
        first = fetched[0].start
        for one in fetched:
            bodies.append(one.body)
            if one.spare:  # what follows would stand at the wrong index
                pages.append(self._page(bodies, first, one.end).slice(first, one.end))
                bodies, first = [], one.end
        if bodies:
            pages.append(self._page(bodies, first, fetched[-1].end))
        return pages[0] if len(pages) == 1 else Page.join(pages)

    def _page(self, bodies: list[bytes], first: int, end: int) -> Page:
        try:
            return Page.from_get_entries(bodies, first, self._issuers)
        except Malformed as error:
            place = f"{self._line.url}ct/v1/get-entries: entries {first} to {end - 1}"
            raise Malformed(f"{place} make no sense: {error.reason}", error.offset) from error

    @property
    def alarm(self) -> str:
        """None: entries stand alone here, and one that can't be decoded has its bytes."""
        return ""

    async def edge(self, head: Head, size: int | None = None) -> Edge:
        """The edge follows from the last leaf of [0, size) and its inclusion proof there (all of it left siblings);
        what root that gives is then proven to belong to `head`."""
        size = head.size if size is None else size
        if not 0 <= size <= head.size:
            raise ValueError(f"no tree of {size} entries in a head of {head.size}")
        if size == 0:
            return Edge()
        leaf, path = await self._last_leaf(size)
        nodes = [leaf]
        for sibling in path:
            nodes.append(node_hash(sibling, nodes[-1]))
        edge = self._edge(leaf, size, path, nodes[-1])
        await self.prove(edge, head)
        return edge

    def _edge(self, leaf: bytes, size: int, path: Sequence[bytes], root: bytes) -> Edge:
        try:
            return edge_from_inclusion(leaf, size, path, root)
        except Malformed as error:
            raise Unverified(
                f"{self.log.url}: the proof of entry {size - 1} at size {size} makes no sense: {error}"
            ) from error

    async def _last_leaf(self, size: int) -> tuple[bytes, tuple[bytes, ...]]:
        """Leaf hash and inclusion proof of the last entry of the tree of `size`."""
        try:
            answer = await self._json(f"ct/v1/get-entry-and-proof?leaf_index={size - 1}&tree_size={size}", LONE)
            return leaf_hash(self._bytes(answer, "leaf_input")), self._hashes(answer, "audit_path")
        except (BadAnswer, Lagging):  # not every log answers it
            page = self.decode([await self.fetch(size - 1, size, size)])
            leaf = page.leaf_hashes
            return leaf, await self._proof_by_hash(leaf, size - 1, size)

    async def _proof_by_hash(self, leaf: bytes, index: int, size: int) -> tuple[bytes, ...]:
        encoded = percent(base64.b64encode(leaf), safe="")
        answer = await self._json(f"ct/v1/get-proof-by-hash?hash={encoded}&tree_size={size}")
        if answer.get("leaf_index") != index:
            raise BadAnswer(
                f"{self.log.url}: get-proof-by-hash proves another entry than {index}, one with the same leaf"
            )
        return self._hashes(answer, "audit_path")

    async def prove(self, edge: Edge, head: Head) -> tuple[str, tuple[bytes, ...]]:
        """RFC 6962 section 4.4."""
        if edge.size > head.size:
            raise ValueError(f"{edge.size} entries can't be a prefix of {head.size}")
        if edge.size == head.size:
            if edge.root() != head.root:
                raise Unverified(
                    f"{self.log.url}: the {edge.size} entries give the root {edge.root().hex()}, "
                    f"the log signed {head.root.hex()}"
                )
            return "", ()
        if edge.size == 0:
            return "consistency", ()
        answer = await self._json(f"ct/v1/get-sth-consistency?first={edge.size}&second={head.size}")
        proof = self._hashes(answer, "consistency")
        if not verify_consistency(edge.size, edge.root(), head.size, head.root, proof):
            raise Unverified(
                f"{self.log.url}: the entries up to {edge.size} (root {edge.root().hex()}) are not proven to be in the "
                f"signed head of size {head.size}",
                ("consistency", proof),
            )
        return "consistency", proof

    async def siblings(self, level: int, index: int, leaf: bytes, head: Head) -> tuple[bytes, ...]:
        """RFC 6962 section 4.5, else 4.8: the upper part of the first entry's inclusion proof."""
        first = index << level
        try:
            path = await self._proof_by_hash(leaf, first, head.size)
        except (BadAnswer, Lagging):  # an entry that is there twice is found at one place only
            answer = await self._json(f"ct/v1/get-entry-and-proof?leaf_index={first}&tree_size={head.size}", LONE)
            path = self._hashes(answer, "audit_path")
        if len(path) < level:
            raise BadAnswer(f"{self.log.url}: the proof of entry {first} at size {head.size} has {len(path)} hashes")
        return path[level:]

    async def precedes(self, older: Head, newer: Head) -> None:
        """RFC 6962 section 4.4, for heads of which we hold no edge."""
        if older.size == 0:
            holds = older.root == Edge().root()
        else:
            answer = await self._json(f"ct/v1/get-sth-consistency?first={older.size}&second={newer.size}")
            proof = self._hashes(answer, "consistency")
            holds = verify_consistency(older.size, older.root, newer.size, newer.root, proof)
        if not holds:
            raise contradiction(self.log, older, newer)

    async def entry(self, index: int, head: Head) -> Entry:
        """RFC 6962 section 4.8, else 4.6 and 4.5."""
        if not 0 <= index < head.size:
            raise ValueError(f"no entry {index} in a head of size {head.size}")
        try:
            answer = await self._json(f"ct/v1/get-entry-and-proof?leaf_index={index}&tree_size={head.size}", LONE)
            path = self._hashes(answer, "audit_path")
            kept = {"leaf_input": answer.get("leaf_input"), "extra_data": answer.get("extra_data")}
            page = Page.from_get_entries([json.dumps({"entries": [kept]}).encode()], index, self._issuers)
        except (BadAnswer, Lagging, Malformed):
            page = self.decode([await self.fetch(index, index + 1, head.size)])
            path = await self._proof_by_hash(page.leaf_hashes, index, head.size)
        if not verify_inclusion(page.leaf_hashes, index, head.size, path, head.root):
            raise Unverified(
                f"{self.log.url}: entry {index} is not proven to be in the signed head of size {head.size}"
            )
        return page[0]

    async def find(self, leaf: bytes, index: int | None, head: Head) -> int | None:  # noqa: ARG002  (it needs none)
        """RFC 6962 section 4.5."""
        encoded = percent(base64.b64encode(leaf), safe="")
        path = f"ct/v1/get-proof-by-hash?hash={encoded}&tree_size={head.size}"
        try:
            answer = await self._json(path, missing="no such leaf")
        except Lagging:
            return None
        found = answer.get("leaf_index")
        if type(found) is not int or not 0 <= found < head.size:
            raise BadAnswer(f"{self.log.url}: get-proof-by-hash: leaf_index {found!r} is none of {head.size} entries")
        if not verify_inclusion(leaf, found, head.size, self._hashes(answer, "audit_path"), head.root):
            raise Unverified(
                f"{self.log.url}: entry {found} is not proven to be in the signed head of size {head.size}"
            )
        return found

    async def issuer(self, fingerprint: bytes) -> bytes | None:
        """RFC 6962 logs give chains with their entries: what was seen is kept, the rest can't be asked for."""
        return self._issuers.get(fingerprint)

    async def _json(self, path: str, cap: int = 1 << 17, missing: str = "") -> dict[str, object]:
        body = await self._line.get(path, cap=cap, missing=missing)
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BadAnswer(f"{self._line.url}{path}: no JSON: {quote(body)}") from error
        if not isinstance(answer, dict):
            raise BadAnswer(f"{self._line.url}{path}: JSON, but no object: {quote(body)}")
        return answer

    def _bytes(self, answer: dict[str, object], field: str) -> bytes:
        value = answer.get(field)
        try:
            return base64.b64decode(value, validate=True) if isinstance(value, str) else b""
        except binascii.Error:
            raise BadAnswer(f"{self.log.url}: {field} is no base64: {quote(str(value).encode())}") from None

    def _hashes(self, answer: dict[str, object], field: str) -> tuple[bytes, ...]:
        values = answer.get(field, "missing")
        if values is None:  # Go writes null for an empty list
            values = []
        if not isinstance(values, list) or len(values) > LONGEST_PROOF:
            raise BadAnswer(f"{self.log.url}: {field} is no list of at most {LONGEST_PROOF} hashes")
        hashes = tuple(self._bytes({field: value}, field) for value in values)
        if any(len(value) != 32 for value in hashes):
            raise BadAnswer(f"{self.log.url}: {field} holds something else than hashes of 32 bytes")
        return hashes
