"""A match as environment variables: certspotter's (certspotter-script(8)), then ours. Their text is inert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certhia.clock import iso, utc
from certhia.model import Delivery
from certhia.render import short
from certhia.sinks.record import matched_name

LONGEST: Final = 1000  # characters of a variable that a stranger may have written


def of_match(delivery: Delivery) -> dict[str, str]:
    """`discovered_cert`, or `malformed_cert` for an entry that could not be decoded."""
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
        "ISSUER_DN": match.issuer,
        "SERIAL": match.serial.lower(),
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


def of_record(record: Mapping[str, object]) -> dict[str, str]:
    """Of a record that is no match: `error` for an alarm that is raised, as certspotter says it; `alarm_cleared`,
    `digest` besides."""
    kind = str(record.get("type", "note"))
    event = {"raised": "error", "cleared": "alarm_cleared"}.get(str(record.get("event")), kind)
    return _inert({"EVENT": event, "SUMMARY": str(record.get("text", "")), "LOG_URI": str(record.get("log") or "")})


def _inert(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: short(value, LONGEST) for name, value in variables.items() if value}


def _time(name: str, seconds: int) -> dict[str, str]:
    """In its three forms; none for a time that no calendar has."""
    try:
        human = utc(seconds).strftime("%Y-%m-%d %H:%M:%S +0000 UTC")
        rfc3339 = iso(seconds).replace(".000Z", "Z")
    except (OverflowError, ValueError, OSError):
        return {"VALIDITY_PARSE_ERROR": "no calendar has this time"}
    return {name: human, f"{name}_UNIXTIME": str(seconds), f"{name}_RFC3339": rfc3339}
