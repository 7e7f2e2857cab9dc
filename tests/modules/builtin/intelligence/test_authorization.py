"""Authorities against CAA records, asked of a name server on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.modules.builtin.intelligence.cases import START, case, match

from certhia.clock import Clock
from certhia.modules.builtin.authorities import Ownership
from certhia.modules.builtin.intelligence.authorization import FRESH, MAX_NAMES, Authorization
from certhia.scanner.dns import Resolver
from certhia.scanner.nameservers import Nameservers
from certhia.testing.dns import FakeDns


class At(Clock):
    """On the day of these cases."""

    def now(self) -> float:
        return START + 60.0


@asynccontextmanager
async def asking(
    dns: FakeDns, ownership: Ownership | None = None, patience: float = 20.0
) -> AsyncIterator[Authorization]:
    async with dns.serve() as address, Nameservers([address], timeout=0.5, tries=1, deadline=2.0) as servers:
        yield Authorization(Resolver(servers.ask, clock=At()), ownership or Ownership(), At(), patience=patience)


async def test_who_is_in_the_record_may_issue() -> None:
    dns = FakeDns()
    dns.authorize("example.com", "0 issue letsencrypt.org", "0 issuewild ;")
    async with asking(dns) as asked:
        assert await asked.of([case(match(1))]) == []
        (finding,) = await asked.of([case(match(2, "*.example.com", "www.example.com"))])
        assert (finding.kind, finding.severity) == ("caa", "high")
        assert finding.text == (
            "example.com: Internet Security Research Group is not in the CAA record for *.example.com: that of "
            "example.com allows nobody"
        )


async def test_who_is_not_may_not() -> None:
    dns = FakeDns()
    dns.authorize("example.com", "0 issue letsencrypt.org", "0 issue pki.goog")
    async with asking(dns) as asked:
        (finding,) = await asked.of([case(match(1, "a.example.com", "b.example.com", by="ZeroSSL"))])
        assert finding.text == (
            "example.com: Sectigo is not in the CAA record for a.example.com and 1 more names: that of example.com "
            "allows letsencrypt.org, pki.goog"
        )
        assert finding.data["against"] == ["a.example.com", "b.example.com"]


async def test_critical_properties() -> None:
    dns = FakeDns()
    dns.authorize("example.com", "128 tbs Unknown")
    async with asking(dns) as asked:
        (finding,) = await asked.of([case(match(1))])
        assert "a critical property that is not known here, tbs" in finding.text


async def test_nobody_is_asked_where_nothing_could_be_said() -> None:
    dns = FakeDns()
    dns.authorize("example.com", "0 issue ;")
    async with asking(dns) as asked:
        assert await asked.of([case(match(1, by="Unheard of Ltd"))]) == []
        old = -(FRESH / 86400 + 1)
        assert await asked.of([case(match(1, day=old))]) == []
        assert dns.asked == []
    async with asking(dns, Ownership({"Unheard of Ltd": ["ca.unheard.example"]})) as asked:
        assert len(await asked.of([case(match(1, by="Unheard of Ltd"))])) == 1


async def test_who_does_not_answer_in_time_is_left_out() -> None:
    dns = FakeDns()
    dns.misbehave("slow.example.com", "silent")
    dns.authorize("example.com", "0 issue ;")
    async with asking(dns, patience=0.3) as asked:
        found = await asked.of([case(match(1, "slow.example.com", "www.example.com"))])
        assert [one.data["against"] for one in found] == [["www.example.com"]]


async def test_names_are_bounded() -> None:
    dns = FakeDns()
    dns.authorize("example.com", "0 issue ;")
    async with asking(dns) as asked:
        names = [f"n{number}.example.com" for number in range(MAX_NAMES + 9)]
        (finding,) = await asked.of([case(match(1, *names))])
        assert finding.data["against"] == names[:MAX_NAMES]
