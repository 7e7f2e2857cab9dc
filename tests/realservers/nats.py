"""NATS with JetStream: once without TLS, once with TLS alone."""

from __future__ import annotations

from tests.realservers.launching import LOOPBACK, Kind, Place, Set, program


def _plain(place: Place) -> Set:
    return _nats(place, "")


def _tls(place: Place) -> Set:
    return _nats(place, f'tls {{ cert_file: "{place.certificate}", key_file: "{place.key}", timeout: 5 }}')


def _nats(place: Place, more: str) -> Set:
    conf = place.write(
        "nats.conf",
        f"""listen: "{LOOPBACK}:{place.port}"
jetstream {{ store_dir: "{place.folder}/js" }}
max_payload: 4194304
authorization {{ users: [ {{ user: "certhia", password: "let me in" }} ] }}
{more}
""",
    )
    return Set([program("nats-server"), "-c", str(conf)], [place.port])


NATS = Kind("nats-server", "nats", _plain)
NATS_TLS = Kind("nats-server", "nats", _tls)
