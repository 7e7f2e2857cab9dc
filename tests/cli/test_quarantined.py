"""One quarantined entry, told whatever it holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from certhia import render
from certhia.cli import quarantined as view
from certhia.model import Log, Protocol, Quarantined

LOG = Log(b"i" * 32, b"", "Alpha", "Op", Protocol.STATIC, "https://log.test/", "https://tiles.test/")


@given(st.binary(max_size=400), st.text(max_size=50), st.integers(0, 2**63 - 1), st.none() | st.floats(0, 4e9))
def test_any_bytes_and_any_reason(leaf: bytes, reason: str, index: int, resolved: float | None) -> None:
    one = Quarantined(LOG.id, index, f"{reason} at byte {index % 500}", bytes(32), leaf, 1.0, resolved)
    for line in (view.line(LOG, one), *view.text(LOG, one)):
        assert render.terminal(line).isprintable()
    fields = view.fields(LOG, one, leaf=True)
    assert fields["index"] == index
    assert (fields["leaf_input"] is None) == (not leaf)


def test_where_it_is_served() -> None:
    assert view.url(LOG, 1_234_567) == "https://tiles.test/tile/data/x004/822"


def test_one_that_could_be_read_later_says_so() -> None:
    one = Quarantined(LOG.id, 7, "why", bytes(32), b"", 1.0, 1_795_000_000.0)
    assert view.line(LOG, one).endswith("why; read by a later version 2026-11-18")
    assert any(line.startswith("resolved   2026-11-18") for line in view.text(LOG, one))


def test_offsets_in_the_leaf_and_in_its_certificate() -> None:
    cut = b"\0\0" + bytes(8) + b"\0\0" + b"\0\0\5" + b"\x30\x82\1\0\0" + b"\0\0"
    assert view.fault_at(Quarantined(LOG.id, 7, "no such length at byte 3", b"", cut)) == 15 + 3
    assert view.fault_at(Quarantined(LOG.id, 7, "an unknown type at byte 10", b"", b"\0\0" + bytes(8) + b"\0\7")) == 10
    assert view.fault_at(Quarantined(LOG.id, 7, "without a place", b"", cut)) is None
    assert view.fault_at(Quarantined(LOG.id, 7, "not kept at byte 3", b"")) is None
