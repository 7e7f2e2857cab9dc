"""gzip: members, bombs of both kinds, damage, and where the work is done."""

import gzip
import random
import threading

import pytest

from certhia.errors import BadAnswer
from certhia.net import SMALL, TooLong
from certhia.unpack import BITE, MEMBERS, gunzip, unpack


def test_gunzip_unpacks_gzip_and_leaves_the_rest_alone() -> None:
    assert gunzip(b"plain", 10) == b"plain"
    assert gunzip(b"", 10) == b""
    assert gunzip(gzip.compress(b"a" * 1000), 1000) == b"a" * 1000
    assert gunzip(gzip.compress(b"a") + gzip.compress(b"b"), 2) == b"ab"


def test_gunzip_stops_at_its_cap() -> None:
    bomb = gzip.compress(bytes(50 << 20))
    with pytest.raises(TooLong, match="unpacks to more"):
        gunzip(bomb, 1 << 20)
    nested = gzip.compress(bomb)
    assert gunzip(nested, 1 << 20) == bomb
    with pytest.raises(TooLong):
        gunzip(gzip.compress(b"a") * 100, 99)


def test_gunzip_refuses_a_bomb_of_many_members() -> None:
    """Each member unpacks to nothing, so no cap is met: their number is what costs."""
    empty = gzip.compress(b"", mtime=0)
    assert gunzip(empty * MEMBERS, 10) == b""
    with pytest.raises(BadAnswer, match="more than 1024 members"):
        gunzip(empty * 209_715, 10)


def test_gunzip_finds_members_wherever_they_end() -> None:
    """Bodies are unpacked by the bite: members end within one, at its end, and after several."""
    noise = random.Random(1)
    for size in (10, BITE - 100, BITE, 3 * BITE + 7):
        plain = noise.randbytes(size)
        packed = gzip.compress(plain, mtime=0)
        assert gunzip(packed * 3, 3 * size) == plain * 3
        stored = gzip.compress(noise.randbytes(BITE - 23), 0, mtime=0)
        assert len(stored) == BITE
        assert gunzip(stored + packed, 10 * BITE).endswith(plain)


async def test_unpacking_names_the_url_and_leaves_the_loop_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def spy(body: bytes, cap: int) -> bytes:
        threads.append(threading.get_ident())
        return gunzip(body, cap)

    monkeypatch.setattr("certhia.unpack.gunzip", spy)
    url = "https://log.test/x"
    small, large = gzip.compress(b"small"), gzip.compress(random.Random(1).randbytes(2 * BITE))
    assert await unpack(url, small, SMALL) == b"small"
    assert await unpack(url, b"plain", 32 << 20) == b"plain"
    assert set(threads) == {threading.get_ident()}
    threads.clear()
    assert len(await unpack(url, large, SMALL)) == 2 * BITE
    assert await unpack(url, small, 32 << 20) == b"small"
    assert threading.get_ident() not in threads
    with pytest.raises(TooLong, match=r"^https://log\.test/x: a gzip answer"):
        await unpack(url, large, 10)


@pytest.mark.parametrize("cut", [2, 5, 12, 20])
def test_gunzip_refuses_what_is_damaged(cut: int) -> None:
    packed = gzip.compress(b"hello" * 100)
    with pytest.raises(BadAnswer):
        gunzip(packed[:cut], 1000)
    with pytest.raises(BadAnswer):
        gunzip(packed[:12] + b"\xff\xff\xff" + packed[15:], 1000)
