"""A ledger whose checksums were made to fit is found out by its roots, proofs, signatures and counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from certhia.logs.heads import check_head
from certhia.model import Protocol
from certhia.store import codec
from certhia.store.audit import LogAudit
from certhia.store.ledger import new_track

if TYPE_CHECKING:
    from tests.store.conftest import Book

Row = dict[str, Any]
Change = Callable[[Any], Any]
QUARANTINED = (2, 8, 150, 199)


@pytest.fixture(params=list(Protocol), ids=str)
def ledger(request: pytest.FixtureRequest, make_book: Callable[..., Book]) -> tuple[Row, list[Row]]:
    """A log's row and those of its ledger: at heads and before them, with a skipped range, sizes of all kinds."""
    book = make_book("alpha", request.param)
    track = new_track(1, book.log, 1.0)
    rows = [track.advance(book.anchor(2, 5))]
    for end, size in ((3, 9), (7, 9), (9, 9), (200, 201), (256, 256)):
        held = sum(book.end <= index < end for index in QUARANTINED)
        rows.append(track.advance(book.step(end, size, quarantined=held)))
    rows.append(track.advance(book.step(300, 1000, note="skipped as asked")))
    rows.append(track.advance(book.step(310, 1000)))
    return track.row, rows


def faults(log: Row, rows: list[Row]) -> list[str]:
    audit = LogAudit(log, QUARANTINED, check_head)
    return [*audit.begin(), *(what for row in rows for what in audit.step(row)), *audit.finish()]


def forged(log: Row, rows: list[Row], number: int, **changes: Any) -> tuple[Row, list[Row]]:
    """With one row changed, and every checksum made to fit, as one would who has read the source."""
    chain, made = codec.genesis(log["log_id"]), []
    for at, before in enumerate(rows):
        row = before | changes if at == number else dict(before)
        row["digest"] = codec.step_digest(chain, row)
        chain = codec.chain_value(row)
        made.append(row)
    last = {name: made[-1][name] for name in log if name in made[-1] and name != "start"}
    log = log | last | {"chain": chain}
    log["mark"] = codec.mark("logs", codec.LOG_MARKED, log)
    return log, made


def test_a_true_ledger_is_clean(ledger: tuple[Row, list[Row]]) -> None:
    log, rows = ledger
    assert faults(log, rows) == []
    assert forged(log, rows, 0) == ledger


@pytest.mark.parametrize("number", [1, 3, 4, 5, 7])
@pytest.mark.parametrize(
    "column, change",
    [
        ("edge", lambda value: bytes([value[0] ^ 1]) + value[1:]),
        ("edge", lambda value: value + bytes(32)),
        ("edge", lambda value: b""),
        ("head_root", lambda value: bytes(32)),
        ("head_size", lambda value: value + 1),
        ("head_size", lambda value: 1),
        ("head_timestamp", lambda value: value + 1),
        ("head_raw", lambda value: value.replace(b"A", b"B")),
        ("head_raw", lambda value: b""),
        ("proof", lambda value: bytes(32) + value),
        ("proof_kind", lambda value: "nodes" if value != "nodes" else "consistency"),
        ("count", lambda value: value + 1),
        ("quarantined", lambda value: value + 1),
        ("end", lambda value: value + 1),
        ("end", lambda value: -value),
        ("start", lambda value: value + 1),
        ("merged", lambda value: value + 1),
        ("seq", lambda value: value + 1),
    ],
)
def test_checksums_made_to_fit_do_not_help(
    ledger: tuple[Row, list[Row]], number: int, column: str, change: Change
) -> None:
    log, rows = ledger
    assert faults(*forged(log, rows, number, **{column: change(rows[number][column])})) != []


@pytest.mark.parametrize("number", range(8))
def test_a_missing_row_is_found(ledger: tuple[Row, list[Row]], number: int) -> None:
    log, rows = ledger
    left = rows[:number] + rows[number + 1 :]
    assert faults(log, left) != []
    assert faults(*forged(log, left, 0)) != [] or number == 7  # the last one gone, and everything made to fit
    assert faults(log, rows[:number]) != []


def test_rows_that_changed_places_are_found(ledger: tuple[Row, list[Row]]) -> None:
    log, rows = ledger
    assert faults(log, [*rows[:2], rows[3], rows[2], *rows[4:]]) != []


def test_another_logs_key_is_found(ledger: tuple[Row, list[Row]], make_book: Callable[..., Book]) -> None:
    log, rows = ledger
    other = make_book("other").log
    log = log | {"key": other.key}
    assert "the key does not hash to the log's id" in faults(log, rows)
    assert any("signed head does not hold" in what for what in faults(log | {"log_id": other.id}, rows))


def test_a_position_without_a_ledger_is_found(ledger: tuple[Row, list[Row]]) -> None:
    log, _ = ledger
    assert faults(log, []) == ["is verified up to 310, but has no ledger"]
