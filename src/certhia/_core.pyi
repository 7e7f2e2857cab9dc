"""The Rust core: bytes in, facts out. No I/O, no clock, no global state; every call on a page releases the GIL.

All classes are immutable unless said otherwise. Input that makes no sense raises `certhia.Malformed`.
"""

from collections.abc import Iterator, Sequence
from mmap import mmap
from typing import Self, final

from certhia.model import Hit

__all__ = [
    "Audience",
    "Batch",
    "Certificate",
    "Edge",
    "Entry",
    "Extension",
    "Filter",
    "Flight",
    "Form",
    "Handshake",
    "Hello",
    "Issuers",
    "Jarm",
    "LinesRead",
    "Matcher",
    "Messages",
    "Note",
    "Novel",
    "Page",
    "Permutation",
    "Ranges",
    "Rules",
    "Scan",
    "Sct",
    "Sightings",
    "Source",
    "Suffixes",
    "alert_name",
    "build_info",
    "cipher_name",
    "count_get_entries",
    "cover",
    "edge_from_inclusion",
    "floor",
    "group_name",
    "leaf_hash",
    "node_hash",
    "novel_domains",
    "registrable_domain",
    "registrable_domains",
    "scan_together",
    "seen_fill",
    "signature_scheme_name",
    "to_ascii",
    "verify_consistency",
    "verify_inclusion",
    "version_name",
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
class Extension:
    """One extension of a certificate (RFC 5280 section 4.2)."""
    @property
    def oid(self) -> str:
        """Dotted."""
    @property
    def name(self) -> str:
        """As RFC 5280 names it, such as "subjectAltName"; "" for one that isn't known."""
    @property
    def critical(self) -> bool: ...
    @property
    def value(self) -> bytes:
        """Content of the OCTET STRING."""

@final
class Sct:
    """A signed certificate timestamp (RFC 6962 section 3.2)."""
    @property
    def version(self) -> int:
        """0 is v1. Of other versions all fields but `raw` are empty."""
    @property
    def log_id(self) -> bytes: ...
    @property
    def timestamp(self) -> int:
        """Milliseconds."""
    @property
    def extensions(self) -> bytes: ...
    @property
    def hash_algorithm(self) -> int:
        """RFC 5246 section 7.4.1.4.1: 4 is SHA-256."""
    @property
    def signature_algorithm(self) -> int:
        """3 is ECDSA, 1 RSA."""
    @property
    def signature(self) -> bytes: ...
    @property
    def raw(self) -> bytes:
        """The whole SerializedSCT."""

@final
class Certificate:
    """A certificate, or a precertificate's TBS, read tolerantly (X.509, RFC 5280). Fields are decoded when asked for.

    A field that can't be read is empty: "", [], None, False or 0; of a list that breaks off, what stands before is given.
    Of an extension that comes twice, what is in both counts. Bounds: 100,000 names, 10,000 extensions, attributes of a
    name and values of an extension, 1,024 SCTs; reading takes time in proportion to the bytes.
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
        """DNS names and IP addresses: SANs in order, then the common name where it is a name not yet given; where SANs
        can't be read to their end, then what can still be found of them."""
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
    def logged_tbs(self) -> bytes:
        """What `tbs_sha256` is the hash of, DER: the TBS that a log signs for it, and its embedded SCTs (RFC 6962
        section 3.2)."""
    @property
    def is_precert(self) -> bool:
        """Carries the poison extension (RFC 6962 section 3.1)."""
    @property
    def is_ca(self) -> bool: ...
    @property
    def signature_algorithm(self) -> str:
        """Dotted OID, as the TBS names it."""
    @property
    def signature_algorithm_name(self) -> str:
        """Such as "ecdsa-with-SHA384", "RSASSA-PSS-SHA256", "Ed25519"; the dotted OID where it has no name here."""
    @property
    def signature(self) -> bytes:
        """Content of the BIT STRING; b"" for a TBS alone."""
    @property
    def version(self) -> int:
        """1, 2 or 3; of a certificate that claims another, that."""
    @property
    def subject_attributes(self) -> list[tuple[str, str]]:
        """(dotted OID, value) of each attribute, in the order of the certificate."""
    @property
    def issuer_attributes(self) -> list[tuple[str, str]]: ...
    @property
    def spki(self) -> bytes:
        """SubjectPublicKeyInfo, DER."""
    @property
    def key_algorithm(self) -> str:
        """ "rsa", "ec", "dsa", "ed25519", "ed448", "x25519", "x448", "rsassa-pss", "ml-dsa-44"…; else the dotted OID."""
    @property
    def key_bits(self) -> int:
        """Bits of the RSA, DSA or DH modulus, or of the curve's field (255 of Ed25519); 0 where that is not known."""
    @property
    def key_curve(self) -> str:
        """Of "ec" keys "P-256", "P-384", "P-521", "secp256k1"…, else the dotted OID; "explicit" where its parameters are
        written out. "" of other keys."""
    @property
    def extensions(self) -> list[Extension]:
        """As they come; one that can't be read is missing (`extensions_fault`)."""
    @property
    def extensions_fault(self) -> str | None:
        """Why extensions, or what is in a known one, can't be read: the first reason, with its offset in `der`."""
    @property
    def alternative_names(self) -> list[tuple[str, str]]:
        """(kind, value) of each SAN: "dns", "ip", "email", "uri", "dirname" (RFC 4514), "rid" (dotted OID),
        "othername" (OID;hex of the value), "x400" and "ediparty" (hex)."""
    @property
    def issuer_alternative_names(self) -> list[tuple[str, str]]: ...
    @property
    def email_addresses(self) -> list[str]:
        """rfc822Name SANs, then the subject's emailAddress where it is not one of them."""
    @property
    def uris(self) -> list[str]: ...
    @property
    def scts(self) -> list[Sct]:
        """Of the SCT list extension (RFC 6962 section 3.3), those that can be read."""
    @property
    def subject_key_id(self) -> bytes | None: ...
    @property
    def authority_key_id(self) -> bytes | None:
        """keyIdentifier of the authority key identifier."""
    @property
    def path_length(self) -> int | None:
        """pathLenConstraint of the basic constraints."""
    @property
    def has_basic_constraints(self) -> bool: ...
    @property
    def key_usage(self) -> list[str]:
        """ "digitalSignature", "nonRepudiation", "keyEncipherment"… (RFC 5280 section 4.2.1.3)."""
    @property
    def extended_key_usage(self) -> list[str]:
        """Dotted OIDs."""
    @property
    def policies(self) -> list[tuple[str, list[str]]]:
        """(dotted OID, CPS URIs) of each certificate policy."""
    @property
    def crl_urls(self) -> list[str]:
        """URIs of the CRL distribution points' full names."""
    @property
    def authority_info(self) -> list[tuple[str, str]]:
        """(method, URI): "ocsp", "ca_issuers" or a dotted OID, in the order of the certificate; only those with a URI."""
    @property
    def is_precert_signing(self) -> bool:
        """Has the extended key usage of a Precertificate Signing Certificate (RFC 6962 section 3.1)."""
    @property
    def is_self_issued(self) -> bool:
        """Subject and issuer are the same bytes."""

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
        """What is wrong with the leaf itself, and where: an unknown version or entry type, or one that can't be framed."""
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
    def unproven(self, issuers: Issuers) -> str | None:
        """Why `submitted` and `chain`, which the tree does not cover, can't be believed; None where they are proven.

        A precertificate is proven when it gives the leaf's TBS once the poison is removed (and, where a Precertificate
        Signing Certificate signed it, issuer and authority key identifier are replaced) and the key of the chain's
        issuer hashes to `issuer_key_hash` (RFC 6962 sections 3.1 and 3.2). A certificate is the leaf itself: None.
        Compared is byte by byte; signatures are not checked, so they and certificates above the issuer stay claims.
        """

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
    @staticmethod
    def from_tile_by_hashes(body: bytes, first: int, leaf_hashes: bytes, limit: int = ...) -> Page:
        """What can be had of a data tile that can't be framed whole, or is larger than `limit`, by its leaf hashes (32
        bytes an entry): entries whose bytes give their hash, up to the first that can't be framed.

        Of all from there on there is the hash alone: empty bytes, and a fault that says so.
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
    def timestamp(self, position: int) -> int:
        """Milliseconds, as the log claims."""
    def __len__(self) -> int: ...
    def __getitem__(self, position: int, /) -> Entry:
        """Negative positions count from the end."""
    def __iter__(self) -> Iterator[Entry]: ...
    @property
    def batch(self) -> Batch:
        """The page decoded into columns; made anew at each call. Releases the GIL. Raises Malformed where a column would
        take more than 2 GiB."""
    def batch_with(self, columns: Sequence[str]) -> Batch:
        """The same with columns that cost a hash each: "sha256", "spki_sha256"."""
    def messages(
        self,
        form: Form,
        source: Source,
        issuers: Issuers,
        *,
        seen: float,
        verified: int,
        positions: bytes | None = None,
    ) -> Messages:
        """The entries as messages of a certstream server; those at `positions` only (2 bytes each, little-endian,
        ascending). Releases the GIL.

        `seen` is Unix seconds; entries with an index below `verified` are marked as verified. Entries without a
        certificate give no message; of one whose certificate can't be read, what can still be found of it is told, and
        what is wrong. Chains are looked up in `issuers`: what is not there is told by its fingerprint alone. Raises
        Malformed for more than 65,535 entries, and positions or times that make no sense.
        """
    def dump(self) -> bytes:
        """The page as bytes, without the certificates of its `issuers`. Releases the GIL."""
    @staticmethod
    def load(data: bytes) -> Page:
        """The page that `dump` gave; leaf hashes are made anew. Raises Malformed for bytes that are none."""
    def slice(self, start: int, end: int) -> Page:
        """Entries with log index in [start, end)."""
    @staticmethod
    def join(pages: Sequence[Page]) -> Page: ...
    def keep_names(self) -> None:
        """Keeps where the names of its entries stand, 8 bytes a name: for whoever has several rules held against the
        page, one after the other. What is found is the same."""

@final
class Novel:
    """Domains of a page that were never seen before."""
    @property
    def new(self) -> list[tuple[int, str]]:
        """(position in the page, registrable domain), each once, in the order of the entries; as many as were asked for."""
    @property
    def count(self) -> int:
        """How many there were."""
    @property
    def names(self) -> int:
        """How many names were read."""
    @property
    def domains(self) -> int:
        """How many registrable domains these have; what an entry's names repeat one behind the other counts once."""
    @property
    def unread(self) -> int:
        """How many entries could not be read to their end. Names that could still be found in them count."""

def novel_domains(
    page: Page,
    layers: Sequence[mmap | memoryview | bytearray],
    key: bytes,
    *,
    limit: int = 10_000,
    positions: bytes | None = None,
    suffixes: Suffixes | None = None,
) -> Novel:
    """Adds the registrable domains of the page's entries, or of those at `positions` (2 bytes each, little-endian), to a
    set that `layers` hold, and gives those that were not in it. Releases the GIL.

    A layer is a writable buffer of blocks of 64 bytes, all zero in the beginning: a blocked Bloom filter. Only the last
    is added to; whoever owns it adds one when it is full (`seen_fill`). Only these functions may write to it meanwhile.
    `key`: 16 random bytes, the same for the life of the set. Raises Malformed for a key or layers that are none, more
    than 32 layers, and ValueError for a buffer that is none.
    """

def registrable_domains(page: Page, suffixes: Suffixes | None = None, *, limit: int = 10_000) -> list[list[str]]:
    """The registrable domains of each entry, each once, in the order of its names; at most `limit` of an entry. Releases
    the GIL."""

def seen_fill(layer: mmap | memoryview | bytearray) -> tuple[float, float]:
    """How many names a layer is likely to hold (`inf` where all its bits are set), and how likely it is that it claims to
    hold a name that was never added: by its bits as they are. Reads all of it; releases the GIL."""

@final
class Source:
    """What a log says of itself in messages; its JSON is made once."""
    def __new__(
        cls, log_id: bytes, name: str, url: str, kind: str, operator: str = "", monitoring_url: str = ""
    ) -> Self:
        """`kind` is "rfc6962" or "tiled"; a tiled log's entries are linked below `monitoring_url`, or `url` without one.
        A slash is added where an URL ends without. Raises Malformed."""
    def cursor(self, index: int) -> str:
        """`<first 8 bytes of the log id, hexadecimal>:<index>`: the same for the same entry always."""

@final
class Form:
    """How the messages of a stream look. Keeps what it made of chains from page to page, 8 MiB at most: make it once."""
    def __new__(
        cls, kind: str, profile: str = "certhia", *, cursor: bool | None = None, suffixes: Suffixes | None = None
    ) -> Self:
        """`kind` is "lite", "full" (with chain and `as_der`) or "domains" (names alone). Raises Malformed.

        `profile` "certhia": what readers of all certstream servers understand, with keys added; "calidog": the
        original's objects key by key, nothing added. `cursor`: None where the profile decides ("certhia": with it).
        `suffixes`: for registrable_domains, the shipped list without.

        Bounds: a message takes at most 1 MiB. Given are 10,000 names and 256 KiB of them, 128 KiB of registrable domains,
        of alternative names and of the chain, certificates of 144 KiB, 512 bytes of an attribute. `truncated` says how many
        names, values and certificates are missing or cut short; in "calidog" nothing does.
        """

@final
class Messages:
    """Messages of a page's entries as JSON (UTF-8), serialised once."""
    def __len__(self) -> int: ...
    @property
    def positions(self) -> list[int]:
        """In the page, ascending: of the entries that gave a message."""
    @property
    def nbytes(self) -> int: ...
    def __getitem__(self, number: int, /) -> bytes:
        """One message's JSON, by its number from 0; negative ones count from the end."""
    def frames(self, framing: str, positions: bytes | None = None) -> bytes:
        """All messages, or those of the entries at `positions` that gave one, framed, one behind the other. Releases the
        GIL. Raises Malformed for another framing than

        "websocket": unmasked text frames (RFC 6455);
        "deflate": the same, each message compressed alone (RFC 7692, server_no_context_takeover);
        "sse": server-sent events, `id: CURSOR`, `data: JSON` and an empty line.
        """
    def choices(self, framing: str, choices: Sequence[bytes]) -> list[tuple[bytes, int, int, int]]:
        """For each choice of positions its frames, how many they are (0 where no chosen entry gave a message), and the
        indexes of the first and the last entry. Raises Malformed as `frames` does."""

def count_get_entries(body: bytes) -> int:
    """How many entries a get-entries answer holds, without decoding them. Raises Malformed when it is no such answer
    (cut off, not JSON, no "entries")."""

@final
class Batch:
    """A decoded page: one row an entry, in columns. Arrow's PyCapsule interface gives them without a copy, so
    `pyarrow.record_batch(batch)` or `polars.DataFrame(batch)` takes no time.

    As Python values, and as Arrow types where these differ:

        index                int
        timestamp            milliseconds (timestamp[ms, UTC]); null beyond what 63 bits hold
        is_precert           bool
        fault                why the entry, or one of its names, can't be decoded; null for one that can
        leaf_hash            bytes (fixed_size_binary[32])
        names                `Certificate.names`, or what can still be found in the bytes (list<string>)
        tbs_sha256           bytes; null where the entry has no certificate at all
        subject, serial      as of `Certificate`
        issuer               likewise; each of a page's issuers is there once (dictionary<int32, string>)
        issuer_organization  its first organizationName; null without one (dictionary<int32, string>)
        not_before, not_after  seconds (timestamp[s, UTC]); null for what is no time
        key_algorithm, key_bits  as of `Certificate` (the first dictionary<int32, string>, the other uint32)
        signature_algorithm  `Certificate.signature_algorithm_name` (dictionary<int32, string>)
        is_ca                bool
        sha256, spki_sha256  bytes; only of `Page.batch_with`
        chain                `Entry.chain` (list<fixed_size_binary[32]>)

    What `Certificate` says of a certificate that can't be read is null here.
    """
    @property
    def first(self) -> int:
        """Log index of the first row."""
    def __len__(self) -> int: ...
    @property
    def nbytes(self) -> int:
        """Memory that the columns take."""
    @property
    def names(self) -> list[str]:
        """The columns' names, in order."""
    def __getitem__(self, name: str, /) -> list[object]:
        """One column's values; None for null. Raises KeyError."""
    def __arrow_c_schema__(self) -> object:
        """An "arrow_schema" capsule: a struct of the columns."""
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """("arrow_schema", "arrow_array") capsules. The columns come as they are, whatever types are requested; raises
        ValueError for a schema that is no struct of as many fields."""

@final
class Scan:
    """What rules found in a page."""
    @property
    def hits(self) -> list[tuple[int, list[Hit]]]:
        """For each entry with a match: its position in the page and its hits, once for each rule and name; a rule for
        the whole certificate gives one, with the first name ("" when there is none).
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
class Rules:
    """Rules being gathered for a `Matcher`. Mutable; not for two threads at once.

    Kinds and their values:

    "tree"          a name and everything below it
    "below"         everything below a name, not the name itself
    "exact"         one name; a certificate's wildcard that covers it counts
    "cidr"          an IP network or address; matches IP SANs, and names that are written addresses
    "all"           everything; value ignored
    "keyword"       part of a label, case-insensitive; labels in Unicode are compared in both forms
    "regex"         a regular expression (linear time, size-limited, case-insensitive, unanchored) on each whole name in
                    A-labels and, where that differs, in Unicode
    "typo"          look-alikes of a name: "example.com" or "example.com,KIND,…,-KIND,…,score=N"
    "issuer"        text in an attribute of the issuer; "=TEXT" the whole value, "O=TEXT" or "CN=TEXT" that attribute's
    "organization"  the same in the subject's organizationName
    "key"           SHA-256 of the SubjectPublicKeyInfo, 64 hex digits
    "certificate"   SHA-256 of the TBS (`tbs_sha256`), or of the certificate, hex; of a precertificate's entry only the
                    TBS counts, as what was submitted beside the leaf may be any

    Names are A-labels, lower case, no trailing dot. "keyword", "regex" and "typo" look at a common name only where it
    looks like a name, and at what can be read: only "tree", "below" and "exact" match as "possible" what can't. They
    look at readings of a name of at most 1,024 bytes; of longer ones `Scan.quarantined` tells.
    """
    def __new__(cls) -> Self: ...
    def __len__(self) -> int: ...
    def add(self, kind: str, value: str, scope: int = 0) -> int:
        """Adds a rule; gives its number. Raises Malformed for a value that is none, with the offset in it."""
    def exclude(self, kind: str, value: str, scope: int = 0) -> None:
        """Takes what this rule matches away from the rules of `scope` (0: from all rules).

        A rule on names takes names away, one on the whole certificate the certificate. A name is taken away only where
        it can mean nothing else: a wildcard by what covers all that it stands for, an unusual spelling never.
        """
    def add_lines(self, text: bytes, scope: int = 0) -> LinesRead:
        """Adds the plain rules of a file's text, one a line: names in lower case (`example.com`, `.example.com`,
        `*.example.com`, `=www.example.com`), with blank lines and `#` comments. Releases the GIL.
        """
    def build(self, suffixes: Suffixes | None = None) -> Matcher:
        """Compiles them and leaves this empty. Releases the GIL. `suffixes`: for look-alikes; the shipped ones unless
        given."""

@final
class LinesRead:
    """What `Rules.add_lines` made of a text."""
    @property
    def first(self) -> int:
        """Number of the first rule added; they are numbered in the order of the lines."""
    @property
    def count(self) -> int: ...
    @property
    def odd(self) -> list[tuple[int, bytes]]:
        """Line number (from 1) and bytes, without white space around and without a comment, of each line that is no plain
        rule: at most 100,000; then `more` is true."""
    @property
    def more(self) -> bool: ...
    @property
    def wide(self) -> list[int]:
        """Line numbers, at most 100, of names that are public suffixes."""

@final
class Matcher:
    """Compiled rules (`Rules.build`), or none that match: `Matcher(())`."""
    def __new__(cls, rules: Sequence[tuple[str, str]]) -> Self:
        """Rules by (kind, value), numbered as they come. Raises Malformed."""
    def __len__(self) -> int: ...
    def rule(self, number: int) -> tuple[str, str, str]:
        """(kind, value, text as written: of plain lines as in the file, of others the value). Raises IndexError."""
    @property
    def nbytes(self) -> int: ...
    def scan(self, page: Page, *, precerts: bool = True) -> Scan: ...
    def match(self, names: Sequence[str]) -> list[Hit]:
        """The same for names given one by one (DNS names or addresses)."""
    def certificate(self, certificate: Certificate) -> list[Hit]:
        """The same for one certificate."""

def scan_together(page: Page, wanted: Sequence[tuple[Matcher, bool]], *, keep_names: bool = False) -> list[Scan]:
    """For each (matcher, precerts) what `matcher.scan(page, precerts=precerts)` gives, in their order; each certificate is
    walked once for all. Releases the GIL.

    `keep_names`: as `Page.keep_names`, on the same walk. At most 64 matchers, one of them several times if need be; for
    none the list is empty (names are kept all the same). Raises ValueError for more.
    """

@final
class Filter:
    """What one client of the stream wants: the entries that meet all of these. Equal, and of one hash, when the same is
    asked for, in whatever order. Its regular expressions are compiled here, once, however often it is part of an
    `Audience`.
    """
    def __new__(
        cls,
        rules: Sequence[tuple[str, str]] = (),
        excluded: Sequence[tuple[str, str]] = (),
        issuers: Sequence[str] = (),
        tlds: Sequence[str] = (),
        kind: str = "",
    ) -> Self:
        """Raises Malformed, which names the rule, with the offset in its value.

        rules     (kind, value) as `Rules.add` takes them; one must match. Without rules, or with one of kind "all", every
                  entry is taken, decoded or not.
        excluded  (kind, value) as `Rules.exclude` takes them: what they match counts for no rule here. Of a filter that
                  takes every entry they take those all of whose names they match, and certificates they match.
        issuers   texts as rules of kind "issuer" have them; one must match.
        tlds      names in A-labels, lower case, without dots around, such as "com" or "co.uk"; one of the entry's names
                  must be that or below it, as for rules of kind "tree". So "uk" has what is under "co.uk" too. Any name
                  will do, whether it is a public suffix or not. It need not be the name that a rule matches, and
                  exclusions do not touch it.
        kind      "precert" or "certificate"; "" is both.

        All regular expressions of one filter take at most 4 MiB (`compiled`). What can't be decoded meets what the names and
        fields that can still be found in it meet, as for `Matcher.scan`; nothing is excluded by such names.
        """
    def __len__(self) -> int:
        """Rules, exclusions, issuers and TLDs, each once."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    @property
    def nbytes(self) -> int:
        """Memory that it takes, in bytes: `compiled`, and what its rules take besides."""
    @property
    def compiled(self) -> int:
        """What its regular expressions take, in bytes: compiled, and their share of the tables of an `Audience`, at most."""

