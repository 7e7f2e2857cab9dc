"""States for modules that read one."""

from __future__ import annotations

from tests.store.conftest import book, postgresql_server, state

__all__ = ["book", "postgresql_server", "state"]
