from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.rules import documents
from certhia.rules.documents import MAX_DOCUMENT, Text, read_document


def read(tmp_path: Path, name: str, raw: str | bytes) -> object:
    path = tmp_path / name
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return read_document(path)


def lines(value: object) -> object:
    """The document with each text's line in its place."""
    if isinstance(value, dict):
        return {str(key): lines(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [lines(inner) for inner in value]
    return value.line if isinstance(value, Text) else value


def test_toml_texts_know_their_lines(tmp_path: Path) -> None:
    document = read(tmp_path, "a.toml", 'x = "a"\n\n[[p]]\nd = ["a",\n  "b"]\nn = 1\n')
    assert document == {"x": "a", "p": [{"d": ["a", "b"], "n": 1}]}
    assert lines(document) == {"x": 1, "p": [{"d": [4, 5], "n": 1}]}


def test_yaml_texts_know_their_lines_and_stay_texts(tmp_path: Path) -> None:
    document = read(tmp_path, "a.yaml", "a: no\nb:\n  - 1.5\n  - ~\nc: {}\nd: []\n")
    assert document == {"a": "no", "b": ["1.5", "~"], "c": {}, "d": []}
    assert lines(document) == {"a": 1, "b": [3, 4], "c": {}, "d": []}


def test_texts_know_their_columns(tmp_path: Path) -> None:
    for name, text in (("a.toml", '"ü" = ["a", \n  "b"]'), ("a.yaml", "ü: ['a',\n  b]")):
        document = read(tmp_path, name, text)
        assert isinstance(document, dict)
        ((key, values),) = document.items()
        assert [key.column, *(value.column for value in values)] == ([2, 9, 4] if name == "a.toml" else [1, 6, 3])


def test_comments_and_escapes_mislead_nobody(tmp_path: Path) -> None:
    assert lines(read(tmp_path, "a.toml", '# x\nx = [ # "a"\n"\\u00fc", "\u00fc",\n"a"]')) == {"x": [3, 3, 4]}


def test_a_table_written_in_another_order_has_no_line(tmp_path: Path) -> None:
    assert lines(read(tmp_path, "a.toml", '[a.b]\nx = "1"\n[c]\ny = "2"\n[a.d]\nz = "3"\n')) == {
        "a": {"b": {"x": 2}, "d": {"z": 6}},
        "c": {"y": 0},
    }


@pytest.mark.parametrize("name", ["a.toml", "a.yaml"])
def test_a_byte_order_mark_is_ignored(tmp_path: Path, name: str) -> None:
    text = 'x = "y"' if name == "a.toml" else "x: y"
    assert read(tmp_path, name, b"\xef\xbb\xbf" + text.encode()) == {"x": "y"}


@pytest.mark.parametrize(
    "name, raw, problem",
    [
        ("a.toml", "x = 1\ny = [", "is not TOML"),
        ("a.toml", "x = 1\ny == 2", "a.toml:2:4: is not TOML"),
        ("a.yaml", "x: 1\ny: [", "a.yaml:3:1: is not YAML|a.yaml:2:5: is not YAML"),
        ("a.yaml", "x: !!python/object:os.system y\n*no", "is not YAML"),
        ("a.yaml", b"\x00", "is not YAML"),
        ("a.yaml", "d: [a.example, *.a.example]", 'what begins with a star needs quotes: "*.example.com"'),
        ("a.yaml", "d:\n  - !a.example", 'a.yaml:2:5: "!a.example" is a tag to YAML; what begins with ! needs quotes'),
        ("a.toml", b"\xff", "is not UTF-8 (byte 0); save it as UTF-8"),
        ("a.toml", "x = " + "[" * 100_000, "a.toml:1:69: is nested too deep"),
        ("a.yaml", "[" * 1_000_000, "a.yaml:1:65: is nested too deep"),
        ("a.yaml", "a: &a [*a]", "a.yaml:1:4: is nested too deep"),
        ("a.yaml", "d: [a.example]\nd: [b.example]", 'a.yaml:2:1: the key "d" stands in line 1 already'),
        ("a.yaml", "[a]: b.example", "a.yaml:1:1: a list or mapping stands where a key must"),
        ("a.toml", "x = " + "1" * 5_000, "a.toml: is not TOML: Exceeds the limit"),
        ("a.toml", b" " * (MAX_DOCUMENT + 1), "is larger than 16 MiB; write it as plain rules"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, raw: str | bytes, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, name, raw)
    assert any(part in str(caught.value) for part in problem.split("|"))
    assert str(caught.value).isprintable()


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read: No such file"):
        read_document(tmp_path / "none.toml")


def test_an_alias_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_NODES", 10_000)
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20))
    with pytest.raises(ConfigError, match="its aliases make it larger than 10000 values"):
        read(tmp_path, "a.yaml", bomb)


def test_an_alias_to_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        read(tmp_path, "a.yaml", "a: &a [*a]")