@final
class Audience:
    """The filters of all clients, compiled to one table: a page is read once, whatever their number."""
    def __new__(cls, filters: Sequence[Filter], suffixes: Suffixes | None = None) -> Self:
        """Filters are numbered as they come; equal ones are one inside. Releases the GIL. `suffixes`: for look-alikes; the
        shipped ones unless given.

        At most 1,000,000 filters, rules, exclusions, issuers and TLDs together, with 64 MiB of text, 2 MiB of it in keywords,
        issuers and organisations, and of each kind of rule as many as `Rules` takes; equal filters count once. Raises Malformed for more: it names the filter that is too
        much, and its `offset` is that filter's number.
        """
    def __len__(self) -> int:
        """How many filters were given."""
    @property
    def distinct(self) -> int:
        """How many different ones they are."""
    @property
    def nbytes(self) -> int:
        """Memory that it takes, compiled expressions included, which it shares with the filters."""
    def select(self, page: Page) -> list[tuple[int, bytes]]:
        """(number of the filter, positions of its entries in the page) of each filter with at least one, by number.

        Positions are 16 bits little-endian each, ascending; equal filters share one object. An entry of unknown type,
        which gives no message, may be among them. Releases the GIL.
        """

@final
class Sightings:
    """Which certificates were seen before, by `tbs_sha256`. Mutable; not for two threads at once.

    At least the last `capacity` different ones are remembered, at most twice as many, in at most 22 * capacity bytes of
    memory, which it takes as it fills. Of each a print of 64 bits is kept, keyed anew for every object, so that nobody can
    make certificates that are taken for others or slow it down: a new certificate is taken for a known one with a
    probability of at most 2 * capacity / 2**64, with 1,000,000 about 1e-13.
    """
    def __new__(cls, capacity: int) -> Self:
        """1 to 2**28. Raises Malformed."""
    def __len__(self) -> int:
        """How many are remembered."""
    @property
    def nbytes(self) -> int: ...
    def fresh_among(self, page: Page, choices: Sequence[tuple[int, bytes | None]]) -> list[bytes]:
        """Positions of first sightings, 16 bits little-endian each, ascending, for each of several that look at a page, each
        at some of its entries; remembers them. What one of them saw is new to the others. `choices`: a number for whoever
        looks, with positions as `Audience.select` gives them; None for all. An entry without any certificate is always a
        first one. Remembered are `capacity` sightings over all of them. A certificate is hashed once, however many look.

        Raises Malformed for positions that do not ascend, or are not of the page. Releases the GIL.
        """

