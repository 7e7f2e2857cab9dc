"""One result as a page: all of it, for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from certhia._core import Certificate
from certhia.clock import iso
from certhia.errors import Malformed
from certhia.render import domain, terminal
from certhia.scanner.records import Chain, Enumerated, Http, Result, Served
from certhia.scanner.report.human import BOLD, COLOURS, CYAN, DIM, GREEN, RED, YELLOW, paint
from certhia.scanner.report.words import cipher, group, version

LABEL: Final = 15  # columns
NAMES: Final = 50  # that are shown of each kind
DAY: Final = 86400
SOON: Final = 14 * DAY  # before its end is told in a colour
STATES: Final = {"valid": GREEN, "false": RED, "good": GREEN, "revoked": RED}


def page(result: Result, *, color: bool = False) -> str:
    """Several lines, with their newlines. All text is inert."""
    return "".join(f"{line}".rstrip() + "\n" for line in _Page(color).lines(result))


class _Page:
    def __init__(self, color: bool) -> None:
        self._color = color

    def lines(self, result: Result) -> Iterator[str]:
        target, served, failure = result.target, result.served, result.failure
        asked = domain(target.host) if target.host else ""
        address = f"[{target.address}]" if ":" in target.address else target.address
        where = f"{address or '(no address)'}:{target.port}"
        yield self._in(f"{asked}  {where}" if asked else where, BOLD)
        if failure is not None:
            at = f" at {failure.step}" if failure.step else ""
            yield self._in(f"{failure.kind}{at}{': ' if failure.detail else ''}{terminal(failure.detail)}", RED)
        if served is None:
            return
        yield from self._handshake(result, served)
        if served.certificates:
            yield from self._certificate(served.certificates[0], result)
        yield from self._others(served, result.chain)
        if result.chain is not None:
            yield from self._trust(result.chain)
        yield from self._verdicts(result)
        yield from self._besides(result)

    def _in(self, text: str, code: str) -> str:
        return paint(text, code, self._color)

    def _row(self, label: str, text: str, code: str = "") -> str:
        return f"  {self._in(f'{label:<{LABEL}}', DIM)}{self._in(text, code) if code else text}"

    def _title(self, text: str) -> Iterator[str]:
        yield ""
        yield self._in(text, BOLD)

    def _handshake(self, result: Result, served: Served) -> Iterator[str]:
        yield from self._title("Handshake")
        parts = [version(served.version), cipher(served.cipher), group(served.group) or ""]
        old = served.version < 0x0303
        yield self._row("TLS", "  ".join(part for part in parts if part), RED if old else GREEN)
        if served.server_name:
            yield self._row("asked for", domain(served.server_name))
        if served.alpn:
            yield self._row("ALPN", terminal(served.alpn))
        how = {"good": "complete, its signature holds", "bad": "complete, its signature does NOT hold"}
        whole = how.get(served.signature, "complete") if served.complete else "cut off once all was seen"
        yield self._row("ended", f"{whole}, after {result.seconds:.3f} s", RED if served.signature == "bad" else "")
        if served.client_certificate:
            yield self._row("wants", "a certificate of the client")
        if served.staple is not None:
            yield self._row("stapled", f"an OCSP answer, {len(served.staple):,} bytes")
        if served.note:
            yield self._row("note", terminal(served.note), YELLOW)

    def _certificate(self, der: bytes, result: Result) -> Iterator[str]:
        yield from self._title("Certificate")
        try:
            leaf = Certificate.from_der(der)
        except Malformed as error:
            yield self._row("unreadable", str(error), RED)
            return
        yield self._row("subject", terminal(leaf.subject) or "(none)")
        for kind, values in self._kinds(leaf):
            yield self._row(kind, values, CYAN if kind == "names" else "")
        yield self._row("issuer", terminal(leaf.issuer))
        yield self._validity(leaf, result.at)
        yield self._row("key", f"{leaf.key_algorithm} {leaf.key_curve or leaf.key_bits or ''}".rstrip())
        yield self._row("signature", leaf.signature_algorithm_name)
        yield self._row("serial", leaf.serial)
        yield self._row("SHA-256", leaf.sha256.hex())
        yield self._row("SHA-1", leaf.sha1.hex())
        yield self._row("key's SHA-256", leaf.spki_sha256.hex())
        if leaf.extensions_fault:
            yield self._row("fault", terminal(leaf.extensions_fault), YELLOW)
        yield from self._timestamps(leaf, result)
        if (status := result.revocation) is not None:
            text = f"{status.state}{f' ({status.reason})' if status.reason else ''}"
            source = f", {status.source}" if status.source else ""
            detail = f": {terminal(status.detail)}" if status.detail else ""
            yield self._row("revocation", f"{text}{source}{detail}", STATES.get(status.state, YELLOW))

    def _kinds(self, leaf: Certificate) -> Iterator[tuple[str, str]]:
        kinds: dict[str, list[str]] = {}
        for kind, value in leaf.alternative_names:
            kinds.setdefault("names" if kind == "dns" else kind, []).append(value)
        for kind, values in kinds.items():
            shown = [domain(value) if kind == "names" else terminal(value) for value in values[:NAMES]]
            more = f" and {len(values) - NAMES:,} more" if len(values) > NAMES else ""
            yield kind, ", ".join(shown) + more

    def _validity(self, leaf: Certificate, now: float) -> str:
        span = f"{_time(leaf.not_before)} to {_time(leaf.not_after)}"
        left = leaf.not_after - now
        if now < leaf.not_before:
            return self._row("valid", f"{span}, not yet", RED)
        if left < 0:
            return self._row("valid", f"{span}, over for {-left / DAY:,.0f} days", RED)
        return self._row("valid", f"{span}, {left / DAY:,.0f} days left", YELLOW if left < SOON else GREEN)

    def _timestamps(self, leaf: Certificate, result: Result) -> Iterator[str]:
        if result.timestamps:
            for one in result.timestamps:
                operator = f" ({terminal(one.operator)})" if one.operator else ""
                detail = f": {terminal(one.detail)}" if one.detail else ""
                text = (
                    f"{one.state}, {terminal(one.log)}{operator}, {_time(one.timestamp / 1000)}, {one.source}{detail}"
                )
                yield self._row("timestamp", text, STATES.get(one.state, ""))
        else:
            for sct in leaf.scts:
                yield self._row("timestamp", f"log {sct.log_id.hex()}, {_time(sct.timestamp / 1000)}")

    def _others(self, served: Served, chain: Chain | None) -> Iterator[str]:
        ders = served.certificates[1:]
        if not ders and chain is None:
            return
        yield from self._title(f"Chain ({len(served.certificates)} sent)")
        for number, der in enumerate(ders, 1):
            yield self._row(f"{number}", _short(der))

    def _trust(self, chain: Chain) -> Iterator[str]:
        if chain.trusted:
            checked = ", all signatures hold" if chain.signatures else ""
            yield self._row("trusted", f"by {terminal(chain.root)}{checked}", GREEN)
        elif chain.trusted is None and chain.root:
            yield self._row("leads to", f"{terminal(chain.root)}, by names: no signature was checked")
        elif chain.trusted is not None:
            yield self._row("not trusted", terminal(chain.reason), RED)
        if chain.fetched:
            yield self._row("fetched", f"{chain.fetched} by AIA")
        for label, values in (("missing", chain.missing), ("note", chain.notes)):
            for value in values:
                yield self._row(label, terminal(value), YELLOW)

    def _verdicts(self, result: Result) -> Iterator[str]:
        yield from self._title("Verdicts")
        if not result.verdicts:
            yield self._row("", "nothing holds against it", GREEN)
        for one in result.verdicts:
            detail = f"  {terminal(one.detail)}" if one.detail else ""
            yield f"  {self._in(f'{one.severity:<{LABEL}}', COLOURS[one.severity])}{one.kind}{self._in(detail, DIM)}"

    def _besides(self, result: Result) -> Iterator[str]:
        prints = result.fingerprints
        if prints is not None:
            yield from self._title("Fingerprints")
            for label, value in (("JARM", prints.jarm), ("JA3S", prints.ja3s)):
                if value:
                    yield self._row(label, value)
        if result.enumerated is not None:
            yield from self._supported(result.enumerated)
        if result.http is not None:
            yield from self._http(result.http)
        others: dict[str, list[str]] = {}
        for found in result.names:
            if found.source not in ("sni", "san", "cn"):
                others.setdefault(found.source, []).append(found.name)
        if others:
            yield from self._title("Further names")
            for source, names in others.items():
                yield self._row(source, ", ".join(map(domain, names[:NAMES])), CYAN)
        if result.hits:
            yield from self._title("Watch rules")
            for hit in result.hits:
                yield self._row(terminal(hit.why), f"{terminal(hit.rule)}  {domain(hit.name)}", YELLOW)

    def _supported(self, one: Enumerated) -> Iterator[str]:
        yield from self._title("Speaks" if one.complete else "Speaks (not all was asked)")
        suites = dict(one.ciphers)
        for number in one.versions:
            code = RED if number < 0x0303 else ""
            for place, suite in enumerate(suites.get(number) or (None,)):
                yield self._row("" if place else version(number), cipher(suite) if suite is not None else "", code)

    def _http(self, one: Http) -> Iterator[str]:
        yield from self._title("HTTP")
        yield self._row("status", str(one.status) if one.status is not None else "no HTTP")
        for url in one.redirects:
            yield self._row("redirected", terminal(url))
        if one.location:
            yield self._row("leads to", terminal(one.location))
        for policy in one.policies:
            yield self._row("policy", f"{policy.where}: {terminal(policy.text)}")
        if one.failure is not None:
            yield self._row("failed", f"{one.failure.kind} {terminal(one.failure.detail)}".rstrip(), YELLOW)


def _time(seconds: float) -> str:
    try:
        return iso(seconds)[:19].replace("T", " ")
    except (OverflowError, ValueError, OSError):
        return "an impossible time"


def _short(der: bytes) -> str:
    try:
        one = Certificate.from_der(der)
    except Malformed as error:
        return f"unreadable: {error}"
    return f"{terminal(one.subject)}, until {_time(one.not_after)[:10]}"
