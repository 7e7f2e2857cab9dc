"""An authority that revokes: lists of its own, and `openssl ocsp` as its responder."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from tests.scanner import guarding

from certhia.scanner.guard import Guard
from certhia.testing.authority import DAY, Authority, Made

NOW = time.time()  # what lists and answers count their days from, however late a test comes
REASONS = {"keyCompromise": x509.ReasonFlags.key_compromise, "superseded": x509.ReasonFlags.superseded}


@asynccontextmanager
async def guarded() -> AsyncIterator[Guard]:
    """A guard for which all names lead to 127.0.0.1."""
    async with guarding.guarded(guarding.Names(["127.0.0.1"])) as guard:
        yield guard


def parsed(made: Made) -> x509.Certificate:
    return x509.load_der_x509_certificate(made.der)


def crl(
    issuer: Authority, revoked: Sequence[Made] = (), *, since: float = -1, until: float = 1, scope: object = None
) -> bytes:
    """A list, DER; times in days from `NOW`. `scope`: an IssuingDistributionPoint."""
    builder = x509.CertificateRevocationListBuilder(
        parsed(issuer).subject, _moment(NOW + since * DAY), _moment(NOW + until * DAY)
    )
    for one in revoked:
        entry = x509.RevokedCertificateBuilder(one.serial, _moment(NOW - DAY))
        entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    if isinstance(scope, x509.IssuingDistributionPoint):
        builder = builder.add_extension(scope, critical=True)
    return builder.sign(issuer.key, _digest(issuer)).public_bytes(Encoding.DER)


def answer(
    certificate: Made,
    issuer: Authority,
    *,
    signer: Made | None = None,
    shown: Sequence[Made] = (),
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    since: float = -1,
    until: float | None = 1,
) -> bytes:
    """An OCSP answer, DER; times in days from `NOW`. `shown`: certificates that come with it."""
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        parsed(certificate),
        parsed(issuer),
        SHA256(),
        status,
        _moment(NOW + since * DAY),
        None if until is None else _moment(NOW + until * DAY),
        _moment(NOW - DAY) if revoked else None,
        x509.ReasonFlags.key_compromise if revoked else None,
    )
    by = signer or issuer
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, parsed(by))
    if shown:
        builder = builder.certificates([parsed(one) for one in shown])
    assert not isinstance(by.key, dsa.DSAPrivateKey)  # of which there are no responders
    return builder.sign(by.key, _digest(by)).public_bytes(Encoding.DER)


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _digest(made: Made) -> SHA256 | None:
    """Ed25519 brings its own."""
    return None if isinstance(made.key, ed25519.Ed25519PrivateKey) else SHA256()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


@asynccontextmanager
async def responder(
    folder: Path, port: int, issuer: Authority, certificates: dict[Made, str], signer: Made, *options: str
) -> AsyncIterator[None]:
    """`openssl ocsp` for these certificates: "good", or the reason of a revocation."""
    lines = []
    for made, state in certificates.items():
        end = time.strftime("%y%m%d%H%M%SZ", time.gmtime(time.time() + 30 * DAY))
        since = time.strftime("%y%m%d%H%M%SZ", time.gmtime(time.time() - DAY))
        mark = f"V\t{end}\t" if state == "good" else f"R\t{end}\t{since},{state}"
        lines.append(f"{mark}\t{made.serial:032X}\tunknown\t/CN=x\n")
    (folder / "index.txt").write_text("".join(lines))
    (folder / "ca.pem").write_text(issuer.pem)
    (folder / "signer.pem").write_text(signer.pem)
    (folder / "signer.key").write_bytes(signer.key_pem)
    command = [
        "openssl",
        "ocsp",
        "-index",
        "index.txt",
        "-CA",
        "ca.pem",
        "-rsigner",
        "signer.pem",
        "-rkey",
        "signer.key",
    ]
    process = await asyncio.create_subprocess_exec(
        *(*command, "-port", str(port), *options),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        line = b""
        while not line.startswith(b"ACCEPT"):
            line = await process.stdout.readline()
            assert line, "openssl ocsp ended"
        yield
    finally:
        process.terminate()
        await process.communicate()


@dataclass
class Pages:
    """What a server has to give: bodies by path, filled while it runs. None is never answered."""

    port: int
    bodies: dict[str, bytes | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)

    def url(self, path: str, host: str = "pages.example") -> str:
        return f"http://{host}:{self.port}{path}"


@asynccontextmanager
async def serving() -> AsyncIterator[Pages]:
    """A server of pages on loopback."""
    over = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split()[1].decode()
            pages.asked.append(path)
            body = pages.bodies.get(path, b"")
            if body is None:
                await over.wait()
                return
            status = b"200 OK" if path in pages.bodies else b"404 Not Found"
            if path in pages.redirects:
                status = b"302 Found\r\nLocation: " + pages.redirects[path].encode()
            writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(body)) + body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    pages = Pages(server.sockets[0].getsockname()[1])
    try:
        yield pages
    finally:
        over.set()
        server.close()
