"""What a sink may say besides that it can't be told now: which is any other exception."""

from __future__ import annotations

from certhia.errors import RemoteError


class Refused(RemoteError):
    """The receiver does not want these deliveries as they are. Others may do: it goes on with those, and these are
    tried again later, each alone."""


class Gone(RemoteError):
    """The receiver wants nothing more at all (410). Nothing is tried again until a human says so."""
