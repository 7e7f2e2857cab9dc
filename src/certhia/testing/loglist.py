"""The log list, version 3, as Google publishes it, and each log's own log.v3.json."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from certhia.model import Protocol
from certhia.net import Response
from certhia.testing.request import as_json

if TYPE_CHECKING:
    from certhia.testing.logs import FakeLog


def log_list(logs: Iterable[FakeLog], now: float, version: str) -> bytes:
    """The list as JSON. Static logs go under `tiled_logs`; hybrids are RFC 6962 logs to the list."""
    operators: dict[str, dict[str, list[object]]] = {}
    for log in logs:
        listed = operators.setdefault(log.settings.operator, {"logs": [], "tiled_logs": []})
        listed["tiled_logs" if log.protocol is Protocol.STATIC else "logs"].append(describe(log))
    return json.dumps(
        {
            "version": version,
            "log_list_timestamp": _time(datetime.fromtimestamp(int(now), UTC)),
            "operators": [{"name": name, "email": ["ct@certhia.test"], **listed} for name, listed in operators.items()],
        },
        indent=2,
    ).encode()


def describe(log: FakeLog) -> dict[str, object]:
    """One log as the list names it."""
    s = log.settings
    described: dict[str, object] = {
        "description": s.description or log.name,
        "log_id": base64.b64encode(log.id).decode(),
        "key": base64.b64encode(log.spki).decode(),
        "mmd": s.mmd,
    }
    if log.protocol is Protocol.STATIC:
        described |= {"submission_url": log.submission_url, "monitoring_url": log.url}
    else:
        described["url"] = log.url
    if log.state is not None:
        state: dict[str, object] = {"timestamp": _time(log.state_since)}
        if log.final is not None:
            root = base64.b64encode(log.final.root).decode()
            state["final_tree_head"] = {"sha256_root_hash": root, "tree_size": log.final.size}
        described["state"] = {log.state: state}
    if s.interval is not None:
        described["temporal_interval"] = {
            "start_inclusive": _time(s.interval[0]),
            "end_exclusive": _time(s.interval[1]),
        }
    if s.log_type is not None:
        described["log_type"] = s.log_type
    return described


def log_v3(log: FakeLog) -> Response:
    """The log's own description, by the Chrome CT policy's proposal, as Sunlight and CTFE serve it."""
    described = describe(log)
    described.pop("state", None)
    tiled = log.protocol is Protocol.STATIC
    described |= {
        "friendly_name": log.settings.description or log.name,
        "log_spec": "static-ct-api" if tiled else "rfc6962",
        "mmd_seconds": log.settings.mmd,
        "intended_use": "test",
        "status": "readonly" if log.final else "active",
        "submission_endpoint": {"url": log.submission_url},
        "monitoring_endpoint": {"url": log.url},
        "log_software": {"name": "certhia.testing", "version": "1"},
    }
    return as_json(described)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
