"""Clients of other people's servers: not installed with Certhia, and loaded when a sink needs one.

They open connections of their own, past `certhia.net`: the one exception, with that of syslog, which docs/adr gives
reasons for. Addresses are the operator's own, and each sink puts a deadline around what its client does.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any, Final

from certhia.errors import ConfigError

# Who says what with loggers of its own. What fails is raised besides, and told by us: made inert, and once.
TALKATIVE: Final = ("aio_pika", "aiormq", "apprise", "nats", "redis")


def client(module: str, extra: str, sink: str) -> Any:
    """A package that `certhia[EXTRA]` brings. Raises ConfigError, which says what to install."""
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        if not logger.handlers:  # else they go to standard error, unless a program has set up logging
            logger.addHandler(logging.NullHandler())
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"[sinks.{sink}] needs {error.name}, which is not installed here: pip install 'certhia[{extra}]'"
        ) from error
