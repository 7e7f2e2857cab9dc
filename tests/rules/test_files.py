import codecs
from pathlib import Path

import pytest

from certhia._core import Suffixes
from certhia.errors import ConfigError
from certhia.rules.files import MAX_WIDE, SHOWN, read_file
from certhia.rules.gathering import Gathering
from certhia.rules.lines import CHUNK, MAX_LINE
from certhia.rules.numbers import Numbered


def gathered(path: Path, raw: bytes | str) -> Gathering:
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    gathering = Gathering(Suffixes.shipped())
    read_file(path, gathering)
    return gathering


def rules(gathering: Gathering) -> set[tuple[str, str, str]]:
    return {(rule.kind, rule.value, rule.text) for rule in Numbered(gathering.numbers, gathering.build())}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_one_rule_a_line(tmp_path: Path, end: str, mark: bytes) -> None:
    lines = [
        "example.com",
        "# comment",
        "",
        "  *.example.org  # below",
        "192.0.2.0/24",
        "Bücher.example",
        "=www.example.com",
        "issuer:Let's Encrypt",
        "!kw:test",
    ]
    gathering = gathered(tmp_path / "rules.txt", mark + end.join(lines).encode())
    assert [one.rule.text for one in gathering.exclusions] == ["!kw:test"]
    assert {text for _, _, text in rules(gathering)} == {
        "example.com",
        "*.example.org",
        "192.0.2.0/24",
        "Bücher.example",
        "=www.example.com",
        "issuer:Let's Encrypt",
    }


@pytest.mark.parametrize("name", ["scope.toml", "scope.TOML"])
def test_programmes_by_suffix(tmp_path: Path, name: str) -> None:
    gathering = gathered(tmp_path / name, '[[programs]]\nname = "Acme"\ndomains = ["acme.example"]\n')
    assert [rule.programme for rule in Numbered(gathering.numbers, gathering.build())] == ["Acme"]


def test_every_bad_line_is_told_with_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "rules.txt"
    raw = b"https://a.example\ngood.example\n\t b c\n ok.\xff.example\n" + b"x" * (MAX_LINE + 1) + b"\n  kw:a.b # c\n"
    problems = gathered(path, raw).problems
    assert problems[0] == f'{path}:1:1: the rule "https://a.example" is a URL; write its host: a.example'
    assert problems[1].startswith(f'{path}:3:4: the rule "b c" has a space in it')
    assert problems[2] == f'{path}:4:5: "ok.\xff.example" is not UTF-8; save it as UTF-8'
    assert problems[3] == f"{path}:5:1: the line is longer than {MAX_LINE} bytes; write one rule a line"
    assert problems[4].startswith(f'{path}:6:7: the rule "kw:a.b" has "." in it')
    assert len(problems) == 5


def test_columns_count_characters(tmp_path: Path) -> None:
    (problem,) = gathered(tmp_path / "rules.txt", "bücher.example b\n").problems
    assert problem.startswith(f"{tmp_path}/rules.txt:1:15: ")


def test_but_not_more_than_anybody_reads(tmp_path: Path) -> None:
    problems = gathered(tmp_path / "rules.txt", "a b\n" * 1000).problems
    assert len(problems) == SHOWN + 1
    assert problems[-1].endswith("there are more problems; mend these first")


def test_lines_are_counted_over_chunks(tmp_path: Path) -> None:
    lines = [f"name{number}.example" for number in range(2 * CHUNK // 10)]
    lines[-1] = "=bad.example:443"
    lines[len(lines) // 2] = "co.uk"
    gathering = gathered(tmp_path / "rules.txt", "\n".join(lines))
    assert [problem.split(" ")[0] for problem in gathering.problems] == [f"{tmp_path}/rules.txt:{len(lines)}:13:"]
    assert [notice.split(" ")[0] for notice in gathering.notices] == [f"{tmp_path}/rules.txt:{len(lines) // 2 + 1}:"]


def test_wide_lines_are_told_but_not_all(tmp_path: Path) -> None:
    suffixes = [f"{name}.uk" for name in ("co", "org", "me", "ltd", "plc", "net", "ac", "gov", "nhs", "police")]
    notices = gathered(tmp_path / "rules.txt", "\n".join(["example.com", "=co.uk", *suffixes, "com.au"])).notices
    assert len(notices) == MAX_WIDE + 1
    assert notices[0].startswith(f'{tmp_path}/rules.txt:3: "co.uk" is a suffix like com or co.uk')
    assert notices[-1] == f"{tmp_path}/rules.txt: 1 more lines are suffixes like com or co.uk"


@pytest.mark.parametrize(
    "raw, problem",
    [
        (codecs.BOM_UTF16_LE + "a.example".encode("utf-16-le"), "is UTF-16; save it as UTF-8"),
        (b"#" * (CHUNK + MAX_LINE + 1), "rules.txt:1: the line is longer"),
    ],
)
def test_files_that_cannot_be_read_at_all(tmp_path: Path, raw: bytes, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        gathered(tmp_path / "rules.txt", raw)
