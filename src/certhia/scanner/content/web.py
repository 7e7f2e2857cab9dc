"""What is asked of a web server: its page, where that leads on the same host, and its scripts.

Nothing leads to another server here but for scripts of the same site, where somebody says which address may be asked:
names of others are told, and who follows them does so as with any other target.
A host that answers under this certificate is asked at the address that was scanned, whatever its name resolves to now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Final, Literal, TypeAlias

from certhia._core import registrable_domain
from certhia.render import quoted
from certhia.scanner.content.csp import Csp
from certhia.scanner.content.extracting import Answer, Door, Piece, Visit
from certhia.scanner.content.gathered import Gathered
from certhia.scanner.content.markup import Markup
from certhia.scanner.content.requests import Requests, Server
from certhia.scanner.content.response import Response
from certhia.scanner.content.scripts import URL, Scripts
from certhia.scanner.content.urls import name_of, onwards, path_of
from certhia.scanner.conversation import Conversation, Wait
from certhia.scanner.failures import Expired, ScanFailure
from certhia.scanner.guard import Place
from certhia.scanner.probing import domain_of
from certhia.scanner.records import Failure, Http, Served, Target
from certhia.scanner.sessions import Session

MAX_PAGE: Final = 1 << 20  # bytes of a page that are read
MAX_SCRIPT: Final = 5 << 20  # bytes of a script
MAX_SCRIPTS: Final = 20  # that are read
MAX_BESIDE: Final = 4  # other hosts of the same site that scripts are read from
_LOOKS: Final = 0.02  # seconds between two looks whether an address is known
EXTRACTORS: Final = (Csp, Scripts)  # built in
REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))

Follow: TypeAlias = Literal["", "host", "all"]
# Gives the address at which a host may be asked that a page names, given that page's own; None where it may not. Called
# by the engine.
LookUp: TypeAlias = Callable[[str, str], Future[str | None]]


class Web:
    """Asks, under a finished handshake: a `probing.Content`.

    Args:
        agent: what the User-Agent says.
        scripts: whether scripts of the same site are read.
        follow: whether redirects on the same host are followed: "" for none. ("all" follows as many; those to other
            hosts are not its affair.)
        most: redirects that are.
        by_domain: connections are counted by registrable domain besides the address.
        look_up: for scripts on other hosts of the same site, which are left alone without.
        kept: bytes of the page that are kept for extractors of others.
    """

    def __init__(
        self,
        agent: str,
        *,
        scripts: bool = False,
        follow: Follow = "",
        most: int = 10,
        by_domain: bool = False,
        look_up: LookUp | None = None,
        kept: int = 0,
    ) -> None:
        self._agent = agent
        self._scripts = scripts
        self._most = most if follow else 0
        self._by_domain = by_domain
        self._look_up = look_up
        self._kept = kept

    def __call__(self, session: Session, target: Target, served: Served) -> Conversation[Http]:
        """What is said to one server."""
        host = target.host or (f"[{target.address}]" if ":" in target.address else target.address)
        name = target.server_name or host
        domain = domain_of(target.host) if self._by_domain and target.host else ""
        server = Server(target.address, domain, name, served.server_name)
        port = "" if target.port == 443 else f":{target.port}"
        gathered = Gathered(f"https://{name}{port}{target.path or '/'}")
        requests = Requests(server, self._agent, session, target.port)
        context = Visit(target.host, served.server_name, target.address, target.port, served.certificates)
        door = Door(context, EXTRACTORS, gathered.found)
        visit = _Visit(requests, gathered, name, target.port, door, scripts=self._scripts, kept=self._kept)
        failed = None
        try:
            yield from visit.page(target.path or "/", self._most)
            if self._scripts and self._look_up is not None:
                yield from self._beside(visit, self._look_up, target.address, domain)
        except ScanFailure as failure:
            failed = Failure(failure.kind, failure.step or "http", failure.detail)
        visit.settle()
        door.came(Piece("end"))
        return gathered.record(failed)

    def _beside(self, visit: _Visit, look_up: LookUp, at: str, domain: str) -> Conversation[None]:
        """Scripts of other hosts. What goes wrong with one of them is no fault of the page."""
        for host, places in list(visit.beside.items())[:MAX_BESIDE]:
            found = look_up(host, at)
            try:
                while not found.done():
                    yield Wait(_LOOKS)
            finally:
                found.cancel()
            address = None if found.cancelled() else found.result()
            if address is None:
                continue
            requests = Requests(Server(address, domain, host, host), self._agent)
            try:
                yield from visit.scripts(requests, places)
            except Expired:
                raise
            except ScanFailure:
                continue


class _Visit:
    def __init__(
        self, requests: Requests, gathered: Gathered, name: str, port: int, door: Door, *, scripts: bool, kept: int
    ) -> None:
        self._requests = requests
        self._gathered = gathered
        self._host = name.strip("[]")
        self._port = port
        self._scripts = scripts
        self._door = door
        self._kept = kept
        self._markup = Markup()
        self.beside: dict[str, dict[str, tuple[int, str]]] = {}  # scripts of other hosts of the same site

    def settle(self) -> None:
        """What was read and not looked at yet, wherever reading ended."""
        for text in self._markup.policies:
            self._gathered.policy("meta", text)
            self._door.came(Piece("policy", text))
        self._markup = Markup()
        self._door.came(Piece("over"))

    def page(self, path: str, redirects: int) -> Conversation[None]:
        """The page, by as many redirects, and its scripts."""
        port, seen = self._port, {(self._port, path)}
        while True:
            self._markup = Markup(self._inline)
            response = yield from self._requests.get(port, path, self._feed, MAX_PAGE, self._take_headers)
            scripts, base = self._markup.scripts, self._markup.base
            self.settle()
            where = response.header("location")
            if response.status not in REDIRECTS or not where:
                break
            url, place = self._onwards(self._gathered.url, where)
            here = self._here(place)
            if here is None or redirects <= 0 or here in seen:
                self._gathered.location = url
                return
            seen.add(here)
            port, path = here
            redirects -= 1
            self._gathered.redirects.append(url)
            self._gathered.url = url
        if _is_text(response):
            self._judge(response, "the page")
        if self._scripts:
            yield from self._read_scripts(scripts, base)

    def _judge(self, response: Response, what: str) -> None:
        """Tells where a body is not all that it should be."""
        if not _plain(response):
            coding = quoted(response.header("content-encoding") or "", 40)
            self._gathered.troubled("malformed", f"{what} is packed ({coding}), unasked: it is not read")
        elif response.short:
            self._gathered.troubled("closed", f"{what} ended too early: {response.short} did not come")

    def _onwards(self, base: str, written: str, source: str = "redirect") -> tuple[str, Place | None]:
        """Where a reference leads; the name of another host is told."""
        url, place = onwards(base, written)
        if place is not None and place.host != self._host and (name := name_of(place.host)):
            self._gathered.name(name, source, 1.0 if source == "redirect" else URL)
        return url, place

    def _here(self, place: Place | None) -> tuple[int, str] | None:
        """Port and path of a URL of this very host, over TLS, where the web is or at the target's own port; else
        None."""
        if place is None or place.scheme != "https" or place.host != self._host:
            return None
        return (place.port, path_of(place)) if place.port in (self._port, 443) else None

    def _feed(self, data: bytes) -> None:
        self._markup.feed(data)
        body = self._gathered.body
        if len(body) < self._kept:
            body += data[: self._kept - len(body)]

    def _take_headers(self, response: Response) -> bool:
        """Whether the body is of use."""
        self._gathered.answered(response)
        self._gathered.body.clear()
        self._door.visit.response = Answer(self._gathered.url, response.status, response.headers)
        self._door.came(Piece("headers"))
        return _plain(response) and _is_text(response)

    def _inline(self, text: str) -> None:
        if not self._scripts:
            return
        if text:
            self._door.came(Piece("script", text.encode("latin-1")))
        else:
            self._door.came(Piece("over"))

    def _read_scripts(self, written: list[str], base: str | None) -> Conversation[None]:
        page = self._gathered.url
        if base is not None:
            page = onwards(page, base)[0]
        wanted: dict[str, tuple[int, str]] = {}
        for one in dict.fromkeys(written):
            url, place = self._onwards(page, one, "script")
            if (here := self._here(place)) is not None:
                wanted[url] = here
            elif place is not None and self._is_beside(place):
                self.beside.setdefault(place.host, {})[url] = place.port, path_of(place)
        yield from self.scripts(self._requests, wanted)

    def _is_beside(self, place: Place) -> bool:
        """Whether it is of another host below the same registrable domain."""
        own = registrable_domain(self._host)
        same = own is not None and registrable_domain(place.host) == own
        return same and place.scheme == "https" and place.port in (self._port, 443) and place.host != self._host

    def scripts(self, requests: Requests, wanted: Mapping[str, tuple[int, str]]) -> Conversation[None]:
        """Reads scripts of one host."""
        for url, (port, path) in wanted.items():
            if self._door.full or len(self._gathered.scripts) >= MAX_SCRIPTS:
                return
            self._gathered.scripts.append(url)
            try:
                response = yield from requests.get(port, path, self._script, MAX_SCRIPT, _is_script)
                if response.status == 200:
                    self._judge(response, "a script")
            finally:
                self._door.came(Piece("over"))

    def _script(self, data: bytes) -> None:
        self._door.came(Piece("script", data))


def _plain(response: Response) -> bool:
    """Whether the body is as it was written; we ask for that, and don't unpack what comes all the same."""
    return (response.header("content-encoding") or "identity").strip().lower() in ("identity", "")


def _is_text(response: Response) -> bool:
    kind = (response.header("content-type") or "text/html").lower()
    return "html" in kind or "xml" in kind


def _is_script(response: Response) -> bool:
    return response.status == 200 and _plain(response)
