"""A match as environment variables: certspotter's (certspotter-script(8)), then ours. Their text is inert."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

from certhia.clock import iso, utc
from certhia.model import Delivery, Match
from certhia.render import short
from certhia.sinks.certificates import Kept
from certhia.sinks.record import matched_name, record

LONGEST: Final = 1000  # characters of a variable that a stranger may have written


def of_match(delivery: Delivery, kept: Kept | None = None) -> dict[str, str]:
    """`discovered_cert`, or `malformed_cert` for an entry that could not be decoded. `kept`: its certificate's file."""
    match = delivery.match
    first = match.hits[0] if match.hits else None
    item = first.rule if first else matched_name(match)
    variables = {
        "EVENT": "malformed_cert" if match.fault else "discovered_cert",
        "SUMMARY": f"certificate discovered for {item}",
        "WATCH_ITEM": item,
        "LOG_URI": match.log.url,
        "ENTRY_INDEX": str(match.sighting.index),
        "TBS_SHA256": match.tbs_sha256.hex(),
        "CERT_SHA256": match.sha256.hex(),
        "PUBKEY_SHA256": match.spki_sha256.hex(),
        **_readable("ISSUER_DN", "ISSUER_PARSE_ERROR", match.issuer),
        **_readable("SERIAL", "SERIAL_PARSE_ERROR", _serial(match)),
        **_of_file(kept or Kept(None)),
        "CHAIN_ERROR": match.unproven,
        **_time("NOT_BEFORE", match.not_before),
        **_time("NOT_AFTER", match.not_after),
        "PARSE_ERROR": match.fault,
        "CERTHIA_ID": match.key.hex(),
        "CERTHIA_REPEAT": "1" if delivery.repeat else "",
        "CERTHIA_NAME": matched_name(match),
        "CERTHIA_KIND": match.kind.value,
        "CERTHIA_PROGRAMME": first.programme if first else "",
        "CERTHIA_PLATFORM": first.platform if first else "",
    }
    return _inert(variables)


def whole(delivery: Delivery) -> dict[str, object]:
    """The record, and beside it what certspotter's file of JSON has by other names."""
    match = delivery.match
    addresses = [name for name in match.names if _is_address(name)]
    return {
        **record(delivery),
        "cert_sha256": match.sha256.hex(),
        "pubkey_sha256": match.spki_sha256.hex(),
        "dns_names": [name for name in match.names if name not in addresses],
        "ip_addresses": addresses,
        "serial_number": _serial(match),
    }


def of_record(fields: Mapping[str, object]) -> dict[str, str]:
    """Of a record that is no match: `error` for an alarm that is raised, as certspotter says it; `alarm_cleared`,
    `digest` besides."""
    kind = str(fields.get("type", "note"))
    event = {"raised": "error", "cleared": "alarm_cleared"}.get(str(fields.get("event")), kind)
    return _inert({"EVENT": event, "SUMMARY": str(fields.get("text", "")), "LOG_URI": str(fields.get("log") or "")})


def _inert(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: short(value, LONGEST) for name, value in variables.items() if value}


def _serial(match: Match) -> str:
    """Lower-case hex without zeros before it."""
    return match.serial.lower().lstrip("0") or match.serial[:1]


def _readable(name: str, otherwise: str, value: str) -> dict[str, str]:
    return {name: value} if value else {otherwise: "it can't be read"}


def _of_file(kept: Kept) -> dict[str, str]:
    if kept.path is None:
        return {}
    subject = {"SUBJECT_PARSE_ERROR": kept.fault} if kept.subject is None else {"SUBJECT_DN": kept.subject}
    return {"LEAF_HASH": kept.leaf_hash, **subject}


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _time(name: str, seconds: int) -> dict[str, str]:
    """In its three forms; none for a time that no calendar has."""
    try:
        human = utc(seconds).strftime("%Y-%m-%d %H:%M:%S +0000 UTC")
        rfc3339 = iso(seconds).replace(".000Z", "Z")
    except (OverflowError, ValueError, OSError):
        return {"VALIDITY_PARSE_ERROR": "no calendar has this time"}
    return {name: human, f"{name}_UNIXTIME": str(seconds), f"{name}_RFC3339": rfc3339}
