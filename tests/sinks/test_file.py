import json
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.model import Delivery
from certhia.sinks.csv import HEADER
from certhia.sinks.file import File
from certhia.sinks.formats import Format
from certhia.sinks.refusals import Refused

Make = Callable[..., Delivery]
NAMES = ["m.jsonl", "m.json", "m.csv", "m.txt"]


def ids(path: Path) -> list[int]:
    return [int(json.loads(line)["id"][:2], 16) for line in path.read_text().splitlines()]


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes: the kernel then refuses to write, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("name", NAMES)
async def test_matches_are_appended(make: Make, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shape = Format.of(path)
    for number in range(2):
        sink = File(path)
        await sink.send([make(2 * number), make(2 * number + 1)])
        await sink.close()
        await sink.close()
    assert path.read_text() == shape.header + "".join(shape.text(make(number)) for number in range(4))


async def test_its_name_is_stable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sink = File(Path("m.jsonl"), fsync=True)
    assert sink.name == f"file:{tmp_path}/m.jsonl"
    await sink.close()


@pytest.mark.parametrize("name", NAMES)
async def test_every_torn_record_is_cut_off(make: Make, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shape = Format.of(path)
    first, second = (shape.header + shape.text(make(1))).encode(), shape.text(make(2)).encode()
    for cut in (*range(4), *range(5, len(second), 101), len(second) - 1):
        path.write_bytes(first + second[:cut])
        sink = File(path)
        await sink.send([make(2)])
        await sink.close()
        assert path.read_bytes() == first + second, cut


@pytest.mark.parametrize("name", NAMES)
async def test_a_file_of_one_torn_record_begins_anew(make: Make, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shape = Format.of(path)
    whole = (shape.header + shape.text(make(1))).encode()
    for cut in range(0, len(whole), 101):
        path.write_bytes(whole[:cut])
        sink = File(path)
        await sink.send([make(1)])
        await sink.close()
        assert path.read_bytes() == whole, cut


@pytest.mark.parametrize("name", ["m.jsonl", "m.json", "m.txt"])
@pytest.mark.parametrize("foreign", ["Dear diary", '{"a": 1}', "[1,\n2]\n", "x\ny"])
async def test_other_peoples_text_is_left_alone(make: Make, tmp_path: Path, name: str, foreign: str) -> None:
    path = tmp_path / name
    path.write_text(foreign)
    sink = File(path)
    await sink.send([make(1)])
    await sink.close()
    assert path.read_text() == foreign.rstrip("\n") + "\n" + Format.of(path).text(make(1))


@pytest.mark.parametrize("content", ["timestamp,matched_domain\n1,a\n", "a,b\n", HEADER.replace("rule", "role")])
def test_a_table_with_other_columns_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "m.csv"
    path.write_text(content)
    with pytest.raises(ConfigError, match="has other columns than these matches; name a file of its own"):
        File(path)
    assert path.read_text() == content


async def test_a_torn_record_longer_than_what_is_looked_at_first(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    long = Format("jsonl").text(make(1, names=tuple(f"n{number}.example" for number in range(40_000))))
    path.write_text(long + long[:-1])
    sink = File(path)
    await sink.send([make(2)])
    await sink.close()
    assert ids(path) == [1, 2]


async def test_a_file_that_ends_in_no_record_within_reach_is_left_alone(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it is: only its end is read."""
    monkeypatch.setattr("certhia.sinks.file.MAX_TORN", 1 << 18)
    path = tmp_path / "m.jsonl"
    torn = Format("jsonl").text(make(1))[:-2] + "x" * (1 << 21)
    path.write_text(torn)
    sink = File(path)
    await sink.send([make(2)])
    await sink.close()
    assert path.read_text() == torn + "\n" + Format("jsonl").text(make(2))


@pytest.mark.parametrize("name", ["m.jsonl", "m.csv"])
async def test_a_file_that_was_rotated_away_is_made_anew(make: Make, tmp_path: Path, name: str) -> None:
    path, old = tmp_path / name, tmp_path / "old"
    shape = Format.of(path)
    sink = File(path)
    await sink.send([make(1)])
    path.rename(old)
    await sink.send([make(2)])
    path.unlink()
    await sink.send([make(3)])
    os.truncate(path, 0)
    await sink.send([make(4)])
    await sink.close()
    assert old.read_text() == shape.header + shape.text(make(1))
    assert path.read_text() == shape.header + shape.text(make(4))


async def test_a_directory_that_went_is_told_and_waited_for(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "sub" / "m.jsonl"
    path.parent.mkdir()
    sink = File(path)
    path.unlink()
    path.parent.rmdir()
    with pytest.raises(OSError, match=rf"matches cannot be written: No such file or directory: '{path}'"):
        await sink.send([make(1)])
    path.parent.mkdir()
    await sink.send([make(1)])
    await sink.close()
    assert ids(path) == [1]


@pytest.mark.parametrize("name", NAMES)
async def test_a_full_disk_is_told_and_leaves_no_torn_record(make: Make, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shape = Format.of(path)
    sink = File(path)
    await sink.send([make(1)])
    whole = path.read_bytes()
    with disk_of(len(whole) + 50), pytest.raises(OSError, match=f"matches cannot be written: .*{name}"):
        await sink.send([make(2), make(3)])
    assert path.read_bytes() == whole
    await sink.send([make(2), make(3)])
    await sink.close()
    assert path.read_text() == shape.header + "".join(shape.text(make(number)) for number in (1, 2, 3))


def test_what_cannot_be_written_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no directory .*/none; make it first \(mkdir -p "):
        File(tmp_path / "none" / "m.jsonl")
    (tmp_path / "d.json").mkdir()
    with pytest.raises(ConfigError, match="it is a directory; name a file in it"):
        File(tmp_path / "d.json")
    os.mkfifo(tmp_path / "p.csv")
    with pytest.raises(ConfigError, match="is a named pipe"):
        File(tmp_path / "p.csv")
    with pytest.raises(ConfigError, match="its name does not say how to write it"):
        File(tmp_path / "m")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_is_not_ours_to_write(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.touch(mode=0o400)
    with pytest.raises(ConfigError, match="Permission denied; name a file that you may write"):
        File(path)


async def test_a_device_has_one_header(make: Make) -> None:
    """A terminal that somebody reads: its size never tells that something was written."""
    reading, terminal = os.openpty()
    sink = File(Path(os.ttyname(terminal)), Format("csv"), fsync=False)
    await sink.send([make(1)])
    await sink.send([make(2)])
    await sink.close()
    lines = b""
    while lines.count(b"\n") < 3:
        lines += os.read(reading, 1 << 16)
    os.close(terminal)
    os.close(reading)
    header = HEADER.rstrip().encode()
    assert lines.startswith(header)
    assert lines.count(header) == 1


async def test_a_link_is_followed(make: Make, tmp_path: Path) -> None:
    target, link = tmp_path / "real", tmp_path / "m.jsonl"
    link.symlink_to(target)
    sink = File(link)
    await sink.send([make(1)])
    await sink.close()
    assert ids(target) == [1]
    assert link.is_symlink()


@pytest.mark.parametrize("name", NAMES)
async def test_records_that_are_no_matches_go_where_lines_are_json(make: Make, tmp_path: Path, name: str) -> None:
    file = File(tmp_path / name)
    await file.send([make(1)])
    before = (tmp_path / name).read_bytes()
    with nullcontext() if name == "m.jsonl" else pytest.raises(Refused, match="has no place for it; jsonl has"):
        await file.note({"timestamp": 1, "event": "probe", "name": "\udcff"})
    await file.close()
    more = (tmp_path / name).read_bytes().removeprefix(before)
    assert more == (b'{"timestamp":1,"event":"probe","name":"\\udcff"}\n' if name == "m.jsonl" else b"")
