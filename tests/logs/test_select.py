"""Which logs are followed and why: on the real lists, and case by case."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from certhia import data
from certhia.errors import ConfigError
from certhia.logs.loglist import merge, parse
from certhia.logs.select import (
    Choice,
    choose,
    difference,
    final_root_matches,
    has_ended,
    is_placeholder,
    is_rfc6962_url,
    log_id,
    log_url,
    missing,
)
from certhia.model import FinalHead, Head, Log, Protocol

NOW = datetime(2026, 9, 1, tzinfo=UTC)
ENDED = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
RUNNING = (datetime(2026, 7, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
FINAL = FinalHead(100, b"r" * 32)


def made(name: str = "alder", **fields: object) -> Log:
    log = Log(
        id=hashlib.sha256(name.encode()).digest(),
        key=name.encode(),
        description=f"Op '{name.title()}2026h2'",
        operator="Op & Co",
        protocol=Protocol.STATIC,
        submission_url=f"https://log.{name}.test/2026h2/",
        monitoring_url=f"https://mon.{name}.test/2026h2/",
        state="usable",
        interval=RUNNING,
        sources=("google",),
    )
    return replace(log, **fields)  # type: ignore[arg-type]


def verdict(log: Log, choice: Choice = Choice(), **known: object) -> tuple[bool, str]:  # noqa: B008
    (chosen,) = choose([log], choice, NOW, **known)  # type: ignore[arg-type]
    assert chosen.log is log
    return chosen.followed, chosen.reason


def include(*names: str) -> Choice:
    return Choice(include=frozenset(names))


REAL = parse(data.google_list()[0], source="google").logs


def test_the_shipped_list_by_default() -> None:
    chosen = choose(REAL, Choice(), NOW)
    assert [one.log for one in chosen] == list(REAL)
    followed = [one.log for one in chosen if one.followed]
    assert len(followed) == 45
    assert Counter(log.state for log in followed) == {"usable": 37, "qualified": 6, "readonly": 2}
    assert not any(has_ended(log, NOW) for log in followed)
    assert Counter(one.reason for one in chosen if "placeholder" in one.reason) == {
        "a placeholder: stands for no log": 2
    }
    assert all("\n" not in one.reason and one.reason for one in chosen)


def test_everything_but_placeholders() -> None:
    chosen = choose(REAL, Choice(include=frozenset({"all"}), expired=True), NOW)
    assert [one.log.submission_url for one in chosen if not one.followed] == [
        "https://ct.example.com/bogus/",
        "https://ct.example.com/bogus/ipng/",
    ]


@pytest.mark.parametrize(
    "names, more",
    [("pending", 16), ("retired", 1), ("rejected", 0), ("test", 32), ("all", 49)],
)
def test_what_include_adds_on_the_shipped_list(names: str, more: int) -> None:
    assert sum(one.followed for one in choose(REAL, include(names), NOW)) == 45 + more


@pytest.mark.parametrize(
    "log, choice, followed, reason",
    [
        (made(), Choice(), True, "usable"),
        (made(state="qualified"), Choice(), True, "qualified"),
        (made(state="readonly"), Choice(), True, "readonly"),
        (made(interval=None), Choice(), True, "usable"),
        (made(state="pending"), Choice(), False, "pending (--include pending)"),
        (made(state="pending"), include("pending"), True, "pending"),
        (made(state="retired"), include("pending"), False, "retired (--include retired)"),
        (made(state="rejected"), include("rejected"), True, "rejected"),
        (made(state="rejected"), include("all"), True, "rejected"),
        (made(state="thawed"), include("test"), False, "thawed (--include all)"),
        (made(state="thawed"), include("all"), True, "thawed"),
        (made(state=None), Choice(), False, "no state (--include test)"),
        (made(state=None), include("test"), True, "no state"),
        (made(state=None, sources=("file",)), Choice(), True, "no state, from a list of yours"),
        (made(log_type="test"), Choice(), False, "test log (--include test)"),
        (made(log_type="monitoring_only", state=None), include("test"), True, "monitoring_only log"),
        (made(log_type="new"), include("all"), True, "new log"),
        (made(interval=ENDED), Choice(), False, "its interval ended 2026-07-01 (--expired)"),
        (made(interval=ENDED), Choice(expired=True), True, "its interval ended 2026-07-01, usable"),
        (made(interval=ENDED, state="rejected"), Choice(expired=True), False, "rejected (--include rejected)"),
        (made(interval=(ENDED[0], NOW)), Choice(), False, "its interval ended 2026-09-01 (--expired)"),
        (made(description="Bogus thing"), include("all"), False, "a placeholder: stands for no log"),
    ],
)
def test_by_state(log: Log, choice: Choice, followed: bool, reason: str) -> None:
    assert verdict(log, choice) == (followed, reason)


@pytest.mark.parametrize(
    "glob",
    ["Op & Co", "op*", "*alder2026H2'", "https://log.alder.test/2026h2/", "https://MON.alder.test/2026h2", "*.alder.*"],
)
def test_globs_match_operator_description_or_url(glob: str) -> None:
    other = made("birch", operator="Else", description="else")
    assert verdict(made(), Choice(deny=(glob,))) == (False, f"denied by {glob!r}")
    assert verdict(made(), Choice(allow=(glob,))) == (True, "usable")
    assert verdict(other, Choice(deny=(glob,))) == (True, "usable")
    assert verdict(other, Choice(allow=("x", glob))) == (False, "not among those allowed")
    assert not verdict(made(), Choice(allow=(glob,), deny=("*2026h2*",)))[0]
    assert not verdict(made(state="pending"), Choice(allow=(glob,)))[0], "allow makes nothing of another state wanted"


def test_logs_by_name() -> None:
    alder, birch, ended = made(), made("birch"), made("cedar", interval=ENDED, state="retired", log_type="test")
    logs = [alder, birch, ended]

    def followed(choice: Choice) -> list[bool]:
        return [one.followed for one in choose(logs, choice, NOW)]

    for named in (
        "https://log.cedar.test/2026h2/",
        "https://log.cedar.test/2026h2",
        "https://mon.CEDAR.test/2026h2/ct/v1/",
        "https://log.cedar.test/2026h2/ct/v1/get-sth",
        ended.id.hex(),
        ended.id.hex().upper(),
    ):
        assert followed(Choice(only=(named,))) == [False, False, True]
        assert followed(Choice(add=(named,))) == [True, True, True]
        assert followed(Choice(only=(named,), add=(birch.submission_url,))) == [False, True, True]
        assert followed(Choice(add=(named,), deny=("*",))) == [False, False, True]
    assert verdict(alder, Choice(only=(birch.id.hex(),))) == (False, "not named with --log")
    assert verdict(ended, Choice(only=(ended.url,))) == (True, "named with --log")
    assert verdict(ended, Choice(add=(ended.url,))) == (True, "named with --add-log")
    assert missing([birch.url, "https://elm.test/ct/v1", "00" * 32], logs) == ("https://elm.test/ct/v1", "00" * 32)


def test_placeholders_are_not_followed_even_when_named() -> None:
    log = made(submission_url="https://ct.example.com/bogus/")
    assert verdict(log, Choice(only=(log.url,)))[0] is False


@pytest.mark.parametrize(
    "log, placeholder",
    [
        (made(), False),
        (made(submission_url="https://example.com/"), True),
        (made(monitoring_url="https://a.b.example.com/log/"), True),
        (made(submission_url="https://log.test/bogus/1/"), True),
        (made(submission_url="https://notexample.com/", description="Not bogus"), False),
        (made(submission_url="https://example.com.test/bogusly/"), False),
    ],
)
def test_placeholders(log: Log, placeholder: bool) -> None:
    assert is_placeholder(log) is placeholder


def test_ended_and_frozen_logs_are_read_to_their_end() -> None:
    on = "followed until its head has stood still for its MMD + 24 h"
    for log, said in (
        (made(interval=ENDED), "its interval ended 2026-07-01"),
        (made(interval=ENDED, state="rejected"), "its interval ended 2026-07-01"),
        (made(state="retired"), "retired"),
        (made(state="readonly"), "readonly"),
    ):
        assert verdict(log, unfinished={log.id}) == (True, f"{said}: {on}")
        assert verdict(log, finished={log.id}) == (False, f"{said}: read to its end")
        assert verdict(log, Choice(deny=("*",)), unfinished={log.id})[0] is False
    running = made()
    assert verdict(running, unfinished={running.id}) == (True, "usable")
    assert verdict(running, finished={running.id}) == (True, "usable"), "a log that thawed goes on"
    ended = made(interval=ENDED)
    assert verdict(ended, Choice(expired=True), finished={ended.id})[0] is True


def test_unknown_wishes() -> None:
    with pytest.raises(ConfigError, match="unknown everything; there are pending, "):
        include("everything")
    for choice in (Choice(only=("alder",)), Choice(add=("ftp://x",)), Choice(only=("",)), Choice(add=("ab" * 31,))):
        with pytest.raises(ConfigError, match="give the log's URL"):
            choose([made()], choice, NOW)


def test_urls_and_ids_as_people_write_them() -> None:
    for text in ("https://a.test/log/ct/v1/", "https://a.test/log/ct/v1", "https://a.test/log/CT/V1/get-entries"):
        assert log_url(text) == "https://a.test/log/"
        assert is_rfc6962_url(text)
    assert log_url(" https://a.test/log ") == "https://a.test/log/"
    assert not is_rfc6962_url("https://a.test/log")
    assert log_url("a.test/log") is None
    identifier = bytes(range(200, 232))
    for text in (
        identifier.hex(),
        "yMnKy8zNzs/Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5uc=",
        "yMnKy8zNzs_Q0dLT1NXW19jZ2tvc3d7f4OHi4-Tl5uc",
    ):
        assert log_id(text) == identifier
    assert log_id("xyz") is None


@pytest.mark.parametrize(
    "final, head, matches",
    [
        (None, (100, FINAL.root), None),
        (FINAL, (99, b"x" * 32), None),
        (FINAL, (100, FINAL.root), True),
        (FINAL, (100, b"x" * 32), False),
        (FINAL, (101, FINAL.root), False),
    ],
)
def test_the_final_root(final: FinalHead | None, head: tuple[int, bytes], matches: bool | None) -> None:
    assert final_root_matches(made(final=final), Head(*head, 0, b"")) is matches


def test_difference() -> None:
    alder, birch, cedar = made(), made("birch"), made("cedar")
    retired = replace(birch, state="retired")
    rekeyed = replace(made("dogwood"), submission_url=alder.submission_url)
    found = difference([alder, birch], [replace(retired, sources=("apple",)), cedar, rekeyed])
    assert [log.id for log in found.gone] == [alder.id]
    assert [log.state for log in found.changed] == ["retired"]
    assert found.added == (cedar, rekeyed)
    assert found.rekeyed == ((alder, rekeyed),)
    same = difference([alder, birch], [replace(birch, sources=("x",)), alder])
    assert (same.gone, same.changed, same.added, same.rekeyed) == ((), (), (), ())


def test_difference_of_the_dated_lists(corpus: Path) -> None:
    names = ("2026-02-06_7455e42", "2026-05-26_2eb4e8c", "2026-07-21_bed1f08")
    texts = [(corpus / "loglists" / f"gstatic_all_logs_list_{name}.json").read_bytes() for name in names]
    lists = [parse(text, source="google").logs for text in texts] + [REAL]
    found = [difference(old, new) for old, new in itertools.pairwise(lists)]
    counts = [(len(one.gone), len(one.changed), len(one.added)) for one in found]
    assert counts == [
        (3, 8, 12),
        (166, 19, 0),
        (0, 1, 27),
    ]
    assert not any(one.rekeyed for one in found)
    for (old, new), one in zip(itertools.pairwise(lists), found, strict=True):
        gone = {log.id for log in one.gone}
        assert {log.id for log in old} - gone | {log.id for log in one.added} == {log.id for log in new}


def test_apples_list_adds_what_google_does_not_have(corpus: Path) -> None:
    google = parse(data.google_list()[0], source="google")
    apple = parse((corpus / "loglists/apple/current_log_list.json").read_bytes(), source="apple")
    logs = merge((google, apple))
    added = [one for one in choose(logs, Choice(), NOW) if one.followed and one.log.sources == ("apple",)]
    assert sorted(one.log.submission_url for one in added) == [
        "https://ct.cloudflare.com/logs/raio2026h2a/",
        "https://ct.cloudflare.com/logs/raio2027h1a/",
        "https://ct.cloudflare.com/logs/raio2027h2a/",
    ]
    assert [log for log in logs if "google" in log.sources] == [
        replace(log, sources=("google", "apple")) if log.id in {one.id for one in apple.logs} else log
        for log in google.logs
    ]
