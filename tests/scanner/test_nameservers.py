from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from certhia.errors import ConfigError
from certhia.scanner import nameservers
from certhia.scanner.answers import Record, Unanswered
from certhia.scanner.dns import Resolver
from certhia.scanner.nameservers import Nameservers, read_servers
from certhia.testing.dns import FakeDns


@pytest.fixture
def dns() -> FakeDns:
    return FakeDns()


@pytest.fixture
async def servers(dns: FakeDns) -> AsyncIterator[Nameservers]:
    async with dns.serve() as address, Nameservers([address], timeout=5, tries=2) as asked:
        yield asked


@pytest.fixture
async def hasty(dns: FakeDns) -> AsyncIterator[Nameservers]:
    """Soon out of patience."""
    async with dns.serve() as address, Nameservers([address], timeout=0.05, tries=2) as asked:
        yield asked


async def word(servers: Nameservers, name: str, kind: str = "A") -> str:
    with pytest.raises(Unanswered) as caught:
        await servers.ask(name, kind)
    return caught.value.word


async def test_records_of_each_kind(dns: FakeDns, servers: Nameservers) -> None:
    dns.add("www.example.com", "192.0.2.1", "192.0.2.2", "2001:db8::1", ttl=60)
    dns.alias("alias.example.com", "WWW.example.com", ttl=7)
    dns.pointer("192.0.2.1", "WWW.example.com")
    dns.mail("example.com", "MX1.example.com", "mx2.example.com", ttl=9)
    dns.delegate("example.com", "ns.example.net")
    owner = "www.example.com"
    addresses = [Record(owner, "A", "192.0.2.1", 60), Record(owner, "A", "192.0.2.2", 60)]
    assert await servers.ask(owner, "A") == addresses
    assert await servers.ask(owner, "AAAA") == [Record(owner, "AAAA", "2001:db8::1", 60)]
    assert await servers.ask("alias.example.com", "A") == [Record("alias.example.com", "CNAME", owner, 7), *addresses]
    reverse = "1.2.0.192.in-addr.arpa"
    assert await servers.ask(reverse, "PTR") == [Record(reverse, "PTR", owner, 300)]
    mail = [Record("example.com", "MX", name, 9) for name in ("mx1.example.com", "mx2.example.com")]
    assert await servers.ask("example.com", "MX") == mail
    assert await servers.ask("example.com", "NS") == [Record("example.com", "NS", "ns.example.net", 300)]


async def test_why_there_is_no_answer(dns: FakeDns, servers: Nameservers) -> None:
    dns.add("none.example")
    for how in ("servfail", "refused", "notimp", "garbage"):
        dns.add(f"{how}.example", "192.0.2.1")
        dns.misbehave(f"{how}.example", how)
    assert await word(servers, "nowhere.example") == "NXDOMAIN"
    assert await word(servers, "none.example") == "NODATA"
    assert await word(servers, "servfail.example") == "SERVFAIL"
    assert await word(servers, "refused.example") == "REFUSED"
    assert await word(servers, "notimp.example") == "NOTIMP"
    assert await word(servers, "garbage.example") == "malformed answer"
    assert await word(servers, f"{'a' * 70}.example") == "not a name that can be asked for"


@pytest.mark.parametrize("how", ["silent", "wrong-id", "wrong-name"])
async def test_what_is_no_answer_to_the_question_is_waited_out(how: str, dns: FakeDns, hasty: Nameservers) -> None:
    dns.add("x.example", "192.0.2.66")
    dns.add("other.example", "192.0.2.66")
    dns.misbehave("x.example", how)
    assert await word(hasty, "x.example") == "no answer in time"
    assert dns.asked.count(("x.example", "A")) >= 2


async def test_a_truncated_answer_is_asked_for_again_over_tcp(dns: FakeDns, servers: Nameservers) -> None:
    dns.add("x.example", *(f"192.0.2.{number}" for number in range(200)))
    dns.misbehave("x.example", "truncated")
    assert len(await servers.ask("x.example", "A")) == 200
    assert len(dns.asked) == 2


async def test_one_of_several_servers_may_be_gone(dns: FakeDns) -> None:
    dns.add("x.example", "192.0.2.1")
    async with dns.serve() as address, dns.serve() as gone:
        pass
    async with dns.serve() as address, Nameservers([gone, address], timeout=1, tries=3) as asked:
        for _ in range(4):
            assert [record.value for record in await asked.ask("x.example", "A")] == ["192.0.2.1"]


async def test_a_name_that_is_rebound_is_what_it_was_when_it_was_asked_for(dns: FakeDns, servers: Nameservers) -> None:
    dns.rebind("x.example", "192.0.2.1", "127.0.0.1")
    resolver = Resolver(servers.ask)
    first = await resolver.resolve("x.example")
    assert first.addresses == ("192.0.2.1",)
    assert await resolver.resolve("x.example") is first
    assert [record.value for record in await servers.ask("x.example", "A")] == ["127.0.0.1"]