@final
class Suffixes:
    """A public suffix list (publicsuffix.org)."""
    @staticmethod
    def shipped() -> Suffixes: ...
    @staticmethod
    def parse(text: bytes) -> Suffixes:
        """Reads public_suffix_list.dat, at most 4 MiB. Raises Malformed, also for a list of less than 1,000 rules."""
    def __len__(self) -> int: ...
    @property
    def version(self) -> str:
        """The list's own VERSION line, or ""."""
    def registrable_domain(self, name: str) -> str | None:
        """The registrable domain, A-labels; None for a public suffix, an address, and what is no name."""

@final
class Ranges:
    """Ranges of IPv4 and IPv6 addresses: sorted, merged, never expanded; 32 bytes of memory each.

    IPv4 stands at ::ffff:0:0/96 among the IPv6 addresses. `::ffff:192.0.2.1` is 192.0.2.1; a range of IPv6 around all
    such addresses leaves them out.
    """
    def __new__(cls, texts: Sequence[str] = ..., excluded: Sequence[str] | Ranges | None = None) -> Self:
        """`192.0.2.1`, `192.0.2.0/24` (bits behind the prefix are ignored), `192.0.2.1-99`, `192.0.2.1-192.0.2.99`,
        `2001:db8::/32`, `2001:db8::1-2001:db8::ff`. Raises Malformed with the position of the text in its list as
        `offset`, and for all 2^128 addresses at once.
        """
    @property
    def count(self) -> int:
        """How many addresses: more than `len()` could say."""
    @property
    def spans(self) -> list[tuple[str, str]]:
        """First and last address of each range."""
    def at(self, position: int) -> str:
        """The address with `position` others before it, as text. Raises IndexError where there is none."""
    def contains(self, address: str) -> bool:
        """Raises Malformed for what is no address."""
    def minus(self, excluded: Ranges) -> Ranges: ...
    def visit(self, order: Permutation, ports: Sequence[int], start: int, count: int) -> list[tuple[str, int]]:
        """The targets (address, port) at positions `start`, `start + 1`… of the order, at most `count`; fewer at its
        end. About a microsecond each. Raises Malformed unless `order.count` is that of the addresses times that of the
        ports.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Permutation:
    """A random order of the numbers from 0 to `count` - 1 that is computed, not kept: a keyed Feistel network, walked on
    until within. The same count and key give the same order on every machine and in every version.
    """
    def __new__(cls, count: int, key: bytes) -> Self:
        """`count` below 2^128; any key."""
    @property
    def count(self) -> int: ...
    def at(self, position: int) -> int:
        """Which number stands there. Raises IndexError where there is none."""

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

def floor(bodies: Sequence[bytes], matcher: Matcher, rounds: int = 5, tiles: Sequence[bytes] = ()) -> dict[str, float]:
    """What each part of the work costs alone on get-entries answers, in nanoseconds an entry, the best of `rounds`.

    find: both strings in the JSON; base64: decoding them; frame: leaf and extra_data taken apart; chain: its fingerprints,
    by memo; issuers: their text, by memo; leaf_hash; tbs_hash: without poison and SCTs; fields: every field and name of
    the certificate decoded; walk: frame and names alone; match: all names against `matcher`; inflate: unpacking `tiles`,
    which hold the same entries.
    """

@final
class Handshake:
    """A TLS 1.2 or 1.3 connection as a client, without I/O: the handshake, and the bytes under it. Mutable; for one thread
    at a time.

    It looks and does not trust: any chain is accepted, and what is broken in it ends nothing. It offers X25519, P-256 and
    P-384, and suites with ECDHE and AEAD alone; what wants others gets an alert and is for OpenSSL. It resumes nothing,
    and asks for no SCTs. The system's randomness is drawn for each connection.
    """
    def __new__(
        cls, server_name: str | None, *, alpn: Sequence[str] = ..., versions: str = "1.2+1.3", whole: bool = True
    ) -> Self:
        """`server_name`: for SNI; None or an address for none. `versions`: "1.2", "1.3" or "1.2+1.3". Not `whole`: "done"
        as soon as the certificates are known; no signature is checked, and nothing can be sent. Raises Malformed for a
        name that SNI can't carry.
        """
    def outgoing(self) -> bytes:
        """What is to be sent now; each byte once. Behind a failure: the alert that says so."""
    def feed(self, data: bytes) -> str:
        """Takes what came: "more", "done" (data may be sent) or "failed" (`fault` says why; what was seen stays readable).
        The GIL is released. A handshake has at most 100,000 bytes and 16 certificates; as many bytes without application
        data end a connection later on.
        """
    def send(self, data: bytes) -> None:
        """Application data; it goes out behind the handshake."""
    def received(self) -> bytes:
        """Application data that came; each byte once. It never is more than was fed since this was last called, so who
        feeds pieces and takes what came has the bound."""
    def close(self) -> None:
        """Says close_notify."""
    @property
    def state(self) -> str:
        """What `feed` gave last; "more" before."""
    @property
    def fault(self) -> tuple[str, str] | None:
        """(kind, detail) of what failed: "not-tls", "alert", "malformed", "too-large", as of `Flight`."""
    @property
    def alert(self) -> tuple[int, int] | None:
        """(level, code) of the one that ended it, or of a warning in the clear."""
    @property
    def closed(self) -> bool:
        """Whether the server said close_notify: nothing more comes, and nothing was cut off."""
    @property
    def version(self) -> int | None: ...
    @property
    def cipher(self) -> int | None: ...
    @property
    def group(self) -> int | None: ...
    @property
    def alpn(self) -> str | None:
        """The protocol chosen, even one that nobody offered; unreadable bytes are escaped."""
    @property
    def certificates(self) -> list[bytes]:
        """DER, the leaf first; known once the server has signed."""
    @property
    def staple(self) -> bytes | None:
        """OCSPResponse (RFC 6960), unread."""
    @property
    def scts(self) -> list[bytes]:
        """Of the TLS extension: none, they are not asked for."""
    @property
    def client_certificate(self) -> bool:
        """Whether the server asked for one; it got an empty list."""
    @property
    def signature(self) -> str:
        """Of the handshake, by the key of the first certificate: "good"; "bad"; "unchecked": it did not come to that, the
        certificate can't be read, or the key is another than RSA of 2048 to 8192 bits, P-256, P-384 or Ed25519."""
    @property
    def ja3s(self) -> str | None:
        """Of the first ServerHello, as of `Flight`."""
    @property
    def ja3s_hash(self) -> str | None: ...

@final
class Hello:
    """A TLS ClientHello, made once; for each target only its random bytes and the server name differ.

    TLS 1.0 to 1.2 servers answer it with their certificates in the clear (RFC 5246 section 7.4), which `Flight` reads.
    """
    def __new__(
        cls,
        *,
        versions: tuple[int, int] = (0x0301, 0x0303),
        ciphers: Sequence[int] | None = None,
        groups: Sequence[int] | None = None,
        signature_schemes: Sequence[int] | None = None,
        alpn: Sequence[str] = (),
        status_request: bool = True,
        scts: bool = True,
        extensions: bool = True,
    ) -> Self:
        """Raises Malformed for what no hello can say: other versions, no ciphers, more than 16 KiB.

        versions        the lowest and the highest, from 0x0300 (SSL 3.0) to 0x0304 (TLS 1.3). Below 1.3 a hello names its
                        highest alone: a server may answer any lower version, and `Flight.version` says which
        ciphers         in order of preference; None: those of the versions that come with a certificate, best first
        groups          of key exchange; None: x25519, P-256, P-384, P-521, x448, ffdhe2048
        signature_schemes   None: ECDSA, EdDSA, RSA-PSS, RSA, and SHA-1 and DSA for old servers
        alpn            protocol names
        status_request  asks for a stapled OCSP response
        scts            asks for SCTs
        extensions      False: none at all, not even a server name, as SSL 3.0 has it; a hello of SSL 3.0 alone has none

        A hello that goes up to TLS 1.3 has an x25519 key share, or an empty one where x25519 is not among `groups`: then
        a server names the group it wants (`Flight.retry`). Nobody has the share's private key: the hello is for looking
        at the answer, not for a handshake. Hellos of 256 to 511 bytes are padded to 512 (RFC 7685).
        """
    def make(self, server_name: str | None, random: bytes) -> bytes:
        """The record to send. `server_name`: A-labels, at most 253 bytes; a dot at its end is left out. `random`: 64 bytes
        that nobody can guess, 32 of the hello's random and 32 of its session id. Raises Malformed.
        """

