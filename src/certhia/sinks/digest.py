"""What a sink is told in place of matches that were too many: one record that counts them."""

from __future__ import annotations

from certhia.clock import iso
from certhia.store.bounds import Digest


def record(digest: Digest) -> dict[str, object]:
    """A digest's fields, ready for JSON. `id` is the same whenever it is told again."""
    return {
        "type": "digest",
        "id": f"digest:{digest.sink}:{digest.id}",
        "sink": digest.sink,
        "count": digest.count,
        "since": iso(digest.since),
        "until": iso(digest.until),
        "programmes": dict(digest.programmes.most_common()),
        "rules": dict(digest.rules.most_common()),
        "newest": digest.newest,
        "text": f"{digest.count} matches were too many to be told one by one; `certhia matches` shows them",
    }
