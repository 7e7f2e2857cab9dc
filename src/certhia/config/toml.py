"""Settings as TOML."""

from __future__ import annotations

import json
from datetime import date, datetime

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from certhia.config.keys import shown
from certhia.config.secret import Secret
from certhia.quantity import Backlog, show_duration


def text(value: str) -> str:
    """A basic string (TOML 1.0)."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def value(what: object, field: FieldInfo) -> str:
    """A key's value as a file has it. Nothing that is secret may come here."""
    if isinstance(what, SecretStr | Secret):
        raise TypeError("a secret is not written")
    if isinstance(what, bool):
        return "true" if what else "false"
    if isinstance(what, tuple | list):
        return f"[{', '.join(value(one, field) for one in what)}]"
    if isinstance(what, dict):
        return (
            f"{{ {', '.join(f'{text(str(key))} = {value(one, field)}' for key, one in what.items())} }}"
            if what
            else "{}"
        )
    if isinstance(what, Backlog):
        return str(what.entries) if what.entries is not None else text(show_duration(what.seconds or 0))
    if isinstance(what, int | float):
        written = shown(what, field)
        return written if _is_number(written) else text(written)
    if isinstance(what, datetime | date):
        return what.isoformat()
    return text(str(what))


def _is_number(written: str) -> bool:
    return written.lstrip("-").replace(".", "", 1).replace("e+", "", 1).isdigit()
