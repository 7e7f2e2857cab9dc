"""The Rust core: bytes in, facts out. No I/O, no clock, no global state; every call on a page releases the GIL.

All classes are immutable unless said otherwise. Input that makes no sense raises `certhia.Malformed`.
"""

from collections.abc import Iterator, Sequence
from typing import Self, final

__all__ = [
    "Certificate",
    "Edge",
    "Entry",
    "Issuers",
    "Matcher",
    "Note",
    "Page",
    "Scan",
    "build_info",
    "count_get_entries",
    "cover",
    "edge_from_inclusion",
    "floor",
    "leaf_hash",
    "node_hash",
    "registrable_domain",
    "to_ascii",
    "verify_consistency",
    "verify_inclusion",
]

build_info: dict[str, str]  # version, profile, target, features

@final
class Issuers:
    """Chain certificates by SHA-256 fingerprint, each kept once; bounded; safe to share between threads.

    A chain is kept as fingerprints in a `Page`; this is where the bytes are. `capacity` counts certificates; the least
    recently used one goes first.
    """
    def __new__(cls, capacity: int = 4096) -> Self: ...
    def __len__(self) -> int: ...
    def get(self, fingerprint: bytes) -> bytes | None: ...
    def add(self, der: bytes) -> bytes:
        """Keeps `der`; gives its fingerprint, 32 bytes."""

@final
class Certificate:
    """A certificate, or a precertificate's TBS, read tolerantly (X.509, RFC 5280). Fields are decoded when asked for.

    A field that can't be read is empty: "", [], None, False or 0.
    """
    @staticmethod
    def from_der(der: bytes) -> Certificate:
        """Raises Malformed for bytes that are no certificate; what follows its end is not looked at."""
    @property
    def fault(self) -> str | None:
        """Why the bytes of a log entry are no certificate: then `names`, `dns_names` and `ip_addresses` are what can
        still be found in them, the hashes are there, and all else is empty. Never set by `from_der`.
        """
    @property
    def der(self) -> bytes: ...
    @property
    def names(self) -> list[str]:
        """DNS names and IP addresses: SANs in order, then the common name where it is a name not yet given."""
    @property
    def dns_names(self) -> list[str]: ...
    @property
    def ip_addresses(self) -> list[str]: ...
    @property
    def common_name(self) -> str | None: ...
    @property
    def subject(self) -> str:
        """RFC 4514 string; unreadable bytes are escaped."""
    @property
    def issuer(self) -> str: ...
    def subject_attribute(self, oid: str) -> str | None:
        """First value of the attribute with the dotted OID, e.g. "2.5.4.10" for the organisation."""
    def issuer_attribute(self, oid: str) -> str | None: ...
    @property
    def serial(self) -> str:
        """Upper-case hex of the magnitude, even length."""
    @property
    def not_before(self) -> int:
        """Unix seconds; 0 where the time can't be read."""
    @property
    def not_after(self) -> int: ...
    @property
    def sha256(self) -> bytes: ...
    @property
    def sha1(self) -> bytes: ...
    @property
    def spki_sha256(self) -> bytes: ...
    @property
    def tbs_sha256(self) -> bytes:
        """SHA-256 of the TBS with the poison and SCT list extensions taken out: equal for a precertificate and its
        certificate. Of bytes that can't be read so it is the plain SHA-256."""
    @property
    def is_precert(self) -> bool:
        """Carries the poison extension (RFC 6962 section 3.1)."""
    @property
    def is_ca(self) -> bool: ...
    @property
    def signature_algorithm(self) -> str:
        """Dotted OID."""

@final
class Entry:
    """One entry of a page."""
    @property
    def index(self) -> int: ...
    @property
    def timestamp(self) -> int:
        """Milliseconds, as the log claims."""
    @property
    def is_precert(self) -> bool: ...
    @property
    def fault(self) -> str | None:
        """What is wrong with the leaf itself: an unknown version or entry type, or one that can't be framed."""
    @property
    def leaf_hash(self) -> bytes: ...
    @property
    def leaf_input(self) -> bytes:
        """MerkleTreeLeaf (RFC 6962 section 3.4)."""
    @property
    def tile_leaf(self) -> bytes:
        """TileLeaf (C2SP static-ct-api); for an entry that can't be framed so, the leaf as served."""
    @property
    def raw_extra(self) -> bytes | None:
        """extra_data as served, where it can't be framed; then `chain` is empty."""
    @property
    def issuer_key_hash(self) -> bytes | None: ...
    @property
    def certificate(self) -> Certificate:
        """The leaf's own certificate, or for a precertificate the TBS that the log signed: what the tree covers.

        Bytes that are no certificate give one with a `fault`. Raises Malformed where the leaf has no such bytes, as of
        an unknown entry type; such entries never have matches.
        """
    @property
    def submitted(self) -> bytes:
        """DER of the certificate, or of the precertificate as submitted (not covered by the tree; b"" when unreadable)."""
    @property
    def chain(self) -> list[bytes]:
        """SHA-256 fingerprints of the chain, 32 bytes each."""

