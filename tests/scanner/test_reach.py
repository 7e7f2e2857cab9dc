from __future__ import annotations

import pytest
from tests.scanner.driving import drive, failure_of

from certhia.scanner.conversation import Send
from certhia.scanner.failures import Expired, ScanFailure
from certhia.scanner.reach import PATIENCE, first_record

RECORD = b"\x16\x03\x03\x00\x04abcd"


@pytest.mark.parametrize(
    "answers, record",
    [
        ([RECORD + b"more"], RECORD + b"more"),
        ([RECORD[:3], RECORD[3:]], RECORD),
        ([RECORD[:6], b""], RECORD[:6]),
        ([b""], b""),
        ([RECORD[:6], ScanFailure("timeout", "hello")], RECORD[:6]),
        ([b"\x16\x03\x03\x40\x00" + bytes(100)], b"\x16\x03\x03\x40\x00" + bytes(15)),
    ],
)
def test_the_first_record_or_what_there_is_of_it(answers: list[bytes | ScanFailure], record: bytes) -> None:
    steps, said = drive(first_record(b"hello", 20), answers)
    assert said == record
    assert steps[0] == Send(b"hello", "hello", PATIENCE)


def test_the_deadline_is_the_end() -> None:
    assert isinstance(failure_of(first_record(b"hello", 20), [Expired("timeout")]), Expired)
