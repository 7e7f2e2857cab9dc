"""A log that does what the protocols say: takes entries, signs heads over them, serves both with proofs."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from certhia.clock import Clock
from certhia.model import FinalHead, Log, Protocol
from certhia.net import Response
from certhia.testing import heads, keys, rfc6962, static
from certhia.testing.ca import Issued
from certhia.testing.cache import Cache
from certhia.testing.entries import Entry, RawEntry, Submission, Template, u16
from certhia.testing.heads import SignedHead
from certhia.testing.request import Answer, Hook, Request, Traffic
from certhia.testing.tree import Tree


class Options(TypedDict, total=False):
    """What can be said about a log when it is made; see `Settings`."""

    operator: str
    description: str
    mmd: int
    max_get_entries: int
    align: bool
    key: str
    interval: tuple[datetime, datetime] | None
    state: str | None
    log_type: str | None
    gzip: bool
    drop_partials: bool
    names_tiles: bool
    extra_signatures: bool
    leaf_index: bool
    cache: int


@dataclass(frozen=True, slots=True)
class Settings:
    """How a log behaves, and how the log list describes it."""

    operator: str = "Certhia Test"
    description: str = ""  # the log's name unless given
    mmd: int = 86400  # seconds
    max_get_entries: int = 1000  # most entries of a get-entries answer; CTFE's default. Google's logs: 32
    align: bool = True  # a full answer ends at a multiple of `max_get_entries`, as CTFE's do
    key: str = "p256"  # or "rsa"
    interval: tuple[datetime, datetime] | None = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC))
    state: str | None = "usable"
    log_type: str | None = None
    gzip: bool = True  # data tiles are gzip, asked for or not
    drop_partials: bool = False  # a partial tile goes away when the full one is there
    names_tiles: bool = False  # serve tile/names
    extra_signatures: bool = True  # other signature lines in checkpoints, as Sunlight writes them
    leaf_index: bool = False  # entries carry the leaf index extension of static-ct-api
    cache: int = 64 << 20  # bytes of ready pages and tiles that are kept


class FakeLog:
    """One log. Made by `World.rfc6962`, `World.static` and `World.hybrid`.

    Entries that are added show only after `publish`, which signs a head over all of them. What it serves follows from
    `head`, `visible`, `online` and `hooks`, all of which a test may change at any time:

    - `head`: the head to show; set it to one of `heads` to show an old one.
    - `visible`: None, or how many entries the front end has, however many were signed for.
    - `hooks`: functions that see each request first (see `certhia.testing.scripted`); the first answer counts.
    - `on_request`: one more such function, asked before `hooks`.
    - `swapped`: entries that are served instead of those that the tree holds, by index.
    """

    def __init__(self, name: str, protocol: Protocol, clock: Clock, settings: Settings, seed: int = 0) -> None:
        self.name, self.protocol, self.clock, self.settings = name, protocol, clock, settings
        self.key = _key(settings.key, f"certhia test log {seed} {name}")
        self.spki = keys.spki(self.key)
        self.id = hashlib.sha256(self.spki).digest()
        self.host = f"http://{name}.world.test"  # changed by World.serve
        self.tree = Tree()
        self.entries: list[Entry] = []
        self.issuers: dict[bytes, bytes] = {}  # DER by SHA-256
        self.roots: list[bytes] = []
        self.heads: list[SignedHead] = []
        self.visible: int | None = None
        self.hooks: list[Hook] = []
        self.on_request: Hook | None = None
        self.swapped: dict[int, Entry] = {}
        self.final: FinalHead | None = None
        self.state_since = datetime.fromtimestamp(clock.now() // 86400 * 86400, UTC)
        self.traffic = Traffic()
        self.recent: deque[Request] = deque(maxlen=1000)  # the latest requests, oldest first
        self.cached = Cache(settings.cache)
        self.state = settings.state
        self._positions: dict[bytes, int] = {}
        self._indexed = 0
        self._known: set[bytes] = set()
        self._published: set[tuple[int, int]] = set()  # (level, size at that level) of all heads: their partial tiles
        self.publish()

    @property
    def url(self) -> str:
        """Where it is served: the monitoring URL, with a slash at the end."""
        return f"{self.host}/{self.name}/"

    @property
    def submission_url(self) -> str:
        """For a static log a name that stays the same wherever it is served, so that its origin does too."""
        return f"https://{self.name}.world.test/{self.name}/" if self.protocol is Protocol.STATIC else self.url

    @property
    def origin(self) -> str:
        """The first line of its checkpoints."""
        return self.submission_url.split("://", 1)[1].rstrip("/")

    @property
    def model(self) -> Log:
        """The log as Certhia's log list reader gives it."""
        s = self.settings
        return Log(
            self.id, self.spki, s.description or self.name, s.operator, self.protocol, self.submission_url, self.url,
            s.mmd, self.state, self.state_since, s.interval, self.final, s.log_type, ("file",),
        )  # fmt: skip

    def __len__(self) -> int:
        """All entries, published or not."""
        return len(self.entries)

    @property
    def size(self) -> int:
        """Entries under the newest head."""
        return self.heads[-1].size

    def add(self, *items: Issued | Submission | RawEntry, timestamp: int | None = None) -> list[Entry]:
        """Takes entries in; they show with the next `publish`. `timestamp` in milliseconds, the clock's by default."""
        at = int(self.clock.now() * 1000) if timestamp is None else timestamp
        submissions = [Submission.of(item) if isinstance(item, Issued) else item for item in items]
        return self._take([Entry(0, at, each, leaf_index=self.settings.leaf_index) for each in submissions])

    def extend_raw(self, sources: Sequence[Template], count: int, *, timestamp: int | None = None) -> None:
        """Adds `count` entries made from templates in turn, each with a serial number of its own. Some 100,000/s.

        The serial is the entry's index. Timestamps start at `timestamp` and grow by a millisecond each.
        """
        at = int(self.clock.now() * 1000) if timestamp is None else timestamp
        first, shown = len(self.entries), self.settings.leaf_index
        self._take(
            [Entry(0, at + i, sources[i % len(sources)], serial=first + i, leaf_index=shown) for i in range(count)]
        )

    def publish(self) -> SignedHead:
        """Signs a head over all entries and shows it. Without new entries: the same tree under a newer timestamp."""
        return self.sign(len(self.entries))

    def sign(self, size: int, *, timestamp: int | None = None, root: bytes | None = None) -> SignedHead:
        """Signs a head over the first `size` entries and shows it; with another `root`, a lie that carries a
        signature that holds."""
        at = int(self.clock.now() * 1000) if timestamp is None else timestamp
        root = self.tree.root(size) if root is None else root
        if self.protocol is Protocol.STATIC:
            extra = self.settings.extra_signatures
            body = heads.checkpoint(self.key, self.origin, at, size, root, extra=extra)
        else:
            body = heads.sth(self.key, at, size, root)
        self.head = SignedHead(size, root, at, body)
        self.heads.append(self.head)
        self._published.update((level, size >> 8 * level) for level in range(6))
        return self.head

    def freeze(self) -> FinalHead:
        """Makes the log read-only: the present head is its final one, and the log list says so."""
        self.final = FinalHead(self.head.size, self.head.root)
        self.state = "readonly"
        return self.final

    def sct(self, entry: Entry) -> bytes:
        """The SCT of an entry (RFC 6962 section 3.2), to be put into the certificate by `CA.finish`."""
        # What is signed happens to be the MerkleTreeLeaf: both begin with two zero bytes.
        signature = keys.digitally_signed(self.key, entry.leaf_input)
        return b"\0" + self.id + entry.timestamp.to_bytes(8, "big") + u16(entry.extensions) + signature

    def position(self, leaf_hash: bytes) -> int | None:
        """The index of the first entry with that leaf hash."""
        while self._indexed < len(self.entries):
            self._positions.setdefault(self.tree.leaf(self._indexed), self._indexed)
            self._indexed += 1
        return self._positions.get(leaf_hash)

    def shown(self, start: int, end: int) -> list[Entry] | None:
        """Entries [start, end) as served, where one of them is swapped; None where all are as the tree holds them."""
        if not any(start <= at < end for at in self.swapped):
            return None
        return [self.swapped.get(entry.index, entry) for entry in self.entries[start:end]]

    def has_partial(self, level: int, width: int) -> bool:
        """Whether some head that was published ends, at that level, after exactly `width` hashes."""
        return (level, width) in self._published

    def answer(self, request: Request) -> Answer:
        """What the log says to a request: the first of `on_request` and `hooks` that says something, else the truth."""
        self.recent.append(request)
        said: Response | Answer | None = None
        for hook in (self.on_request, *self.hooks):
            if hook is not None and (said := hook(request)) is not None:
                break
        if said is None:
            said = self.serve(request)
        answer = said if isinstance(said, Answer) else Answer(said)
        status = answer.response.status if answer.response else 0
        self.traffic.requests[request.endpoint] = self.traffic.requests.get(request.endpoint, 0) + 1
        self.traffic.statuses[status] = self.traffic.statuses.get(status, 0) + 1
        return answer

    def serve(self, request: Request) -> Response:
        """The truth, as far as `head` and `visible` let it be told."""
        if self.protocol is Protocol.RFC6962:
            return rfc6962.serve(self, request)
        if self.protocol is Protocol.STATIC:
            return static.serve(self, request)
        return static.serve_hybrid(self, request)

    def keep_issuer(self, certificate: bytes) -> None:
        """Makes a chain certificate available at issuer/."""
        if certificate not in self._known:
            self._known.add(certificate)
            self.issuers[hashlib.sha256(certificate).digest()] = certificate

    def warm(self) -> None:
        """Makes all full pages or tiles ahead of time, as far as they fit into the cache (`cache`, bytes)."""
        if self.protocol is not Protocol.STATIC:
            rfc6962.warm(self)
        if self.protocol is not Protocol.RFC6962:
            static.warm(self)

    def _take(self, entries: list[Entry]) -> list[Entry]:
        first, hashes = len(self.entries), []
        for offset, entry in enumerate(entries):
            entry.index = first + offset
            source = entry.submission
            if isinstance(source, Submission):
                for each in source.chain:
                    self.keep_issuer(each)
            hashes.append(hashlib.sha256(b"\0" + entry.leaf(source)).digest())
        self.entries += entries
        self.tree.extend(hashes)
        return entries


def _key(kind: str, name: str) -> keys.PrivateKey:
    if kind == "rsa":
        return keys.rsa2048(name)
    if kind == "p256":
        return keys.p256(name)
    raise ValueError(f"a log's key is 'p256' or 'rsa', not {kind!r}")
