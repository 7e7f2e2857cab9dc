"""What a server offers, and what its clients may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from certhia.config.listen import Listen
from certhia.stream.client import Limits
from certhia.stream.forms import Defaults

_ITSELF: Final = frozenset({"/stats", "/health", "/health/deep", "/ready", "/logs", "/metrics", "/latest.json"})


def answers_itself(path: str) -> bool:
    """Whether a server answers something else than a stream there."""
    return path in _ITSELF or path.startswith("/cert/") or path.endswith("/example.json")


@dataclass(frozen=True, slots=True)
class Terms:
    """What the server offers.

    Attributes:
        listen: where; each host and port, or Unix socket.
        paths: the path of each stream ("lite", "full", "domains") and of "sse"; those that are missing are off.
        defaults: what counts where clients say nothing.
        limits: what a client may cost.
        heartbeat: seconds between two heartbeats; None for none.
        compression: whether messages are compressed for clients that offer it.
    """

    listen: tuple[Listen, ...]
    paths: Mapping[str, str] = field(default_factory=dict)
    defaults: Defaults = field(default_factory=Defaults)
    limits: Limits = field(default_factory=Limits)
    heartbeat: float | None = 30.0
    compression: bool = False
