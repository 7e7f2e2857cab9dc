"""From settings to what follows a log: its entries, or names alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from certhia.config import Settings
from certhia.config.settings import OFF
from certhia.errors import ConfigError
from certhia.logs.follow import Follower
from certhia.store import State

if TYPE_CHECKING:
    from certhia.stream.hub import Hub


def follower_of(settings: Settings, hub: Hub | None, state: State) -> Callable[..., Follower]:
    """What to follow logs with. `hub`: None where no stream is served. Raises ConfigError for what names can't give."""
    if hub is None or not settings.serve.names_only:
        return Follower
    _check(settings)
    from certhia.certstream.byname import NamesFollower  # noqa: PLC0415  (only who reads names alone pays for it)

    return partial(NamesFollower, hub=hub, state=state)


def _check(settings: Settings) -> None:
    serve, watch = settings.serve, settings.watch
    refused = {
        "--watchlist: no certificate is read that a rule could match": bool(watch.rules or watch.files),
        "--verified-only: nothing of them is proven": serve.verified_only,
        "--history: they are not kept in it": serve.history is not None,
        "--certstream: names are read from logs": bool(settings.read.certstream),
        "--domains off: there is no other stream": serve.domains == OFF,
    }
    for what, given in refused.items():
        if given:
            option, _, why = what.partition(": ")
            raise ConfigError(f"serve.names_only: reads names alone, so {why}; leave out {option} or --names-only")
