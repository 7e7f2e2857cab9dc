"""The sink `notify`: messages to people, through Apprise and all services that it knows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from certhia.config.sinks.notify import NotifySink
from certhia.errors import ConfigError, RemoteError
from certhia.model import Delivery
from certhia.render import short
from certhia.sinks.late import client
from certhia.sinks.letter import Letter, of_matches, of_record
from certhia.sinks.open import Outside
from certhia.sinks.partly import Partly

GRACE: Final = 5.0  # seconds beyond the timeout, for what Apprise itself gives up


async def open_notify(name: str, settings: NotifySink, outside: Outside) -> Notify:
    """The sink. Raises ConfigError where Apprise is missing, or does not know a line."""
    library = await asyncio.to_thread(client, "apprise", "notify", name)
    asset = library.AppriseAsset(app_id="Certhia", app_desc="Certhia", app_url="", storage_mode="memory")
    services = []
    for number, url in enumerate(settings.urls, start=1):
        service = library.Apprise(asset=asset)
        if not await asyncio.to_thread(service.add, url.get_secret_value()):
            raise ConfigError(
                f"[sinks.{name}] urls: line {number} is none that Apprise knows; it is not shown, as there may be a "
                "password in it. How services are written: https://appriseit.com/services/"
            )
        services.append(service)
    return Notify(name, settings, outside, library, services)


class Notify:
    """Tells each service by itself: one that took a message does not get it again because another did not."""

    def __init__(
        self, name: str, settings: NotifySink, outside: Outside, library: Any, services: Sequence[Any]
    ) -> None:
        """`services`: an `Apprise` each."""
        self._name = name
        self._settings = settings
        self._clock = outside.clock
        self._library = library
        self._services = [(service, Partly()) for service in services]

    @property
    def name(self) -> str:
        """As the settings call it."""
        return self._name

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Returns once every service has taken the message. Raises RemoteError where one has not."""
        failures: list[str] = []
        for service, partly in self._services:
            left = partly.left(deliveries)
            if not left:
                continue
            failed = await self._tell(service, of_matches(left))
            if failed:
                failures.append(failed)
                continue
            for one in left:
                partly.told(one)
        if failures:
            raise RemoteError("; ".join(failures))
        for _, partly in self._services:
            partly.done(deliveries)

    async def note(self, record: Mapping[str, object]) -> None:
        """See `certhia.model.Noting`."""
        answers = [await self._tell(service, of_record(record)) for service, _ in self._services]
        failures = [answer for answer in answers if answer]
        if failures:
            raise RemoteError("; ".join(failures))

    async def close(self) -> None:
        """Nothing is held."""

    async def _tell(self, service: Any, letter: Letter) -> str:
        """Why a service did not take it; empty where it did."""
        timeout = self._settings.timeout
        try:
            async with self._clock.deadline(timeout + GRACE):
                result = await service.async_notify(
                    body=letter.body,
                    title=letter.title,
                    notify_type=letter.kind,
                    body_format=self._library.NotifyFormat.TEXT,
                    timeout=timeout,
                )
        except TimeoutError:
            return f"no answer within {timeout:g} s"
        if result:
            return ""
        said = [entry.message for entry in result.logs() if entry.level in {"WARNING", "ERROR"}]
        return short(said[-1] if said else f"not taken: {result.status.name.lower()}", 200)
