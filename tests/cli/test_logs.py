"""The table and the JSON of `certhia logs`."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console

from certhia import data
from certhia.cli.logs import Row, as_json, rows, table
from certhia.logs.loglist import parse
from certhia.logs.select import Choice, choose
from certhia.logs.snapshot import Condition
from certhia.model import FinalHead, Head, Health, Log, Protocol
from certhia.store.ledger import Position

NOW = datetime(2026, 9, 1, tzinfo=UTC)
ROOT = b"r" * 32
ALDER = Log(
    id=b"a" * 32,
    key=b"key",
    description="Alder2026h2",
    operator="Op",
    protocol=Protocol.STATIC,
    submission_url="https://log.alder.test/2026h2/",
    monitoring_url="https://mon.alder.test/2026h2/",
    state="usable",
    interval=(datetime(2026, 7, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    sources=("google", "apple"),
)


def head(size: int, age: float = 0.0) -> Head:
    return Head(size, ROOT, round((NOW.timestamp() - age) * 1000), b"")


def position(end: int, of: Head) -> Position:
    return Position(ALDER.id, 0, end, b"", of, NOW.timestamp())


def row(
    at: Position | None = None,
    newest: Head | None = None,
    health: Health | None = None,
    log: Log = ALDER,
    *,
    unverified: bool = False,
    trouble: str = "",
) -> Row:
    (made,) = rows(
        choose([log], Choice(), NOW),
        {log.id: at} if at else {},
        {log.id: newest} if newest else {},
        {log.id: Condition(health, unverified, trouble)} if health else {},
        NOW.timestamp(),
    )
    return made


def printed(given: list[Row], width: int = 80, *, terminal: bool = False) -> str:
    out = io.StringIO()
    table(given, Console(file=out, width=width, color_system=None, force_terminal=terminal))
    return out.getvalue()


def test_a_log_of_which_nothing_is_known() -> None:
    assert row() == Row(
        operator="Op",
        description="Alder2026h2",
        url="https://log.alder.test/2026h2/",
        monitoring_url="https://mon.alder.test/2026h2/",
        log_id="YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=",
        kind="static",
        state="usable",
        log_type=None,
        interval=("2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        sources=("google", "apple"),
        size=None,
        position=None,
        lag_entries=None,
        lag_seconds=None,
        health=None,
        unverified=False,
        trouble=None,
        final_root=None,
        followed=True,
        reason="usable",
    )


def test_lag() -> None:
    held = head(1000, age=90)
    behind = row(position(1000, held), head(1500), Health.DEGRADED)
    assert (behind.size, behind.position, behind.lag_entries, behind.lag_seconds) == (1500, 1000, 500, 90)
    assert behind.health == "degraded"
    level = row(position(1000, held), held)
    assert (level.lag_entries, level.lag_seconds) == (0, 0)
    alone = row(position(600, held))
    assert (alone.size, alone.lag_entries, alone.lag_seconds) == (1000, 400, None)
    older = row(position(1000, held), head(900))
    assert (older.size, older.lag_entries) == (1000, 0), "an older head from a lagging front end moves nothing back"
    unread = row(newest=head(1500))
    assert (unread.size, unread.position, unread.lag_entries) == (1500, None, None)


def test_the_final_root() -> None:
    frozen = replace(ALDER, state="readonly", final=FinalHead(1000, ROOT))
    assert row(newest=head(1000), log=frozen).final_root is True
    wrong = row(newest=head(1001), log=frozen)
    assert wrong.final_root is False
    assert "THE FINAL ROOT DIFFERS" in printed([wrong])


def test_the_shipped_list_as_a_table() -> None:
    chosen = choose(parse(data.google_list()[0], source="google").logs, Choice(), NOW)
    made = rows(chosen, {}, {}, {}, NOW.timestamp())
    assert [one.followed for one in made] == [True] * 45 + [False] * 72
    lines = printed(made).splitlines()
    assert lines[0].split() == [
        "operator", "log", "kind", "state", "interval", "size", "position", "lag", "behind", "health", "followed",
    ]  # fmt: skip
    assert lines[-1] == "45 followed, 72 not, 117 known"
    assert len(lines) == 1 + 117 + 1
    argon = next(line for line in lines if "Argon2026h2" in line)
    assert argon.split()[-2:] == ["yes:", "usable"]
    assert "2026-07-01 to 2027-01-01" in argon


def test_numbers_as_people_read_them() -> None:
    failed = row(position(1_234_567, head(1_234_567, age=7300)), head(2_234_567), Health.FAILED)
    line = printed([failed]).splitlines()[1]
    assert line.split()[-7:] == ["2,234,567", "1,234,567", "1,000,000", "2h", "failed", "yes:", "usable"]


def test_what_stops_us_seeing_certificates() -> None:
    waiting = row(None, head(5), Health.DEGRADED, unverified=True, trouble="keeps us waiting for 10 min: 429 \x1b[2J")
    assert (waiting.unverified, waiting.trouble) == (True, "keeps us waiting for 10 min: 429 \x1b[2J")
    line = printed([waiting]).splitlines()[1]
    assert line.split()[7:9] == ["5", "unverified"]
    assert "yes: usable, unverified: it gives no proofs, keeps us waiting for 10 min: 429" in line
    assert "\x1b" not in line
    assert "429 \x1b" in json.loads(as_json([waiting]))[0]["trouble"], "JSON escapes it"


def test_a_narrow_terminal_shows_all_of_it_in_two_lines() -> None:
    made = [row(position(1_234_567, head(1_234_567, age=7300)), head(2_234_567), Health.HEALTHY), row()]
    assert printed(made, 100, terminal=True).splitlines() == [
        "Op Alder2026h2, static, usable, 2026-07-01 to 2027-01-01",
        "  yes: usable, size 2,234,567, position 1,234,567, lag 1,000,000, behind 2h, health healthy",
        "Op Alder2026h2, static, usable, 2026-07-01 to 2027-01-01",
        "  yes: usable",
        "2 followed, 0 not, 2 known",
    ]
    wide = printed(made, 200, terminal=True).splitlines()
    assert len(wide) == 1 + 2 + 1
    assert "2,234,567" in wide[1]
    assert "2,234,567" in printed(made, 20).splitlines()[1], "a file or pipe has no width"


def test_json() -> None:
    made = [row(position(5, head(5)), head(5), Health.HEALTHY), row()]
    text = as_json(made)
    assert text.isascii()
    assert [set(one) for one in json.loads(text)] == [set(Row.__slots__)] * 2
    assert json.loads(text)[0]["position"] == 5
    assert json.loads(as_json([])) == []


def test_hostile_texts_stay_inert() -> None:
    evil = replace(ALDER, description="\x1b[2J[red]\u202ex", operator="[bold]\n", state="\x07", log_type=None)
    text = printed([row(log=evil)])
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\x07" not in text
    assert "[red]" in text, "markup is text"
    assert as_json([row(log=evil)]).isascii()
