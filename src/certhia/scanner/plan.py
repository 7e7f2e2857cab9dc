"""What a scan is to visit, and how."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from certhia.scanner.exclude import Excluded
from certhia.scanner.ports import Port
from certhia.scanner.visiting import Knock


@dataclass(frozen=True)
class Plan:
    """All that decides which targets there are, and in which order.

    Attributes:
        texts: targets as on a command line.
        files: files of targets; "-" is standard input.
        ports: where targets are asked that have no port of their own.
        excluded: what is left out.
        starttls: the protocol that leads to TLS wherever nothing else is said; "" for none, None as the port says.
        server_names: what SNI says at each address, one after another, as `records.Target.server_name`.
        pointed: whether SNI says the name that the address's PTR record has, if it has one.
        every: whether all addresses of a name are asked.
        key: of the order in which ranges are visited.
    """

    texts: Sequence[str] = ()
    files: Sequence[str] = ()
    ports: Sequence[Port] = (Port(443),)
    excluded: Excluded = field(default_factory=Excluded)
    starttls: str | None = None
    server_names: Sequence[str | None] = ("",)
    pointed: bool = False
    every: bool = False
    key: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)

    @cached_property
    def knocks(self) -> tuple[Knock, ...]:
        """Where and by which names an address is asked."""
        return tuple(Knock(self._settled(port), name) for port in self.ports for name in self.server_names)

    def knocks_at(self, port: Port | None) -> tuple[Knock, ...]:
        """The same for a target that may have a port of its own."""
        if port is None:
            return self.knocks
        found = self._knocks_at.get(port)
        if found is None:
            found = tuple(Knock(self._settled(port), name) for name in self.server_names)
            self._knocks_at[port] = found
        return found

    @cached_property
    def _knocks_at(self) -> dict[Port, tuple[Knock, ...]]:
        """As many as there are ports and protocols at most."""
        return {}

    def _settled(self, port: Port) -> Port:
        return port if port.starttls is not None else Port(port.number, self.starttls)
