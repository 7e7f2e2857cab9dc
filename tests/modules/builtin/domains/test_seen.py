"""The set of seen domains: over restarts, damage, growth, and a second process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.modules.builtin.matching import Around
from tests.modules.builtin.paging import entries_for

from certhia._core import Suffixes
from certhia.errors import ConfigError
from certhia.modules.builtin.domains.layer import HEADER
from certhia.modules.builtin.domains.seen import Seen, opened
from certhia.testing import SimClock

SHIPPED = Suffixes.shipped()


@pytest.fixture
def around(tmp_path: Path) -> Around:
    return Around(tmp_path, SimClock())


@contextmanager
def set_of(around: Around, capacity: int = 1000, max_size: int = 10**9, key: bytes = bytes(16)) -> Iterator[Seen]:
    seen = Seen(
        around.directory,
        capacity=capacity,
        error_rate=0.01,
        max_size=max_size,
        clock=around.clock,
        tell=around.outside.tell,
        key=key,
    )
    try:
        yield seen
    finally:
        seen.close()


def add(seen: Seen, start: int, end: int) -> int:
    """How many of so many domains are new, in pages of 100."""
    new = 0
    for at in range(start, end, 100):
        page = entries_for([f"d{number}.example" for number in range(at, min(end, at + 100))]).page
        new += seen.add(page, None, 0, SHIPPED).count
    return new


def test_it_survives_a_restart(around: Around) -> None:
    with set_of(around) as seen:
        begun = seen.begun
        assert add(seen, 0, 500) == pytest.approx(500, abs=5)
        known = seen.standing().known
        assert known == pytest.approx(500, rel=0.05)
    around.clock.advance(1000)  # type: ignore[attr-defined]
    with set_of(around) as seen:
        assert seen.standing().known == pytest.approx(known, rel=0.02)  # by its bits
        assert (seen.begun, add(seen, 0, 500)) == (begun, 0)


def test_a_full_one_gets_a_larger_one_behind_it(around: Around) -> None:
    with set_of(around) as seen:
        add(seen, 0, 10_000)
        standing = seen.standing()
        assert standing.layers == 4  # for 1,000, 2,000, 4,000 and 8,000
        assert standing.known == pytest.approx(10_000, rel=0.02)
        assert standing.error_rate < 0.01
        assert add(seen, 0, 10_000) == 0
        assert 10_000 - add(seen, 20_000, 30_000) < 100
        layers = seen.standing().layers
    with set_of(around) as seen:
        assert (seen.standing().layers, add(seen, 0, 10_000)) == (layers, 0)
    assert around.said == []


def test_it_grows_no_larger_than_it_may(around: Around) -> None:
    with set_of(around, max_size=10_000) as seen:
        add(seen, 0, 4_000)
        assert seen.standing().layers == 1
        assert seen.standing().error_rate > 0.01
        seen.adopt(1000, 0.01, 10**9)
        add(seen, 5_000, 5_001)
        assert seen.standing().layers == 2, "more room was given"
    (said,) = around.said
    assert said.startswith("the set of seen domains is full, and takes more new domains for known ones: a larger one")


def test_what_is_damaged_is_moved_aside_and_told(around: Around) -> None:
    with set_of(around) as seen:
        add(seen, 0, 2000)
        assert seen.standing().layers == 2
    first = around.directory / "seen-001.set"
    first.write_bytes(b"\0" * 100)
    with set_of(around) as seen:
        assert seen.standing().layers == 1
        assert add(seen, 1500, 2000) < 10, "the other one is in use"
        assert add(seen, 0, 500) > 400, "what was in the damaged one counts as new"
    (said,) = around.said
    assert said.startswith(f"{first}: does not begin as one of them does; it is kept as seen-001.set.broken-")
    assert len(list(around.directory.glob("seen-001.set.broken-*"))) == 1


def test_one_of_another_set_is_moved_aside(around: Around, tmp_path: Path) -> None:
    other = Around(tmp_path / "other", SimClock())
    other.directory.mkdir()
    for each, key in ((around, b"one key of 16 B."), (other, b"another, as long")):
        with set_of(each, key=key) as seen:
            add(seen, 0, 100)
    (other.directory / "seen-001.set").rename(around.directory / "seen-002.set")
    with set_of(around) as seen:
        assert add(seen, 0, 100) == 0
    assert "is of another set: it has another key" in around.said[0]


def test_when_all_of_it_is_damaged_it_is_begun_anew(around: Around) -> None:
    with set_of(around) as seen:
        add(seen, 0, 100)
    path = around.directory / "seen-001.set"
    path.write_bytes(path.read_bytes()[: HEADER + 64])
    with set_of(around) as seen:
        assert add(seen, 0, 100) == pytest.approx(100, abs=2)
    assert (around.directory / "seen-002.set").exists()


def test_one_half_made_is_gone(around: Around) -> None:
    (around.directory / "seen-001.new").write_bytes(b"half")
    with set_of(around):
        pass
    assert sorted(path.name for path in around.directory.iterdir()) == ["lock", "seen-001.set"]


def test_two_processes_cannot_have_it(around: Around) -> None:
    with set_of(around), pytest.raises(ConfigError, match="another process fills this set"), set_of(around):
        pass
    with set_of(around):
        pass


def test_within_a_process_it_is_one(around: Around) -> None:
    given = {"capacity": 1000, "error_rate": 0.01, "max_size": 10**9}
    one, other = (opened(around.directory, clock=around.clock, tell=around.outside.tell, **given) for _ in range(2))  # type: ignore[arg-type]
    assert one is other
    assert add(one, 0, 100) == pytest.approx(100, abs=2)
    one.close()
    assert add(other, 0, 100) == 0
    other.close()
    again = opened(around.directory, clock=around.clock, tell=around.outside.tell, **given)  # type: ignore[arg-type]
    assert again is not one
    assert add(again, 0, 100) == 0
    again.close()
