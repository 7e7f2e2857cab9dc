"""Rules to measure with, the same in every run: as somebody writes them who watches over much."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path

# (kind, value), as `certhia._core.Rules.add` takes them.
Rule = tuple[str, str]

_WORDS = (
    "acme", "northwind", "contoso", "fabrikam", "initech", "globex", "umbrella", "hooli", "vandelay", "wonka", "stark",
    "wayne", "tyrell", "cyberdyne", "soylent", "aperture", "duff", "oscorp", "gringotts", "monarch", "zorin", "sirius",
    "nakatomi", "weyland", "rekall", "virtucon", "spacely", "cogswell", "dunder", "pied",
)  # fmt: skip
_PURPOSES = (
    "bank", "mail", "shop", "cloud", "pay", "secure", "login", "travel", "health", "energy", "media", "soft", "data",
    "air", "rail", "auto", "home", "games", "food", "wear", "labs", "capital", "trust", "post", "net", "tech", "group",
    "works", "direct", "online", "express", "market", "studio", "press",
)  # fmt: skip
_TLDS = ("com", "org", "net", "de", "co.uk", "fr", "io", "com.br", "app", "nl")


def domains(count: int) -> Iterator[Rule]:
    """Registrable domains, some below them, each once."""
    for number in range(count):
        word, purpose = _WORDS[number % len(_WORDS)], _PURPOSES[number // 7 % len(_PURPOSES)]
        yield "tree", f"{word}-{purpose}{number}.{_TLDS[number % len(_TLDS)]}"


def domain_file(path: Path, count: int) -> Path:
    """The same as a plain file, one a line; written once."""
    if not path.exists():
        partial = path.with_suffix(".part")
        partial.write_text("".join(f"{value}\n" for _, value in domains(count)))
        partial.replace(path)
    return path


def keywords() -> Iterator[Rule]:
    """1,000 names of firms and products, as parts of labels."""
    return (("keyword", f"{word}{purpose}") for word, purpose in islice(product(_WORDS, _PURPOSES), 1000))


def patterns() -> Iterator[Rule]:
    """100 regular expressions: classes, alternations, repeats without anchors."""
    shapes = (
        r"{word}[-_.]?(login|signin|account|verify)",
        r"(secure|my|www)[0-9]*[-.]{word}",
        r"{word}\d{{2,6}}\.",
        r"^([a-z0-9-]+\.)*{word}-[a-z]+\.(top|xyz|icu|click)$",
    )
    return (("regex", shape.format(word=word)) for word, shape in islice(product(_WORDS, shapes), 100))


def lookalikes() -> Iterator[Rule]:
    """200 domains whose look-alikes are of interest."""
    return (("typo", f"{word}{purpose}.com") for word, purpose in islice(product(_WORDS, _PURPOSES[::5]), 200))
