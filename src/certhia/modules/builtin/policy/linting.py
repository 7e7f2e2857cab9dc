"""The Baseline Requirements, as `pkilint` reads them. This file is a program of its own (`worker` runs it), and imports
nothing of Certhia: 74 MB of Python, 4 ms a certificate, and nobody knows what a hostile one makes of it.

It reads certificates, and writes what is wrong with each: frames of four bytes of length, big-endian, and that many
bytes. The first frame that it writes says who it is.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import struct
import sys
from contextlib import suppress
from typing import Any, BinaryIO, Final, NamedTuple, TypeAlias

MEMORY: Final = 1 << 30  # bytes of address space that it may take
MAX_VIOLATIONS: Final = 50  # of one certificate that are told
SHOWN: Final = 300  # characters of a message
LENGTH: Final = struct.Struct("!I")

Violation: TypeAlias = tuple[str, str, str, str]  # severity ("ERROR"), code, message, where


class Linter:
    """Lints; a set of validators is made once for each type of certificate."""

    def __init__(self) -> None:
        from pkilint import finding_filter, loader  # noqa: PLC0415  (half a second, and an extra)
        from pkilint.cabf import serverauth  # noqa: PLC0415
        from pkilint.pkix import certificate  # noqa: PLC0415

        self._filter = finding_filter.filter_results
        self._load = loader.load_der_certificate
        self._serverauth = serverauth
        self._certificate = certificate
        self._sets: dict[Any, _Set] = {}

    def lint(self, der: bytes) -> tuple[str, list[Violation]]:
        """The type that a certificate has by its contents ("DV_PRE_CERTIFICATE"), and what is wrong with it, the worst
        first. Raises whatever pkilint raises."""
        read = self._load(der, "certificate")
        kind = self._serverauth.determine_certificate_type(read)
        one = self._sets.get(kind) or self._made(kind)
        kept, _ = self._filter(one.filters, one.validators.validate(read.root))
        found: dict[tuple[str, str], tuple[int, Violation]] = {}
        for result in kept:
            for said in result.finding_descriptions:
                severity = said.finding.severity
                violation = (
                    severity.name,
                    said.finding.code,
                    str(said.message or "")[:SHOWN],
                    result.node.path[:SHOWN],
                )
                found.setdefault((said.finding.code, severity.name), (int(severity), violation))
        ordered = sorted(found.values(), key=lambda each: each[0])
        return str(kind), [violation for _, violation in ordered[:MAX_VIOLATIONS]]

    def _made(self, kind: Any) -> _Set:
        validators = self._certificate.create_pkix_certificate_validator_container(
            self._serverauth.create_decoding_validators(), self._serverauth.create_validators(kind)
        )
        one = self._sets[kind] = _Set(validators, self._serverauth.create_serverauth_finding_filters(kind))
        return one


class _Set(NamedTuple):
    validators: Any
    filters: Any


def answer(linter: Linter, der: bytes) -> dict[str, object]:
    """What is written of a certificate: its type and violations, or why it can't be linted."""
    try:
        kind, violations = linter.lint(der)
    except MemoryError:
        return {"fault": "takes too much memory"}
    except RecursionError:
        return {"fault": "is nested too deeply"}
    except Exception as error:  # noqa: BLE001  (of a hostile certificate pkilint may raise anything)
        return {"fault": f"{type(error).__name__}: {error}"[:SHOWN]}
    return {"type": kind, "violations": violations}


def serve(inward: BinaryIO, outward: BinaryIO) -> None:
    """Answers frames until there are no more."""
    from pkilint.cabf.serverauth import serverauth_constants  # noqa: PLC0415

    linter = Linter()
    _write(outward, {"requirements": serverauth_constants.BR_VERSION})
    while len(head := inward.read(LENGTH.size)) == LENGTH.size:
        (length,) = LENGTH.unpack(head)
        _write(outward, answer(linter, inward.read(length)))


def _write(outward: BinaryIO, said: dict[str, object]) -> None:
    body = json.dumps(said).encode()
    outward.write(LENGTH.pack(len(body)) + body)
    outward.flush()


def main() -> None:
    """The process: what pkilint prints or logs goes nowhere, so that it is in no frame."""
    with suppress(ValueError, OSError):  # a limit that is lower already stays
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    logging.disable(logging.CRITICAL)
    outward = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    with suppress(BrokenPipeError, KeyboardInterrupt):
        serve(sys.stdin.buffer, outward)


if __name__ == "__main__":
    main()
