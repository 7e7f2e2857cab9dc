"""Matches sent to a URL by POST, signed as Standard Webhooks has it.

An answer of 2xx is all that is wanted; of its body 64 KiB are read at most. Redirects are not followed. 400, 413, 415
and 422 are about this message, 410 ends it all, 429 and 503 may say for how long to wait; all else, and no answer, is
tried again by the schedule.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from certhia.config.sinks import WebhookSink
from certhia.errors import ConfigError, RemoteError, Throttled
from certhia.model import Delivery
from certhia.net import Http, Response, quote
from certhia.render import json_text, quoted
from certhia.retry_after import retry_after
from certhia.sinks import signing
from certhia.sinks.hushing import Hush, origin
from certhia.sinks.message import NAMING
from certhia.sinks.record import record
from certhia.sinks.refusals import Gone, Refused
from certhia.sinks.severity import severity
from certhia.sinks.templates import Template
from certhia.sinks.terms import LONGEST_WAIT

if TYPE_CHECKING:
    from certhia.sinks.open import Outside

MAX_ANSWER: Final = 64 << 10  # bytes
_PROXY: Final = "if a proxy of yours stands between, give its root with --ca-file"  # which is for logs
_ABOUT_THIS: Final = frozenset((400, 413, 415, 422))
_BUSY: Final = frozenset((429, 503))


async def open_webhook(name: str, settings: WebhookSink, outside: Outside) -> Webhook:
    """The sink of `[sinks.NAME]` with `type = "webhook"`. Raises ConfigError."""
    template = await asyncio.to_thread(Template.load, settings.template) if settings.template else None
    if template is not None and (settings.batch > 1 or settings.digest):
        raise ConfigError(f"sinks.{name}.template: is for one match; leave batch and digest out")
    notes = None
    if settings.note_template is not None:
        notes = await asyncio.to_thread(Template.load, settings.note_template, notes=True)
    where = f"sinks.{name}.secret"
    keys = [signing.key_of(one.get_secret_value(), where) for one in settings.secret]
    return Webhook(name, settings, outside, keys, template, notes)


class Webhook:
    """The sink. `answer`: what the receiver said last, for people."""

    def __init__(
        self,
        name: str,
        settings: WebhookSink,
        outside: Outside,
        keys: Sequence[bytes] = (),
        template: Template | None = None,
        notes: Template | None = None,
    ) -> None:
        """`template`: of matches; `notes`: of what is none."""
        self.name = name
        self.answer = ""
        self._settings = settings
        self._clock = outside.clock
        self._keys = keys
        self._template = template
        self._notes = notes
        named = [header.partition(":") for header in settings.headers]
        self._headers = {name.lower(): value.strip() for name, _, value in named}
        parts = urlsplit(settings.url)
        port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
        self._hush = Hush(settings.url)  # what follows the host may be a token
        self._breaker = outside.breakers.of(f"{parts.hostname}:{port}", self._clock)
        self._post, self._close = _network(settings, outside)

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Returns once the receiver took them. Raises Refused, Gone, Throttled, RemoteError."""
        told = [{**record(one), "severity": severity(one.match)} for one in deliveries]
        if self._template is not None:
            for one, fields in zip(deliveries, told, strict=True):
                await self._told(one.key, "match", self._template.filled(fields), one.key)
        elif self._settings.batch == 1 and not self._settings.digest:
            for one, fields in zip(deliveries, told, strict=True):
                await self._told(one.key, "match", fields, one.key)
        else:
            joined = hashlib.sha256(b"".join(one.match.key for one in deliveries)).hexdigest()
            await self._told(joined, "matches", {"type": "matches", "count": len(told), "matches": told})

    async def note(self, record: Mapping[str, object]) -> None:
        """See `certhia.model.Noting`: an alarm, or a digest."""
        kind = str(record.get("type", "note"))
        parts = [str(record[key]) for key in NAMING if record.get(key)]
        message = hashlib.sha256("\n".join((self.name, kind, *parts)).encode()).hexdigest()
        await self._told(message, kind, record if self._notes is None else self._notes.filled(record), _about(record))

    async def close(self) -> None:
        """See `certhia.model.Sink`."""
        await self._close()

    async def _told(self, message: str, event: str, content: object, correlation: str = "") -> None:
        body = json_text(content).encode()
        headers = {
            **self._headers,
            "content-type": "application/json",
            "certhia-event": event,
            **({"x-correlation-id": correlation} if correlation else {}),
            **signing.headers(self._keys, message, int(self._clock.now()), body),
        }
        if self._settings.ctscout_secret is not None:
            headers |= signing.ctscout(self._settings.ctscout_secret.get_secret_value().encode(), body)
        self._breaker.enter()
        try:
            answer = await self._post(
                self._settings.url,
                body,
                headers=headers,
                cap=MAX_ANSWER,
                timeout=self._settings.timeout,
                whole=False,
            )
        except RemoteError as error:
            reason = self._hush.text(str(error)).replace(_PROXY, "give its root with ca_file")
            self._breaker.failed(reason)
            raise RemoteError(reason) from None
        except BaseException:
            self._breaker.left()
            raise
        self.answer = f"{answer.status} {quote(self._hush.body(answer.body))}".strip()
        if answer.status >= 500:
            self._breaker.failed(f"it answered {self.answer}")
        else:
            self._breaker.done()
        self._judge(answer)

    def _judge(self, answer: Response) -> None:
        status = answer.status
        if 200 <= status < 300:
            return
        text = f"{self._hush.shown} answered {self.answer}"
        if status == 410:
            raise Gone(text)
        if status in _ABOUT_THIS:
            raise Refused(text)
        if status in _BUSY:
            wait = retry_after(answer.headers.get("retry-after"), self._clock.now(), LONGEST_WAIT)
            if wait is not None:
                raise Throttled(text, wait)
        if 300 <= status < 400:
            where = origin(answer.headers.get("location", ""))
            leads = quoted(where) if where else "another path"
            text = f"{text}: it leads to {leads}; redirects are not followed: correct the URL"
        raise RemoteError(text)


def _about(record: Mapping[str, object]) -> str:
    """The id of the match, or of the scan, that a record besides matches belongs to; empty for none."""
    envelope = record.get("metadata")
    if isinstance(envelope, Mapping):
        return str(envelope.get("correlation_id") or "")
    key = {"probe": "id", "scan": "scan_id"}.get(str(record.get("type")))
    return str(record.get(key) or "") if key is not None else ""


def _network(
    settings: WebhookSink, outside: Outside
) -> tuple[Callable[..., Awaitable[Response]], Callable[[], Awaitable[None]]]:
    """How to post, and how to let go. The operator's own file may name any address; what comes from elsewhere is
    checked, name and addresses, at each request."""
    if outside.trusted:
        ca_file = str(settings.ca_file) if settings.ca_file else None
        http = Http(clock=outside.clock, user_agent=outside.user_agent, ca_file=ca_file, limit_per_host=2)
        return http.post, http.close
    from certhia.scanner.guard import Guard  # noqa: PLC0415  (few need it)

    guard = Guard(clock=outside.clock, user_agent=outside.user_agent)
    return guard.post, guard.close
