"""From a message to what it says, whichever server sent it (CaliDog's, certstream-server-go and -rust, ours).

A message about a certificate is read as far as it goes: what is missing, or of a type that no server sends, is empty.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from certhia.errors import Malformed

FULL: Final = "full"
LITE: Final = "lite"
DOMAINS: Final = "domains"

MAX_NAME: Final = 4096  # characters of a name, and of a log's URL, description and operator
MAX_NAMES: Final = 100_000  # of one message, as of a certificate
MAX_CHAIN: Final = 32  # certificates of a chain that are taken
LARGEST_INDEX: Final = (1 << 63) - 1

_PRECERTS: Final = frozenset({"PrecertLogEntry", "PreCertEntry"})  # the second is of the original in Python
_CURSOR: Final = re.compile(r"[0-9a-f]{16}:[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Told:
    """What a message says of one log entry.

    Attributes:
        kind: "full" with the certificate itself, "lite" with fields of it, "domains" with names alone.
        names: as the message has them.
        data: its `data`; of "domains" empty.
        leaf: `data.leaf_cert`; of "domains" empty.
        der: of the certificate, or of the precertificate; b"" unless "full".
        chain: DER of the issuers that it brought.
        is_precert: by `update_type`; a message of names alone does not say.
        index: of the entry in its log; None where the message does not say.
        timestamp: milliseconds, the log's; else when the server saw it; 0 where neither is said.
        cursor: to go on with, of servers that have them.
    """

    kind: str
    names: tuple[str, ...]
    data: Mapping[str, Any]
    leaf: Mapping[str, Any]
    der: bytes
    chain: tuple[bytes, ...]
    is_precert: bool
    index: int | None
    timestamp: int
    cursor: str

    @property
    def source(self) -> Mapping[str, Any]:
        """What it says of the log."""
        return _mapping(self.data.get("source"))


@dataclass(frozen=True, slots=True)
class Lost:
    """The server says that messages are missing: how many, where it knows, and why."""

    missed: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Other:
    """A message about no certificate: "heartbeat", "error" with its text, or whatever servers may bring."""

    kind: str
    text: str = ""


def read(raw: str | bytes) -> Told | Lost | Other:
    """Raises Malformed for what is no message at all."""
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"a message in JSON ({_short(error)})") from None
    if not isinstance(message, dict):
        raise Malformed("a message that is an object")
    kind, data = message.get("message_type"), message.get("data")
    match kind:
        case "certificate_update":
            return _certificate(message, _mapping(data))
        case "dns_entries":
            return _domains(message, data)
        case "gap":
            said = _mapping(data)
            return Lost(_whole(said.get("missed")), text_of(said.get("reason")))
        case "error":
            return Other(kind, text_of(_mapping(data).get("message")))
        case str():
            return Other(kind[:64])
    raise Malformed("a message with a message_type")


def _certificate(message: Mapping[str, Any], data: Mapping[str, Any]) -> Told:
    leaf = _mapping(data.get("leaf_cert"))
    if not leaf:
        raise Malformed("a message with data.leaf_cert")
    der = _der(leaf.get("as_der"))
    chain = [_der(_mapping(one).get("as_der")) for one in _sequence(data.get("chain"))[:MAX_CHAIN]]
    return Told(
        kind=FULL if der else LITE,
        names=_names(leaf.get("all_domains")),
        data=data,
        leaf=leaf,
        der=der,
        chain=tuple(one for one in chain if one),
        is_precert=data.get("update_type") in _PRECERTS,
        index=_whole(data.get("cert_index")),
        timestamp=_timestamp(data),
        cursor=_cursor(message),
    )


def _domains(message: Mapping[str, Any], data: object) -> Told:
    if not isinstance(data, list):
        raise Malformed("a message of names with a list of them")
    cursor = _cursor(message)
    index = _whole(int(cursor.partition(":")[2])) if cursor else None
    return Told(DOMAINS, _names(data), {}, {}, b"", (), False, index, 0, cursor)


def text_of(value: object, most: int = MAX_NAME) -> str:
    """A text, cut where it is too long; "" for what is none."""
    return value[:most].encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def seconds_of(value: object) -> float:
    """A time; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if math.isfinite(value) and 0 <= value < 1e11 else 0.0


def _timestamp(data: Mapping[str, Any]) -> int:
    places = (data.get("submission_timestamp"), _mapping(data.get("source")).get("timestamp"), data.get("seen"))
    return next((round(seconds * 1000) for seconds in map(seconds_of, places) if seconds), 0)


def _names(value: object) -> tuple[str, ...]:
    names = (text_of(one, MAX_NAME + 1) for one in _sequence(value)[:MAX_NAMES])
    return tuple(dict.fromkeys(name for name in names if name and len(name) <= MAX_NAME))


def _der(value: object) -> bytes:
    if not isinstance(value, str) or not value:
        return b""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _cursor(message: Mapping[str, Any]) -> str:
    value = message.get("cursor")
    return value if isinstance(value, str) and _CURSOR.fullmatch(value) else ""


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST_INDEX else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _short(error: BaseException) -> str:
    return str(error)[:80] or type(error).__name__
