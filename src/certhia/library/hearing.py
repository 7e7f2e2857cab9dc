"""From settings to the certstream servers that are read beside the logs, or instead of them."""

from __future__ import annotations

from dataclasses import replace

from certhia.clock import Clock, utc
from certhia.config import Settings
from certhia.errors import ConfigError
from certhia.logs.lists import Lists, Loaded
from certhia.logs.sources import Sources
from certhia.model import Tell
from certhia.net import Http, Transport
from certhia.parts import Beside


def beside_of(settings: Settings, transport: Transport, clock: Clock, tell: Tell) -> Beside:
    """What is read beside the logs; nothing unless the settings name servers. Raises ConfigError."""
    read, logs = settings.read, settings.logs
    if not read.certstream:
        if read.with_logs:
            raise ConfigError("read.with_logs: the logs are followed anyway; leave it out, or name a --certstream")
        return Beside()
    if settings.serve.history is not None:
        raise ConfigError(
            "serve.history: what other certstream servers say is not kept in it; leave out --history or --certstream"
        )
    if not isinstance(transport, Http):
        raise ConfigError("read.certstream: a transport of your own fetches no streams; leave one of them out")
    from certhia.certstream.beside import Servers  # noqa: PLC0415  (only who reads streams pays for it)

    named = bool(logs.log or logs.log_list or logs.add_log)
    urls = tuple(dict.fromkeys(read.certstream))
    return Servers(urls, transport, clock, tell, alone=not (read.with_logs or named))


def without_logs(sources: Sources) -> Sources:
    """The same, where no log is to be followed: no list is asked for, and what is known of lists stays as it is."""
    return replace(sources, lists=_NoLists(sources))


class _NoLists(Lists):
    def __init__(self, sources: Sources) -> None:
        super().__init__(sources.transport, sources.clock, None)

    async def load(self) -> Loaded:
        return Loaded(logs=(), notices=(), complete=True, as_of=utc(self._clock.now()))
