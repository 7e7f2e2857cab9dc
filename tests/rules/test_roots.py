from pathlib import Path

import pytest

from certhia._core import Suffixes
from certhia.errors import ConfigError
from certhia.rules.roots import Roots


@pytest.mark.parametrize(
    "names, kept",
    [
        (["www.example.com"], True),
        (["example.com"], True),
        (["*.example.com"], True),
        (["WWW.Example.COM."], True),
        (["other.example", "a.b.example.com"], True),
        (["notexample.com"], False),
        (["example.com.evil.example"], False),
        (["shop.co.uk"], True),
        (["a.shop.co.uk"], True),
        (["co.uk"], False),
        (["xn--bcher-kva.example"], True),
        (["192.0.2.7"], False),
        ([], False),
        ([""], False),
        (["\x00bad name"], False),
    ],
)
def test_only_names_of_the_roots_are_kept(tmp_path: Path, names: list[str], kept: bool) -> None:
    path = tmp_path / "roots.txt"
    path.write_text("# ours\nexample.com\nwww.shop.co.uk\n*.bücher.example\n")
    roots = Roots.load(path)
    assert len(roots) == 3
    assert roots.keeps(names) is kept


@pytest.mark.parametrize(
    "text, problem",
    [
        ("a b\n", 'roots.txt:1: "a b" is no domain name'),
        ("# nothing\n", "holds no domain, so nothing would be told"),
    ],
)
def test_problems(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "roots.txt"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        Roots.load(path)
    assert problem in str(caught.value)


def test_another_list_of_suffixes() -> None:
    suffixes = Suffixes.parse("".join(f"{name}\n" for name in ("com", "example.com", *map(str, range(1000)))).encode())
    roots = Roots(["www.a.example.com"], suffixes)
    assert roots.domains == {"a.example.com"}
    assert not roots.keeps(["b.example.com"])
