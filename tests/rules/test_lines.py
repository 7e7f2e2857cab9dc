import os
from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.rules import lines
from certhia.rules.bundle import read_certificates
from certhia.rules.expected import Expected
from certhia.rules.lines import CHUNK, MAX_FILE, MAX_LINE, read_chunks, read_lines
from certhia.rules.watchlist import Watchlist


def read(tmp_path: Path, raw: bytes) -> list[tuple[int, str]]:
    path = tmp_path / "rules.txt"
    path.write_bytes(raw)
    return list(read_lines(path))


def test_lines_without_comments_and_spaces(tmp_path: Path) -> None:
    assert read(tmp_path, b"# head\n\n  a.example  \nb.example # ours\n\t# more\nc#d\ne.example\t#x") == [
        (3, "a.example"),
        (4, "b.example"),
        (6, "c#d"),
        (7, "e.example"),
    ]


def test_a_byte_order_mark_and_any_line_ends(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfa\r\nb\r\n") == [(1, "a"), (2, "b")]


def test_an_empty_file_has_none(tmp_path: Path) -> None:
    assert read(tmp_path, b"") == []


@pytest.mark.parametrize(
    "raw, problem",
    [
        (b"a\n\xff\n", 'rules.txt:2: "ÿ" is not UTF-8 (byte 0); save it as UTF-8'),
        (b"\xff\xfea\x00", "rules.txt: is UTF-16; save it as UTF-8"),
        (b"a\n" + b"x" * (MAX_LINE + 1), f"rules.txt:2: the line is longer than {MAX_LINE} bytes"),
    ],
)
def test_what_is_no_text_is_told(tmp_path: Path, raw: bytes, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, raw)
    assert problem in str(caught.value)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rules.txt"
    with path.open("wb") as file:
        file.truncate(MAX_FILE + 1)
    with pytest.raises(ConfigError, match="is larger than 256 MiB; split it"):
        next(read_lines(path))
    with pytest.raises(ConfigError, match="is larger than 256 MiB; split it"):
        next(read_chunks(path))


def test_an_endless_file_is_refused(tmp_path: Path) -> None:
    for read in (read_lines, read_chunks):
        with pytest.raises(ConfigError, match="longer than"):
            list(read(Path("/dev/zero")))


@pytest.mark.parametrize("name", ["missing.txt", "."])
def test_a_file_that_is_none(tmp_path: Path, name: str) -> None:
    for read in (read_lines, read_chunks):
        with pytest.raises(ConfigError, match="cannot be read"):
            list(read(tmp_path / name))


def test_chunks_are_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "rules.txt"
    raw = b"".join(b"%d\r\n" % number for number in range(CHUNK // 4)) + b"last"
    path.write_bytes(b"\xef\xbb\xbf" + raw)
    chunks = list(read_chunks(path))
    assert len(chunks) > 1
    assert b"".join(chunks) == raw
    assert all(chunk.endswith(b"\n") for chunk in chunks[:-1])


def test_no_chunk_has_more_lines_than_the_core_gives_back(tmp_path: Path) -> None:
    path = tmp_path / "rules.txt"
    path.write_bytes(b".\n" * CHUNK)
    assert max(chunk.count(b"\n") for chunk in read_chunks(path)) < 100_000


@pytest.mark.parametrize("name", ["rules", "rules.toml", "rules.yaml"])
def test_a_pipe_without_a_writer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(lines, "PATIENCE", 0)
    pipe = tmp_path / name
    os.mkfifo(pipe)
    with pytest.raises(ConfigError, match="nobody wrote to this pipe for 0 s; name a file"):
        Watchlist(files=[pipe])
    with pytest.raises(ConfigError, match="nobody wrote to this pipe"):
        read_certificates(pipe)
    with pytest.raises(ConfigError, match="nobody wrote to this pipe"):
        Expected.load([pipe])


def test_a_pipe_with_a_writer_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as file:
        file.write(b"example.com\nexample.net\n")
    try:
        assert list(read_lines(Path(f"/dev/fd/{reading}"))) == [(1, "example.com"), (2, "example.net")]
    finally:
        os.close(reading)
