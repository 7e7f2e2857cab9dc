"""A scan by its settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from tests.scanner.tls_servers import context, tls_server

from certhia.clock import Clock
from certhia.config.scanning import ScanOptions
from certhia.errors import ConfigError
from certhia.library.inquiry import Inquiry
from certhia.library.resuming import Standing
from certhia.scanner.records import Found, Result
from certhia.scanner.supply import RANGES
from certhia.testing.dns import FakeDns

HERE = ScanOptions(allow_private=True, timeout=20.0)


async def results(options: ScanOptions, **given: object) -> list[Result]:
    found: list[Result] = []
    told: list[str] = []

    def take(more: Sequence[Result]) -> None:
        found.extend(more)

    inquiry = Inquiry(options, None, take, lambda: False, Clock(), lambda text, **_: told.append(text), **given)  # type: ignore[arg-type]
    await inquiry.run()
    assert inquiry.busy == 0
    assert told == []
    return found


@asynccontextmanager
async def names(**addresses: str) -> AsyncIterator[str]:
    dns = FakeDns()
    for name, address in addresses.items():
        dns.add(name.replace("_", "."), address)
    async with dns.serve() as place:
        yield place


async def test_what_was_done_before_is_not_asked_again() -> None:
    skipped: list[range] = []
    options = HERE.model_copy(update={"targets": ("127.0.0.0/28",), "ports": "1"})
    whole = {one.target.place: one.target.address for one in await results(options, standing=Standing(b"k" * 16))}
    done = [(RANGES, RANGES + 5), (RANGES + 9, RANGES + 10)]
    rest = await results(options, standing=Standing(b"k" * 16, done), skipped=skipped.append)
    left = {place for place in whole if place is not None and not any(a <= place < b for a, b in done)}
    assert {one.target.place: one.target.address for one in rest} == {place: whole[place] for place in left}


async def test_names_of_addresses() -> None:
    dns = FakeDns()
    dns.pointer("127.0.0.1", "host.example.net")
    with tls_server(context()) as port:
        async with dns.serve() as place:
            (result,) = await results(
                HERE.model_copy(update={"targets": (f"127.0.0.1:{port}",), "ptr": True, "resolver": (place,)})
            )
    assert result.names[-1] == Found("host.example.net", "ptr")


async def test_hosts_that_certificates_name_are_asked_too() -> None:
    """The certificate is for www.example.com: that is asked, once."""
    with tls_server(context()) as port:
        async with names(www_example_com="127.0.0.1", example_net="127.0.0.1") as place:
            found = await results(
                HERE.model_copy(
                    update={
                        "targets": (f"127.0.0.1:{port}",),
                        "ports": str(port),
                        "resolver": (place,),
                        "expand": 3,
                        "scope": ("example.com",),
                    }
                )
            )
    assert [(one.target.host, one.target.origin) for one in found] == [
        (None, f"127.0.0.1:{port}"),
        ("www.example.com", f"127.0.0.1:{port}"),
    ]
    assert found[1].served is not None


async def test_hosts_that_share_an_address_are_all_asked() -> None:
    with tls_server(context()) as port:
        async with names(www_example_com="127.0.0.1", example_net="127.0.0.1") as place:
            found = await results(
                HERE.model_copy(
                    update={
                        "targets": (f"127.0.0.1:{port}",),
                        "ports": str(port),
                        "resolver": (place,),
                        "expand": 1,
                        "scope": ("example.com", "example.net"),
                        "per_host": 2,
                    }
                )
            )
    assert {(one.target.host, one.failure) for one in found} == {
        (None, None),
        ("www.example.com", None),
        ("example.net", None),
    }


@pytest.mark.parametrize("expand", [0, 1])
async def test_names_whose_answers_are_malformed_cost_no_others(expand: int) -> None:
    dns = FakeDns(others=["127.0.0.1"])
    hosts = [f"n{number}.example" for number in range(30)]
    for host in hosts[::6]:
        dns.misbehave(host, "loop")
    with tls_server(context()) as port:
        async with dns.serve() as place:
            found = await results(
                HERE.model_copy(
                    update={
                        "targets": tuple(hosts),
                        "ports": str(port),
                        "resolver": (place,),
                        "retry": 1,
                        "expand": expand,
                        "scope": ("www.example.com",) if expand else (),
                    }
                )
            )
    failed = {one.target.host: one.failure for one in found if one.failure is not None}
    assert {host: (why.kind, why.detail) for host, why in failed.items()} == dict.fromkeys(
        hosts[::6], ("dns", "malformed answer")
    )
    assert len(found) == 30 + expand


async def test_an_exclusion_that_leaves_out_nothing_is_told() -> None:
    options = HERE.model_copy(
        update={"targets": ("127.0.0.0/29",), "ports": "1", "exclude": ("127.0.0.2", "127.0.1.2,example.com")}
    )
    told: list[str] = []
    inquiry = Inquiry(options, None, lambda _: None, lambda: False, Clock(), lambda text, **_: told.append(text))
    await inquiry.run()
    assert told[1:] == [
        f"--exclude {one}: left out nothing: no target is among that" for one in ("127.0.1.2", "example.com")
    ]


async def test_how_many_there_are() -> None:
    options = HERE.model_copy(update={"targets": ("127.0.0.0/29", "localhost"), "ports": "1,2"})
    inquiry = Inquiry(options, None, lambda _: None, lambda: False, Clock(), lambda *_, **__: None)
    assert inquiry.total is None
    await inquiry.run()
    assert inquiry.total == 18


async def test_stopped() -> None:
    options = HERE.model_copy(update={"targets": ("127.0.0.0/8",), "ports": "1", "rate": 100.0})
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()
    found: list[Result] = []

    def take(results: Sequence[Result]) -> None:
        found.extend(results)
        loop.call_soon_threadsafe(begun.set)

    inquiry = Inquiry(
        options,
        None,
        take,
        lambda: False,
        Clock(),
        lambda *_, **__: None,
    )
    running = asyncio.ensure_future(inquiry.run())
    await begun.wait()
    inquiry.stop()
    inquiry.stop()
    await running
    assert 0 < len(found) < 1000  # of 16 million


async def test_what_taking_raises_ends_it() -> None:
    def full(_: Sequence[Result]) -> None:
        raise OSError(28, "No space left on device")

    options = HERE.model_copy(update={"targets": ("127.0.0.0/24",), "ports": "1"})
    inquiry = Inquiry(options, None, full, lambda: False, Clock(), lambda *_, **__: None)
    with pytest.raises(BaseExceptionGroup) as caught:
        await inquiry.run()
    assert "No space left" in repr(caught.value.exceptions)


async def test_expanding_needs_a_scope() -> None:
    with pytest.raises(ConfigError, match="--scope"):
        Inquiry(
            HERE.model_copy(update={"targets": ("192.0.2.1",), "expand": 1}),
            None,
            lambda _: None,
            lambda: False,
            Clock(),
            lambda *_, **__: None,
        )
