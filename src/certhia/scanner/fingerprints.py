"""JARM: how a server answers ten odd hellos, over ten connections (github.com/salesforce/jarm)."""

from __future__ import annotations

import os
from typing import Final

from certhia._core import Jarm
from certhia.scanner.conversation import Conversation
from certhia.scanner.failures import Expired, ScanFailure
from certhia.scanner.reach import Reach, first_record

MOST: Final = 1484  # bytes of each answer that count


def jarm(reach: Reach, name: str) -> Conversation[str]:
    """The fingerprint, 62 characters: all zero where none of the ten was answered by TLS.

    A connection that fails counts as no answer, so that one lost packet changes a part of it; the published tool gives
    zeros for all ten then.

    Args:
        reach: opens a connection.
        name: the host, or the address where there is none: it stands in the hellos.

    Raises:
        Expired: the deadline came before the tenth.
        ScanFailure: the first connection could not be had.
    """
    answers: list[str] = []
    for hello in Jarm.probes(name, os.urandom(64)):
        try:
            yield from reach()
        except ScanFailure as failure:
            if not answers or isinstance(failure, Expired):
                raise
            answers.append(Jarm.answer(b""))
            continue
        answers.append(Jarm.answer((yield from first_record(hello, MOST))))
    return Jarm.fingerprint(answers)
