"""Pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.scanner.content import markup
from certhia.scanner.content.markup import MAX_META, MAX_SCRIPTS, MAX_TAG, Markup


def read(*pieces: str) -> tuple[Markup, list[str]]:
    inline: list[str] = [""]

    def take(text: str) -> None:
        inline[-1] += text
        if not text:
            inline.append("")

    markup = Markup(take)
    for piece in pieces:
        markup.feed(piece.encode())
    return markup, [one for one in inline if one]


def test_a_page() -> None:
    page, inline = read(
        """<!DOCTYPE html><html><head><base href=/app/><title><script src=no.js></title>
        <META HTTP-EQUIV='content-security-policy' CONTENT="default-src &#39;self&#39; a.example.com">
        <meta name=viewport content="x"><script defer src = "main.js?a=1&amp;b=2"></script>
        <script>let a = "<meta http-equiv='Content-Security-Policy' content='b'>"</script >
        <!-- <script src=comment.js></script> --><!--><script src='//cdn.example.net/x.js'/></script>"""
    )
    assert page.policies == ["default-src 'self' a.example.com"]
    assert page.scripts == ["main.js?a=1&b=2", "//cdn.example.net/x.js"]
    assert page.base == "/app/"
    assert inline == ["""let a = "<meta http-equiv='Content-Security-Policy' content='b'>\""""]


def test_what_is_no_page() -> None:
    for text in ("", "<", "<script", "<meta http-equiv=Content-Security-Policy", "<!--", "<script>x", "\0\xff<>>"):
        assert read(text)[0].policies == read(text)[0].scripts == []


def test_a_page_is_bounded() -> None:
    page, _ = read("<meta http-equiv=Content-Security-Policy content=x>" * (MAX_META + 1))
    assert len(page.policies) == MAX_META
    assert len(read("<script src=x></script>" * (MAX_SCRIPTS + 1))[0].scripts) == MAX_SCRIPTS


def test_a_tag_without_end_is_skipped() -> None:
    long = "<meta content='" + "x" * MAX_TAG
    for pieces in ([long + "'><script src=a.js></script>"], [long, "'><script src=a.js></script>"]):
        assert read(*pieces)[0].scripts == ["a.js"]


PARTS = [
    "<script src=",
    "a.js",
    ">",
    "</script>",
    "<!--",
    "-->",
    "<meta ",
    "http-equiv=Content-Security-Policy",
    "'",
    '"',
]
PARTS += [" content=", "<title>", "</title", "<base href=x>", " ", "/", "é", "<"]


@given(st.lists(st.sampled_from(PARTS), max_size=25), st.integers(1, 9), st.sampled_from((5, 20, MAX_TAG)))
def test_slices_make_no_difference(parts: list[str], size: int, longest: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(markup, "MAX_TAG", longest)
        compare("".join(parts), size)


def compare(text: str, size: int) -> None:
    whole, inline = read(text)
    sliced, again = read(*(text[at : at + size] for at in range(0, len(text), size)))
    assert (whole.policies, whole.scripts, whole.base) == (sliced.policies, sliced.scripts, sliced.base)
    assert "".join(inline) == "".join(again)
