"""Each cue, as the scanner's own conversation sees it."""

from __future__ import annotations

import pytest
from tests.scanner.driving import run

from certhia.scanner.probing import Prober
from certhia.scanner.records import Target
from certhia.testing import cues
from certhia.testing.hostile_tls import Cue, HostileTls, Pause, Say

FAILURES: dict[str, tuple[Cue, str]] = {
    "silent": (cues.silent, "timeout at hello"),
    "drip": (cues.drip(), "timeout at hello"),
    "requests": (cues.endless("requests"), "too-large at hello: more than 100000 bytes"),
    "empty": (cues.endless("empty"), "malformed at hello: more than 32 records without content"),
    "warnings": (cues.endless("warnings"), "malformed at hello: more than 16 warnings"),
    "message": (cues.endless("message"), "too-large at hello: a message of 16777215 bytes"),
    "many certificates": (cues.bomb(), "too-large at hello: a message of "),
    "a large certificate": (cues.bomb(1), "too-large at hello: a message of "),
    "http": (cues.replay(cues.HTTP), "not-tls at hello: HTTP/1.1 400 Bad Request"),
    "ssh": (cues.replay(cues.SSH, first=True), "not-tls at hello: SSH-2.0-OpenSSH_9.6"),
    "alert": (cues.alert(48), "alert at hello: unknown_ca"),
    "truncated": (cues.truncated(300), "closed at handshake"),
    "reset at once": (cues.reset("connect"), "reset at "),
    "reset after the hello": (cues.reset("hello"), "reset at "),
    "reset after the server's hello": (cues.reset("server-hello"), "reset at "),
}


def test_what_each_is_told_as() -> None:
    with HostileTls(cues.silent) as server:
        prober, items = Prober(), []
        for number, (name, (cue, _)) in enumerate(FAILURES.items(), 1):
            server.at[f"127.0.2.{number}"] = cue
            items.append((name, prober.talk(Target(name, None, None, f"127.0.2.{number}", server.port))))
        found = run(items, timeout=1.5)
    for name, (_, told) in FAILURES.items():
        failure = str(found[name].failure)
        assert failure == told or (failure.startswith(told) and told.endswith((" ", "of "))), (name, failure)


@pytest.mark.parametrize("step", ["certificate", "done"])
def test_a_certificate_is_kept_when_the_rest_is_cut_off(step: str) -> None:
    with HostileTls(cues.reset(step)) as server:
        seen = run([(1, Prober().talk(Target("x", None, None, "127.0.0.1", server.port)))])[1].value
    assert len(seen.served.certificates) == 1
    assert seen.failure.kind == "reset"


def test_a_good_one_and_a_replay_in_pieces() -> None:
    good = cues.good(("b.example",))
    (said,) = (act.data for act in good() if isinstance(act, Say))
    with HostileTls(good) as server:
        server.at["127.0.0.2"] = cues.replay(said, piece=7)
        talks = [(at, Prober().talk(Target("x", None, None, at, server.port))) for at in ("127.0.0.1", "127.0.0.2")]
        seen = {at: one.value.served.certificates for at, one in run(talks).items()}
    assert seen["127.0.0.1"] == seen["127.0.0.2"] != ()


def test_a_drip_is_a_byte_at_a_time() -> None:
    acts = [act for act, _ in zip(cues.drip(10.0)(), range(5), strict=False)]
    assert [act for act in acts if isinstance(act, Pause)] == [Pause(10.0)] * 2
    assert [len(act.data) for act in acts if isinstance(act, Say)] == [1, 1]


def test_a_bomb_is_as_large_as_was_asked() -> None:
    said = [act.data for act in first_said(cues.bomb(1000, 10_000_000))]
    assert 9_500_000 < len(said[0]) < 10_500_000


def first_said(cue: Cue) -> list[Say]:
    """What is said first."""
    return [act for act, _ in zip(cue(), range(2), strict=False) if isinstance(act, Say)]
