"""How it is said what came of a probe: a line for people, a line of JSON for programs."""

from __future__ import annotations

from typing import Final

from certhia.clock import iso
from certhia.store.probes import Finding, Probe

STAGES: Final = {"now": 0, "5m": 300, "1h": 3600, "1d": 86_400}  # seconds after the certificate was logged
OUTCOMES: Final = {
    "served": "serves this certificate",
    "other": "serves another certificate",
    "nothing": "shows no certificate yet",
    "unresolved": "does not resolve",
    "policy": "is not asked",
    "skipped": "was not asked in time",
}
WAITING: Final = "waiting"
_NAMES: Final = {seconds: name for name, seconds in STAGES.items()}


def text(probe: Probe, found: Finding) -> str:
    """For people; what certificates and servers said is for `render` to make inert."""
    return f"probe: {sentence(probe, found)}"


def sentence(probe: Probe, found: Finding) -> str:
    """The same, where it is clear what it is about."""
    where = f" at {found.address}" if found.address else ""
    why = f" ({found.detail})" if found.detail else ""
    return f"{place(probe)} {OUTCOMES[found.outcome]}{where}{why}{asked_for(probe)}"


def asked_for(probe: Probe) -> str:
    """Its moment, unless that is at once."""
    return f", {_NAMES[probe.stage]} after it was logged" if probe.stage else ""


def place(probe: Probe) -> str:
    """Name and port, as people write them."""
    return f"[{probe.name}]:{probe.port}" if ":" in probe.name else f"{probe.name}:{probe.port}"


def record(probe: Probe, found: Finding) -> dict[str, object]:
    """For programs; `schema` says what each field means."""
    return {
        "timestamp": int(found.at),
        "event": "probe",
        "id": probe.match.key.hex(),
        "name": probe.name,
        "port": probe.port,
        "stage": _NAMES[probe.stage],
        "outcome": found.outcome,
        "detail": found.detail or None,
        "address": found.address or None,
        "sha256": found.sha256.hex() or None,
        "fingerprint": probe.match.sha256.hex(),
        "at": iso(found.at),
        "due": None,
    }


def waiting(probe: Probe, due: float) -> dict[str, object]:
    """The same of a probe that waits until then (Unix seconds)."""
    unknown = dict.fromkeys(("timestamp", "detail", "address", "sha256", "at"))
    return {**record(probe, Finding(WAITING, due)), **unknown, "due": iso(due)}


def schema() -> dict[str, object]:
    """JSON Schema (draft 2020-12) of one record."""
    word, maybe = {"type": "string"}, {"type": ["string", "null"]}
    said = {**OUTCOMES, WAITING: "is still to be asked"}
    outcomes = "; ".join(f"{name}: {what}" for name, what in said.items())
    fields: dict[str, dict[str, object]] = {
        "timestamp": {"type": ["integer", "null"], "description": "When it was done, Unix seconds"},
        "event": {"const": "probe", "description": "What tells it from a match, which has no such field"},
        "id": {**word, "description": "`id` of the match that it is about"},
        "name": {**word, "description": "The name that was asked for: of a wildcard the part behind the star"},
        "port": {"type": "integer", "description": "TCP port"},
        "stage": {"enum": [*STAGES], "description": "How long after the certificate was logged it was to be done"},
        "outcome": {"enum": [*said], "description": f"What came of it; {outcomes}"},
        "detail": {**maybe, "description": "Why, where there is more to say: refused at connect, NXDOMAIN, ..."},
        "address": {**maybe, "description": "The address that was asked, or that is not asked"},
        "sha256": {**maybe, "description": "Of the certificate that is served there, hex"},
        "fingerprint": {**word, "description": "`fingerprint` of the match; a precertificate's differs from `sha256`"},
        "at": {**maybe, "format": "date-time", "description": "When it was done, RFC 3339 in UTC"},
        "due": {**maybe, "format": "date-time", "description": "When it is to be asked, while it waits"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Certhia probe",
        "description": "What a server shows whose name stands in a certificate that was told",
        "type": "object",
        "properties": fields,
        "required": [*fields],
        "additionalProperties": False,
    }
