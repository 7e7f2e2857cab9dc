"""Ranges of addresses, never expanded, in an order that spreads them: a keyed permutation of all addresses times ports.

A `Part` is so many blocks of addresses as are kept in memory at once. Its targets have numbers, those of the order in
which they are visited: the same blocks, ports and key give the same order, so that a number is all that is needed to go
on from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import blake2b
from socket import AF_INET6, inet_aton, inet_pton
from typing import Final, NamedTuple

from certhia._core import Permutation, Ranges
from certhia.scanner.ports import Port
from certhia.scanner.targets import Block, text_of

MAX_BLOCKS = 1 << 15  # of a part; what comes behind them is the next part's

_IPV4: Final = 0xFFFF << 32  # where IPv4 stands among IPv6 addresses


class Knock(NamedTuple):
    """Where to ask at an address, and by which name: `port`, and `server_name` as in `records.Target`."""

    port: Port
    server_name: str | None = ""


class Visit(NamedTuple):
    """One target of a part: the block it is of, its address, where to ask, and its number."""

    block: Block
    address: str
    knock: Knock
    number: int


class Part:
    """Blocks of addresses times ports, less what is left out. Immutable.

    Args:
        blocks: those with a port of their own are only asked there.
        knocks: where others are asked.
        excluded: what is left out.
        key: of the order.
    """

    def __init__(self, blocks: Sequence[Block], knocks: Sequence[Knock], excluded: Ranges, key: bytes) -> None:
        groups: dict[Port | None, list[Block]] = {}
        for block in blocks:
            groups.setdefault(block.port, []).append(block)
        self._groups: list[_Group] = []
        self._firsts: list[int] = []  # the number with which each group begins
        self.count = 0
        self.addresses = 0  # in all groups
        self.whole = True  # whether nothing is left out
        for number, (port, members) in enumerate(groups.items()):
            own = knocks if port is None else list(dict.fromkeys(knock._replace(port=port) for knock in knocks))
            group = _Group(members, own, excluded, _derived(key, number))
            self.whole = self.whole and group.whole
            self.addresses += group.addresses
            if group.count:
                self._groups.append(group)
                self._firsts.append(self.count)
                self.count += group.count

    def visit(self, number: int, most: int) -> list[Visit]:
        """Targets from `number` on, at most `most`; fewer at a group's end, none at that of the part."""
        if number >= self.count:
            return []
        which = bisect_right(self._firsts, number) - 1
        return self._groups[which].visit(number - self._firsts[which], most, self._firsts[which])


class _Group:
    """Blocks that are asked at the same ports."""

    def __init__(self, blocks: Sequence[Block], knocks: Sequence[Knock], excluded: Ranges, key: bytes) -> None:
        self._knocks = knocks
        self._ports = range(len(knocks))
        written = Ranges([text_of(block.version, block.first, block.last) for block in blocks])
        self._ranges = written.minus(excluded)
        self.whole = self._ranges.count == written.count
        self.addresses = self._ranges.count
        self.count = self.addresses * len(knocks)
        self._order = Permutation(self.count, key)
        self._starts, self._blocks = _segments(blocks)

    def visit(self, number: int, most: int, offset: int) -> list[Visit]:
        blocks, starts, knocks = self._blocks, self._starts, self._knocks
        found = self._ranges.visit(self._order, self._ports, number, most)
        if len(blocks) == 1:
            only = blocks[0]
            return [Visit(only, address, knocks[port], offset + at) for at, (address, port) in enumerate(found, number)]
        return [
            Visit(blocks[bisect_right(starts, _number(address)) - 1], address, knocks[port], offset + at)
            for at, (address, port) in enumerate(found, number)
        ]


def _derived(key: bytes, number: int) -> bytes:
    return blake2b(number.to_bytes(8, "big"), key=key[:64], digest_size=16).digest()


def _number(address: str) -> int:
    if ":" in address:
        return int.from_bytes(inet_pton(AF_INET6, address))
    return _IPV4 | int.from_bytes(inet_aton(address))


def _segments(blocks: Sequence[Block]) -> tuple[list[int], list[Block]]:
    """Where blocks begin, in order, and which; of those that overlap the one that begins first has the addresses."""
    spans = []
    for block in blocks:
        base = _IPV4 if block.version == 4 else 0
        spans.append((base + block.first, base + block.last, block))
    starts: list[int] = []
    owners: list[Block] = []
    end = -1
    for first, last, block in sorted(spans, key=lambda span: (span[0], -span[1])):
        if last > end:
            starts.append(max(first, end + 1))
            owners.append(block)
            end = last
    return starts, owners
