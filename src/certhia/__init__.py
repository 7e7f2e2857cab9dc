"""Certhia follows every Certificate Transparency log, verifies every entry, and tells which certificates concern you.

General layout: `logs` brings pages of entries, `rules` and `telling` decide whom they concern, `store` keeps positions
and matches, `sinks` tell them, `pipeline` wires all of it, `cli` is the program. `certhia.testing` is for your tests.
"""

from certhia.errors import CerthiaError, ConfigError, Malformed, RemoteError, StateError

__all__ = ["CerthiaError", "ConfigError", "Malformed", "RemoteError", "StateError"]
