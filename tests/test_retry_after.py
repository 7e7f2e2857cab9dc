"""Retry-After in all the forms that servers send."""

import pytest

from certhia.retry_after import retry_after

NOW = 1_795_217_021.0  # Fri, 20 Nov 2026 23:23:41 UTC


@pytest.mark.parametrize(
    "value, seconds",
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.25),
        ("0.5", 0.5),
        ("-1", 0.25),
        ("1000000000", 600.0),
        ("9" * 300, 600.0),
        ("1e3", None),
        ("nan", None),
        ("Fri, 20 Nov 2026 23:24:41 GMT", 60.0),
        ("Fri, 20 Nov 2026 23:24:41 UTC", 60.0),
        ("Sat, 21 Nov 2026 00:24:41 +0100", 60.0),
        ("Fri, 20 Nov 2026 23:24:41", 60.0),
        ("Friday, 20-Nov-26 23:24:41 GMT", 60.0),
        ("Fri Nov 20 23:24:41 2026", 60.0),
        ("Fri, 20 Nov 2026 23:23:41 UTC", 0.25),
        ("Fri, 20 Nov 2020 23:23:41 GMT", 0.25),
        ("Fri, 20 Nov 9999 23:23:41 GMT", 600.0),
        ("soon", None),
        ("Fri, 99 Nov 2026 23:23:41 GMT", None),
        ("\x00\xff", None),
    ],
)
def test_retry_after_in_all_its_forms(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds
