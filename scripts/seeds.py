"""Writes crates/fuzz/seeds: what each fuzz target begins with, made by certhia.testing, the same bytes in every run.

    python scripts/seeds.py
    python scripts/seeds.py CORPUS FOLDER    # instead lays real input out for the targets, in a folder outside the tree

tests/test_fuzz.py checks that the core reads the seeds and that nothing is left to write.
"""

from __future__ import annotations

import base64
import gzip
import json
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import zstandard

from certhia.testing import CA, FakeLog, Issued, RawEntry, SimClock, World, der

SEEDS = Path(__file__).resolve().parent.parent / "crates" / "fuzz" / "seeds"
ODD_NAMES = (
    "*.example.com",
    "WWW.Example.COM.",
    "nul\0.example.com",
    "b\u00fccher.example",
    "xn--bcher-kva.example",
    "xn--\u0430.example",
    "(redacted).example.com",
    "w*.example.com",
    "a..example.com",
    "192.0.2.7",
)
POLICIES = der.sequence(
    der.sequence(der.oid("2.23.140.1.2.1")),
    der.sequence(
        der.oid("1.3.6.1.4.1.44947.1.1.1"),
        der.sequence(der.sequence(der.oid("1.3.6.1.5.5.7.2.1"), der.tlv(0x16, b"http://cps.example/"))),
    ),
)
AUTHORITY_INFO = der.sequence(
    der.sequence(der.oid("1.3.6.1.5.5.7.48.1"), der.tlv(0x86, b"http://ocsp.example/")),
    der.sequence(der.oid("1.3.6.1.5.5.7.48.2"), der.tlv(0x86, b"http://ca.example/ca.der")),
)
CRL_POINTS = der.sequence(der.sequence(der.tlv(0xA0, der.tlv(0xA0, der.tlv(0x86, b"http://crl.example/1.crl")))))
OTHER_NAMES = der.sequence(
    der.tlv(0xA0, der.oid("1.3.6.1.4.1.311.20.2.3"), der.tlv(0xA0, der.tlv(der.UTF8, b"user@example.com"))),
    der.tlv(0x81, b"someone@example.com"),
    der.tlv(0xA4, der.name((der.COMMON_NAME, "directory"), (der.COUNTRY, "XX"))),
    der.tlv(0x86, b"https://example.com/path"),
    der.tlv(0x87, bytes(5)),
    der.tlv(0x88, der.oid("1.2.3.4")[2:]),
)
EXTENSIONS = (
    der.extension("2.5.29.32", POLICIES),
    der.extension("1.3.6.1.5.5.7.1.1", AUTHORITY_INFO),
    der.extension("2.5.29.31", CRL_POINTS),
    der.extension("2.5.29.18", OTHER_NAMES),
    der.extension("1.2.3.4.5", b"unknown", critical=True),
)


def _world() -> tuple[World, CA]:
    world = World(SimClock(), seed=1)
    return world, world.ca


def _submissions(world: World, ca: CA) -> list[Issued]:
    """An entry of each kind."""
    log = world.static("first")
    precert = ca.issue(["www.example.com", "*.example.org"], ["192.0.2.1", "2001:db8::1"], precert=True)
    (entry,) = log.add(precert)
    return [
        ca.issue(["example.com"], organization="Example \u00c4G"),
        precert,
        ca.finish(precert, [log.sct(entry)]),
        ca.issue(["signed.example.com"], precert=True, precert_signer=True),
        ca.issue(list(ODD_NAMES), common_name="www.example.com"),
        ca.issue([], common_name="only.example.com", extensions=[*EXTENSIONS]),
        ca.undecodable("truncated"),
        ca.undecodable("garbage"),
    ]


def certificate() -> Iterator[tuple[str, bytes]]:
    """Certificates, TBSs alone, and what is neither."""
    world, ca = _world()
    for number, issued in enumerate(_submissions(world, ca)):
        yield f"issued-{number}", issued.der
        if issued.is_precert:
            yield f"tbs-{number}", issued.tbs
    yield "root", ca.root
    yield "signer", ca.precert_signer
    good = ca.issue(["indefinite.example.com"]).der
    yield "indefinite", b"\x30\x80" + good[4:] + bytes(2)
    yield "long-lengths", b"\x30\x84" + len(good[4:]).to_bytes(4, "big") + good[4:]
    yield "nested", b"\x30\x80" * 40 + bytes(80)


def _entries(log: FakeLog, world: World) -> list[tuple[bytes, bytes]]:
    """(leaf_input, extra_data) of an entry of each kind, sound and unsound."""
    log.add(*_submissions(world, world.ca))
    log.add(RawEntry(b"\0\0" + bytes(8) + b"\x80\0anything", b""), RawEntry(b"\1\0", b"extra"), RawEntry(b"", b""))
    return [(entry.leaf_input, entry.extra_data) for entry in log.entries]


