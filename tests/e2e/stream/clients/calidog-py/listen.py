"""Prints every message that CaliDog's client for Python hands on, one a line."""

import json
import sys

import certstream  # type: ignore[import-not-found]


def show(message: object, context: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


certstream.listen_for_events(show, url=sys.argv[1])
