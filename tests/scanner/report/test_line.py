"""A result as one line of JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
from tests.scanner.report.conftest import MAKE, NOW

from certhia.model import RuleHit
from certhia.scanner.records import Chain, Failure, Found, Result, Served, Target, Verdict
from certhia.scanner.report.line import Lines
from certhia.scanner.report.schema import KEYS, schema

GOLDEN = Path(__file__).with_name("golden.json")
HOSTILE = '\x1b[2J"\\\n\u202e\u0085</script>\xe9'


def read(result: Result) -> dict[str, object]:
    line = Lines().line(result)
    assert re.fullmatch(r"[ -~]+", line), "printable ASCII on one line"
    shown: dict[str, object] = json.loads(line)
    jsonschema.validate(shown, schema())
    assert [*shown] == [key.name for key in KEYS], "in the order of the documentation"
    return shown


def test_what_it_looks_like(everything: Result) -> None:
    """A change here is a change of the format: it goes into the changelog, and docs/reference/scan.md."""
    assert read(everything) == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_a_target_that_showed_nothing(failed: Result) -> None:
    shown = read(failed)
    assert shown["error"] == {"kind": "refused", "step": "connect", "detail": None}
    assert (shown["ip"], shown["port"], shown["host"], shown["timestamp"]) == ("192.0.2.9", 8443, None, NOW)
    assert (shown["version"], shown["certificate"], shown["chain"], shown["names"]) == (None, None, [], [])


def test_equal_certificates_give_equal_text(make: MAKE, certificates: tuple[bytes, ...]) -> None:
    lines = Lines()
    first = lines.line(make())
    again = make()
    assert again.served is not None
    copies = tuple(bytes(bytearray(one)) for one in certificates)
    assert lines.line(again._replace(served=again.served._replace(certificates=copies))) == first


def test_what_is_said_again_of_the_same_reads_the_same(make: MAKE) -> None:
    lines, one = Lines(), make()
    assert one.served is not None
    served = one.served._replace(server_name=None)
    one = one._replace(served=served, verdicts=(Verdict("wildcard", "info"),), chain=Chain(served.certificates))
    first = Lines().line(one)
    assert [lines.line(one) for _ in range(4)] == [first] * 4
    for other in (
        one._replace(names=()),
        one._replace(verdicts=(Verdict("expired", "high"),)),
        one._replace(chain=None),
        one._replace(served=served._replace(note="again")),
        one._replace(hits=(RuleHit("example.com", "www.example.com", "san", "below"),)),
    ):
        for _ in range(3):
            assert lines.line(other) == Lines().line(other) != first
        assert lines.line(one) == first


def test_no_certificate_at_all(make: MAKE) -> None:
    shown = read(make(served=Served(0x0303, 0xC02F, None, None, ()), names=()))
    assert (shown["certificate"], shown["chain"], shown["domains"]) == (None, [], [])


def test_bytes_that_are_no_certificate(make: MAKE) -> None:
    shown = read(make(served=Served(0x0301, 0xFFFF, 0xFFFF, None, (b"\x30\x03nonsense", b""))))
    leaf = shown["certificate"]
    assert isinstance(leaf, dict)
    assert leaf["fault"]
    assert len(leaf["sha256"]) == 64


def test_hostile_text(make: MAKE) -> None:
    """Whatever a stranger or the user wrote stays text, inside its own value."""
    hostile = make(
        target=Target(HOSTILE, None, HOSTILE, "192.0.2.7", 443, starttls=HOSTILE),
        served=Served(0x0303, 0xC02F, None, HOSTILE, (), server_name=HOSTILE, note=HOSTILE),
        names=(Found(HOSTILE, "san"),),
        failure=Failure("starttls-refused", "starttls", HOSTILE),
        verdicts=(Verdict("untrusted", "medium", HOSTILE),),
        hits=(RuleHit(HOSTILE, HOSTILE, "san", "exact"),),
    )
    shown = read(hostile)
    for key in ("target", "host", "alpn", "server_name", "note"):
        assert shown[key] == HOSTILE, key


@pytest.mark.parametrize("seconds, written", [(0.0, 0.0), (9.99996, 10.0), (0.00004, 0.0)])
def test_seconds_are_short(make: MAKE, seconds: float, written: float) -> None:
    assert read(make(seconds=seconds))["seconds"] == written
