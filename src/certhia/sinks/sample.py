"""A match to try sinks with: of a name that nobody can have (RFC 6761), and it says what it is."""

from __future__ import annotations

import hashlib

from certhia.model import LogName, Match, RuleHit, Sighting

NAME = "certhia-sample.example"


def sample(now: float) -> Match:
    """As it would be told now (Unix seconds), in full; its key is always the same."""
    key = hashlib.sha256(b"certhia sinks test").digest()
    log_id = hashlib.sha256(b"certhia sample log").digest()
    return Match(
        key=key,
        tbs_sha256=key,
        hits=(RuleHit("certhia-sample.example", NAME, "san", "exact", "A sample of Certhia", "certhia"),),
        sighting=Sighting(log_id, 0, False, int(now * 1000)),
        log=LogName(log_id, "https://ct.example/sample/", "A sample log of Certhia", "Certhia"),
        verified=True,
        seen=now,
        names=(NAME, f"*.{NAME}"),
        not_before=int(now),
        not_after=int(now) + 47 * 86_400,
        serial="01",
        issuer="CN=A sample of Certhia,O=Certhia",
        issuer_organization="Certhia",
        subject_organization="",
        sha256=key,
        spki_sha256=key,
    )
