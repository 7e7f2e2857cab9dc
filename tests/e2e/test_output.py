"""What it writes and where: formats, files, locales, what is left out and what is added."""

from __future__ import annotations

import csv
import io
import json

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.program import in_file
from tests.e2e.worlds import Served, served

from certhia.testing import World

pytestmark = pytest.mark.e2e

NAMES = {f"host{i}.example.com" for i in range(40)}


def test_all_formats_at_once(certhia: Certhia, small: Served) -> None:
    files = [f"all.{suffix}" for suffix in ("jsonl", "ndjson", "json", "csv", "txt")]
    program = certhia.read(small, "example.com", "-f", "csv", *(part for file in files for part in ("-o", file)))
    rows = list(csv.DictReader(io.StringIO(program.out)))
    assert {row["matched_domain"] for row in rows} == NAMES
    assert len(rows) == 40
    texts = {file: (certhia.directory / file).read_text("utf-8") for file in files}
    same = rows[0].keys() - {"sightings"}  # that is of the moment
    assert [[row[column] for column in same] for row in csv.DictReader(io.StringIO(texts["all.csv"]))] == [
        [row[column] for column in same] for row in rows
    ]
    lines = [json.loads(line) for line in texts["all.jsonl"].splitlines()]
    assert {line["matched_domain"] for line in lines} == NAMES
    assert len(texts["all.ndjson"].splitlines()) == 40
    assert texts["all.json"].count("\n") > 40 * 10
    assert len(json.loads("[" + texts["all.json"].replace("\n}\n{", "\n},\n{") + "]")) == 40
    assert len(texts["all.txt"].splitlines()) == 40
    assert "\x1b" not in texts["all.txt"]


def test_one_line_a_match_on_standard_output(certhia: Certhia, small: Served) -> None:
    program = certhia.read(small, "=host7.example.com", "-f", "human")
    (line,) = program.out.splitlines()
    assert "host7.example.com" in line
    assert "\x1b" not in program.out + program.err
    silent = certhia.read(small, "example.com", "-f", "silent", "--state", str(certhia.directory / "silent"))
    assert silent.out == ""
    assert "40 matches" in silent.err


def test_json_is_indented(certhia: Certhia, small: Served) -> None:
    program = certhia.read(small, "=host7.example.com", "--format", "json")
    record = json.loads(program.out)
    assert record["matched_domain"] == "host7.example.com"
    assert '\n  "' in program.out


def test_a_record_tells_all_there_is(certhia: Certhia, small: Served) -> None:
    from jsonschema import validate

    record = certhia.read(small, "=host8.example.com").records[0]
    validate(record, json.loads(certhia.done("schema", "match").out))
    issued = small.world.logs["alpha"].entries[8]
    assert record["verified"] is True
    assert record["index"] == 8
    assert record["rule"] == "=host8.example.com"
    assert record["is_precert"] is False
    assert record["log"] in {"alpha", "beta", "gamma"}
    assert issued.index == 8


def test_a_file_that_is_rotated_away_is_made_anew(certhia: Certhia, pair: Served) -> None:
    current, old = certhia.directory / "all.jsonl", certhia.directory / "all.jsonl.1"
    program = certhia.watch(pair, "example.com", "-f", "silent", "-o", "all.jsonl")
    program.until(lambda: len(in_file(current)) == 20)
    current.rename(old)
    new = pair.grow(5)
    program.until(lambda: len(in_file(current)) == 5)
    assert [record["matched_domain"] for record in in_file(current)] == new
    assert len(in_file(old)) == 20
    program.stop()


def test_a_torn_last_line_is_mended(certhia: Certhia, pair: Served) -> None:
    path = certhia.directory / "all.jsonl"
    certhia.read(pair, "example.com", "-o", "all.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 40])
    pair.grow(5)
    certhia.read(pair, "example.com", "-o", "all.jsonl")
    assert path.read_bytes().startswith(whole)
    assert [record["matched_domain"] for record in in_file(path)[20:]] == [
        f"host{i}.example.com" for i in range(20, 25)
    ]


@pytest.mark.parametrize(
    "environment",
    [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "ascii"}],
    ids=["C locale", "PYTHONIOENCODING"],
)
def test_where_only_ascii_can_be_shown_the_rest_is_escaped(
    certhia: Certhia, pair: Served, environment: dict[str, str]
) -> None:
    def add() -> None:
        hostile = pair.world.ca.issue(["bücher\x1b[31m.shop.test"], organization="Bücher AG")
        for log in pair.world.logs.values():
            log.add(hostile)
            log.publish()

    pair.do(add)
    arguments = (
        "watch",
        "shop.test",
        "--log-list",
        pair.list_url,
        "--from",
        "beginning",
        "--until",
        "now",
        "--state",
        "./s",
    )
    program = certhia.installed(*arguments, environment=environment)
    assert program.end() == 0, program.err
    assert program.out.isascii()
    assert program.err.isascii()
    assert "\x1b" not in program.out
    assert "Traceback" not in program.err
    assert len(program.out.splitlines()) == 1, program.out + program.err


def test_everything_is_streamed_and_not_stored(certhia: Certhia, small: Served) -> None:
    program = certhia.read(small, ".")
    assert {record["matched_domain"] for record in program.records} == NAMES
    assert len(program.records) == 40
    assert len({record["id"] for record in program.records}) == len(program.records)
    checked = certhia.done("fsck", "--state", str(certhia.state))
    assert "0 matches" in checked.err


def test_precertificates_are_left_out_when_asked(certhia: Certhia, small: Served) -> None:
    program = certhia.read(small, "example.com", "--no-precerts")
    assert {record["matched_domain"] for record in program.records} == {f"host{i}.example.com" for i in range(0, 40, 2)}


def test_every_sighting_is_told_when_asked(certhia: Certhia, small: Served) -> None:
    program = certhia.read(small, "example.com", "--every-sighting")
    told = {(record["log"], record["index"]) for record in program.records}
    assert told == {(log, index) for log in ("alpha", "beta", "gamma") for index in range(40)}
    assert len(program.records) == 120


def test_output_is_limited_to_registrable_domains(certhia: Certhia) -> None:
    world = World()
    log = world.rfc6962("alpha")
    for name in ("www.example.co.uk", "www.example.com", "a.b.other.org"):
        log.add(world.ca.issue([name]))
    log.publish()
    (certhia.directory / "roots.txt").write_text("example.co.uk\nother.org\n")
    with served(world) as there:
        program = certhia.read(there, "*.example.co.uk", "*.example.com", "other.org", "--roots", "roots.txt")
    assert {record["matched_domain"] for record in program.records} == {"www.example.co.uk", "a.b.other.org"}


def test_quiet_says_nothing_but_matches(certhia: Certhia, small: Served) -> None:
    program = certhia.read(small, "example.com", "--quiet")
    assert program.err == ""
    assert len(program.records) == 40


def test_figures_are_told_now_and_then(certhia: Certhia, small: Served) -> None:
    program = certhia.watch(small, "example.com", "--stats", "0.2", "-f", "silent")
    program.says("40 matches, 80 further sightings, dedupe hit rate 67%")
    program.says("logs: 3 healthy")
    program.stop()


def test_messages_as_json_lines(certhia: Certhia, small: Served) -> None:
    program = certhia.read(small, "example.com", "--log-format", "json", "-v")
    messages = [json.loads(line) for line in program.err.splitlines()]
    assert all({"event", "level", "time"} <= message.keys() for message in messages)
    assert {message.get("log") for message in messages} >= {"alpha", "beta", "gamma"}
