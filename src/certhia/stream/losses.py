"""What a client is told of entries that it is not sent."""

from __future__ import annotations

from certhia.stream.client import Client
from certhia.stream.places import Missing


def tell(client: Client, missing: Missing) -> None:
    """Tells a client that these entries are missing where it is in its stream, as far as anybody knows which."""
    start, end = missing.start, missing.end
    first = None if start is None else (missing.log_id, start)
    last = None if end is None else (missing.log_id, end - 1)
    client.lose(None if start is None or end is None else end - start, first, last, missing.reason)
