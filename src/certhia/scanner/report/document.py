"""TLSXtractor's document as a whole: results are put aside as they come, and written behind their figures."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Final, NamedTuple

from certhia._core import registrable_domain
from certhia.clock import utc
from certhia.render import json_text
from certhia.scanner.records import Result
from certhia.scanner.report import tlsxtractor

MODES: Final = ("ip_scan", "url_scan", "mixed_scan")
IN_MEMORY: Final = 8 << 20  # bytes of addresses' results; more of them are on disk
_HOSTNAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+", re.ASCII)


class Figures(NamedTuple):
    """What the document says about the scan itself.

    Attributes:
        parameters: `input`, `port`, `timeout`, `threads`, `retry`.
        ended: Unix seconds.
        seconds: how long it took.
        filtered: names that were left out, or None where none are.
    """

    parameters: Mapping[str, object]
    ended: float
    seconds: float
    filtered: int | None = None


class Document:
    """Takes results, then gives the document. Results of addresses are put aside in a file; those of hosts and URLs are
    kept, as they are told together, each in a few kB. Not for two threads at once."""

    def __init__(self, mode: str) -> None:
        """`mode`: one of `MODES`."""
        self._mode = mode
        self._aside: IO[str] = tempfile.SpooledTemporaryFile(IN_MEMORY, "w+", encoding="ascii")  # noqa: SIM115
        self._addresses = 0
        self._urls: dict[tuple[str, int | None], dict[str, object]] = {}
        self._names: dict[str, None] = {}
        self._tried = self._good = self._reached = 0

    def take(self, results: Sequence[Result]) -> None:
        """More results."""
        for result in results:
            shown = tlsxtractor.connection(result)
            self._names |= dict.fromkeys(one.name for one in result.names)
            resolved = result.failure is None or result.failure.kind != "dns"
            self._tried += resolved
            self._good += shown["status"] == "success"
            if result.target.host is None:
                self._aside.write(("," if self._addresses else "") + json_text(shown))
                self._addresses += 1
            else:
                self._of_host(result, shown, resolved)

    def _of_host(self, result: Result, shown: Mapping[str, object], resolved: bool) -> None:
        target = result.target
        entry = self._urls.get((target.origin, target.line))
        if entry is None:
            entry = self._urls[target.origin, target.line] = {
                "url": target.origin,
                "hostname": target.host,
                "port": target.port,
                "dns_status": "success" if resolved else "nxdomain",
                "resolved_ips": [],
                "connections": [],
            }
        if not resolved:
            entry["dns_error"] = "No DNS records found"
            return
        self._reached += 1
        addresses, connections = entry["resolved_ips"], entry["connections"]
        assert isinstance(addresses, list)
        assert isinstance(connections, list)
        if target.address not in addresses:
            addresses.append(target.address)
        connections.append(shown)

    def pieces(self, figures: Figures) -> Iterator[str]:
        """The document in pieces, one behind the other, with a newline at the end. Only once."""
        try:
            yield f'{{"metadata":{json_text(self._metadata(figures))},"results":'
            if self._mode == "url_scan":
                yield json_text([*self._urls.values()])
            else:
                yield '{"ips":[' if self._mode == "mixed_scan" else "["
                self._aside.seek(0)
                while piece := self._aside.read(1 << 20):
                    yield piece
                yield "]"
                if self._mode == "mixed_scan":
                    yield f',"urls":{json_text([one for one in self._urls.values() if one["resolved_ips"]])}}}'
            yield f',"discovered_hosts":{json_text(self._hosts(figures.filtered))}}}\n'

        finally:
            self.close()

    def close(self) -> None:
        """Lets go of what was put aside. Idempotent."""
        self._aside.close()

    def _metadata(self, figures: Figures) -> dict[str, object]:
        totals: dict[str, object] = {"total_targets": self._tried}
        if self._mode == "mixed_scan":
            totals = {"total_ips": self._addresses, "total_urls": len(self._urls), **totals}
        elif self._mode == "url_scan":
            totals = {"total_urls": len(self._urls), "total_ips_scanned": self._reached}
        statistics: dict[str, object] = {
            **totals,
            "scanned": self._tried,
            "successful": self._good,
            "failed": self._tried - self._good,
            "unique_domains": len(self._names),
            "elapsed_seconds": round(figures.seconds, 6),
            "scan_rate": round(self._tried / figures.seconds, 6) if figures.seconds > 0 else 0.0,
        }
        if figures.filtered is not None:
            statistics["domains_filtered"] = figures.filtered
        return {
            "version": "1.0",
            "scan_timestamp": utc(figures.ended).isoformat().replace("+00:00", "Z"),
            "mode": self._mode,
            "parameters": dict(figures.parameters),
            "statistics": statistics,
        }

    def _hosts(self, filtered: int | None) -> dict[str, object]:
        hostnames, domains, wildcards = set[str](), set[str](), set[str]()
        for name in map(str.lower, self._names):
            if "*" in name:
                wildcards.add(name)
            elif _HOSTNAME.fullmatch(name) and not name[-1].isdigit():
                domain = registrable_domain(name)
                if domain != name:
                    hostnames.add(name)
                if domain:
                    domains.add(domain)
        found: dict[str, object] = {
            "hostnames": sorted(hostnames),
            "tlds": sorted(domains),
            "wildcards": sorted(wildcards),
            "total_hostnames": len(hostnames),
            "total_tlds": len(domains),
        }
        if filtered is not None:
            found["filtered_count"] = filtered
        return found
