"""Logs that the user names by URL and that no list has: their keys and parameters, from the user or the log itself."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from certhia.clock import Clock
from certhia.errors import BadAnswer, ConfigError, RemoteError, Unverified
from certhia.logs.heads import public_key, read_checkpoint, read_sth
from certhia.logs.hybrids import HYBRIDS, Hybrids
from certhia.logs.learned import Learned, of
from certhia.logs.loglist import read_log
from certhia.logs.select import is_rfc6962_url, log_url
from certhia.model import Log
from certhia.net import Transport

TIMEOUT: Final = 20.0  # seconds a request
MAX_BODY: Final = 1 << 20  # bytes
_ORIGIN: Final = re.compile(rb"[!-~]{1,1000}\n")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A log named by URL. `learned` is what it said of itself just now; None where what is kept of it is used."""

    log: Log
    learned: Learned | None
    notice: str = ""


async def resolve(
    text: str,
    transport: Transport,
    clock: Clock,
    *,
    keys: Sequence[bytes] = (),
    hybrids: Hybrids = HYBRIDS,
    kept: Mapping[str, Learned] = MappingProxyType({}),
) -> Resolved:
    """The log that `text` names (a URL, as in `Choice.only` and `Choice.add`) and that no list has.

    Its parameters come from its own log.v3.json; with `keys` (SubjectPublicKeyInfo, DER) the log must have one of
    them. A log without log.v3.json is asked for a signed head, and the key that it holds under is the log's.

    `kept`, by URL, is what was learned in earlier runs: it pins the key unless `keys` do, and is used where the log
    does not say better just now.

    Raises ConfigError for an id, and where a key is needed or another one than the log's was given; RemoteError where
    the log can't be reached or describes itself wrongly and nothing is kept.
    """
    url = log_url(text)
    if url is None:
        raise ConfigError(f"log {text}: no log list has a log of this id; name the log by its URL")
    ask = _Ask(url, is_rfc6962_url(text), transport, clock, tuple(keys), hybrids)
    known = kept.get(url)
    held = None if known is None else ask.held(known)
    try:
        learned = await ask.own_description()
        if learned is None and held is not None and not keys:
            raise BadAnswer(f"log {url}: it has no log.v3.json any more")
        if learned is None:
            return _answered(ask, await ask.signed_head())
        if known is not None and not keys:
            ask.check_pin(learned, known)
    except RemoteError as error:
        if held is None:
            raise
        return Resolved(held, None, f"{error}; what is kept of it from before is used instead")
    told = "" if keys or known is not None else f"log {url}: its key comes from its own log.v3.json; --log-key pins it"
    return _answered(ask, learned, told)


def _answered(ask: _Ask, learned: Learned, notice: str = "") -> Resolved:
    return Resolved(ask.log(learned), learned, notice)


def read_key(text: str) -> bytes:
    """A log's key as the user gives it: base64 of the SubjectPublicKeyInfo as in log lists, or a file, PEM or DER.

    Gives DER. Raises ConfigError.
    """
    try:
        key = base64.b64decode(text, validate=True)
        public_key(key)
    except ValueError:
        key = _key_file(text)
    try:
        public_key(key)
    except ValueError as error:
        raise ConfigError(f"log key {text}: {error}") from error
    return key


def _key_file(path: str) -> bytes:
    try:
        with Path(path).expanduser().open("rb") as file:
            stored = file.read(1 << 16)
    except (OSError, ValueError) as error:
        raise ConfigError(f"log key {path}: neither a key in base64 nor a file that can be read: {error}") from error
    if not stored.lstrip().startswith(b"-----"):
        return stored
    try:
        return load_pem_public_key(stored).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except ValueError as error:
        raise ConfigError(f"log key {path}: no public key in PEM: {error}") from error


