"""What came of a server, in a sentence."""

from __future__ import annotations

from collections import Counter

from certhia.certstream.tally import Tally


def test_what_did_not_happen_is_left_out() -> None:
    assert str(Tally(Counter(full=1200, heartbeat=3))) == "1,200 entries"
    tally = Tally(Counter(lite=2, domains=1, malformed=4), missed=9, gaps=1, unchecked=3)
    assert str(tally) == (
        "3 entries, 4 malformed messages, 1 gaps with 9 messages missed there, "
        "3 entries that not all rules could be checked on"
    )
