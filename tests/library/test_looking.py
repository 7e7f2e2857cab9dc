"""What servers show of a match, against a real one; and who is never asked."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from dataclasses import replace

import pytest
from tests.library.probed_servers import LOCAL, looking, match_of, nothing, probe
from tests.scanner.driving import serving, until_cut
from tests.scanner.tls_servers import authority, context, tls_server

from certhia._core import Certificate
from certhia.library import looking as module
from certhia.library.looking import Looking, is_same
from certhia.scanner.dns import Resolver
from certhia.testing import SimClock, in_simulated_time

NAME = "www.example.com"


@in_simulated_time
async def test_the_certificate_of_a_match_is_known_again(certhia_clock: SimClock) -> None:
    _, issued = authority()
    with tls_server(context()) as port:
        looks = looking(certhia_clock, {NAME: [LOCAL]})
        for served, outcome in ((True, "served"), (False, "other")):
            found, later = await looks.look([probe(NAME, port, served=served)])
            assert [(one.outcome, one.address, one.sha256, one.detail) for _, one in found] == [
                (outcome, LOCAL, issued.sha256, "")
            ]
            assert (found[0][1].at, later) == (certhia_clock.now(), [])
            await certhia_clock.sleep(60)


@in_simulated_time
async def test_no_certificate_yet(certhia_clock: SimClock) -> None:
    with socket.socket() as closed:
        closed.bind((LOCAL, 0))
        port = closed.getsockname()[1]
        looks = looking(certhia_clock, {NAME: [LOCAL]})
        found, _ = await looks.look([probe(NAME, port), probe("gone.example.com"), probe("two words.example.com")])
    said = {one.name: (seen.outcome, seen.detail) for one, seen in found}
    assert said == {
        NAME: ("nothing", "refused at connect"),
        "gone.example.com": ("unresolved", "NXDOMAIN"),
        "two words.example.com": ("unresolved", "has a space in it"),
    }


@in_simulated_time
async def test_a_server_that_says_nothing_is_given_up(certhia_clock: SimClock) -> None:
    with serving(until_cut) as port:
        looks = looking(certhia_clock, {NAME: [LOCAL]}, timeout=0.2)
        found, _ = await looks.look([probe(NAME, port)])
    assert found[0][1].outcome == "nothing"


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.1.2.3"], ["169.254.169.254"], ["::1"], ["::ffff:192.168.0.1"], ["8.8.8.8", "10.0.0.1"]],
)
@in_simulated_time
async def test_no_packet_goes_inwards(certhia_clock: SimClock, addresses: list[str]) -> None:
    asked: list[socket.socket] = []
    with serving(asked.append) as port:
        every = Resolver(nothing, fixed={NAME: addresses}, clock=certhia_clock, every=True)
        looks = Looking(every, certhia_clock)
        found, later = await looks.look([probe(NAME, port), probe(addresses[-1], port)])
    assert [one.outcome for _, one in found] == ["policy", "policy"]
    assert found[0][1].detail
    assert (asked, later) == ([], [])


@in_simulated_time
async def test_an_address_is_asked_once_a_minute(certhia_clock: SimClock) -> None:
    names = [f"{number}.example{number}.com" for number in range(4)]
    begun = certhia_clock.now()
    with tls_server(context()) as port:
        looks = looking(certhia_clock, {name: [LOCAL] for name in names})
        waiting = [probe(name, port, wanted=begun) for name in names]
        found, later = await looks.look(waiting)
        assert [one.name for one, _ in found] == names[:1]
        # One after another, so that a look at the next one is worth it.
        assert [(one.name, at - begun) for one, at in later] == [
            (name, 60.0 * number) for number, name in enumerate(names) if number
        ]
        await certhia_clock.sleep(60)
        found, _ = await looks.look([later[0][0]])
        assert [one.outcome for _, one in found] == ["served"]


@in_simulated_time
async def test_what_waits_for_a_day_is_given_up(certhia_clock: SimClock) -> None:
    looks = looking(certhia_clock, {NAME: [LOCAL], "b.example.org": [LOCAL]})
    old = certhia_clock.now() - module.GIVEN_UP
    with tls_server(context()) as port:
        found, later = await looks.look([probe(NAME, port), probe("b.example.org", port, wanted=old)])
    assert [one.outcome for _, one in found] == ["skipped", "served"]
    assert later == []


@in_simulated_time
async def test_a_look_that_is_stopped_ends(certhia_clock: SimClock) -> None:
    def hold(peer: socket.socket) -> None:
        loop.call_soon_threadsafe(reached.set)
        peer.recv(65536)
        peer.recv(1)

    loop, reached = asyncio.get_running_loop(), asyncio.Event()
    with serving(hold) as port:
        looks = looking(certhia_clock, {NAME: [LOCAL]}, timeout=50.0)
        task = loop.create_task(looks.look([probe(NAME, port)]))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def test_a_precertificate_is_its_certificate() -> None:
    ca, _ = authority()
    pre, final = ca.pair(["www.example.com"])
    read = Certificate.from_der(final.der)
    match = match_of(["www.example.com"], served=False)
    sighting = replace(match.sighting, is_precert=True)
    logged = replace(match, sha256=pre.sha256, tbs_sha256=pre.tbs_sha256, sighting=sighting)
    assert is_same(logged, final.der)
    assert not is_same(match, final.der)
    # Signed by a key of its own, a precertificate has another issuer's TBS.
    own_key = replace(match, serial=read.serial, issuer=read.issuer, sighting=sighting)
    assert is_same(own_key, final.der)
    assert not is_same(replace(own_key, sighting=match.sighting), final.der)
    assert not is_same(own_key, b"no certificate")
    claimed = replace(match, sha256=hashlib.sha256(b"junk").digest(), unproven="why")
    assert not is_same(claimed, b"junk")
