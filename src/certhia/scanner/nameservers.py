"""Questions to name servers, by aiodns: one record type of one name each, nothing remembered."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Final

import aiodns
import pycares

from certhia import render
from certhia.clock import Clock
from certhia.errors import ConfigError
from certhia.scanner.answers import Record, Unanswered

INSTEAD: Final = "write 1.1.1.1, 9.9.9.9:53 or [2620:fe::fe]:53"

_BRACKETS = re.compile(r"\[([^\[\]]*)\](?::(.*))?")

_RENEWED: Final = 8192  # questions; c-ares remembers all that it was told, for up to an hour
_KINDS: Final = {1: "A", 5: "CNAME", 12: "PTR", 28: "AAAA"}
_VALUES: Final = {1: "addr", 5: "cname", 12: "dname", 28: "addr"}

# What c-ares calls it: what we call it.
_WORDS: Final = {
    "ARES_ENODATA": "NODATA",
    "ARES_EFORMERR": "FORMERR",
    "ARES_ESERVFAIL": "SERVFAIL",
    "ARES_ENOTFOUND": "NXDOMAIN",
    "ARES_ENOTIMP": "NOTIMP",
    "ARES_EREFUSED": "REFUSED",
    "ARES_EBADNAME": "not a name that can be asked for",
    "ARES_ETIMEOUT": "no answer in time",
    "ARES_ECONNREFUSED": "no name server can be reached",
    "ARES_EBADRESP": "malformed answer",
    "ARES_ECANCELLED": "stopped",
    "ARES_EDESTRUCTION": "stopped",
}
_WORDS_BY_NUMBER: Final[dict[object, str]] = {getattr(aiodns.error, name): word for name, word in _WORDS.items()}


def read_servers(text: str) -> tuple[str, ...]:
    """Name servers as people write them, separated by commas: addresses, each with a port or without. Raises
    ConfigError."""
    found: dict[str, None] = {}
    for piece in text.split(","):
        if written := piece.strip():
            found[_server(written)] = None
    if not found:
        raise ConfigError(f"{render.quoted(text)} holds no name server; {INSTEAD}")
    return tuple(found)


def _server(written: str) -> str:
    bracketed = _BRACKETS.fullmatch(written)
    if bracketed:
        host, port = bracketed[1], bracketed[2] or "53"
    elif written.count(":") == 1:
        host, _, port = written.partition(":")
    else:
        host, port = written, "53"
    try:
        address = ip_address(host)
    except ValueError as error:
        raise ConfigError(f"the name server {render.quoted(written)} is no address; {INSTEAD}") from error
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise ConfigError(f"the name server {render.quoted(written)} has a port that is none; {INSTEAD}")
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


class Nameservers:
    """Asks the servers that it was given, by turns; without any those of the system.

    Args:
        servers: as `read_servers` gives them.
        timeout: seconds until a server is asked again, or another; doubled with each round.
        tries: rounds.
        deadline: seconds for one question, whatever happens.
    """

    def __init__(
        self,
        servers: Sequence[str] = (),
        *,
        timeout: float = 2.0,
        tries: int = 2,
        deadline: float = 10.0,
        clock: Clock | None = None,
    ) -> None:
        self._servers = list(servers)
        self._options = {"timeout": timeout, "tries": tries, "rotate": len(servers) > 1}
        self._deadline = deadline
        self._clock = clock or Clock()
        self._now: aiodns.DNSResolver | None = None
        self._left = 0  # questions until the next one takes over
        self._open: dict[int, int] = {}  # by identity of the one asked
        self._old: dict[int, aiodns.DNSResolver] = {}

    async def ask(self, name: str, kind: str) -> list[Record]:
        """The records of the answer. Raises Unanswered."""
        asked = await self._resolver()
        identity = id(asked)
        self._open[identity] = self._open.get(identity, 0) + 1
        try:
            async with self._clock.deadline(self._deadline):
                answer = await asked.query_dns(name, kind)
        except aiodns.error.DNSError as error:
            raise Unanswered(_word(error.args[0] if error.args else None)) from None
        except TimeoutError:
            raise Unanswered("no answer in time") from None
        except (ValueError, UnicodeError):
            raise Unanswered("not a name that can be asked for") from None
        finally:
            await self._leave(identity)
        return [
            Record(_plain(one.name), _KINDS[one.type], _plain(getattr(one.data, _VALUES[one.type])), int(one.ttl))
            for one in answer.answer
            if one.type in _KINDS
        ]

    async def close(self) -> None:
        """Ends; questions that are open get no answer."""
        old, self._old = self._old, {}
        for one in old.values():
            await one.close()
        if self._now is not None:
            await self._now.close()
            self._now = None

    async def __aenter__(self) -> Nameservers:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _resolver(self) -> aiodns.DNSResolver:
        if self._now is None or self._left <= 0:
            if self._now is not None:
                if self._open.get(id(self._now)):
                    self._old[id(self._now)] = self._now
                else:
                    await self._now.close()
            options: dict[str, Any] = {**self._options, "flags": pycares.ARES_FLAG_NOSEARCH}
            loop = asyncio.get_running_loop()
            try:
                self._now = aiodns.DNSResolver(self._servers or None, loop=loop, **options)
            except pycares.AresError as error:
                raise Unanswered(f"name lookups can't begin: {render.terminal(str(error))}") from error
            self._left = _RENEWED
        self._left -= 1
        return self._now

    async def _leave(self, identity: int) -> None:
        """One question less; the last one of a resolver that was taken over from closes it."""
        self._open[identity] -= 1
        if not self._open[identity]:
            del self._open[identity]
            if old := self._old.pop(identity, None):
                await old.close()


def _word(number: object) -> str:
    return _WORDS_BY_NUMBER.get(number, f"error {number}")


def _plain(name: object) -> str:
    text = name if isinstance(name, str) else bytes(name).decode("latin-1") if isinstance(name, bytes) else str(name)
    return text.lower().removesuffix(".")
