"""What stands before a server's answers, by the settings: tokens and certificates are read again when they change."""

from __future__ import annotations

import ssl
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


class Fronting(NamedTuple):
    """`reloads`: what is read again when its files change, or when asked."""

    front: Front
    reloads: tuple[Reloaded[Any], ...]


def front_of(settings: Settings, clock: Clock, tell: Tell) -> Fronting:
    """What stands before the server. Raises ConfigError for files that are none."""
    serve, reloads = settings.serve, list[Reloaded[Any]]()
    certificate = _certificate(serve.tls_cert, serve.tls_key, clock, tell)
    files = tuple(path.expanduser() for path in serve.token_file)
    tokens = Reloaded("tokens", files, lambda: read_tokens(files), _tokens_changed, clock=clock, tell=tell)
    if files:
        reloads.append(tokens)
    if certificate is not None:
        reloads.append(certificate)
    given = tuple(one.digest for one in serve.token)
    rules = Rules(
        tokens=lambda: (*given, *tokens.current),
        open=frozenset(path for path in serve.open if path != OFF),
        allow=serve.allow_from,
        proxies=tuple(one for one in serve.trusted_proxy if not isinstance(one, str)),
        unix_proxy=UNIX_PROXY in serve.trusted_proxy,
        origins=frozenset(serve.cors),
    )
    if serve.allow_from and not rules.unix_proxy and any(one.path for one in serve.listen):
        tell(
            "whoever may open the Unix socket is answered, whatever --allow-from says: for those behind a proxy there, "
            "let it name them, with --trusted-proxy unix",
            level="warning",
        )
    bounds = Bounds(
        total=_room(serve.max_clients, tell),
        per_address=serve.max_per_address,
        rate=serve.connect_rate,
        burst=BURST,
        exempt=LOCAL,
    )
    tls = None if certificate is None else lambda: certificate.current
    return Fronting(Front(clock, bounds, rules, tls), tuple(reloads))


def _certificate(cert: Path | None, key: Path | None, clock: Clock, tell: Tell) -> Reloaded[ssl.SSLContext] | None:
    if cert is None:
        if key is not None:
            raise ConfigError("there is a key for TLS and no certificate; give that with --tls-cert")
        return None
    files = tuple(path.expanduser() for path in (cert, key) if path is not None)
    return Reloaded(
        "TLS certificates",
        files,
        lambda: context(files[0], files[1] if len(files) > 1 else None),
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
