from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia._core import to_ascii
from certhia.scanner.hosts import HostError, is_plain, read_host


@pytest.mark.parametrize("name", ["www.example.com", "localhost", "_a._b.example", "a-b.example", "3com.example", "x"])
def test_plain_names_stand_for_themselves(name: str) -> None:
    assert is_plain(name)
    assert read_host(name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "a.", ".a", "a..b", "-a.b", "a-.b", "a.1", "a.0x1f", "ä.b", "xn--a.b", "A.b"]
)
def test_others_are_looked_at(name: str) -> None:
    assert not is_plain(name)


@pytest.mark.parametrize(
    "written, name",
    [
        ("BÜCHER.example.", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("ｅｘａｍｐｌｅ。com", "example.com"),
    ],
)
def test_names_come_as_a_labels(written: str, name: str) -> None:
    assert read_host(written) == name == to_ascii(written)


@pytest.mark.parametrize("written", ["a.1", "a.0x7f", "１２７.１", "a.0X7F"])
def test_a_name_that_ends_in_a_number_is_none(written: str) -> None:
    """Other programs would read an address in it (WHATWG URL, section 3.5)."""
    with pytest.raises(HostError, match="ends in a number"):
        read_host(written)


def test_the_error_tells_what_and_what_instead() -> None:
    with pytest.raises(HostError) as caught:
        read_host("a@b.example")
    assert (caught.value.what, caught.value.instead) == ("looks like a mail address", "write its host: b.example")
    assert str(caught.value) == 'the host "a@b.example" looks like a mail address; write its host: b.example'


@given(st.text(max_size=80))
def test_any_text_is_a_host_or_told(text: str) -> None:
    try:
        name = read_host(text)
    except HostError:
        return
    assert name.isascii()
    assert name == name.lower()
    assert read_host(name) == name