async def test_resolvers_take_over_from_each_other_and_lose_no_question(
    dns: FakeDns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nameservers, "_RENEWED", 10)
    for number in range(95):
        dns.add(f"n{number}.example", "192.0.2.1")
    async with dns.serve() as address, Nameservers([address], timeout=5, tries=2) as asked:
        answers = await asyncio.gather(*(asked.ask(f"n{number}.example", "A") for number in range(95)))
        assert all(len(answer) == 1 for answer in answers)
        assert not asked._old
        assert asked._now is not None
        assert asked._now.open == 0
    assert len(dns.asked) == 95


async def test_one_that_has_nothing_open_is_closed_when_another_takes_over(
    dns: FakeDns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nameservers, "_RENEWED", 1)
    dns.add("x.example", "192.0.2.1")
    async with dns.serve() as address, Nameservers([address], timeout=5, tries=2) as asked:
        for _ in range(3):
            before = asked._now
            await asked.ask("x.example", "A")
            assert not asked._old
            assert before is None or before.resolver._closed


async def test_a_question_ends_at_its_deadline(dns: FakeDns) -> None:
    dns.misbehave("x.example", "silent")
    async with dns.serve() as address, Nameservers([address], timeout=30, tries=3, deadline=0.01) as asked:
        assert await word(asked, "x.example") == "no answer in time"


async def test_what_is_open_at_the_end_gets_no_answer(dns: FakeDns) -> None:
    dns.misbehave("x.example", "silent")
    async with dns.serve() as address:
        asked = Nameservers([address], timeout=5, tries=1)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(word(asked, "x.example"))
            while not dns.asked:  # noqa: ASYNC110  (what comes by a socket sets no event)
                await asyncio.sleep(0)
            await asked.close()
        assert task.result() == "stopped"


@pytest.mark.parametrize(
    "text, servers",
    [
        ("1.1.1.1", ("1.1.1.1:53",)),
        ("1.1.1.1, 9.9.9.9:5353,1.1.1.1:53", ("1.1.1.1:53", "9.9.9.9:5353")),
        ("2620:FE::FE", ("[2620:fe::fe]:53",)),
        ("[2620:fe::fe]:5353,[::1]", ("[2620:fe::fe]:5353", "[::1]:53")),
    ],
)
def test_servers_as_people_write_them(text: str, servers: tuple[str, ...]) -> None:
    assert read_servers(text) == servers


@pytest.mark.parametrize(
    "text, told",
    [
        ("", "holds no name server; write 1.1.1.1"),
        ("dns.google", "is no address"),
        ("1.1.1.1:0", "a port that is none"),
        ("1.1.1.1:65536", "a port that is none"),
        ("1.1.1.1:x", "a port that is none"),
        ("[::1", "is no address"),
        ("[::1]:x", "a port that is none"),
        ("https://1.1.1.1", "is no address"),
        ("1.1.1.1 9.9.9.9", "is no address"),
    ],
)
def test_servers_that_are_none(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_servers(text)
    assert told in str(caught.value)
    assert nameservers.INSTEAD in str(caught.value)


@pytest.mark.parametrize("how", ["garbage", "loop"])
async def test_malformed_answers_are_held_against_nobody_else(how: str, dns: FakeDns, servers: Nameservers) -> None:
    good = [f"n{number}.example" for number in range(100)]
    bad = [f"bad{number}.example" for number in range(10)]
    for name in good:
        dns.add(name, "192.0.2.1")
        dns.misbehave(name, "slow", 0.02)  # they are open when what is malformed comes
    for name in bad:
        dns.misbehave(name, how)
    resolver = Resolver(servers.ask)
    asked = [name for pair in zip(bad * 10, good, strict=True) for name in pair]
    found = {one.name: one for one in await asyncio.gather(*map(resolver.resolve, asked))}
    assert {found[name].addresses for name in good} == {("192.0.2.1",)}
    assert {found[name].fault for name in bad} == {"malformed answer"}


async def test_a_name_that_is_malformed_once_is_asked_for_again(dns: FakeDns, servers: Nameservers) -> None:
    """What is malformed may have been forged, or cut on its way."""
    dns.add("x.example", "192.0.2.1")
    answered = dns.answer
    left = [2]

    def answer(message: bytes, send: Callable[[bytes], object], *, tcp: bool = False) -> None:
        left[0] -= 1
        dns.misbehave("x.example", "garbage") if left[0] >= 0 else dns.behave("x.example")
        answered(message, send, tcp=tcp)

    dns.answer = answer  # type: ignore[method-assign]
    assert [one.value for one in await servers.ask("x.example", "A")] == ["192.0.2.1"]
