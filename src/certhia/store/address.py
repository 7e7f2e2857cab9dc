"""Where a database of PostgreSQL is, as people write it: `postgresql://user@host:5432/name?sslmode=verify-full`."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from certhia.errors import ConfigError
from certhia.render import quoted

SCHEMES: Final = ("postgresql", "postgres")
OURS: Final = {"pool": "1 to 50 connections"}  # parameters that are not the driver's
POOL: Final = 4  # connections that read
_TLS: Final = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl")
_DRIVERS: Final = frozenset((*_TLS, "passfile", "target_session_attrs", "krbsrvname"))  # that it takes from a URL


@dataclass(frozen=True, slots=True)
class Address:
    """One database.

    Attributes:
        dsn: as the driver takes it, secrets included.
        shown: the same for people.
        pool: how many connections read at most.
    """

    dsn: str
    shown: str
    pool: int = POOL

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        return f"Address({self.shown!r})"

    @property
    def digest(self) -> str:
        """Names it among others: 12 hexadecimal digits."""
        return hashlib.sha256(self.shown.encode()).hexdigest()[:12]


def is_address(written: str) -> bool:
    """Whether it is meant to be one."""
    return re.match(rf"({'|'.join(SCHEMES)})(\+\w+)?:", written, re.IGNORECASE) is not None


def address(written: str) -> Address:
    """Reads one. What it does not say, the driver takes from PGHOST, PGUSER, PGPASSWORD and ~/.pgpass.

    Raises ConfigError, without secrets in it.
    """
    try:
        parts = urlsplit(written.strip())
        user, host, port = parts.username or "", parts.hostname or "", parts.port
    except ValueError as error:
        raise ConfigError(f"--state: no URL of PostgreSQL ({error}); write postgresql://USER@HOST:5432/NAME") from None
    if parts.scheme.lower() not in SCHEMES or not parts.path.strip("/") or parts.fragment:
        raise ConfigError(
            f"--state {quoted(_without_secrets(parts.scheme, user, host, port, parts.path, []))}: write "
            "postgresql://USER@HOST:5432/NAME"
        )
    options = parse_qsl(parts.query, keep_blank_values=True)
    shown = _without_secrets(parts.scheme.lower(), user, host, port, parts.path, options)
    pool, driver = POOL, list[tuple[str, str]]()
    for name, value in options:
        if name == "pool":
            pool = _pool(value, shown)
        elif name in _DRIVERS:
            driver.append((name, value))
        else:
            known = ", ".join(sorted((*_DRIVERS, *OURS)))
            raise ConfigError(f"--state {shown}: {quoted(name)} is an unknown parameter; known are {known}")
    dsn = urlunsplit(("postgresql", parts.netloc, parts.path, urlencode(driver), ""))
    return Address(dsn, shown, pool)


def _without_secrets(
    scheme: str, user: str, host: str, port: int | None, path: str, options: list[tuple[str, str]]
) -> str:
    where = f"[{host}]" if ":" in host else host
    place = f"{user}@{where}" if user else where
    told = [(name, value) for name, value in options if name in _DRIVERS]
    return urlunsplit((scheme, f"{place}:{port}" if port else place, path, urlencode(told), ""))


def _pool(value: str, shown: str) -> int:
    if not re.fullmatch(r"[1-9]|[1-4][0-9]|50", value):
        raise ConfigError(f"--state {shown}: pool={quoted(value)} must be {OURS['pool']}")
    return int(value)