@final
class Flight:
    """What a TLS server says in the clear after a ClientHello, read as it comes, tolerantly. Mutable; for one thread.

    TLS 1.0 to 1.2: up to ServerHelloDone (RFC 5246 section 7.4). TLS 1.3: the ServerHello or HelloRetryRequest; what
    follows is encrypted. What was read stays readable whatever comes after it. Bytes in any pieces give the same.
    """
    def __new__(cls, most_bytes: int = 100_000, most_certificates: int = 16) -> Self:
        """Bounds of one flight; `most_bytes` at most 16 MiB."""
    def feed(self, data: bytes) -> str:
        """ "more": there is more to come; "done"; "failed": `fault` says why. After "done" and "failed" bytes change
        nothing."""
    @property
    def state(self) -> str:
        """What `feed` gave last; "more" before."""
    @property
    def fault(self) -> tuple[str, str] | None:
        """(kind, detail) of a flight that failed:

        "not-tls"    the answer's first line where it can be read, else its first 16 bytes in hexadecimal
        "alert"      the name of the alert that ended it, such as "handshake_failure"
        "malformed"  what is wrong
        "too-large"  more bytes or certificates than its bounds
        """
    @property
    def alert(self) -> tuple[int, int] | None:
        """(level, code) of the last alert; level 1 is a warning, after which the flight goes on."""
    @property
    def version(self) -> int | None:
        """The version agreed on, 0x0300 to 0x0304; None before the ServerHello, as all that it says."""
    @property
    def higher_version(self) -> int | None:
        """A version above `version` that the server says it speaks too, by how its random ends (RFC 8446 section 4.1.3):
        0x0304 or 0x0303; None says nothing."""
    @property
    def legacy_version(self) -> int | None:
        """The ServerHello's field of that name: 0x0303 in TLS 1.3."""
    @property
    def cipher(self) -> int | None: ...
    @property
    def compression(self) -> int | None:
        """0 is none."""
    @property
    def random(self) -> bytes | None:
        """The server's, 32 bytes."""
    @property
    def session_id(self) -> bytes: ...
    @property
    def retry(self) -> bool:
        """Whether it is a HelloRetryRequest: `group` is the one that the server wants."""
    @property
    def extensions(self) -> list[int]:
        """Types of the ServerHello's extensions in their order: 23 is extended_master_secret, 65281 renegotiation_info."""
    @property
    def alpn(self) -> str | None:
        """The protocol chosen; unreadable bytes are escaped."""
    @property
    def group(self) -> int | None:
        """Of the key exchange: the named curve of TLS 1.2, the key share's group of TLS 1.3."""
    @property
    def prime_bits(self) -> int | None:
        """Of the Diffie-Hellman prime, where there is one."""
    @property
    def signature_scheme(self) -> int | None:
        """Of the key exchange; only TLS 1.2 tells it in the clear."""
    @property
    def certificates(self) -> list[bytes]:
        """DER, the leaf first, as served."""
    @property
    def staple(self) -> bytes | None:
        """OCSPResponse (RFC 6960), unread."""
    @property
    def scts(self) -> list[bytes]:
        """SerializedSCTs of the extension (RFC 6962 section 3.3)."""
    @property
    def client_certificate(self) -> bool:
        """Whether the server asked for one."""
    @property
    def ja3s(self) -> str | None:
        """JA3S (github.com/salesforce/ja3) as text: version, cipher and extensions in decimal, "771,49199,65281-0-11-35";
        GREASE is left in, as the published method does."""
    @property
    def ja3s_hash(self) -> str | None:
        """Its MD5, 32 hex digits: what lists of JA3S have."""

