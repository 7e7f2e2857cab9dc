"""What a pipeline is built from: what need not be said."""

from __future__ import annotations

from dataclasses import MISSING, fields

from certhia.logs.follow import Follower
from certhia.parts import Parts


def test_a_plain_run_follows_logs_and_waits_for_nobody() -> None:
    given = {field.name: field.default for field in fields(Parts) if field.default is not MISSING}
    assert given.pop("narrowed")(()) is None
    assert given == {
        "room": None, "drain": 0.5, "reloads": (), "hub": None, "follower": Follower, "backfill": "",
        "last": None, "added": None,
    }  # fmt: skip
