"""Which names are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia import data
from certhia.config.scanning import ScanOptions
from certhia.errors import ConfigError
from certhia.library.filtering import Filter
from certhia.scanner.records import Found


def kept(options: ScanOptions, *names: str, source: str = "san") -> list[str]:
    return [one.name for one in Filter(options).keep([Found(name, source) for name in names])]


def test_third_parties_are_left_out_unless_they_are_wanted() -> None:
    names = ("www.example.com", "d111.cloudfront.net", "*.fastly.net", "google-analytics.com")
    assert kept(ScanOptions(), *names) == ["www.example.com"]
    assert kept(ScanOptions(default_exclusions=False), *names) == [*names]


def test_what_was_asked_for_stays() -> None:
    assert kept(ScanOptions(), "d111.cloudfront.net", source="sni") == ["d111.cloudfront.net"]


def test_rules_by_comma_and_of_files(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("# ours\n*.internal.example.com\n=test.example.com\n")
    options = ScanOptions(exclude_domains=("example.net,*.google.com", str(tmp_path / "own.txt")))
    names = (
        "a.internal.example.com",
        "test.example.com",
        "a.test.example.com",
        "x.example.net",
        "google.com",
        "a.google.com",
    )
    assert kept(options, *names) == ["a.test.example.com", "google.com"]


def test_a_list_longer_than_the_name_of_a_file() -> None:
    names = [f"n{number}.example.com" for number in range(500)]
    assert kept(ScanOptions(exclude_domains=(",".join(names),)), *names, "a.example.net") == ["a.example.net"]


def test_patterns() -> None:
    options = ScanOptions(exclude_domains=(r"^api\d{1,3}\.example\.com$",))
    assert kept(options, "api12.example.com", "api.example.com") == ["api.example.com"]


def test_only_what_is_wished_for() -> None:
    options = ScanOptions(include=("example.com",), exclude_domains=("dev.example.com",))
    assert kept(options, "www.example.com", "a.dev.example.com", "example.org") == ["www.example.com"]


def test_they_are_counted_once() -> None:
    one = Filter(ScanOptions())
    for _ in range(3):
        one.keep([Found("a.fastly.net", "san"), Found("a.fastly.net", "cn"), Found("b.fastly.net", "san")])
    assert one.left_out == 2


def test_a_rule_that_is_none() -> None:
    with pytest.raises(ConfigError, match="--exclude-domains: "):
        Filter(ScanOptions(exclude_domains=("a..b",)))


def test_the_shipped_list() -> None:
    shipped = data.third_parties()
    assert len(shipped) == len({*shipped}) >= 64
    assert Filter(ScanOptions()).left_out == 0
