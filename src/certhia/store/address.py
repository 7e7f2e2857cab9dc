"""Where a database of PostgreSQL is, as people write it: `postgresql://user@host:5432/name?sslmode=verify-full`."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from certhia.errors import ConfigError
from certhia.render import quoted

SCHEMES: Final = ("postgresql", "postgres")
OURS: Final = {"pool": "1 to 50 connections"}  # parameters that are not the driver's
POOL: Final = 4  # connections that read
_TLS: Final = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl")
_MORE: Final = ("host", "port", "user", "passfile", "target_session_attrs", "krbsrvname")
_DRIVERS: Final = frozenset((*_TLS, *_MORE))  # that the driver takes from a URL
_FORM: Final = "postgresql://USER@HOST:5432/NAME"
_HOST: Final = r"(\[[0-9a-fA-F:.]+\]|[^\s/?#@:,\[\]]+)(:\d{1,5})?"
_HOSTS: Final = re.compile(rf"({_HOST}(,{_HOST})*)?")


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
    except ValueError as error:
        raise ConfigError(f"--state: no URL of PostgreSQL ({error}); write {_FORM}") from None
    known, _, hosts = parts.netloc.rpartition("@")
    options = parse_qsl(parts.query, keep_blank_values=True)
    where = f"{known.partition(':')[0]}@{hosts}" if known else hosts
    told = urlencode([(name, value) for name, value in options if name in _DRIVERS])
    shown = _url(parts.scheme.lower(), where, parts.path or "/", told)
    behind = parts.path if _HOSTS.fullmatch(hosts) else f"{parts.path}{parts.query}{parts.fragment}"
    if "@" in behind:
        raise ConfigError("--state: an @ stands behind the host: in a password write / as %2F, ? as %3F and # as %23")
    if parts.scheme.lower() not in SCHEMES or not _HOSTS.fullmatch(hosts) or not parts.path.strip("/"):
        raise ConfigError(f"--state {quoted(shown)} is no URL of PostgreSQL; write {_FORM}")
    pool, driver = POOL, list[tuple[str, str]]()
    for name, value in options:
        if name == "pool":
            pool = _pool(value, shown)
        elif name in _DRIVERS:
            driver.append((name, value))
        else:
            every = ", ".join(sorted((*_DRIVERS, *OURS)))
            raise ConfigError(f"--state {shown}: {quoted(name)} is an unknown parameter; known are {every}")
    dsn = _url("postgresql", parts.netloc, parts.path, urlencode(driver))
    return Address(dsn, shown, pool)


def _url(scheme: str, netloc: str, path: str, query: str) -> str:
    return f"{scheme}://{netloc}{path}" + (f"?{query}" if query else "")


def _pool(value: str, shown: str) -> int:
    if not re.fullmatch(r"[1-9]|[1-4][0-9]|50", value):
        raise ConfigError(f"--state {shown}: pool={quoted(value)} must be {OURS['pool']}")
    return int(value)
