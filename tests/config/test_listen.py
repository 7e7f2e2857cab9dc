"""Addresses to listen on, as people write them."""

from __future__ import annotations

import pytest

from certhia.config.listen import LONGEST_PATH, Listen, listen


@pytest.mark.parametrize(
    "text, host, port, shown",
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1:8080"),
        ("[::1]:80", "::1", 80, "[::1]:80"),
        (":8080", None, 8080, ":8080"),
        ("8080", "127.0.0.1", 8080, "127.0.0.1:8080"),
        (" localhost:0 ", "localhost", 0, "localhost:0"),
    ],
)
def test_addresses(text: str, host: str | None, port: int, shown: str) -> None:
    read = listen(text)
    assert (read, str(read)) == (Listen(host, port), shown)
    assert listen(read) is read
    assert listen(str(read)) == read


@pytest.mark.parametrize("text", ["", "here", "here:", "::1:80", "1.2.3.4:70000", "http://x:80", "a b:80", ":-1"])
def test_no_addresses(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no address; write 127\.0\.0\.1:8080"):
        listen(text)


def test_unix_sockets() -> None:
    read = listen("unix:/run/certhia.sock")
    assert (read, str(read)) == (Listen(None, 0, "/run/certhia.sock"), "unix:/run/certhia.sock")


@pytest.mark.parametrize("text", ["unix:", "unix:here", f"unix:/{'x' * LONGEST_PATH}", "unix:/a\nb"])
def test_what_is_no_unix_socket(text: str) -> None:
    with pytest.raises(ValueError, match=r"write unix:/run/certhia\.sock"):
        listen(text)
