"""Log lists, version 3 of the format: bytes in, logs out. Tolerant of what is new, strict about keys and URLs.

The format is Google's (https://www.gstatic.com/ct/log_list/v3/log_list_schema.json); Apple's differs in details.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from os import PathLike
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from certhia import data
from certhia.errors import BadAnswer, Unverified
from certhia.logs.heads import public_key
from certhia.logs.hybrids import HYBRIDS, Hybrids
from certhia.model import FinalHead, Log, Protocol

if TYPE_CHECKING:
    from certhia.clock import Clock
    from certhia.net import Transport

MAX_LIST: Final = 16 << 20  # bytes; Google's has 80 kB
MAX_LOGS: Final = 10_000  # Google's has 117
MAX_NOTICES: Final = 20
MAX_MMD: Final = 31 * 86400  # seconds; real ones go up to a week
STATES: Final = ("pending", "qualified", "usable", "readonly", "retired", "rejected")

_URL: Final = re.compile(r"https?://[!-~]{1,2000}", re.ASCII | re.IGNORECASE)

Object = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LogList:
    """A log list as read.

        for log in (await LogList.load()).logs:
            print(log.operator, log.description, log.state, log.url)

    Attributes:
        source: "google", "apple" or "file".
        version: as the list gives it.
        timestamp: when it was made, as it says; None for Apple's, which does not.
        logs: each id once.
        signed: whether a signature was checked.
        notices: what of it was skipped and why, and whether an older list stands in for it.
    """

    source: str
    version: str
    timestamp: datetime | None
    logs: tuple[Log, ...]
    signed: bool = False
    notices: tuple[str, ...] = ()

    @classmethod
    async def load(
        cls,
        place: str | PathLike[str] | None = None,
        *,
        key: bytes | None = None,
        cache: PathLike[str] | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
    ) -> LogList:
        """Google's list as it is now, its signature checked; where it can't be had, the last one kept in the folder
        `cache`, or the one shipped with Certhia. With `place`, a file or URL, that list instead: it need not be signed
        unless `key` (PEM) is given; then the signature lies beside it, `.sig` instead of `.json`.

        `transport`, `clock`: the network and the time, for tests. Raises ConfigError for a file that can't be used,
        RemoteError for a URL.
        """
        from certhia.logs.listed import load  # noqa: PLC0415  (it imports this module, and the network)

        return await load(place, key, cache, transport, clock)

    @classmethod
    def shipped(cls) -> LogList:
        """Google's list as it was when this version of Certhia was made. Asks nobody. Raises Unverified."""
        body, signature = data.google_list()
        check_signature(body, signature)
        return replace(parse(body, source="google"), signed=True)

    def find(self, text: str) -> Log:
        """The log that is meant by its URL, its id (hex or base64), or words of its operator and description that no
        other has. Raises ConfigError."""
        from certhia.logs.finding import find  # noqa: PLC0415  (it imports this module)

        return find(self.logs, text)


def parse(body: bytes, *, source: str, hybrids: Hybrids = HYBRIDS) -> LogList:
    """Reads a log list. An entry that makes no sense is skipped with a notice; `choose` refuses placeholders.

    An id given twice counts once: the first entry.

    Raises BadAnswer for what is no log list, and for one over MAX_LIST bytes or MAX_LOGS logs.
    """
    top = _load(body)
    operators = top.get("operators")
    if not isinstance(operators, list):
        raise BadAnswer("not a log list of version 3: it has no list of operators")
    logs: dict[bytes, Log] = {}
    notices: list[str] = []
    for count, (operator, tiled, entry) in enumerate(_entries(operators), 1):
        if count > MAX_LOGS:
            raise BadAnswer(f"more than {MAX_LOGS} logs")
        try:
            log = read_log(entry, operator=operator, tiled=tiled, source=source, hybrids=hybrids)
        except BadAnswer as error:
            notices.append(str(error))
        else:
            logs.setdefault(log.id, log)
    if len(notices) > MAX_NOTICES:
        notices[MAX_NOTICES:] = [f"{len(notices) - MAX_NOTICES} more entries skipped"]
    return LogList(
        source=source,
        version=clean(top.get("version"), 40),
        timestamp=_time(top.get("log_list_timestamp")),
        logs=tuple(logs.values()),
        notices=tuple(notices),
    )


def check_signature(body: bytes, signature: bytes, key: bytes | None = None) -> None:
    """Checks a list's detached signature (SHA-256; RSA PKCS#1 v1.5 or ECDSA) against Google's pinned key or `key`, PEM.

    Raises Unverified.
    """
    try:
        pinned = _signer(data.google_key() if key is None else key)
        if isinstance(pinned, RSAPublicKey):
            pinned.verify(signature, body, PKCS1v15(), SHA256())
        else:
            pinned.verify(signature, body, ECDSA(SHA256()))
    except ValueError as error:
        raise Unverified(f"the key for the log list's signature can't be used: {error}") from error
    except InvalidSignature as error:
        raise Unverified("the log list's signature does not hold: it is not what the list's key signed") from error


