"""Redis, without and with TLS, and what it holds on its disk."""

from __future__ import annotations

from tests.realservers.launching import LOOPBACK, Kind, Place, Set, program


def _redis(place: Place) -> Set:
    command = [
        program("redis-server"), "--bind", LOOPBACK, "--port", str(place.port), "--dir", str(place.folder),
        "--tls-port", str(place.tls_port), "--tls-cert-file", str(place.certificate), "--tls-key-file", str(place.key),
        "--tls-auth-clients", "no", "--save", "", "--appendonly", "yes", "--appendfsync", "always",
    ]  # fmt: skip
    return Set(command, [place.port, place.tls_port])


REDIS = Kind("redis-server", "redis", _redis)
