"""A result as one line of JSON: what `certhia.scanner.report.schema` describes key by key.

It is put together from texts: of an equal certificate, and of equal names, the JSON is made once and kept. All that a
stranger wrote goes through `render.json_text`; what stands there plain are numbers and words of our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from certhia._core import registrable_domain
from certhia.render import json_string, json_text, rule_hits
from certhia.scanner.records import Chain, Failure, Found, Result, Served, Target, Verdict
from certhia.scanner.report import certificate, parts
from certhia.scanner.report.kept import Kept
from certhia.scanner.report.words import cipher, group, version

CERTIFICATES: Final = 16 << 20  # bytes that are kept of certificates, twice over
CHAINS: Final = 16 << 20
NAMES: Final = 4 << 20
VERDICTS: Final = 1 << 20
FAILURES: Final = 1 << 20
SHOWN: Final = 16 << 20
ROUGHLY: Final = 1000  # bytes that one takes besides its texts
UNSERVED: Final = (
    '"version":null,"cipher":null,"group":null,"alpn":null,"server_name":null,"complete":false,'
    '"client_certificate":false,"signature":null,"stapled":false,"tls_scts":0,"note":null,"certificate":null,"chain":[]'
)
PLAIN: Final = '"timestamps":[],"revocation":null,"http":null,"jarm":null,"ja3s":null,"supported":null,"rules":[]'


class _Shown(NamedTuple):
    """What was said of a server that showed the same, and how it read; "" where that was not worth keeping yet."""

    names: tuple[Found, ...]
    verdicts: tuple[Verdict, ...]
    chain: Chain | None
    text: str


class Lines:
    """Makes lines, and keeps what it may need again. Not for two threads at once."""

    def __init__(self) -> None:
        self._certificate: Kept[bytes, str] = Kept(
            certificate.text, lambda der, text: len(der) + len(text), CERTIFICATES
        )
        self._trust: Kept[Chain, str] = Kept(_trust, lambda chain, text: sum(map(len, chain.path)) + len(text), CHAINS)
        self._verdicts: Kept[tuple[Verdict, ...], str] = Kept(_verdicts, lambda _, text: 2 * len(text), VERDICTS)
        self._failure: Kept[Failure, str] = Kept(_failure, lambda _, text: 2 * len(text), FAILURES)
        self._names: Kept[tuple[Found, ...], str] = Kept(_names, lambda _, text: 2 * len(text), NAMES)
        self._shown: dict[Served, _Shown] = {}
        self._size = 0
        self._range: tuple[str, int | None] = "", None
        self._whence = ""

    def line(self, result: Result) -> str:
        """One line, without its newline."""
        return "".join(self._pieces(result))

    def lines(self, results: Sequence[Result]) -> str:
        """One for each, newlines included. Put together at once: to copy a certificate costs more than to find it."""
        pieces: list[str] = []
        for result in results:
            pieces += self._pieces(result)
            pieces.append("\n")
        return "".join(pieces)

    def _pieces(self, result: Result) -> tuple[str, str]:
        """Of a line: what is each target's own, and the rest."""
        target, served, failure, starttls = result.target, result.served, result.failure, result.target.starttls
        nameless = served is not None and served.server_name is None
        return (
            f'{{"timestamp":{result.at:.3f},{self._of_range(target) if target.host is None else _whence(target)},'
            f'"ip":"{target.address}","port":{target.port},"starttls":{json_string(starttls) if starttls else "null"},'
            f'"seconds":{result.seconds:.4f},"attempts":{result.attempts},'
            f'"error":{"null" if failure is None else self._failure(failure)},',
            self._again(result, served) if served is not None and nameless else self._said(result),
        )

    def _of_range(self, target: Target) -> str:
        """Where a target is from; mostly it is where the one before was from."""
        if target.origin is not self._range[0] or target.line != self._range[1]:
            self._range, self._whence = (target.origin, target.line), _whence(target)
        return self._whence

    def _again(self, result: Result, served: Served) -> str:
        """What was said, kept from the second time on that the same is said of the same: in ranges mostly it is. Of the
        same, since who judges keeps what he said as well; to compare it in full takes longer."""
        names, verdicts, chain = result.names, result.verdicts, result.chain
        shown = self._shown.get(served)
        same = (
            shown is not None and shown.names is names and shown.verdicts is verdicts and shown.chain is chain
        ) and _is_plain(result)
        if shown is not None and same and shown.text:
            return shown.text
        text = self._said(result)
        self._size += ROUGHLY + (len(text) if same else sum(map(len, served.certificates)))
        if self._size > SHOWN:
            self._shown.clear()
            self._size = ROUGHLY + len(text)
        self._shown[served] = _Shown(names, verdicts, chain, text if same else "")
        return text

    def _said(self, result: Result) -> str:
        served, verdicts, chain = result.served, result.verdicts, result.chain
        return (
            f"{UNSERVED if served is None else self._served(served)},"
            f"{self._names(result.names)},"
            f'"verdicts":{self._verdicts(verdicts) if verdicts else "[]"},'
            f'"trust":{"null" if chain is None else self._trust(chain)},'
            f"{PLAIN if _is_plain(result) else _rest(result)}}}"
        )

    def _served(self, served: Served) -> str:
        certificates = served.certificates
        leaf = self._certificate(certificates[0]) if certificates else "null"
        chain = ",".join([self._certificate(der) for der in certificates[1:]])
        return (
            f'"version":"{version(served.version)}","cipher":"{cipher(served.cipher)}",'
            f'"group":{_text(group(served.group))},"alpn":{_text(served.alpn)},'
            f'"server_name":{_text(served.server_name)},"complete":{_truth(served.complete)},'
            f'"client_certificate":{_truth(served.client_certificate)},"signature":"{served.signature}",'
            f'"stapled":{_truth(served.staple is not None)},"tls_scts":{len(served.scts)},'
            f'"note":{_text(served.note)},"certificate":{leaf},"chain":[{chain}]'
        )


