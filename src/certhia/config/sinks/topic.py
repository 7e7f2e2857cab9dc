"""How a topic is written, with words of what a message is about in it."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator

from certhia.render import quoted

WORDS: Final = ("event", "programme", "platform", "kind", "severity")
_TOPIC: Final = re.compile(rf"(?:[A-Za-z0-9._-]|\{{(?:{'|'.join(WORDS)})\}}){{1,200}}", re.ASCII)


def _topic(value: str) -> str:
    if not _TOPIC.fullmatch(value) or ".." in value or value.startswith(".") or value.endswith("."):
        known = ", ".join(f"{{{word}}}" for word in WORDS)
        raise ValueError(
            f"{quoted(value)} is no topic; write words with dots between them, of these if you like: {known}"
        )
    return value


Topic = Annotated[str, AfterValidator(_topic)]
