"""Names of programmes, and how rules are written."""

from __future__ import annotations

import pytest

from certhia.rules.platforms.records import MAX_NAME, Ruled, named


@pytest.mark.parametrize(
    "given, name",
    [
        (" Acme\n Inc\t", "Acme Inc"),
        ("Ac\x1b[31mme\u202e", "Ac[31mme"),
        ("x" * 500, "x" * MAX_NAME),
        (5, "instead"),
        (None, "instead"),
        ("", "instead"),
        ("\x00", "instead"),
    ],
)
def test_names(given: object, name: str) -> None:
    assert named(given, "instead") == name


def test_rules_as_people_write_them() -> None:
    texts = [Ruled(kind, "a.example").text for kind in ("exact", "below", "tree")]
    assert [*texts, Ruled("cidr", "192.0.2.0/24").text] == ["=a.example", "*.a.example", "a.example", "192.0.2.0/24"]
