"""What stands before a server's answers, by the settings: tokens and certificates are read again when they change."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from certhia.clock import Clock
from certhia.config import Settings
from certhia.config.settings import OFF
from certhia.config.values import UNIX_PROXY
from certhia.errors import ConfigError
from certhia.model import Tell
from certhia.net import raise_file_limit
from certhia.reload import Reloaded
from certhia.stream.access import Rules, read_tokens
from certhia.stream.front import LOCAL, Front
from certhia.stream.gate import Bounds
from certhia.stream.listener import context

SPARE: Final = 256  # files and sockets that everything but clients may have open
BURST: Final = 100


Tokens = Reloaded[tuple[bytes, ...]]


class Fronting(NamedTuple):
    """`tokens` and `certificate` are read again when their files change, or when asked."""

    front: Front
    tokens: Tokens
    certificate: Reloaded[ssl.SSLContext] | None

    @property
    def reloads(self) -> tuple[Reloaded[Any], ...]:
        """Those that there are files of."""
        return (self.tokens,) if self.certificate is None else (self.tokens, self.certificate)


def front_of(settings: Settings, clock: Clock, tell: Tell) -> Fronting:
    """What stands before the server. Raises ConfigError for files that are none."""
    serve = settings.serve
    certificate = _certificate(settings, clock, tell)
    files = token_files(settings)
    tokens = Reloaded("tokens", files, lambda: read_tokens(files), _tokens_changed, clock=clock, tell=tell)
    rules = rules_of(settings, tokens)
    if serve.allow_from and not rules.unix_proxy and any(one.path for one in serve.listen):
        tell(
            "whoever may open the Unix socket is answered, whatever --allow-from says: for those behind a proxy there, "
            "let it name them, with --trusted-proxy unix",
            level="warning",
        )
    tls = None if certificate is None else lambda: certificate.current
    return Fronting(Front(clock, bounds_of(settings, tell), rules, tls), tokens, certificate)


async def prepared(fronting: Fronting, before: Settings, after: Settings, tell: Tell) -> Callable[[], None]:
    """What has it stand there by other settings. Raises ConfigError where it can't."""
    front, tokens, certificate = fronting
    files, tls = token_files(after), tls_files(after)
    if bool(tls) != (certificate is not None) or (tls and after.serve.tls_cert is None):
        raise ConfigError("serve.tls_cert: TLS begins and ends with the server; restart it, or undo that")
    rules, bounds = rules_of(after, tokens), bounds_of(after, tell)
    new = await asyncio.to_thread(read_tokens, files) if files != token_files(before) else None
    made = await asyncio.to_thread(tls_of, tls) if certificate is not None and tls != tls_files(before) else None

    def commit() -> None:
        if new is not None:
            tokens.become(new, files, lambda: read_tokens(files))
        if made is not None and certificate is not None:
            certificate.become(made, tls, lambda: tls_of(tls))
        front.access.adopt(rules)
        front.gate.adopt(bounds)

    return commit


def rules_of(settings: Settings, tokens: Tokens) -> Rules:
    """Who may ask for what. `tokens`: those of files."""
    serve = settings.serve
    given = tuple(one.digest for one in serve.token)
    return Rules(
        tokens=lambda: (*given, *tokens.current),
        open=frozenset(path for path in serve.open if path != OFF),
        allow=serve.allow_from,
        proxies=tuple(one for one in serve.trusted_proxy if not isinstance(one, str)),
        unix_proxy=UNIX_PROXY in serve.trusted_proxy,
        origins=frozenset(serve.cors),
    )


def bounds_of(settings: Settings, tell: Tell) -> Bounds:
    """How much is let in. Raises ConfigError where there is no room for anybody."""
    serve = settings.serve
    return Bounds(
        total=_room(serve.max_clients, tell),
        per_address=serve.max_per_address,
        rate=serve.connect_rate,
        burst=BURST,
        exempt=LOCAL,
    )


def token_files(settings: Settings) -> tuple[Path, ...]:
    """Files of tokens."""
    return tuple(path.expanduser() for path in settings.serve.token_file)


def tls_files(settings: Settings) -> tuple[Path, ...]:
    """Files of the certificate, and of its key where that is another one."""
    serve = settings.serve
    return tuple(path.expanduser() for path in (serve.tls_cert, serve.tls_key) if path is not None)


def tls_of(files: tuple[Path, ...]) -> ssl.SSLContext:
    """The TLS of files as `tls_files` has them. Raises ConfigError."""
    return context(files[0], files[1] if len(files) > 1 else None)


def _certificate(settings: Settings, clock: Clock, tell: Tell) -> Reloaded[ssl.SSLContext] | None:
    if settings.serve.tls_cert is None:
        if settings.serve.tls_key is not None:
            raise ConfigError("there is a key for TLS and no certificate; give that with --tls-cert")
        return None
    files = tls_files(settings)
    return Reloaded(
        "TLS certificates",
        files,
        lambda: tls_of(files),
        lambda _before, _after: [f"{files[0]}: new connections get the certificate that is there now"],
        clock=clock,
        tell=tell,
    )


def _tokens_changed(before: tuple[bytes, ...], after: tuple[bytes, ...]) -> list[str]:
    if before == after:
        return []
    return [f"tokens: {len(set(after) - set(before))} more, {len(set(before) - set(after))} fewer"]


def _room(wanted: int, tell: Tell) -> int:
    """How many clients there is room for: each is a file to the system. Raises ConfigError where there is none."""
    files = raise_file_limit()
    if not files or files - SPARE >= wanted:
        return wanted
    how = "raise the limit (ulimit -n, or LimitNOFILE of the service)"
    if files <= SPARE:
        raise ConfigError(f"at most {files} files may be open, and {SPARE} are needed before any client comes: {how}")
    tell(
        f"room for {files - SPARE:,} of {wanted:,} clients: at most {files:,} files may be open; {how}", level="warning"
    )
    return files - SPARE
