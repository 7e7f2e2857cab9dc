"""ct-scout's config.toml (3.0). Its watch list and programmes stay where they are: they are read as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from certhia.config import document
from certhia.errors import ConfigError
from certhia.library.importing.imported import Imported
from certhia.library.importing.scopes import platforms

SECRET: Final = "CTSCOUT_WEBHOOK_SECRET"  # noqa: S105  (the name of a variable)
PASSWORD: Final = "CTSCOUT_DATABASE_PASSWORD"  # noqa: S105
POOL: Final = 50  # connections, at most
PUBLISHED: Final = "https://www.gstatic.com/ct/log_list/v3/"

_TABLES: Final = (
    "ct_logs",
    "webhook",
    "watchlist",
    "programs",
    "logging",
    "database",
    "platforms",
    "output",
    "certstream",
)
_LEVELS: Final[Mapping[str, Mapping[str, object]]] = {
    "trace": {"output.verbose": 2},
    "debug": {"output.verbose": 1},
    "warn": {"output.quiet": True},
}
_FORMATS: Final = {"human": "human", "json": "jsonl", "csv": "csv", "silent": "silent"}
_KEYS: Final[Mapping[str, frozenset[str]]] = {  # that are taken over, or told of in other words
    "ct_logs": frozenset(
        (
            *("poll_interval_secs", "parse_precerts", "log_list_url", "custom_logs", "additional_logs"),
            *("include_pending", "include_all_logs", "include_readonly_logs", "state_backend", "state_file"),
            *("batch_size", "max_concurrent_logs"),
        )
    ),
    "webhook": frozenset(("url", "secret", "timeout_secs")),
    "database": frozenset(("enabled", "url", "max_connections")),
    "logging": frozenset(("level",)),
    "output": frozenset(("format", "destination", "file_path")),
}
_SUFFIX: Final = {"human": ".txt", "json": ".jsonl", "csv": ".csv"}


def read(path: Path) -> Imported:
    """Raises ConfigError for what can't be read."""
    read_ = document.read(path.expanduser().absolute())
    content = read_.content
    for name, table in content.items():
        if not isinstance(table, dict) and name != "programs":
            raise ConfigError(f"{read_.at(name)}: {name} is no table; is this ct-scout's configuration?")
    if not any(name in content for name in _TABLES):
        raise ConfigError(f"{path}: has none of ct-scout's tables ({', '.join(_TABLES)}); is this its configuration?")
    found = Imported()
    if "watchlist" in content or "programs" in content:
        found.values["watch.files"] = [str(read_.path)]
    _logs(content.get("ct_logs", {}), path, found)
    _output(content, found)
    _webhook(content.get("webhook", {}), found)
    _database(content.get("database", {}), found)
    platforms(content.get("platforms", {}), found)
    found.notes.extend(_left_out(content))
    return found


def _logs(table: Mapping[str, Any], path: Path, found: Imported) -> None:
    values = found.values
    if (seconds := table.get("poll_interval_secs")) is not None:
        values["read.poll_static"] = values["read.poll_rfc6962"] = seconds
    if table.get("parse_precerts") is False:
        values["watch.precerts"] = False
    url = str(table.get("log_list_url", PUBLISHED))
    if not url.startswith(PUBLISHED):
        values["logs.log_list"] = [url]
    if table.get("custom_logs"):
        values["logs.log"] = table["custom_logs"]
    if table.get("additional_logs"):
        values["logs.add_log"] = table["additional_logs"]
    include = [kind for kind in ("pending", "all") if table.get(f"include_{kind}" + "_logs" * (kind == "all"))]
    if include:
        values["logs.include"] = ["all"] if "all" in include else include
    if table.get("include_readonly_logs") is False:
        found.notes.append("ct_logs.include_readonly_logs: logs that take nothing more are followed to their end here")
    if table.get("state_backend") == "database":
        found.notes.append("positions: certhia state import postgresql://... takes them from the table ct_log_state")
    elif file := table.get("state_file"):
        found.notes.append(f"positions: certhia state import {path.parent / file} takes them over")


def _output(content: Mapping[str, Any], found: Imported) -> None:
    level = str(content.get("logging", {}).get("level", "info")).lower()
    found.values.update(_LEVELS.get("warn" if level == "error" else level, {}))
    output = content.get("output", {})  # README.md describes it
    form = str(output.get("format", "human"))
    if form not in _FORMATS:
        found.notes.append(f"output.format: {form} is left out; there are {', '.join(_FORMATS)}")
    elif output.get("destination") == "file" and (file := output.get("file_path")):
        found.values["output.format"] = "silent"
        named = Path(str(file))
        right = named if form == "silent" else named.with_suffix(_SUFFIX[form])
        found.values["output.files"] = [str(right)]
        if right != named:
            found.notes.append(f"output.file_path: {named} is {right.name} here, as a file's name says what is in it")
    elif form != "human":
        found.values["output.format"] = _FORMATS[form]


def _webhook(table: Mapping[str, Any], found: Imported) -> None:
    if not table.get("url"):
        return
    found.values["sinks.webhook.type"] = "webhook"
    found.values["sinks.webhook.url"] = table["url"]
    if table.get("secret"):
        found.values["sinks.webhook.ctscout_secret"] = f"${{{SECRET}}}"
        found.notes.append(
            f"webhook.secret is not copied: set the variable {SECRET} to it, or write ctscout_secret_file"
        )
    if (seconds := table.get("timeout_secs")) is not None:
        found.values["sinks.webhook.timeout"] = seconds


def _database(table: Mapping[str, Any], found: Imported) -> None:
    if not table.get("enabled"):
        return
    url = str(table.get("url", "postgresql://localhost/ctscout"))
    hidden = re.sub(r"(?<=://)([^/?#@:]*):\S*@", rf"\1:${{{PASSWORD}}}@", url)
    most = table.get("max_connections")
    if isinstance(most, int):
        hidden += f"{'&' if '?' in hidden else '?'}pool={min(max(most, 1), POOL)}"
    found.values["state.name"] = hidden
    if PASSWORD in hidden:
        found.notes.append(f"the password in database.url is not copied: set the variable {PASSWORD} to it")


def _left_out(content: Mapping[str, Any]) -> Iterator[str]:
    logs = content.get("ct_logs", {})
    if "batch_size" in logs:
        yield "ct_logs.batch_size: how much a log gives at once is found out"
    if "max_concurrent_logs" in logs:
        yield "ct_logs.max_concurrent_logs: all chosen logs are followed; read.max_parallel bounds requests"
    if "certstream" in content:
        yield "certstream: of earlier versions; --certstream URL reads such a server"
    for name, known in _KEYS.items():
        for key in content.get(name, {}):
            if key not in known:
                yield f"{name}.{key}: is left out"
    for name in sorted(content.keys() - set(_TABLES)):
        yield f"{name}: is unknown to ct-scout 3.0, and left out"
