"""What goes on inside a pipeline, for whoever looks at its figures."""

from __future__ import annotations

from certhia.logs.budget import Budget
from certhia.metrics.collecting import Inner, SinkFigures
from certhia.metrics.published import Publishing
from certhia.metrics.stages import Workers
from certhia.net import Http
from certhia.parts import Parts
from certhia.sinks.outbox import Outbox


def inner_of(parts: Parts, outbox: Outbox, budget: Budget, workers: Workers) -> Inner:
    """All of it, as of now. Reads what is in memory."""
    network, writer, seen = parts.transport, parts.state.writer, parts.teller.seen
    stages, queues = parts.stages, outbox.queues
    fetch = {"fetch": network.spent} if isinstance(network, Http) else {}
    return Inner(
        sinks=[SinkFigures(one.sink.name, bool(one.failing), one.told, one.failed, one.dead) for one in queues],
        hosts={one.host: one.state == "closed" for one in parts.configured.outside.breakers.circuits},
        published=[one.sink.published for one in queues if isinstance(one.sink, Publishing)],
        stages=fetch | {"core": stages.core, "tell": stages.tell, "stream": stages.stream, "commit": writer.spent},
        queues={"core": workers.waiting, "commit": writer.staged},
        bodies=(budget.used, budget.limit),
        caches={"told": (seen.hits, seen.misses, len(seen))},
        received=network.bytes_in if isinstance(network, Http) else None,
        places=parts.guarding.places,
        modules=parts.added.figures if parts.added is not None else {},
    )