@dataclass(frozen=True, slots=True)
class _Ask:
    """Finds out about one log by asking it."""

    url: str
    rfc6962: bool  # written with ct/v1/
    transport: Transport
    clock: Clock
    keys: tuple[bytes, ...]
    hybrids: Hybrids

    def held(self, kept: Learned) -> Log | None:
        """The log as it was known before; None where that does not fit what is asked for now."""
        if kept.tiled and self.rfc6962:
            return None
        try:
            log = self.log(kept)
        except BadAnswer:
            return None
        return log if not self.keys or log.key in self.keys else None

    def check_pin(self, learned: Learned, kept: Learned) -> None:
        """Raises Unverified for another key than the one that was learned first."""
        new, pinned = learned.entry.get("key"), kept.entry.get("key")
        if new != pinned:
            raise Unverified(
                f"log {self.url}: its log.v3.json has another key than before, which is refused; if that is right, "
                f"--log-key {new} accepts it"
            )

    async def own_description(self) -> Learned | None:
        """The log as its log.v3.json describes it; None where there is none."""
        body = await self._get("log.v3.json")
        entry = None if body is None else _object(body)
        if entry is None:
            return None
        tiled = not self.rfc6962 and ("monitoring_url" in entry or "submission_url" in entry)
        key = entry.get("key")
        if "log_id" not in entry and isinstance(key, str):
            entry["log_id"] = _digest(key)
        learned = of(entry, tiled=tiled)
        try:
            log = self.log(learned)
        except BadAnswer as error:
            raise BadAnswer(f"log {self.url}: its log.v3.json: {error}") from error
        if self.keys and log.key not in self.keys:
            raise ConfigError(f"log {self.url}: has another key than the one given with --log-key: {key}")
        return learned

    async def signed_head(self) -> Learned:
        """The log, of which only keys are known, told by a signed head that holds under one of them."""
        if not self.keys:
            raise ConfigError(
                f"log {self.url}: no log list has it and it has no log.v3.json: give its key with --log-key"
            )
        reasons: list[str] = []
        checkpoint = None if self.rfc6962 else await self._get("checkpoint")
        sth = None if checkpoint is not None else await self._get("ct/v1/get-sth")
        for key in self.keys:
            try:
                if checkpoint is not None:
                    learned = self._static(key, checkpoint)
                    read_checkpoint(self.log(learned), checkpoint)
                    return learned
                if sth is not None:
                    learned = Learned({"key": _text(key), "log_id": _digest(_text(key))}, tiled=False)
                    read_sth(self.log(learned), sth)
                    return learned
            except Unverified as error:
                reasons.append(str(error))
        if reasons:
            raise ConfigError(f"log {self.url}: --log-key is not its key: {'; '.join(reasons)}")
        raise BadAnswer(f"log {self.url}: answers neither checkpoint nor ct/v1/get-sth: is there a log?")

    def _static(self, key: bytes, checkpoint: bytes) -> Learned:
        """A static log whose submission URL is told by its checkpoint's origin line; `url` is where bytes come from."""
        origin = _ORIGIN.match(checkpoint)
        if origin is None:
            raise BadAnswer(f"log {self.url}: its checkpoint does not begin with an origin")
        submission = f"https://{origin[0][:-1].decode('ascii')}/"
        entry = {"key": _text(key), "log_id": _digest(_text(key)), "submission_url": submission}
        return Learned(entry, tiled=True)

    def log(self, learned: Learned) -> Log:
        """Bytes come from the URL that the user named, unless that is where a static log takes submissions."""
        entry, tiled = learned.entry, learned.tiled
        urls = (
            {"submission_url": self.url, "monitoring_url": self.url, **entry} if tiled else {**entry, "url": self.url}
        )
        operator = urlsplit(self.url).hostname or ""
        log = read_log(urls, operator=operator, tiled=tiled, source="option", hybrids=self.hybrids)
        if tiled and self.url != log.submission_url:
            return replace(log, monitoring_url=self.url)
        return log

    async def _get(self, name: str) -> bytes | None:
        """The body, None where the server says that there is none. Raises RemoteError where it can't be asked."""
        try:
            async with self.clock.deadline(TIMEOUT + 5):
                response = await self.transport.get(self.url + name, cap=MAX_BODY, timeout=TIMEOUT)
        except TimeoutError as error:
            raise RemoteError(f"log {self.url}: {name}: no answer within {TIMEOUT:.0f} s") from error
        except RemoteError as error:
            raise RemoteError(f"log {self.url}: {name}: {error}") from error
        if response.status == 200:
            return response.body
        if response.status in {429, 500, 502, 503, 504}:
            raise RemoteError(f"log {self.url}: {name}: status {response.status}")
        return None


def _object(body: bytes) -> dict[str, object] | None:
    """A JSON object, None for anything else (a web page that answers for every path, say)."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


def _digest(key: str) -> str:
    """The id of a log (base64) with this key (base64)."""
    try:
        return _text(hashlib.sha256(base64.b64decode(key, validate=True)).digest())
    except ValueError:
        return ""
