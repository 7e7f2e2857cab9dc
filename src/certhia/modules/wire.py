"""What goes over the pipes between a worker process and the main one: a header of JSON, and blobs behind it.

    4 bytes length of the header, 4 bytes number of blobs, 4 bytes length of each, header, blobs    (big-endian)

What a worker says is other people's: it is read by shape, bounded, and nothing of it is executed.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

from certhia.errors import Malformed
from certhia.model import LogName, Match
from certhia.modules.finding import SEVERITIES, Drop, Finding, Name, Note, Result
from certhia.modules.plugged import RESULTS
from certhia.render import json_text
from certhia.scanner.content.extracting import Answer, Visit
from certhia.store.codec import decode_match, encode_match

ANSWER: Final = 16 << 20  # bytes that a worker may answer
ASKED: Final = 512 << 20  # bytes that it may be asked with
BLOBS: Final = 4096
TEXT: Final = 4096  # characters of a finding's text
NAMES: Final = 1000  # of a finding
NAMED: Final = 1024  # characters of one of them
KIND: Final = 64  # of what sort of finding, or of where a name was found
DATA: Final = 65_536  # characters of what there is to say besides, as JSON

_HEAD: Final = struct.Struct(">II")


def pack(header: Mapping[str, object], blobs: Sequence[bytes] = ()) -> bytes:
    """One message. Raises ValueError and TypeError for what JSON doesn't have."""
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    lengths = struct.pack(f">{len(blobs)}I", *map(len, blobs))
    return b"".join((_HEAD.pack(len(text), len(blobs)), lengths, text, *blobs))


async def read(reader: asyncio.StreamReader, most: int) -> tuple[dict[str, Any], list[bytes]]:
    """The next message, of at most `most` bytes. Raises IncompleteReadError at the end, Malformed for what is none."""
    length, count = _HEAD.unpack(await reader.readexactly(_HEAD.size))
    if length > most or count > BLOBS:
        raise Malformed("a message of a worker, too long")
    lengths = struct.unpack(f">{count}I", await reader.readexactly(4 * count))
    if length + sum(lengths) > most:
        raise Malformed("a message of a worker, too long")
    text = await reader.readexactly(length)
    blobs = [await reader.readexactly(size) for size in lengths]
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("a message of a worker, as JSON") from error
    if not isinstance(header, dict):
        raise Malformed("a message of a worker, as an object")
    return header, blobs


def log_name(log: LogName) -> list[str]:
    """A log for the other side."""
    return [log.id.hex(), log.url, log.description, log.operator]


def named_log(raw: Sequence[str]) -> LogName:
    """The log that `log_name` told of."""
    return LogName(bytes.fromhex(raw[0]), *raw[1:])


def match_row(match: Match) -> dict[str, object]:
    """A match for the other side."""
    return {
        "payload": encode_match(match),
        "key": match.key.hex(),
        "tbs_sha256": match.tbs_sha256.hex(),
        "verified": match.verified,
        "seen": match.seen,
        "sightings": match.sightings,
    }


def matched(raw: Mapping[str, Any]) -> Match:
    """The match that `match_row` told of."""
    keys = {name: bytes.fromhex(raw[name]) for name in ("key", "tbs_sha256")}
    return decode_match({**raw, **keys})


def visit_row(visit: Visit, blobs: list[bytes]) -> dict[str, object]:
    """A visit for the other side; its certificates and its page are put behind the blobs."""
    answer, first = visit.response, len(blobs)
    blobs += visit.certificates
    page = None if answer is None else [answer.url, answer.status, [[*one] for one in answer.headers], len(blobs)]
    if answer is not None:
        blobs.append(answer.body)
    where = [visit.host, visit.sni, visit.address, visit.port]
    return {"where": where, "first": first, "count": len(visit.certificates), "answer": page}


