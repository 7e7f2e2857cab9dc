from __future__ import annotations

from certhia.scanner.answers import Record, Unanswered


def test_a_record_is_what_was_said() -> None:
    assert Record("www.example.com", "A", "192.0.2.1", 60)._asdict() == {
        "owner": "www.example.com",
        "kind": "A",
        "value": "192.0.2.1",
        "ttl": 60,
    }


def test_why_there_is_no_answer_is_a_word() -> None:
    assert Unanswered("NXDOMAIN").word == str(Unanswered("NXDOMAIN")) == "NXDOMAIN"
