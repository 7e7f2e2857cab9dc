"""Clients of other people's servers: not installed with Certhia, and loaded when a sink needs one."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from certhia.errors import ConfigError


def client(module: str, extra: str, sink: str) -> Any:
    """A package that `certhia[EXTRA]` brings. Raises ConfigError, which says what to install."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"[sinks.{sink}] needs {error.name}, which is not installed here: pip install 'certhia[{extra}]'"
        ) from error
