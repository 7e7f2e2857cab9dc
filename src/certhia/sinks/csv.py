"""Matches as CSV: ct-scout's columns, then ours."""

from __future__ import annotations

from certhia.model import Delivery
from certhia.render import csv_line
from certhia.sinks.record import record

COLUMNS = (
    # ct-scout's
    "timestamp",
    "matched_domain",
    "all_domains",
    "cert_index",
    "not_before",
    "not_after",
    "fingerprint",
    "program_name",
    # ours
    "platform",
    "rule",
    "why",
    "issuer",
    "issuer_organization",
    "subject_organization",
    "serial",
    "is_precert",
    "log",
    "operator",
    "ct_log_url",
    "entry_timestamp",
    "verified",
    "sightings",
    "repeat",
    "id",
    "spki_sha256",
    "tbs_sha256",
)
HEADER = ",".join(COLUMNS) + "\n"


def row(delivery: Delivery) -> str:
    """One CSV line, with its newline. `all_domains` is joined with `;`, and one inside a name is `\\x3b`."""
    fields = record(delivery)
    fields["why"] = delivery.match.hits[0].why if delivery.match.hits else ""
    return csv_line([_cell(fields[column]) for column in COLUMNS])


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(str(item).replace(";", "\\x3b") for item in value)
    return str(value)
