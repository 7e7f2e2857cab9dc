"""What a URL hides, and what is left to see."""

from __future__ import annotations

import pytest

from certhia.sinks.hushing import Hush, origin

URL = "https://hooks.example.com/services/T0000/xoxb-1234%2F5678?key=abcdefgh&n=1"


@pytest.mark.parametrize(
    "said, shown",
    [
        (f"cannot POST {URL}", "cannot POST https://hooks.example.com/..."),
        ("no /services/T0000/xoxb-1234%2F5678?key=abcdefgh&n=1 here", "no /... here"),
        ("no /services/T0000/xoxb-1234%2F5678 here", "no ... here"),
        ('{"path":"\\/services\\/T0000\\/xoxb-1234/5678"}', '{"path":"\\/...\\/T0000\\/..."}'),
        ("key abcdefgh", "key ..."),
        ("all is well", "all is well"),
    ],
)
def test_what_may_be_a_token_is_left_out(said: str, shown: str) -> None:
    assert Hush(URL).text(said) == shown
    assert Hush(URL).body(said.encode() + b"\xff") == shown.encode() + b"\xff"
    assert Hush(URL).shown == "https://hooks.example.com/..."


def test_a_bare_host_hides_nothing_but_itself() -> None:
    assert Hush("http://127.0.0.1:9/").text("a/b http://127.0.0.1:9/ c") == "a/b http://127.0.0.1:9/... c"


@pytest.mark.parametrize(
    "url, shown",
    [
        ("https://a.example/b?c", "https://a.example"),
        ("https://user:pass@a.example/b", "a.example"),
        ("/services/x", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_where_a_redirect_leads_is_told_by_its_host(url: str, shown: str) -> None:
    assert origin(url) == shown
