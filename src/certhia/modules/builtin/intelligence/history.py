"""What is known of watched domains: their certificates, by what matched so far.

It is made from the newest matches of the state when the module starts, and goes on with each match that comes. A match
may come again, and an old certificate after newer ones: what counts as earlier goes by when a log took it.
"""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final, NamedTuple

from certhia._core import registrable_domain
from certhia.model import Match
from certhia.store.kin import key_digest

MAX_DOMAINS: Final = 50_000  # registrable domains that are known; those longest without a certificate go
MAX_RECORDS: Final = 200  # certificates of one; its oldest go
MAX_NAMES: Final = 5_000  # names of one; further ones are never called new
MAX_KEYS: Final = 200_000
MAX_USES: Final = 8  # of one key
MAX_LOOKED: Final = 2_000  # names of one certificate that are looked at, those that rules found first
OF_ONE: Final = 10  # domains of one certificate that are looked at
NAMED: Final = frozenset(("san", "cn", "ip"))  # where a rule finds names


class Record(NamedTuple):
    """A certificate as it is remembered.

    Attributes:
        logged: Unix seconds, when a log took it; no later than it was seen.
        key: of the match, 16 bytes of it.
        owner: of its authority.
        not_before: Unix seconds.
        not_after: Unix seconds.
        names: stands for all of them: equal for the same names.
    """

    logged: float
    key: bytes
    owner: str
    not_before: int
    not_after: int
    names: int


class Use(NamedTuple):
    """A certificate that a key is in; `domains` are the registrable domains of its names, the first ones."""

    logged: float
    key: bytes
    owner: str
    domains: tuple[str, ...]


@dataclass(slots=True)
class Domain:
    """What is known of a registrable domain: certificates, the oldest first, and when each name was first in one."""

    records: list[Record] = field(default_factory=list)
    names: dict[str, tuple[float, bytes]] = field(default_factory=dict)
    full: bool = False  # names were left out

    def before(self, record: Record) -> list[Record]:
        """Those that are earlier than this one."""
        return [one for one in self.records if one[:2] < record[:2]]

    def is_first(self, name: str, record: Record) -> bool:
        """Whether none is known that is earlier and has this name."""
        known = self.names.get(name)
        return (known is None and not self.full) or (known is not None and known >= record[:2])

    def add(self, record: Record, names: Iterable[str]) -> None:
        """One more; again is no more."""
        if any(one.key == record.key for one in self.records):
            return
        insort(self.records, record)
        if len(self.records) > MAX_RECORDS:
            del self.records[0]
        for name in names:
            known = self.names.get(name)
            if known is not None or len(self.names) < MAX_NAMES:
                self.names[name] = min(known, record[:2]) if known else record[:2]
            else:
                self.full = True


class History:
    """All that is known. One thread."""

    def __init__(self) -> None:
        self._domains: OrderedDict[str, Domain] = OrderedDict()
        self._keys: OrderedDict[bytes, tuple[Use, ...]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._domains)

    def of(self, domain: str) -> Domain:
        """What is known of a registrable domain."""
        return self._domains.get(domain) or Domain()

    def uses(self, match: Match, record: Record) -> list[Use]:
        """Earlier certificates with the key of this one."""
        digest = key_digest(match.spki_sha256)
        uses = self._keys.get(digest, ()) if digest else ()
        return [one for one in uses if one[:2] < record[:2]]

    def add(self, match: Match, record: Record, domains: Sequence[str]) -> None:
        """A match, as `record_of` and `watched` have it."""
        for domain in domains:
            known = self._domains.pop(domain, None) or Domain()
            self._domains[domain] = known
            known.add(record, names_below(match, domain))
        while len(self._domains) > MAX_DOMAINS:
            self._domains.popitem(last=False)
        digest = key_digest(match.spki_sha256)
        if digest is None:
            return
        uses = self._keys.pop(digest, ())
        if all(one.key != record.key for one in uses):
            use = Use(record.logged, record.key, record.owner, tuple(islice(all_domains(match), OF_ONE)))
            uses = tuple(sorted((*uses, use))[:MAX_USES])
        self._keys[digest] = uses
        while len(self._keys) > MAX_KEYS:
            self._keys.popitem(last=False)


def record_of(match: Match, owner: str) -> Record:
    """What is remembered of a match."""
    logged = min(match.sighting.timestamp / 1000, match.seen)  # a log may claim any time
    names = hash(frozenset(name.lower() for name in match.names))
    return Record(logged, match.key[:16], owner, match.not_before, match.not_after, names)


def looked(match: Match) -> list[str]:
    """The names of a certificate that are looked at: in lower case, each once."""
    written = chain((hit.name for hit in match.hits if hit.where in NAMED), match.names)
    return list(dict.fromkeys(name.lower().rstrip(".") for name in islice(written, MAX_LOOKED)))


def watched(match: Match) -> list[str]:
    """The registrable domains of the names that rules found; of all names where rules found no name."""
    found = [hit.name for hit in match.hits if hit.where in NAMED] or match.names
    return list(islice(_domains(islice(found, MAX_LOOKED)), OF_ONE))


def all_domains(match: Match) -> Iterator[str]:
    """The registrable domains of a certificate, each once."""
    return _domains(looked(match))


def names_below(match: Match, domain: str) -> list[str]:
    """The names of a certificate that belong to a registrable domain, each once."""
    return [name for name in looked(match) if name == domain or name.endswith("." + domain)]


def _domains(names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        domain = registrable_domain(name.removeprefix("*."))
        if domain is not None and domain not in seen:
            seen.add(domain)
            yield domain