def leaf() -> Iterator[tuple[str, bytes]]:
    """Two bytes of length, leaf_input, extra_data."""
    world, _ = _world()
    for number, (leaf_input, extra) in enumerate(_entries(world.rfc6962("log"), world)):
        yield f"entry-{number}", len(leaf_input).to_bytes(2, "big") + leaf_input + extra


def messages() -> Iterator[tuple[str, bytes]]:
    """Those of `leaf` that say most: a precertificate, odd names, all extensions, what is none."""
    for name, seed in leaf():
        if name in {"entry-1", "entry-4", "entry-5", "entry-7"}:
            yield name, seed


def tile() -> Iterator[tuple[str, bytes]]:
    """Data tiles of a few entries, packed and not."""
    world, ca = _world()
    log = world.static("log")
    log.add(*_submissions(world, ca)[:4])
    log.publish()
    body = world.handle("GET", f"{log.url}tile/data/000.p/{len(log)}").body
    plain = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    yield "plain", plain
    yield "packed", gzip.compress(plain, mtime=0)
    yield "members", gzip.compress(plain[:1000], mtime=0) + gzip.compress(plain[1000:], mtime=0)
    yield "small", bytes(8) + b"\0\0" + b"\0\0\1c" + b"\0\0" + b"\0\x20" + bytes(32)
    yield "cut-off", plain[:-5]


def note() -> Iterator[tuple[str, bytes]]:
    """Checkpoints."""
    world, ca = _world()
    for extra in (False, True):
        log = world.static(f"log-{extra}", extra_signatures=extra)
        yield f"empty-{extra}", log.publish().body
        log.add(ca.issue(["example.com"]), ca.issue(["example.org"]))
        body = log.publish().body
        yield f"grown-{extra}", body
        yield f"no-signature-{extra}", body.partition(b"\n\n")[0] + b"\n\n"


def names() -> Iterator[tuple[str, bytes]]:
    """Names as people and certificates write them."""
    more = ("example.co.uk", "\uff37\uff37\uff37\u3002example.com", "[2001:db8::1]", "a" * 64 + ".example", "com", ".")
    for number, name in enumerate((*ODD_NAMES, *more, "xn--8h4d.example", "b\u0075\u0308cher.example")):
        yield f"name-{number}", name.encode()


def rules() -> Iterator[tuple[str, bytes]]:
    """Rules, `KIND VALUE` a line, an empty line, names one a line."""
    told = "\n".join(name.replace("\0", "\\0") for name in ODD_NAMES)
    for number, lines in enumerate(
        (
            ("tree example.com", "below example.org", "exact www.example.com", "all ", "not exact test.example.com"),
            ("cidr 192.0.2.0/24", "cidr 2001:db8::1"),
            ("keyword b\u00fccher", "keyword exam", "not tree example.org", "not regex ^b"),
            (r"regex ^(www|mail)[0-9]*\.example\.(com|org)$", "regex a.*b{2,9}"),
            ("typo example.com", "typo b\u00fccher.example,homoglyph,-added,score=40"),
            ("issuer O=Certhia Test", "issuer =Some CA", "organization Example \u00c4G"),
            (f"key {'ab' * 32}", f"certificate {'01' * 32}"),
        )
    ):
        yield f"rules-{number}", "\n".join((*lines, "", told, "exarnple.com", "examp1e.com")).encode()


def get_entries() -> Iterator[tuple[str, bytes]]:
    """Answers with entries, as logs write them and as they might."""
    world, _ = _world()
    log = world.rfc6962("log")
    _entries(log, world)
    log.publish()
    body = world.handle("GET", f"{log.url}ct/v1/get-entries?start=0&end=2").body
    yield "served", body
    answer = json.loads(body)
    yield "spaced", json.dumps({"before": [1, {"a": None}], **answer, "after": "\u00e4"}, indent=1).encode()
    turned = [dict(reversed(item.items())) for item in answer["entries"][:1]]
    yield "turned", json.dumps({"entries": turned}).replace("A", "\\u0041", 40).encode()
    yield "empty", b'{"entries":[]}'
    yield "short", b'{"entries":[{"leaf_input":"AAAA","extra_data":""},{"extra_data":"=","leaf_input":""}]}'


def _vector(size: int, content: bytes) -> bytes:
    return len(content).to_bytes(size, "big") + content


def _said(*messages: tuple[int, bytes], version: int = 0x0303) -> bytes:
    """A record of handshake messages."""
    joined = b"".join(bytes([kind]) + _vector(3, body) for kind, body in messages)
    return b"\x16" + version.to_bytes(2, "big") + _vector(2, joined)


