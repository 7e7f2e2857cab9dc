"""What is left out of a scan: addresses, networks, ranges, and hosts with all below them."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final

from certhia import render
from certhia._core import Ranges
from certhia.errors import ConfigError
from certhia.scanner.addresses import carried, closed, inward, inward4, inward6
from certhia.scanner.reading import STDIN, Read, read_arguments, read_file
from certhia.scanner.targets import Block, Name, text_of

MAX_ENTRIES = 4_000_000  # 32 bytes each in the core; of hosts some 150

EXCLUDED: Final = "excluded"  # the reason for what the user left out

_SHOWN: Final = 3  # bad lines in an error message
_FILES: Final = (".txt", ".lst", ".list", ".csv", ".conf", ".json")  # of which none is a top-level domain


class Excluded:
    """Answers whether an address or a name is left out, and why. Immutable.

    Args:
        read: what the user excludes.
        allow_private: whether private, local and reserved addresses are scanned.
    """

    def __init__(self, read: Read | None = None, *, allow_private: bool = False) -> None:
        targets = read.targets if read else ()
        for target in targets:
            if target.port is not None or target.path is not None:
                raise ConfigError(f"{render.quoted(target.origin)} is excluded with a port or path; exclude it whole")
        blocks = [target for target in targets if isinstance(target, Block)]
        self._hosts = frozenset(target.host for target in targets if isinstance(target, Name))
        self._written = Ranges([text_of(block.version, block.first, block.last) for block in blocks])
        self._closed = not allow_private
        self.ranges = Ranges(
            [
                *(text_of(block.version, block.first, block.last) for block in blocks),
                *(text_of(version, *span) for version in (4, 6) if self._closed for span in closed(version)),
            ]
        )

    def address(self, text: str) -> str | None:
        """Why an address is not scanned: "private, RFC 1918", "excluded"; None where it is."""
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
        while host:
            if host in self._hosts:
                return EXCLUDED
            host = host.partition(".")[2]
        return None

    def without(self, block: Block) -> tuple[int, str]:
        """How many addresses of a block are left out, and why the first of them is, with what to do; (0, "") where all
        are scanned."""
        whole = Ranges([text_of(block.version, block.first, block.last)])
        left = whole.minus(self.ranges)
        if left.count == whole.count:
            return 0, ""
        gone = whole.minus(left)
        reason = self.address(gone.at(0)) or "leads to a closed address"
        return gone.count, reason if reason == EXCLUDED else f"{reason}; --allow-private scans it"


def _ways(text: str) -> list[str]:
    """An address, and those that a gateway may make of it."""
    if ":" not in text:
        return [text]
    return [text, *(str(IPv4Address(number)) for _, number in carried(int(IPv6Address(text))))]


def read_excluded(entries: Sequence[str], *, allow_private: bool = False) -> Excluded:
    """What `--exclude` names: each entry is a file of targets, or targets separated by commas. Raises ConfigError for
    anything that can't be read: a line that is skipped here would be scanned."""
    reads = [read_arguments([])]
    for entry in entries:
        if entry == STDIN:
            raise ConfigError("what is excluded can't be read from standard input; name a file")
        if _is_file(entry):
            reads += read_file(entry)
        elif Path(entry).suffix in _FILES:
            raise ConfigError(f"{render.terminal(entry)}: no such file; name one that is there, or a list of targets")
        else:
            reads.append(read_arguments(entry.split(",")))
    whole = Read(
        tuple(target for read in reads for target in read.targets),
        tuple(complaint for read in reads for complaint in read.complaints),
    )
    if whole.complaints:
        shown = "\n".join(map(str, whole.complaints[:_SHOWN]))
        more = f"\nand {len(whole.complaints) - _SHOWN} more" if len(whole.complaints) > _SHOWN else ""
        raise ConfigError(f"what is to be excluded can't all be read:\n{shown}{more}")
    if len(whole.targets) > MAX_ENTRIES:
        raise ConfigError(f"more than {MAX_ENTRIES:,} entries are excluded; write networks instead of addresses")
    return Excluded(whole, allow_private=allow_private)


def _is_file(entry: str) -> bool:
    try:
        return Path(entry).is_file()
    except (OSError, ValueError):  # a list is longer than a name may be
        return False
