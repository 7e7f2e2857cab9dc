"""The log that somebody means: by its URL, its id, or words of its description."""

from __future__ import annotations

from collections.abc import Sequence

from certhia import render
from certhia.errors import ConfigError
from certhia.logs.select import log_id, log_url
from certhia.model import Log

SHOWN = 5  # logs that a question names


def is_address(text: str) -> bool:
    """Whether a text is the URL or the id of a log, rather than words."""
    return log_url(text) is not None or log_id(text) is not None


def find(logs: Sequence[Log], text: str, *, of: str = "known log") -> Log:
    """The one log that `text` means (see `meant`). `of`: what kind of logs these are. Raises ConfigError where it is
    none, or several."""
    found = meant(logs, text)
    if len(found) == 1:
        return found[0]
    shown = render.quoted(text)
    if not found:
        there = ", ".join(render.terminal(log.url) for log in logs[:SHOWN]) or "none"
        them = f"there are {there}" if len(logs) <= SHOWN else "`certhia logs` lists them"
        raise ConfigError(f"no {of} is called {shown}: {them}")
    several = ", ".join(render.terminal(log.url) for log in found[:SHOWN])
    raise ConfigError(f"{shown} may be any of {len(found)} logs ({several} ...): give the URL")


def meant(logs: Sequence[Log], text: str) -> list[Log]:
    """The logs that `text` means: by URL or id (hex, base64), else by description, else by words that stand in operator
    and description, all of them."""
    url, identity = log_url(text), log_id(text)
    found = [log for log in logs if url in (log.submission_url, log.monitoring_url) or log.id == identity]
    if not found and not is_address(text):
        wanted = text.lower()
        found = [log for log in logs if wanted == log.description.lower()] or [
            log for log in logs if all(word in f"{log.operator} {log.description}".lower() for word in wanted.split())
        ]
    return found
