"""`type = "webhook"`: matches sent to a URL by POST."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, Field

from certhia.config.sinks.section import Hidden, SinkSection
from certhia.config.values import Interval, Written
from certhia.render import quoted

_URL: Final = re.compile(
    r"https?://(?:[^/?#\s@\[\]:]+|\[[^\]/?#\s@]+\])(?::(\d{1,5}))?(?:[/?][!-~]*)?", re.IGNORECASE | re.ASCII
)


def _url(value: str) -> str:
    text = value.strip()
    found = _URL.fullmatch(text)
    if found is None or int(found[1] or 0) > 65_535:
        raise ValueError(f"{quoted(_place(text))} is no URL to send to; write https://HOST/PATH")
    return text


def _place(text: str) -> str:
    """Where a URL leads, without what may be secret in it: user, path and query."""
    found = re.match(r"([a-z][a-z0-9+.-]*://)(?:.*@)?([^/?#]*)(.?)", text, re.IGNORECASE)
    return text if found is None else f"{found[1]}{found[2]}{'/...' if found[3] else ''}"


Url = Annotated[str, AfterValidator(_url), Written("URL")]


def _header(value: str) -> str:
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ -~]*", value):
        raise ValueError(f"{quoted(value.partition(':')[0])} is no header; write Name: value, in plain characters")
    return value


Header = Annotated[str, AfterValidator(_header), Written("header")]


class WebhookSink(SinkSection):
    """Matches sent to a URL by POST."""

    spacing: ClassVar[float] = 0.1

    type: Literal["webhook"] = "webhook"
    url: Url = Field(description="Where they are sent")
    secret: tuple[Hidden, ...] = Field(
        (),
        description="Keys that messages are signed with (Standard Webhooks), `whsec_` and base64; two while one is "
        "replaced by the other",
    )
    ctscout_secret: Hidden | None = Field(
        None, description="Key of the header `X-CTScout-Signature`: HMAC-SHA256 of the body, hex"
    )
    template: Path | None = Field(None, description="File of the JSON that is sent, with `${FIELD}` of the match in it")
    note_template: Path | None = Field(
        None, description="Likewise, for what is no match: alarms, digests, what probes and scans find"
    )
    headers: tuple[Header, ...] = Field((), description="Further headers, each as `Name: value`")
    timeout: Interval = Field(15.0, le=300, description="How long an answer may take")
    ca_file: Path | None = Field(None, description="PEM file of authorities to trust besides the system's")
