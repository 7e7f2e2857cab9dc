"""Certificates submitted to real logs: each precertificate to all of them, then the certificate with their SCTs."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.e2e.reallogs.certificates import CA, sha256
from tests.e2e.reallogs.servers import Target

WORKERS = 32


@dataclass(slots=True)
class Submitted:
    """What all logs have accepted: SHA-256 of the DER, hex."""

    precertificates: dict[str, tuple[str, ...]] = field(default_factory=dict)  # to the names
    certificates: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def all(self) -> set[str]:
        """Both."""
        return {*self.precertificates, *self.certificates}


class Submitter:
    """Submits; keeps what was accepted in `submitted`."""

    def __init__(self, ca: CA, targets: Iterable[Target]) -> None:
        self.submitted = Submitted()
        self._ca = ca
        self._targets = list(targets)
        self._local = threading.local()
        self._opened: list[http.client.HTTPConnection] = []

    def feed(self, pairs: int) -> None:
        """Issues and submits so many precertificates and their certificates. Fails where a log refuses one."""
        issued = [self._ca.issue() for _ in range(pairs)]
        with ThreadPoolExecutor(WORKERS) as pool:
            firsts = [
                [pool.submit(self._post, target, "add-pre-chain", (pair.precertificate, *pair.chain))
                 for target in self._targets]
                for pair in issued
            ]  # fmt: skip
            waiting = []
            for pair, answers in zip(issued, firsts, strict=True):
                scts = [_sct(answer.result()) for answer in answers]
                self.submitted.precertificates[sha256(pair.precertificate)] = pair.names
                certificate, chain = self._ca.finish(pair, scts)
                waiting += [
                    pool.submit(self._post, target, "add-chain", (certificate, *chain)) for target in self._targets
                ]
                self.submitted.certificates[sha256(certificate)] = pair.names
            for answer in waiting:
                answer.result()
        for connection in self._opened:
            connection.close()
        self._opened.clear()

    def _post(self, target: Target, endpoint: str, chain: tuple[bytes, ...]) -> dict[str, object]:
        body = json.dumps({"chain": [base64.b64encode(each).decode() for each in chain]})
        connections: dict[Target, http.client.HTTPConnection] = self._local.__dict__.setdefault("connections", {})
        for last in (False, True):
            connection = connections.get(target) or http.client.HTTPConnection("127.0.0.1", target.port, timeout=20)
            connections[target] = connection
            self._opened.append(connection)
            try:
                headers = {"Content-Type": "application/json"}
                connection.request("POST", f"{target.path}ct/v1/{endpoint}", body, headers)
                answer = connection.getresponse()
                text = answer.read().decode("utf-8", "replace")
            except (OSError, http.client.HTTPException):
                connections.pop(target).close()  # a kept connection that the log has closed: once more
                if last:
                    raise
                continue
            assert answer.status == 200, f"{target.name} refuses: {answer.status} {text[:300]}"
            given: dict[str, object] = json.loads(text)
            return given
        raise AssertionError


def _sct(answer: dict[str, object]) -> bytes:
    """SignedCertificateTimestamp (RFC 6962 section 3.2) from an answer of add-pre-chain."""
    log_id, extensions, signature = (base64.b64decode(str(answer[key])) for key in ("id", "extensions", "signature"))
    timestamp = int(str(answer["timestamp"])).to_bytes(8, "big")
    return b"\0" + log_id + timestamp + len(extensions).to_bytes(2, "big") + extensions + signature