def hello() -> Iterator[tuple[str, bytes]]:
    """Answers to a ClientHello, behind a byte that says how long the pieces are in which they come."""
    _, ca = _world()
    chain = _vector(3, b"".join(_vector(3, der) for der in (ca.issue(["www.example.com"]).der, ca.root)))
    begun = bytes(32) + b"\0"
    lists = b"\0\x10\0\x05\0\x03\x02h2\0\x12\0\x07\0\x05\0\x03sct\0\x05\0\0\xff\x01\0\x01\0"
    first = b"\x03\x03" + begun + b"\xc0\x2f\0" + _vector(2, lists)
    exchange = b"\x03\0\x1d\x04key!\x08\x04" + _vector(2, bytes(64))
    request = b"\x02\x01\x40\0\x04\x04\x03\x08\x04\0\0"
    flight = (
        (2, first),
        (11, chain),
        (22, b"\x01\0\0\x05\x30\x03\x0a\x01\x03"),
        (12, exchange),
        (13, request),
        (14, b""),
    )
    yield "tls-1.2", b"\xff" + _said(*flight)
    yield "tls-1.2-pieces", b"\x01" + b"".join(_said(one) for one in flight)
    joined = _said(*flight)[5:]
    parts = (joined[at : at + 100] for at in range(0, len(joined), 100))
    yield "tls-1.2-fragments", b"\x40" + b"".join(b"\x16\x03\x03" + _vector(2, part) for part in parts)
    prime = b"".join(_vector(2, bytes(size)) for size in (128, 1, 128))
    old = b"\x03\x01" + begun + b"\0\x39\0"
    yield "tls-1.0", b"\xff" + _said((2, old), (11, chain), (12, prime), (14, b""), version=0x0301)
    key = b"\0\x2b\0\x02\x03\x04\0\x33\0\x24\0\x1d" + _vector(2, bytes(32))
    yield "tls-1.3", b"\xff" + _said((2, b"\x03\x03" + begun + b"\x13\x01\0" + _vector(2, key)))
    again = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c") + b"\0"
    wanted = b"\0\x2b\0\x02\x03\x04\0\x33\0\x02\0\x17"
    yield "tls-1.3-retry", b"\x07" + _said((2, b"\x03\x03" + again + b"\x13\x02\0" + _vector(2, wanted)))
    yield "warned", b"\x03\x15\x03\x03\0\x02\x01\x70" + _said(*flight[:2])
    yield "refused", b"\xff\x15\x03\x03\0\x02\x02\x28"
    yield "http", b"\xffHTTP/1.1 400 Bad Request\r\n\r\n"


TARGETS: tuple[Callable[[], Iterator[tuple[str, bytes]]], ...] = (
    certificate,
    get_entries,
    hello,
    leaf,
    messages,
    names,
    note,
    rules,
    tile,
)


def made() -> dict[Path, bytes]:
    """All seeds by where they stand."""
    return {SEEDS / target.__name__ / name: seed for target in TARGETS for name, seed in target()}


def _members(path: Path) -> Iterator[bytes]:
    """Content of each file in a .tar.zst."""
    with (
        path.open("rb") as packed,
        zstandard.ZstdDecompressor().stream_reader(packed) as plain,
        tarfile.open(fileobj=plain, mode="r|") as archive,
    ):
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                yield content.read()


def _real(corpus: Path) -> Iterator[tuple[str, bytes]]:
    """(target, input) of all that the corpus holds."""
    for archive in corpus.glob("*.tar.zst"):
        for content in _members(archive):
            yield "certificate", content
            if content[:1] in (b"\x15", b"\x16"):
                yield "hello", b"\xff" + content
    for path in (corpus / "get-entries").glob("*.json"):
        yield "get_entries", path.read_bytes()
    for path in corpus.glob("tiles/*/tile/data/[0-9][0-9][0-9]"):
        yield "tile", path.read_bytes()
    with zstandard.open(corpus / "ct-entries.jsonl.zst", "rt", encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            leaf_input, extra = (base64.b64decode(entry[key] or "") for key in ("leaf_input", "extra_data"))
            if len(leaf_input) < 1 << 16:
                seed = len(leaf_input).to_bytes(2, "big") + leaf_input + extra
                yield "leaf", seed
                yield "messages", seed


def lay_out(corpus: Path, folder: Path) -> None:
    """Writes each real input into the folder of its target, once."""
    if folder.is_dir():
        return
    unfinished = folder.with_suffix(".part")
    for number, (target, content) in enumerate(_real(corpus)):
        path = unfinished / target / str(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    unfinished.rename(folder)


def main() -> None:
    """Writes what differs, removes what is no longer made."""
    if len(sys.argv) == 3:
        lay_out(Path(sys.argv[1]), Path(sys.argv[2]))
        return
    wanted = made()
    for path, seed in wanted.items():
        if not path.is_file() or path.read_bytes() != seed:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(seed)
            sys.stdout.write(f"{path.relative_to(SEEDS)} written\n")
    for path in SEEDS.glob("*/*"):
        if path not in wanted:
            path.unlink()
            sys.stdout.write(f"{path.relative_to(SEEDS)} removed\n")


if __name__ == "__main__":
    main()
