"""What is behind a name: where it leads, who takes its mail, who is asked about it, what its server shows.

Whoever gets a certificate logged chose the names and where they lead. So no packet goes to an address that is private,
local or reserved, an address or domain is asked no more often than `certhia.scanner.budget` says, and all of it has a
deadline.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from certhia._core import Certificate, registrable_domain
from certhia.clock import Clock
from certhia.errors import Malformed
from certhia.modules.finding import JSON
from certhia.render import terminal
from certhia.scanner.addresses import inward
from certhia.scanner.budget import Budget
from certhia.scanner.dns import Resolver
from certhia.scanner.engine import DONE, Engine
from certhia.scanner.hosts import HostError, read_host
from certhia.scanner.probing import Prober
from certhia.scanner.records import Target
from certhia.scanner.talks import Outcome

SHOWN: Final = 8  # addresses and servers that are told

SERVED: Final = "the certificate"
OTHER: Final = "another certificate"
NOTHING: Final = "nothing"


class Context(NamedTuple):
    """What is behind a name.

    Attributes:
        addresses: that it leads to; none, with a `fault` ("NXDOMAIN"), where it leads nowhere.
        fault: see there.
        mail: names of the MX records of its registrable domain.
        servers: names of that domain's name servers.
        serves: what its server shows over TLS: "the certificate", "another certificate" or "nothing"; "" where it was
            not asked.
        why: why nothing was shown, or why it was not asked.
    """

    addresses: tuple[str, ...] = ()
    fault: str = ""
    mail: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    serves: str = ""
    why: str = ""

    def data(self) -> dict[str, JSON]:
        """As a finding has it. When it was registered, nobody tells for free: that is left unknown."""
        return {
            "resolves": bool(self.addresses),
            "addresses": list(self.addresses),
            "fault": self.fault,
            "mail": list(self.mail),
            "name_servers": list(self.servers),
            "serves": self.serves,
            "why": self.why,
            "registered": None,
        }

    def text(self) -> str:
        """For people, inert: "leads to 192.0.2.7, takes mail, serves the certificate"."""
        if not self.addresses:
            parts = [f"leads nowhere ({terminal(self.fault)})"]
        else:
            more = f" and {len(self.addresses) - 1} more" if len(self.addresses) > 1 else ""
            parts = [f"leads to {self.addresses[0]}{more}"]
        if self.mail:
            parts.append("takes mail")
        if self.serves:
            parts.append(f"serves {self.serves}" + (f" ({terminal(self.why)})" if self.why else ""))
        elif self.addresses and self.why:
            parts.append(f"was not asked ({terminal(self.why)})")
        return ", ".join(parts)


class Looking:
    """Looks behind names.

    Args:
        port: that is connected to; None to connect to nobody.
        patience: seconds for all that is asked about one name.
        closed: why an address is not asked; None where it may be. Only tests say other than the tables do.
    """

    def __init__(
        self,
        resolver: Resolver,
        clock: Clock,
        *,
        port: int | None,
        patience: float,
        closed: Callable[[str], str | None] = inward,
    ) -> None:
        self._resolver = resolver
        self._clock = clock
        self._port = port
        self._patience = patience
        self._closed = closed
        self._budget = Budget(clock=clock)

    async def behind(self, name: str, certificate: Certificate) -> Context:
        """What is behind a name of a certificate. Never raises for what anybody says."""
        found = Context(fault="no answer in time")
        try:
            async with self._clock.deadline(self._patience):
                host = read_host(name)
                found = await self._resolved(host)
                if self._port is None or not found.addresses:
                    return found
                return await self._asked(host, self._port, found, certificate)
        except HostError as error:
            return Context(fault=error.what)
        except TimeoutError:
            return found._replace(why="no answer in time" if found.addresses else "")

    async def _resolved(self, host: str) -> Context:
        domain = registrable_domain(host) or host
        where, mail, servers = await asyncio.gather(
            self._resolver.resolve(host), self._resolver.records(domain, "MX"), self._resolver.records(domain, "NS")
        )
        exchanges = tuple(one for one in mail.values if one)  # "." takes none (RFC 7505)
        fault = "" if where.addresses else where.fault
        return Context(where.addresses[:SHOWN], fault, exchanges[:SHOWN], servers.values[:SHOWN])

    async def _asked(self, host: str, port: int, found: Context, certificate: Certificate) -> Context:
        """With what its server shows."""
        for address in found.addresses:
            if reason := self._closed(address):
                return found._replace(why=reason)
        free = next((one for one in found.addresses if self._budget.take(one, host)), None)
        if free is None:
            return found._replace(why="too many names lead there")
        outcomes = list[Outcome]()
        targets = iter([(0, Prober().talk(Target(host, None, host, free, port, "")))])
        engine = Engine(lambda: next(targets, DONE), outcomes.extend, timeout=self._patience)
        try:
            await asyncio.to_thread(engine.run)
        finally:
            engine.stop(cut=True)
        return _shown(found, outcomes, certificate)


def _shown(found: Context, outcomes: Sequence[Outcome], certificate: Certificate) -> Context:
    if not outcomes or outcomes[0].value is None:
        failure = outcomes[0].failure if outcomes else None
        return found._replace(serves=NOTHING, why="stopped" if failure is None else str(failure))
    chain = outcomes[0].value.served.certificates
    if not chain:
        return found._replace(serves=NOTHING, why="it shows no certificate")
    return found._replace(serves=SERVED if _is_same(certificate, chain[0]) else OTHER)


def _is_same(certificate: Certificate, der: bytes) -> bool:
    """Whether these are the bytes of a certificate, or of the one that a precertificate announced."""
    if hashlib.sha256(der).digest() == certificate.sha256:
        return True
    try:
        return Certificate.from_der(der).tbs_sha256 == certificate.tbs_sha256
    except Malformed:
        return False
