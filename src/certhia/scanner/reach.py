"""Further connections to a target whose way is known: for fingerprints and enumeration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from certhia.scanner.conversation import Conversation

PATIENCE: Final = 3.0  # seconds for each answer

# Opens a connection to the target, up to where TLS may begin.
Reach: TypeAlias = Callable[[], Conversation[None]]