@final
class Page:
    """Consecutive entries of one log in canonical form (TileLeaf), with their leaf hashes.

    Indexable by position from 0; `page.first` is the log index of the first.
    """
    @staticmethod
    def from_get_entries(bodies: Sequence[bytes], first: int, issuers: Issuers, max_entries: int = ...) -> Page:
        """Transcodes the bodies of consecutive get-entries answers (RFC 6962 section 4.6), each at most 128 MiB.

        Leaves of unknown version or type, and extra_data that can't be framed, are carried as served.
        """
    @staticmethod
    def from_tile(body: bytes, first: int, limit: int = ...) -> Page:
        """Frames a data tile (C2SP static-ct-api), gzip or not (told by its magic); at most `limit` bytes unpacked (64 MiB).

        `first` is the index of the tile's first entry. At most 256 entries.
        """
    @property
    def first(self) -> int: ...
    @property
    def end(self) -> int:
        """One past the last index."""
    @property
    def nbytes(self) -> int: ...
    @property
    def leaf_hashes(self) -> bytes:
        """32 bytes an entry."""
    @property
    def issuers(self) -> list[bytes]:
        """Distinct chain fingerprints of the page, 32 bytes each."""
    def timestamp(self, position: int) -> int: ...
    def __len__(self) -> int: ...
    def __getitem__(self, position: int, /) -> Entry:
        """Negative positions count from the end."""
    def __iter__(self) -> Iterator[Entry]: ...
    def slice(self, start: int, end: int) -> Page:
        """Entries with log index in [start, end)."""
    @staticmethod
    def join(pages: Sequence[Page]) -> Page: ...

def count_get_entries(body: bytes) -> int:
    """How many entries a get-entries answer holds, without decoding them. Raises Malformed when it is no such answer
    (cut off, not JSON, no "entries")."""

@final
class Scan:
    """What rules found in a page."""
    @property
    def hits(self) -> list[tuple[int, list[tuple[int, str, str, str]]]]:
        """For each entry with a match: its position in the page and (rule number, name, where, why) for each match,
        once for each rule and name; a rule for everything gives one, with the first name ("" when there is none).

        where: "san", "cn", "ip"; why: "exact", "apex", "below", "wildcard", "cidr", "everything".
        """
    @property
    def quarantined(self) -> list[tuple[int, str]]:
        """Position and reason of each entry that could not be decoded. What could still be found in it was matched."""
    @property
    def precerts(self) -> int: ...
    @property
    def names(self) -> int:
        """How many names were read; a common name that repeats the first SAN is not one more."""

@final
class Matcher:
    """Compiled rules. A rule is (kind, value): kinds are

    "tree"   a name and everything below it
    "below"  everything below a name, not the name itself
    "exact"  one name; a certificate's wildcard that covers it counts
    "cidr"   an IP network or address; matches IP SANs, and names that are written addresses
    "all"    everything; value ignored
    Values are A-labels, lower case, no trailing dot. Raises Malformed for a value that is none.
    """
    def __new__(cls, rules: Sequence[tuple[str, str]]) -> Self: ...
    def __len__(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    def scan(self, page: Page, *, precerts: bool = True) -> Scan: ...
    def match(self, names: Sequence[str]) -> list[tuple[int, str, str, str]]:
        """The same for names given one by one (DNS names or addresses)."""

@final
class Edge:
    """The right edge of a Merkle tree: roots of the perfect subtrees of [0, size), largest first. Mutable.

    RFC 6962 section 2.1; also known as a compact range.
    """
    def __new__(cls, size: int = 0, hashes: bytes | None = None) -> Self:
        """`hashes`: 32 bytes for each set bit of `size`."""
    @property
    def size(self) -> int: ...
    @property
    def hashes(self) -> bytes: ...
    def append(self, leaf_hashes: bytes) -> None: ...
    def append_page(self, page: Page, count: int | None = None) -> None:
        """Appends the leaf hashes of the page's first `count` entries (all when None). Raises ValueError when
        page.first is not size."""
    def append_nodes(self, nodes: Sequence[bytes], size: int) -> None:
        """Appends the subtree roots that `cover(self.size, size)` names, in that order."""
    def root(self) -> bytes: ...
    def copy(self) -> Edge: ...

def cover(start: int, end: int) -> list[tuple[int, int]]:
    """The perfect subtrees that tile [start, end) from left to right, as (level, index): 2**level leaves from
    index << level. They are those which lead an Edge of size `start` to size `end`."""

def edge_from_inclusion(leaf_hash: bytes, size: int, proof: Sequence[bytes], root: bytes) -> Edge:
    """The right edge of the tree of `size` entries from its last leaf and that leaf's inclusion proof. Raises Malformed
    when the proof does not lead to `root`."""

def leaf_hash(leaf_input: bytes) -> bytes: ...
def node_hash(left: bytes, right: bytes) -> bytes: ...
def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 section 2.1.3.2."""

def verify_consistency(m: int, old_root: bytes, n: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162 section 2.1.4.2."""

@final
class Note:
    """A signed note with a checkpoint body (C2SP signed-note, tlog-checkpoint, static-ct-api)."""
    @staticmethod
    def parse(text: bytes) -> Note:
        """Strict: no leading zeros, no extension lines, root of 32 bytes, at most 1 MiB and 64 signatures."""
    @property
    def signed(self) -> bytes:
        """The text that was signed, its last newline included."""
    @property
    def origin(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def root(self) -> bytes: ...
    @property
    def signatures(self) -> list[tuple[str, bytes, bytes]]:
        """(key name, key id of 4 bytes, signature without the key id)."""

def registrable_domain(name: str) -> str | None:
    """The registrable domain by the public suffix list, A-labels; None for a public suffix or an address."""

def to_ascii(name: str) -> str:
    """A name in A-labels, lower case, no trailing dot (UTS 46). Raises Malformed."""

def floor(bodies: Sequence[bytes], matcher: Matcher, rounds: int = 5) -> dict[str, float]:
    """What each part of the work costs alone on get-entries answers, in nanoseconds an entry, the best of `rounds`.

    find: both strings in the JSON; base64: decoding them; leaf_hash; tbs_hash: without poison and SCTs; walk: frame and
    names of the certificate; match: all names against `matcher`.
    """
