"""What is left out of a scan: addresses, networks, ranges, and hosts with all below them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final, NamedTuple

from certhia import data, render
from certhia._core import Ranges
from certhia.errors import ConfigError, Malformed
from certhia.scanner.addresses import carried, closed, inward, inward4, inward6
from certhia.scanner.reading import STDIN, Complaint, Read, read_arguments, read_file
from certhia.scanner.targets import Block, Name, Written, text_of

MAX_ENTRIES = 4_000_000  # 32 bytes each in the core; of hosts some 150

EXCLUDED: Final = "excluded"  # the reason for what the user left out

_APART: Final = 64  # pieces of a list that are told apart where they meet nothing
_LABEL: Final = re.compile(r"[a-z_-][a-z0-9_-]*")
_SHOWN: Final = 3  # bad lines in an error message
_FILES: Final = (".txt", ".lst", ".list", ".csv", ".conf", ".json")  # of which none is a top-level domain


class _Entry(NamedTuple):
    """What one entry leaves out, and how the user wrote it."""

    written: str
    ranges: Ranges
    hosts: frozenset[str]


class Excluded:
    """Answers whether an address or a name is left out, and why; and remembers which entries did so.

    Args:
        read: what the user excludes.
        allow_private: whether private, local and reserved addresses are scanned.
        entries: the same by entry, for `unmet`.
    """

    def __init__(
        self, read: Read | None = None, *, allow_private: bool = False, entries: Sequence[tuple[str, Read]] = ()
    ) -> None:
        targets = read.targets if read else ()
        for target in targets:
            if target.port is not None or target.path is not None:
                raise ConfigError(f"{render.quoted(target.origin)} is excluded with a port or path; exclude it whole")
        blocks = [target for target in targets if isinstance(target, Block)]
        self._hosts = _hosts_of(targets)
        self._written = _ranges_of(targets)
        whole = len(entries) == 1  # it may be large: once is enough
        self._unmet = [
            _Entry(
                written,
                self._written if whole else _ranges_of(one.targets),
                self._hosts if whole else _hosts_of(one.targets),
            )
            for written, one in entries
        ]
        self._closed = not allow_private
        self.ranges = _ranges(
            [
                *(text_of(block.version, block.first, block.last) for block in blocks),
                *(text_of(version, *span) for version in (4, 6) if self._closed for span in closed(version)),
            ]
        )

    def address(self, text: str) -> str | None:
        """Why an address is not scanned: "private, RFC 1918", "excluded"; None where it is."""
        if self._unmet:
            try:
                self._meet(lambda entry: any(map(entry.ranges.contains, _ways(text))))
            except ValueError:
                return "no numeric address"
        if self._closed and (reason := inward(text)) is not None:
            return reason
        return EXCLUDED if self._written.count and any(map(self._written.contains, _ways(text))) else None

    def alone(self, block: Block) -> bool:
        """Whether a block is one address, and left out."""
        if block.first != block.last:
            return False
        if self._closed and (inward4 if block.version == 4 else inward6)(block.first) is not None:
            return True
        return self._written.count > 0 and self._written.contains(text_of(block.version, block.first, block.last))

    def name(self, host: str) -> str | None:
        """Why a name in A-labels is not scanned, nor even looked up; None where it is."""
        if not self._hosts:
            return None
        above = host
        while above and above not in self._hosts:
            above = above.partition(".")[2]
        if above and self._unmet:
            self._meet(lambda entry: bool(entry.hosts & _above(host)))
        return EXCLUDED if above else None

    @property
    def named(self) -> bool:
        """Whether the user leaves out anything."""
        return self._written.count > 0 or bool(self._hosts)

    @property
    def unmet(self) -> Sequence[str]:
        """Entries, as they were written, that have left out nothing of all that was asked about so far."""
        return [entry.written for entry in self._unmet]

    def _meet(self, met: Callable[[_Entry], bool]) -> None:
        self._unmet = [entry for entry in self._unmet if not met(entry)]

    def without(self, block: Block) -> tuple[int, str]:
        """How many addresses of a block are left out, and why the first of them is, with what to do; (0, "") where all
        are scanned."""
        whole = Ranges([text_of(block.version, block.first, block.last)])
        if self._unmet:
            self._meet(lambda entry: whole.minus(entry.ranges).count < whole.count)
        left = whole.minus(self.ranges)
        if left.count == whole.count:
            return 0, ""
        gone = whole.minus(left)
        reason = self.address(gone.at(0)) or "leads to a closed address"
        return gone.count, reason if reason == EXCLUDED else f"{reason}; --allow-private scans it"


def _ranges_of(targets: Sequence[Written]) -> Ranges:
    return _ranges([text_of(one.version, one.first, one.last) for one in targets if isinstance(one, Block)])


def _ranges(texts: Sequence[str]) -> Ranges:
    try:
        return Ranges(texts)
    except Malformed as error:
        raise ConfigError(
            "--exclude leaves out every address there is: nothing would be asked; leave out less"
        ) from error


def _hosts_of(targets: Sequence[Written]) -> frozenset[str]:
    return frozenset(one.host for one in targets if isinstance(one, Name))


def _above(host: str) -> frozenset[str]:
    """A name, and those above it."""
    labels = host.split(".")
    return frozenset(".".join(labels[place:]) for place in range(len(labels)))


def _ways(text: str) -> list[str]:
    """An address, and those that a gateway may make of it."""
    if ":" not in text:
        return [text]
    return [text, *(str(IPv4Address(number)) for _, number in carried(int(IPv6Address(text))))]


def read_excluded(entries: Sequence[str], *, allow_private: bool = False) -> Excluded:
    """What `--exclude` names: each entry is a file of targets, or targets separated by commas. Raises ConfigError for
    anything that can't be read: a line that is skipped here would be scanned."""
    reads: list[tuple[str, Read]] = []
    for entry in entries:
        if entry == STDIN:
            raise ConfigError("what is excluded can't be read from standard input; name a file")
        if _is_file(entry):
            reads.append((entry, _joined(read_file(entry))))
            continue
        pieces = [piece.strip() for piece in entry.split(",")]
        for piece in pieces:
            _no_file(piece)
        if len(pieces) <= _APART:
            reads += [(piece, read_arguments([piece])) for piece in pieces if piece]
        else:
            reads.append((f"{pieces[0]},...", read_arguments(pieces)))
    whole = _joined(read for _, read in reads)
    if whole.complaints:
        shown = "\n".join(map(str, whole.complaints[:_SHOWN]))
        more = f"\nand {len(whole.complaints) - _SHOWN} more" if len(whole.complaints) > _SHOWN else ""
        raise ConfigError(f"what is to be excluded can't all be read:\n{shown}{more}")
    if len(whole.targets) > MAX_ENTRIES:
        raise ConfigError(f"more than {MAX_ENTRIES:,} entries are excluded; write networks instead of addresses")
    return Excluded(whole, allow_private=allow_private, entries=reads)


def _joined(reads: Iterable[Read]) -> Read:
    targets: list[Written] = []
    complaints: list[Complaint] = []
    for read in reads:
        targets += read.targets
        complaints += read.complaints
    return Read(tuple(targets), tuple(complaints))


def _no_file(piece: str) -> None:
    """Raises ConfigError for what looks more like a file that is not there: as a host it would leave out nothing, and
    the scan would ask what must not be asked."""
    shown = render.terminal(piece)
    path = "/" in piece and ":" not in piece and not piece[:1].isdigit()
    if path or Path(piece).suffix.lower() in _FILES:
        raise ConfigError(f"{shown}: no such file; name one that is there, or a list of targets")
    name = piece.lower()
    if name.isascii() and _LABEL.fullmatch(name) and name != "localhost" and name not in data.top_level_domains():
        raise ConfigError(
            f"{shown}: no such file, and no such top-level domain; name a file that is there, or write {shown}. with a "
            "dot at its end where a host or domain has that name"
        )


def _is_file(entry: str) -> bool:
    try:
        return Path(entry).is_file()
    except (OSError, ValueError):  # a list is longer than a name may be
        return False