def _whence(target: Target) -> str:
    line = target.line or "null"
    return f'"target":{json_string(target.origin)},"line":{line},"host":{_text(target.host)}'


def _is_plain(result: Result) -> bool:
    """Whether there is nothing of what few ask for."""
    served = result.served
    return not (
        result.hits
        or result.http is not None
        or result.fingerprints is not None
        or result.enumerated is not None
        or result.timestamps
        or result.revocation is not None
        or (served is not None and served.ja3s is not None)
    )


def _rest(result: Result) -> str:
    """What comes of what few ask for."""
    revocation, http, enumerated, prints = result.revocation, result.http, result.enumerated, result.fingerprints
    return (
        f'"timestamps":{json_text(parts.timestamps(result.timestamps))},'
        f'"revocation":{"null" if revocation is None else json_text(parts.revocation(revocation))},'
        f'"http":{"null" if http is None else json_text(parts.http(http))},'
        f'"jarm":{_text(prints and prints.jarm)},"ja3s":{_text(_ja3s(result))},'
        f'"supported":{"null" if enumerated is None else json_text(parts.supported(enumerated))},'
        f'"rules":{json_text(rule_hits(result.hits))}'
    )


def _ja3s(result: Result) -> str | None:
    if result.fingerprints is not None and result.fingerprints.ja3s:
        return result.fingerprints.ja3s
    return result.served.ja3s if result.served is not None else None


def _text(value: str | None) -> str:
    return json_string(value) if value else "null"


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _trust(chain: Chain) -> str:
    return json_text(parts.trust(chain))


def _failure(failure: Failure) -> str:
    return json_text(parts.failure(failure))


def _verdicts(verdicts: tuple[Verdict, ...]) -> str:
    return json_text(parts.verdicts(verdicts))


def _names(names: tuple[Found, ...]) -> str:
    """Names with their sources, and the registrable domains that they are below."""
    told = [f'{{"name":{json_string(name)},"source":"{source}","confidence":{sure}}}' for name, source, sure in names]
    domains = dict.fromkeys(domain for one in names if (domain := registrable_domain(one.name)))
    return f'"names":[{",".join(told)}],"domains":[{",".join(map(json_string, domains))}]'
