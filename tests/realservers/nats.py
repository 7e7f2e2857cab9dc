"""NATS with JetStream: once without TLS, once with TLS alone; and one for those whom an operator vouches for."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

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


def _operated(place: Place) -> Set:
    """Its operator, account and user are made anew; the user's credentials go into `user.creds`."""
    import nkeys

    def key(kind: int) -> Any:
        return nkeys.from_seed(bytearray(nkeys.encode_seed(secrets.token_bytes(32), kind)))

    operator, account, user = map(key, (nkeys.PREFIX_BYTE_OPERATOR, nkeys.PREFIX_BYTE_ACCOUNT, nkeys.PREFIX_BYTE_USER))
    limits = dict.fromkeys(("subs", "conn", "leaf", "imports", "exports", "data", "payload"), -1)
    whose = _token(operator, operator, {"type": "operator"})
    allowed = _token(operator, account, {"type": "account", "limits": {**limits, "wildcards": True}})
    who = _token(account, user, {"type": "user", "subs": -1, "data": -1, "payload": -1})
    place.write(
        "user.creds",
        f"-----BEGIN NATS USER JWT-----\n{who}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{bytes(user.seed).decode()}\n------END USER NKEY SEED------\n",
    )
    name = bytes(account.public_key).decode()
    conf = place.write(
        "nats.conf",
        f"""listen: "{LOOPBACK}:{place.port}"
operator: {whose}
resolver: MEMORY
resolver_preload: {{ {name}: {allowed} }}
""",
    )
    return Set([program("nats-server"), "-c", str(conf)], [place.port])


def _token(issuer: Any, subject: Any, claims: dict[str, object]) -> str:
    """What `issuer` says of `subject`: a JWT as NATS has it (docs.nats.io, "JWT authentication")."""

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    said = {
        "jti": secrets.token_hex(16),
        "iat": 1_700_000_000,
        "iss": bytes(issuer.public_key).decode(),
        "sub": bytes(subject.public_key).decode(),
        "name": "certhia",
        "nats": {**claims, "version": 2},
    }
    text = ".".join(part(json.dumps(one).encode()) for one in ({"typ": "JWT", "alg": "ed25519-nkey"}, said))
    return f"{text}.{part(issuer.sign(text.encode()))}"


NATS = Kind("nats-server", "nats", _plain)
NATS_TLS = Kind("nats-server", "nats", _tls)
NATS_OPERATED = Kind("nats-server", "nats", _operated)
