"""What modules have known by themselves: events, from whatever thread they are in, and of their own types."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from threading import get_ident
from typing import Any

from certhia.concerning import certificate
from certhia.events.naming import check_own
from certhia.modules.reporting import Publish
from certhia.modules.wire import check_data


def publishing(publish: Publish, *, ours: bool = False) -> Publish:
    """`publish` as a module of this process gets it, on the loop that runs now. `ours`: those that come with Certhia
    may publish what is Certhia's.

    What is given raises ValueError for data that can't be kept, and for types that are not the module's to publish;
    RuntimeError once the run is over.
    """
    loop, here = asyncio.get_running_loop(), get_ident()

    def told(type: str, data: Mapping[str, Any], *, correlation: str = "") -> None:  # noqa: A002
        if not ours:
            check_own(type, correlation)
        check_data(data)
        if get_ident() == here:
            publish(type, data, correlation=correlation)
        else:  # whoever hears is on the loop
            loop.call_soon_threadsafe(partial(publish, type, {**data}, correlation=correlation or certificate()))

    return told
