"""What settings are made of: how values are written, and what all sections share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from certhia import quantity
from certhia.config.listen import Listen, listen
from certhia.config.networks import Network, network
from certhia.config.secret import Secret, secret
from certhia.quantity import Backlog, Point
from certhia.render import quoted

MB = 10**6


class Written(str):
    """How the docs call the way in which a value is written."""

    __slots__ = ()


def _positive(value: float) -> float:
    if value <= 0:
        raise ValueError("must be more than nothing")
    return value


Seconds = Annotated[float, BeforeValidator(quantity.duration), Written("duration")]
Interval = Annotated[float, BeforeValidator(quantity.duration), AfterValidator(_positive), Written("duration")]
Size = Annotated[int, BeforeValidator(quantity.size), AfterValidator(_positive), Written("size")]
Bandwidth = Annotated[int, BeforeValidator(quantity.bandwidth), AfterValidator(_positive), Written("bandwidth")]
Start = Annotated[Point, BeforeValidator(quantity.point), Written("point")]
Most = Annotated[Backlog, BeforeValidator(quantity.backlog), Written("backlog")]
Address = Annotated[Listen, BeforeValidator(listen), Written("address")]
Networks = Annotated[Network, BeforeValidator(network), Written("network")]
UNIX_PROXY = "unix"


def _proxy(value: object) -> Network | str:
    return UNIX_PROXY if isinstance(value, str) and value.strip().lower() == UNIX_PROXY else network(value)


Proxies = Annotated[Network | str, BeforeValidator(_proxy), Written("network or unix")]
Token = Annotated[Secret, BeforeValidator(secret), Written("token")]
Place = Annotated[str, Written("file or URL")]
Source = Annotated[str, Written("file or -")]
Listed = Annotated[str, Written("rule or file")]
Named = Annotated[str, Written("name or path")]


def _stream_url(value: str) -> str:
    text = value.strip()
    if not re.fullmatch(r"(wss?|https?)://[^/?#\s]+[^#\s]*", text, re.IGNORECASE | re.ASCII):
        raise ValueError(
            f"{quoted(text.partition('?')[0])} is no server; write wss://HOST/PATH, or https:// for events"
        )
    return text


StreamUrl = Annotated[str, AfterValidator(_stream_url), Written("URL")]


class Section(BaseModel):
    """What all sections share: they do not change, and know every key that they may have."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, validate_default=False)


class Made(Section):
    """A section that programs make by themselves. Raises ConfigError, which names every problem with its key."""

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            from certhia.config.sources import refused  # noqa: PLC0415  (it knows all sections)

            raise refused(type(self), values, error) from None

    # Else pydantic would come here, too, and it needs its own error: to go on with what is wrong besides.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]


def _unlike(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    for path in paths:
        if paths.count(path) > 1:
            raise ValueError(f"{quoted(str(path))} is named twice; name each file once")
    return paths


Files = Annotated[tuple[Path, ...], AfterValidator(_unlike)]