def visited(raw: Mapping[str, Any], blobs: Sequence[bytes]) -> Visit:
    """The visit that `visit_row` told of."""
    answer, first = None, raw["first"]
    if raw["answer"] is not None:
        url, status, headers, body = raw["answer"]
        answer = Answer(url, status, tuple((name, value) for name, value in headers), blobs[body])
    host, sni, address, port = raw["where"]
    return Visit(host, sni, address, port, tuple(blobs[first : first + raw["count"]]), answer)


def encoded(results: Sequence[Result]) -> list[list[object]]:
    """Results for the other side, cut where they are too long. Raises ValueError and TypeError for those that make no
    sense, and for data that JSON doesn't have: here it is known whose they are, and they are not large yet."""
    return [_encoded(checked(one)) for one in results]


def _encoded(one: Result) -> list[object]:
    match one:
        case Finding():
            return ["finding", one.position, one.kind, one.text, one.severity, [*one.names], {**one.data}]
        case Name():
            return ["name", one.position, one.name, one.source, one.confidence]
        case Note():
            return ["note", one.position, {**one.data}]
        case Drop():
            return ["drop", one.position, one.why]


def decoded(raw: object) -> list[Result]:
    """The results that `encoded` told of. Raises Malformed for anything else."""
    if not isinstance(raw, list) or len(raw) > RESULTS:
        raise Malformed("results of a module")
    try:
        return [_decoded(*one) for one in raw]
    except (TypeError, ValueError) as error:
        raise Malformed("a result of a module") from error


def _decoded(what: str, position: Any, *rest: Any) -> Result:
    if what == "finding":
        kind, text, severity, names, data = rest
        return checked(Finding(kind, text, severity, position, tuple(names), data))
    if what == "name":
        name, source, confidence = rest
        return checked(Name(name, source, confidence, position))
    if what == "note":
        return checked(Note(position, *rest))
    if what == "drop":
        return checked(Drop(position, *rest))
    raise ValueError(what)


def checked(one: Result) -> Result:
    """A result whose fields are what they should be; texts and names that are too many are cut. Raises ValueError."""
    position: Any = one.position
    _check_position(position)
    match one:
        case Finding(kind, text, severity, _, names, data):
            if not (_texts(kind, text) and _several(names) and severity in SEVERITIES and isinstance(data, Mapping)):
                raise ValueError("a finding has a kind, a text, a severity (info, low, medium, high), names and data")
            check_data(data)
            if len(text) > TEXT or len(names) > NAMES or len(kind) > KIND or any(len(name) > NAMED for name in names):
                cut = tuple(name[:NAMED] for name in names[:NAMES])
                return Finding(kind[:KIND], text[:TEXT], severity, position, cut, data)
        case Name(name, source, confidence):
            if not (_texts(name, source) and 0 <= confidence <= 1):
                raise ValueError("a name has a text, a source and a confidence from 0 to 1")
            if len(name) > NAMED or len(source) > KIND:
                return Name(name[:NAMED], source[:KIND], confidence, position)
        case Note(data=data):
            if position is None or not isinstance(data, Mapping):
                raise ValueError("a note has a position and data")
        case Drop(why=why):
            if position is None or not _texts(why):
                raise ValueError("a drop has a position and says why")
            if len(why) > TEXT:
                return Drop(position, why[:TEXT])
    return one


def check_data(data: object) -> None:
    """Raises ValueError for what can't be kept: what JSON (RFC 8259) doesn't have, such as NaN, and too much."""
    if not data:
        return
    try:
        size = len(json_text(data))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"data is JSON, and this is none: {error}") from None
    if size > DATA:
        raise ValueError(f"data of {size:,} characters as JSON, {DATA:,} are the most")


def _check_position(position: Any) -> None:
    if position is not None and (not isinstance(position, int) or isinstance(position, bool) or position < 0):
        raise ValueError("a position is a number from 0")


def _texts(*values: object) -> bool:
    return all(isinstance(value, str) for value in values)


def _several(names: Any) -> bool:
    """Whether it is a sequence of texts; one text alone would be many of a letter each."""
    return not isinstance(names, str) and _texts(*names)
