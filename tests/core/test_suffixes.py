"""Public suffix lists: the shipped one, and lists that are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia._core import Page, Suffixes, registrable_domain, to_ascii
from certhia.errors import Malformed

FILLER = "".join(f"filler{number}\n" for number in range(1000))
LIST = f"// VERSION: 2026-11-01_00-00-00_UTC\ncom\nuk\nco.uk\n*.ck\n!www.ck\nпример\n{FILLER}"


def test_the_shipped_list_is_the_plain_functions(page: Page) -> None:
    shipped = Suffixes.shipped()
    assert len(shipped) > 9000
    assert shipped.version == ""
    for entry in page:
        for name in entry.certificate.dns_names:
            assert shipped.registrable_domain(name) == registrable_domain(name)


def test_a_list_that_is_read() -> None:
    suffixes = Suffixes.parse(LIST.encode())
    assert (len(suffixes), suffixes.version) == (1006, "2026-11-01_00-00-00_UTC")
    for name, expected in [
        ("WWW.Example.co.uk.", "example.co.uk"),
        ("co.uk", None),
        ("a.b.c.ck", "b.c.ck"),
        ("a.www.ck", "www.ck"),
        ("a.b.пример", "b.xn--e1afmkfd"),
        ("192.0.2.1", None),
        ("not a name", None),
        ("a.b.filler7", "b.filler7"),
    ]:
        assert suffixes.registrable_domain(name) == expected, name


@pytest.mark.parametrize("text", [b"", b"<html>", b"com\nuk\n", LIST.encode() + b"a..b\n", b"\n" * (4 << 20) + b"com"])
def test_what_is_no_list(text: bytes) -> None:
    with pytest.raises(Malformed, match="public suffix list"):
        Suffixes.parse(text)


@pytest.fixture(scope="module")
def whole_list(root: Path) -> bytes:
    """A whole public suffix list, of whatever day."""
    for path in (
        root / "src/certhia/data/public_suffix_list.dat",
        Path("/usr/share/publicsuffix/public_suffix_list.dat"),
    ):
        if path.exists():
            return path.read_bytes()
    pytest.skip("there is no public_suffix_list.dat here")


def _plain(rules: set[str], name: str) -> str | None:
    """The formal algorithm of publicsuffix.org, said plainly."""
    labels = name.split(".")
    length = 1
    for start in range(len(labels)):
        tail = labels[start:]
        if "!" + ".".join(tail) in rules:
            length = len(tail) - 1
            break
        if ".".join(tail) in rules or ".".join(["*", *tail[1:]]) in rules:
            length = len(tail)
            break
    return ".".join(labels[-length - 1 :]) if len(labels) > length else None


def test_the_whole_list_as_a_plain_model_says(page: Page, whole_list: bytes) -> None:
    suffixes = Suffixes.parse(whole_list)
    lines = (line.split()[0] for line in whole_list.decode().splitlines() if line.strip() and not line.startswith("//"))
    marks = {line: "!" if line[0] == "!" else "*." if line.startswith("*.") else "" for line in lines}
    rules = {mark + to_ascii(line.removeprefix(mark)) for line, mark in marks.items()}
    assert len(suffixes) == len(rules)
    names = {name.lower().removeprefix("*.") for entry in page for name in entry.certificate.dns_names}
    bases = [rule.lstrip("!").removeprefix("*.") for rule in rules]
    names |= {f"{prefix}{base}" for base in bases for prefix in ("", "a.", "b.a.", "www.")}
    for name in names:
        assert suffixes.registrable_domain(name) == _plain(rules, name), name


def test_the_whole_list_gives_mostly_what_the_shipped_one_gives(page: Page, whole_list: bytes) -> None:
    """They are of different days."""
    read, shipped = Suffixes.parse(whole_list), Suffixes.shipped()
    names = [name for entry in page for name in entry.certificate.dns_names]
    same = sum(read.registrable_domain(name) == shipped.registrable_domain(name) for name in names)
    assert same > 0.9 * len(names)