@final
class Jarm:
    """JARM (github.com/salesforce/jarm): ten hellos, and a fingerprint of what a server answers to them.

    Hellos, readings and fingerprints are those of the published tool, version 1.0 as it stands since 2021, where it is odd
    as well.
    """
    @staticmethod
    def probes(server_name: str, random: bytes) -> list[bytes]:
        """The ten ClientHellos, each for a connection of its own. `server_name`: the host, a name or an address, as the tool
        puts either into the hello; at most 253 bytes of ASCII. `random`: 64 bytes that nobody can guess, from which all
        that is random in the ten follows. Raises Malformed."""
    @staticmethod
    def answer(data: bytes) -> str:
        """What a server answered to one of them: "c02f|0303|h2|ff01-0000-0010", which is cipher, version, ALPN and
        extensions; "|||" for no answer, or one without a ServerHello. Of `data` the first 1,484 bytes count, since the
        tool reads no more."""
    @staticmethod
    def fingerprint(answers: Sequence[str]) -> str:
        """62 characters of the ten texts in the order of the probes; zeros where each is "|||". The tool gives zeros as well
        where one of the ten connections times out. Raises Malformed for another number of them."""

def cipher_name(number: int) -> str:
    """As IANA names the suite, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"; of a number without a name, here and below, "0xc0ff",
    of GREASE (RFC 8701) "GREASE 0x0a0a"."""

def version_name(number: int) -> str:
    """0x0303: "TLS 1.2"; 0x0300: "SSL 3.0"; 0x7f1c: "TLS 1.3 draft 28"."""

def group_name(number: int) -> str:
    """29: "x25519"; 23: "secp256r1"; 0x11ec: "X25519MLKEM768"."""

def alert_name(code: int) -> str:
    """40: "handshake_failure"; of a code without a name "alert_99"."""

def signature_scheme_name(number: int) -> str:
    """0x0804: "rsa_pss_rsae_sha256"."""
