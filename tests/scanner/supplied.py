"""What tests of supplying share: names and their addresses, and a supply drawn dry."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from certhia.scanner.answers import Record, Unanswered
from certhia.scanner.dns import Resolver
from certhia.scanner.engine import DONE
from certhia.scanner.exclude import Excluded
from certhia.scanner.records import Target
from certhia.scanner.supply import Supply

OPEN = Excluded(allow_private=True)
KEY = b"k" * 16


class World:
    """Names and their addresses; what is asked while `shut` waits."""

    def __init__(self, **names: Sequence[str]) -> None:
        self.names = {name.replace("_", "."): values for name, values in names.items()}
        self.pointers: dict[str, str] = {}
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def ask(self, name: str, kind: str) -> Sequence[Record]:
        self.asked.append(name)
        await self.open.wait()
        if kind == "PTR":
            return [Record(name, kind, value, 60) for key, value in self.pointers.items() if name.startswith(key)]
        if name not in self.names:
            raise Unanswered("NXDOMAIN")
        version = "AAAA" if kind == "AAAA" else "A"
        return [Record(name, version, one, 60) for one in self.names[name] if (":" in one) == (kind == "AAAA")]

    def resolver(self, *, every: bool = False) -> Resolver:
        return Resolver(self.ask, every=every)


async def drawn(supply: Supply) -> list[Any]:
    """All that it gives, as an engine pulls it."""
    items: list[Any] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(supply.run())
        await pull_into(items, supply)
    return items


async def pull_into(items: list[Any], supply: Supply, most: int = 1 << 30) -> None:
    while len(items) < most and (item := supply.pull()) is not DONE:
        if item is not None:
            items.append(item)
        else:
            await asyncio.sleep(0)


def addresses(items: Sequence[Any]) -> list[tuple[str, int]]:
    return [(item.address, item.port) for item in items if isinstance(item, Target)]
