"""Servers by OpenSSL with certificates of the testing CA."""

from __future__ import annotations

import socket
import ssl
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from ssl import TLSVersion

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.scanner.driving import serving, until_cut

from certhia.testing import CA
from certhia.testing.ca import Issued


@cache
def authority() -> tuple[CA, Issued]:
    """The CA, and the certificate that servers here show."""
    ca = CA("scanner")
    return ca, ca.issue(["www.example.com", "*.example.net"], ["127.0.0.1"])


def context(
    lowest: TLSVersion = TLSVersion.TLSv1_2,
    highest: TLSVersion = TLSVersion.TLSv1_3,
    *,
    alpn: tuple[str, ...] = (),
    client: ssl.VerifyMode = ssl.CERT_NONE,
    ciphers: str = "ALL:@SECLEVEL=0",
    shown: Issued | None = None,
) -> ssl.SSLContext:
    """What a server speaks, and which certificate it shows."""
    ca, issued = authority()
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version, made.maximum_version = lowest, highest
    made.set_ciphers(ciphers)
    key = ca.leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "server.pem")
        path.write_text(key + (shown or issued).pem)
        made.load_cert_chain(path)
    made.verify_mode = client
    if client is not ssl.CERT_NONE:
        made.load_verify_locations(cadata=ca.root_pem)
    if alpn:
        made.set_alpn_protocols(list(alpn))
    return made


@contextmanager
def tls_server(
    speaks: ssl.SSLContext,
    before: Callable[[socket.socket], None] = lambda _: None,
    after: Callable[[ssl.SSLSocket], None] = until_cut,
) -> Iterator[int]:
    """Yields the port. `before`: what is said in the clear; `after`: under TLS."""

    def handle(peer: socket.socket) -> None:
        before(peer)
        with speaks.wrap_socket(peer, server_side=True) as secured:
            after(secured)

    with serving(handle) as port:
        yield port
