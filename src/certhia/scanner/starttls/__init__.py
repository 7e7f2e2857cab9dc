"""Asking for TLS on a connection that begins without it: generators between Connect and ClientHello."""

from __future__ import annotations

from certhia.scanner.starttls.table import PORTS, PROTOCOLS, Opening, protocol

__all__ = ("PORTS", "PROTOCOLS", "Opening", "protocol")
