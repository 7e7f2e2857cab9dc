# ruff: noqa: ASYNC240  (what changes files is what is tested; the loop has nothing else to do meanwhile)
"""Files that change while we run: the new value is there as soon as they stand still, or the old one stays."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.reload import Reloaded, folders_of, marks, troubles
from certhia.testing import SimClock, in_simulated_time

Said = list[tuple[str, str]]


class Words:
    """The words of some files; `bad` is none."""

    def __init__(self, clock: SimClock, *paths: Path) -> None:
        self.paths = paths
        self.reads = 0
        self.said: Said = []
        self.reloaded = Reloaded("words", paths, self.load, self.changes, clock=clock, tell=self.tell)
        self.clock = clock

    def load(self) -> list[str]:
        self.reads += 1
        words = []
        for path in self.paths:
            try:
                files = sorted(path.iterdir()) if path.is_dir() else [path]
                words += [word for file in files for word in file.read_text().split()]
            except OSError as error:
                raise ConfigError(f"{path}: {error.strerror}") from error
        if "worse" in words:
            raise ValueError("Exceeds the limit\x1b for digits")
        if "bad" in words:
            raise ConfigError(f"{self.paths[0]}:1:1: is bad\n{self.paths[0]}:2:1: is bad too")
        return words

    @staticmethod
    def changes(old: list[str], new: list[str]) -> list[str]:
        return [f"{' '.join(old)} to {' '.join(new)}"]

    def tell(self, text: str, *, level: str = "info", log: str = "") -> None:
        self.said.append((level, text))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Reloaded[list[str]]]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.reloaded.run())
            yield self.reloaded
            task.cancel()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text("one two")
    return path


@in_simulated_time
async def test_a_change_is_there_within_seconds(certhia_clock: SimClock, file: Path) -> None:
    words = Words(certhia_clock, file)
    async with words.running() as reloaded:
        before = reloaded.current
        await certhia_clock.sleep(10)
        assert words.reads == 1
        file.write_text("three")
        await certhia_clock.sleep(2.5)
        assert reloaded.current == ["three"]
        assert before == ["one", "two"], "whoever has the old one keeps it"
    assert words.said == [("info", "one two to three")]


@in_simulated_time
async def test_an_editor_puts_another_file_in_its_place(certhia_clock: SimClock, file: Path) -> None:
    words = Words(certhia_clock, file)
    async with words.running() as reloaded:
        new = file.with_suffix(".new")
        new.write_text("six two")  # as long as before
        stamp = file.stat().st_mtime_ns
        os.utime(new, ns=(stamp, stamp))
        new.replace(file)
        await certhia_clock.sleep(3)
        assert reloaded.current == ["six", "two"]


@in_simulated_time
async def test_a_file_that_is_away_for_a_moment_is_waited_for(certhia_clock: SimClock, file: Path) -> None:
    words = Words(certhia_clock, file)
    async with words.running() as reloaded:
        file.unlink()
        await certhia_clock.sleep(2.5)  # seen as gone by now
        file.write_text("back")
        await certhia_clock.sleep(5)
        assert reloaded.current == ["back"]
    assert words.said == [("info", "one two to back")]


@in_simulated_time
async def test_a_file_that_has_gone_changes_nothing_and_is_told_once(certhia_clock: SimClock, file: Path) -> None:
    words = Words(certhia_clock, file)
    async with words.running() as reloaded:
        file.unlink()
        await certhia_clock.sleep(60)
        assert reloaded.current == ["one", "two"]
        file.write_text("again")
        await certhia_clock.sleep(5)
        assert reloaded.current == ["again"]
    gone = f"words not reloaded, the old ones stay in use: {file}: No such file or directory"
    assert words.said == [("warning", gone), ("info", "one two to again")]


@in_simulated_time
async def test_a_bad_file_keeps_the_old_one_and_is_told_once_a_change(certhia_clock: SimClock, file: Path) -> None:
    words = Words(certhia_clock, file)
    async with words.running() as reloaded:
        file.write_text("bad")
        await certhia_clock.sleep(60)
        assert reloaded.current == ["one", "two"]
        assert words.reads == 2
        told = [
            ("warning", f"words not reloaded, the old ones stay in use: {file}:1:1: is bad"),
            ("warning", f"{file}:2:1: is bad too"),
        ]
        assert words.said == told
        file.write_text("bad still")
        await certhia_clock.sleep(60)
        assert words.said == [*told, *told]
        file.write_text("good")
        await certhia_clock.sleep(3)
        assert reloaded.current == ["good"]


@in_simulated_time
async def test_whatever_a_loader_raises_is_a_bad_file(certhia_clock: SimClock, file: Path) -> None:
    words = Words(certhia_clock, file)
    async with words.running() as reloaded:
        file.write_text("worse")
        await certhia_clock.sleep(60)
        assert reloaded.current == ["one", "two"]
        ((level, told),) = words.said
        assert (level, told.isprintable()) == ("warning", True)
        assert f"the old ones stay in use: {file}: cannot be read: ValueError: Exceeds the limit" in told
        file.write_text("good")
        await certhia_clock.sleep(3)
        assert reloaded.current == ["good"]


@in_simulated_time
async def test_a_file_that_is_being_written_is_waited_for(certhia_clock: SimClock, file: Path) -> None:
    words = Words(certhia_clock, file)
    async with words.running() as reloaded:
        with file.open("a") as stream:
            for number in range(20):
                stream.write(f" word{number}")
                stream.flush()
                await certhia_clock.sleep(0.15)
                assert reloaded.current == ["one", "two"]
        await certhia_clock.sleep(3)
        assert len(reloaded.current) == 22
    assert words.reads == 2


@in_simulated_time
async def test_one_that_never_stands_still_is_read_all_the_same(certhia_clock: SimClock, file: Path) -> None:
    words = Words(certhia_clock, file)
    async with words.running() as reloaded:
        with file.open("a") as stream:
            for number in range(60):
                stream.write(f" {number}")
                stream.flush()
                await certhia_clock.sleep(0.19)
        assert len(reloaded.current) > 10


@in_simulated_time
async def test_asked_for_it_is_read_unchanged(certhia_clock: SimClock, file: Path) -> None:
    words = Words(certhia_clock, file)
    async with words.running() as reloaded:
        reloaded.ask()
        await certhia_clock.sleep(0.1)
        assert words.reads == 2
    assert words.said == [("info", "one two to one two")]


@in_simulated_time
async def test_what_changes_while_it_is_read_is_read_again(certhia_clock: SimClock, file: Path) -> None:
    words = Words(certhia_clock, file)
    load = words.load

    def torn() -> list[str]:
        read = load()
        if words.reads == 2:
            file.write_text("the rest of it")
        return read

    words.reloaded._load = torn
    async with words.running() as reloaded:
        file.write_text("half")
        await certhia_clock.sleep(10)
        assert reloaded.current == ["the", "rest", "of", "it"]
    assert words.said == [("info", "one two to the rest of it")]


@in_simulated_time
async def test_a_mounted_configuration_is_swapped_behind_its_links(certhia_clock: SimClock, tmp_path: Path) -> None:
    """As Kubernetes does: rules.txt is a link to ..data/rules.txt, and ..data one to a folder that is replaced."""
    for name, text in (("..1", "old"), ("..2", "new")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rules.txt").write_text(text)
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "rules.txt").symlink_to("..data/rules.txt")
    words = Words(certhia_clock, tmp_path / "rules.txt")
    assert {tmp_path, tmp_path / "..data"} <= {*folders_of(words.paths)}
    async with words.running() as reloaded:
        (tmp_path / "..tmp").symlink_to("..2")
        (tmp_path / "..tmp").replace(tmp_path / "..data")
        await certhia_clock.sleep(3)
        assert reloaded.current == ["new"]


@in_simulated_time
async def test_a_folder_changes_with_what_is_in_it(certhia_clock: SimClock, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    words = Words(certhia_clock, tmp_path)
    async with words.running() as reloaded:
        (tmp_path / "b").write_text("two")
        await certhia_clock.sleep(3)
        assert reloaded.current == ["one", "two"]
        (tmp_path / "a").unlink()
        await certhia_clock.sleep(5)
        assert reloaded.current == ["two"]


async def test_the_system_tells_of_a_change_at_once(file: Path) -> None:
    """In real time: the look that comes anyway is two seconds away."""
    words = Words(SimClock(), file)
    reloaded = words.reloaded
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        task = group.create_task(reloaded.listen())
        while not reloaded._wake.is_set():  # it takes a moment until it listens
            file.write_text("other")
            await asyncio.sleep(0)
        task.cancel()


async def test_where_there_is_no_folder_to_listen_to_nothing_happens_until_other_files_count(tmp_path: Path) -> None:
    path, other = tmp_path / "folder" / "words.txt", tmp_path / "other.txt"
    path.parent.mkdir()
    path.write_text("one")
    other.write_text("two")
    words = Words(SimClock(), path)
    path.unlink()
    path.parent.rmdir()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        listening = group.create_task(words.reloaded.listen())
        words.reloaded.become(["two"], [other], words.load)
        words.reloaded._wake.clear()
        while not words.reloaded._wake.is_set():  # it takes a moment until it listens
            other.write_text("three")
            await asyncio.sleep(0)
        listening.cancel()
    assert words.reads == 1, "whoever reads them decides when"


async def test_files_that_count_later_are_listened_to(file: Path, tmp_path: Path) -> None:
    words, other = Words(SimClock(), file), tmp_path / "folder" / "other.txt"
    other.parent.mkdir()
    other.write_text("two")
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        listening = group.create_task(words.reloaded.listen())
        while not words.reloaded._wake.is_set():
            file.write_text("one")
            await asyncio.sleep(0)
        words.reloaded.become(["two"], [file, other], words.load)
        words.reloaded._wake.clear()
        while not words.reloaded._wake.is_set():
            other.write_text("three")
            await asyncio.sleep(0)
        listening.cancel()


@in_simulated_time
async def test_who_watches_hears_of_trouble_at_once_and_once(file: Path) -> None:
    words, heard = Words(SimClock(), file), list[str]()
    words.reloaded.troubled = lambda: heard.append(words.reloaded.trouble[:9])
    look, keys = troubles([words.reloaded]), list[list[str]]()
    for text in ("bad", "bad bad", "worse", "two", "three"):
        file.write_text(text)
        words.reloaded.ask()
        await words.reloaded.look()
        keys.append([one.alarm.key for one in await look()])
    assert [bool(one) for one in heard] == [True, True, False]
    assert keys[0] == keys[1] != keys[2]
    assert keys[3:] == [[], []]


def test_a_bad_file_at_the_start_is_no_start(file: Path) -> None:
    file.write_text("bad")
    with pytest.raises(ConfigError, match="is bad too"):
        Words(SimClock(), file)


def test_marks_of_what_isnt_there(tmp_path: Path) -> None:
    assert marks([tmp_path / "none"]) == ((str(tmp_path / "none"), ()),)
    (tmp_path / "loop").symlink_to("loop")
    assert marks([tmp_path / "loop"]) == ((str(tmp_path / "loop"), ()),)
    assert folders_of([tmp_path / "loop"]) == [tmp_path]


def test_a_folder_is_looked_at_as_far_as_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(10):
        (tmp_path / f"{number}").touch()
    monkeypatch.setattr("certhia.reload.MAX_FILES", 8)
    assert len(marks([tmp_path])) == 8


@in_simulated_time
async def test_a_value_of_other_files_takes_its_place(certhia_clock: SimClock, file: Path, tmp_path: Path) -> None:
    words, other = Words(certhia_clock, file), tmp_path / "other.txt"
    other.write_text("four")
    async with words.running() as reloaded:
        await certhia_clock.sleep(1)
        reloaded.become(["four"], [other], lambda: other.read_text().split())
        file.write_text("bad")
        await certhia_clock.sleep(5)
        assert (reloaded.current, words.reads) == (["four"], 1)
        other.write_text("five")
        await certhia_clock.sleep(5)
        assert reloaded.current == ["five"]
        reloaded.become(["none"], [], lambda: ["none"])
        await certhia_clock.sleep(100)
    assert words.said == [("info", "one two to four"), ("info", "four to five"), ("info", "five to none")]


@in_simulated_time
async def test_what_was_read_of_the_files_of_before_is_let_go(certhia_clock: SimClock, file: Path) -> None:
    words = Words(certhia_clock, file)
    reloaded: Reloaded[list[str]] = words.reloaded
    load = words.load

    def slow() -> list[str]:
        reloaded.current = ["mine"]  # as `become` does meanwhile
        reloaded._replaced += 1
        return load()

    reloaded._load = slow
    reloaded.ask()
    await reloaded.look()
    assert reloaded.current == ["mine"]


@in_simulated_time
async def test_whoever_takes_it_may_refuse(certhia_clock: SimClock, file: Path) -> None:
    words, taken = Words(certhia_clock, file), list[list[str]]()

    async def take(_before: list[str], after: list[str]) -> None:
        taken.append(after)
        if "three" in after:
            raise ConfigError("three is too many\nreally")

    reloaded = Reloaded("words", [file], words.load, words.changes, clock=certhia_clock, tell=words.tell, take=take)
    look = troubles([reloaded])
    assert await look() == []
    for text, current in (("three", ["one", "two"]), ("four", ["four"])):
        file.write_text(text)
        await reloaded.look()
        assert reloaded.current == current
        found = await look()
        if text == "three":
            (one,) = found
            assert one.told
            assert one.alarm.key.startswith("config:words:")
            assert one.alarm.text == "words not reloaded, the old ones stay in use: three is too many; really"
        else:
            assert found == []
    assert taken == [["three"], ["four"]]