def read_log(entry: Object, *, operator: str, tiled: bool, source: str, hybrids: Hybrids = HYBRIDS) -> Log:
    """One log of a list. Raises BadAnswer that says what is wrong with it."""
    description = clean(entry.get("description"), 200)
    named = entry.get("log_id")
    shown = f"entry {description or (ascii(named)[:60] if isinstance(named, str) else 'without description')} skipped"
    key, identifier = _base64(entry.get("key")), _base64(entry.get("log_id"))
    if key is None or identifier is None:
        raise BadAnswer(f"{shown}: its key or log_id is missing or no base64")
    if hashlib.sha256(key).digest() != identifier:
        raise BadAnswer(f"{shown}: its log_id is not the SHA-256 of its key")
    try:
        public_key(key)
    except ValueError as error:
        raise BadAnswer(f"{shown}: {error}") from error
    submission = url(entry.get("submission_url" if tiled else "url"))
    monitoring = url(entry.get("monitoring_url")) if tiled else submission
    if submission is None or monitoring is None:
        raise BadAnswer(
            f"{shown}: {'submission_url or monitoring_url' if tiled else 'url'} is missing or no http(s) URL"
        )
    protocol = Protocol.STATIC if tiled else Protocol.RFC6962
    if not tiled and submission in hybrids:
        protocol, monitoring = Protocol.HYBRID, hybrids[submission]
    state, since, final = _state(entry.get("state"))
    log_type = entry.get("log_type")
    return Log(
        id=identifier,
        key=key,
        description=description or submission,
        operator=operator,
        protocol=protocol,
        submission_url=submission,
        monitoring_url=monitoring,
        mmd=_mmd(entry.get("mmd"), 60 if tiled else 86400),
        state=state,
        state_since=since,
        interval=_interval(entry.get("temporal_interval")),
        final=final,
        log_type=None if log_type is None else clean(log_type, 40) or "unknown",
        sources=(source,),
    )


def merge(lists: tuple[LogList, ...]) -> tuple[Log, ...]:
    """All logs of several lists. For a log in more than one, the earliest list's word counts; `sources` name all."""
    logs: dict[bytes, Log] = {}
    for one in lists:
        for log in one.logs:
            known = logs.get(log.id)
            logs[log.id] = log if known is None else replace(known, sources=(*known.sources, *log.sources))
    return tuple(logs.values())


def url(value: object) -> str | None:
    """An absolute http(s) URL with a host, without user, query and fragment, ended by a slash; None for any other."""
    if not isinstance(value, str) or not _URL.fullmatch(value):
        return None
    try:
        parts = urlsplit(value)
        if not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment or parts.port == 0:
            return None
    except ValueError:  # a port that is no number, brackets that hold no address
        return None
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}/"


def clean(value: object, limit: int) -> str:
    """Text of a list, inert wherever it is shown: no control or direction characters, at most `limit` characters."""
    if not isinstance(value, str):
        return ""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in value[:limit])


def _load(body: bytes) -> Object:
    if len(body) > MAX_LIST:
        raise BadAnswer(f"{len(body)} bytes; at most {MAX_LIST} are read")
    try:
        top = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"not JSON ({type(error).__name__}): {body[:60]!r}") from error
    if not isinstance(top, dict):
        raise BadAnswer(f"not a JSON object: {body[:60]!r}")
    return top


def _entries(operators: list[object]) -> Iterator[tuple[str, bool, Object]]:
    """Operator, whether it is a static log, and entry, for each log of the list."""
    for operator in operators:
        if not isinstance(operator, dict):
            continue
        name = clean(operator.get("name"), 100)
        for field in ("logs", "tiled_logs"):
            entries = operator.get(field)
            for entry in entries if isinstance(entries, list) else ():
                yield name, field == "tiled_logs", cast("Object", entry) if isinstance(entry, dict) else {}


@lru_cache(maxsize=16)
def _signer(pem: bytes) -> RSAPublicKey | EllipticCurvePublicKey:
    key = load_pem_public_key(pem)
    if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        raise ValueError("it is neither RSA nor ECDSA")
    return key


def _base64(value: object) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else None
    except ValueError:
        return None


def _mmd(value: object, default: int) -> int:
    """Seconds. Mozilla's list says 0 for all: no promise that anyone could keep, so the default counts."""
    return value if type(value) is int and 0 < value <= MAX_MMD else default


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _interval(value: object) -> tuple[datetime, datetime] | None:
    if not isinstance(value, dict):
        return None
    start, end = _time(value.get("start_inclusive")), _time(value.get("end_exclusive"))
    return (start, end) if start and end and start < end else None


def _state(value: object) -> tuple[str | None, datetime | None, FinalHead | None]:
    """The state's name, since when, and the final tree head that comes with it."""
    if not isinstance(value, dict) or not value:
        return None, None, None
    name = next((state for state in STATES if state in value), None) or next(iter(value))
    detail = value[name]
    if not isinstance(detail, dict):
        return clean(name, 40), None, None
    final = detail.get("final_tree_head")
    head = None
    if isinstance(final, dict):
        size, root = final.get("tree_size"), _base64(final.get("sha256_root_hash"))
        if type(size) is int and 0 <= size < 1 << 63 and root is not None and len(root) == 32:
            head = FinalHead(size, root)
    return clean(name, 40), _time(detail.get("timestamp")), head
