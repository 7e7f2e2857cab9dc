"""What stands before a server, by the settings."""

from __future__ import annotations

import hashlib
import resource
from pathlib import Path

import pytest
from tests.stream.asking import Asking
from tests.stream.test_listener import pair, through

from certhia.config.sources import from_values
from certhia.errors import ConfigError
from certhia.library import fronting
from certhia.library.fronting import SPARE, front_of
from certhia.stream.access import is_known
from certhia.stream.front import LOCAL
from certhia.testing import World

TOKEN, OTHER = "correct-horse-battery-staple", "another-horse-of-the-same-sort"


class Told(list[str]):
    def __call__(self, text: str, *, level: str = "info", log: str = "") -> None:
        self.append(text)


def test_by_default_all_are_let_in() -> None:
    fronting = front_of(from_values({}), World().clock, Told())
    front = fronting.front
    assert fronting.reloads == (fronting.tokens,)
    assert fronting.tokens.paths == ()
    assert front.access._rules.tokens() == ()
    assert front.gate._bounds.exempt == LOCAL
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert front.gate._bounds.total == min(10_000, files - SPARE)


async def test_tokens_are_read_again(tmp_path: Path) -> None:
    file, told = tmp_path / "tokens", Told()
    file.write_text(f"{TOKEN}\n", encoding="utf-8")
    digest = f"sha256:{hashlib.sha256(b'given-with-the-command').hexdigest()}"
    settings = from_values({"serve.token_file": [file], "serve.token": [digest]})
    front, tokens, *_ = front_of(settings, World().clock, told)
    rules = front.access._rules
    assert [is_known(one, rules.tokens()) for one in (TOKEN, OTHER, "given-with-the-command")] == [True, False, True]
    file.write_text(f"{OTHER}\n", encoding="utf-8")
    tokens.ask()
    await tokens.look()
    assert [is_known(one, rules.tokens()) for one in (TOKEN, OTHER, "given-with-the-command")] == [False, True, True]
    assert told == ["tokens: 1 more, 1 fewer"]
    file.write_text("", encoding="utf-8")
    tokens.ask()
    await tokens.look()
    assert is_known(OTHER, rules.tokens()), "a file that makes no sense changes nothing"


async def test_the_certificate_is_read_again(tmp_path: Path) -> None:
    made, told, world = pair(tmp_path), Told(), World()
    settings = from_values({"serve.tls_cert": made.cert, "serve.tls_key": made.key})
    front, _, certificates = front_of(settings, world.clock, told)
    assert certificates is not None
    stage = Asking(world, front)
    async with stage.running():
        assert (await through(stage, made.client, "/health")).status == 200
        new = pair(tmp_path)
        certificates.ask()
        await certificates.look()
        assert (await through(stage, new.client, "/health")).status == 200
        made.cert.write_bytes(b"half of a")
        certificates.ask()
        await certificates.look()
        assert (await through(stage, new.client, "/health")).status == 200
    assert told[0] == f"{made.cert}: new connections get the certificate that is there now"
    assert told[1].startswith("TLS certificates not reloaded, the old ones stay in use: ")


def test_a_key_alone(tmp_path: Path) -> None:
    settings = from_values({"serve.tls_key": pair(tmp_path).key})
    with pytest.raises(ConfigError, match="give that with --tls-cert"):
        front_of(settings, World().clock, Told())


def test_a_token_is_shown_in_no_complaint() -> None:
    with pytest.raises(ConfigError) as caught:
        from_values({"serve.token": ["too short"]})
    assert "a token has 16 to 512 plain characters" in str(caught.value)
    assert "too short" not in str(caught.value)
    assert TOKEN not in repr(from_values({"serve.token": [TOKEN]}))


@pytest.mark.parametrize("files, room", [(20_000, 10_000), (1024, 768), (257, 1)])
def test_there_is_room_for_as_many_as_may_be_open(monkeypatch: pytest.MonkeyPatch, files: int, room: int) -> None:
    """What the system allows is raised as far as it goes before it counts; less than was wanted is said."""
    monkeypatch.setattr(fronting, "raise_file_limit", lambda: files)
    said = Told()
    front = front_of(from_values({}), World().clock, said).front
    assert front.gate._bounds.total == room
    wanted = [] if room == 10_000 else [f"room for {room} of 10,000 clients: at most {files:,} files may be open"]
    assert [text.partition(";")[0] for text in said] == wanted


def test_without_room_for_one_client_nothing_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fronting, "raise_file_limit", lambda: 256)
    with pytest.raises(ConfigError, match="at most 256 files may be open, and 256 are needed before any client comes"):
        front_of(from_values({}), World().clock, Told())


def test_allow_from_does_not_hold_on_a_unix_socket_and_says_so() -> None:
    said = Told()
    given: dict[str, object] = {
        "serve.allow_from": ("203.0.113.0/24",),
        "serve.listen": ("127.0.0.1:0", "unix:/run/certhia.sock"),
    }
    front_of(from_values(given), World().clock, said)
    assert [text for text in said if "--trusted-proxy unix" in text]
    said.clear()
    trusting = from_values(given | {"serve.trusted_proxy": ("unix", "192.0.2.1")})
    rules = front_of(trusting, World().clock, said).front.access._rules
    assert said == []
    assert rules.unix_proxy
    assert [str(one) for one in rules.proxies] == ["192.0.2.1/32"]
