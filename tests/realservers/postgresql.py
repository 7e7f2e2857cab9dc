"""PostgreSQL, without and with TLS, and a pooler before it that hands out connections by the transaction."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.realservers.launching import LOOPBACK, Kind, Place, Running, Set, UnavailableError, program, running

USER = "certhia"  # a superuser, who needs no password


def _postgresql(place: Place) -> Set:
    where, data = _newest(), str(place.folder / "data")
    made = [f"{where}/initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    settings = {
        "listen_addresses": LOOPBACK, "unix_socket_directories": str(place.folder), "fsync": "off", "ssl": "on",
        "ssl_cert_file": str(place.certificate), "ssl_key_file": str(place.key), "shared_buffers": "32MB",
    }  # fmt: skip
    command = [f"{where}/postgres", "-D", data, "-p", str(place.port)]
    return Set([*command, *(f"--{name}={value}" for name, value in settings.items())], [place.port], before=[made])


POSTGRESQL = Kind("postgresql", "postgres", _postgresql)


@contextmanager
def postgresql() -> Iterator[Running]:
    """A server that takes statements: it answers at its port before that. Skips the test where there is none."""
    with running(POSTGRESQL) as server:
        await_ready(server)
        yield server


def await_ready(server: Running) -> None:
    """Returns when it takes statements."""
    asked = [str(_newest() / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(server.place.port)]
    for _ in range(1000):
        if subprocess.run(asked, check=False, timeout=30).returncode == 0:
            return
    raise UnavailableError("PostgreSQL does not get ready")


def _newest() -> Path:
    """Where the programs of the newest version are."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if not folders:
        raise UnavailableError("no postgres here (TEST_INSTALL=1 make test installs it)")
    return folders[-1]


def pgbouncer(upstream: int, most: int = 2) -> Kind:
    """PgBouncer in transaction mode before the server on that port, with at most so many connections to it."""

    def set_up(place: Place) -> Set:
        file = place.write(
            "pgbouncer.ini",
            f"[databases]\n* = host={LOOPBACK} port={upstream} user={USER}\n\n[pgbouncer]\nlisten_addr = {LOOPBACK}\n"
            f"listen_port = {place.port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n"
            f"default_pool_size = {most}\nserver_round_robin = 1\nmax_client_conn = 200\n",
        )
        return Set([program("pgbouncer"), str(file)], [place.port])

    return Kind("pgbouncer", "postgres", set_up)
