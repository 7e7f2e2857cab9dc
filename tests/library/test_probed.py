"""What is said of a probe."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator
from tests.library.probed_servers import probe

from certhia import render
from certhia.library.probed import OUTCOMES, STAGES, record, schema, text
from certhia.store.probes import Finding


@pytest.mark.parametrize(
    "found, stage, said",
    [
        (
            Finding("served", 1.0, "", "192.0.2.1", bytes(32)),
            300,
            "probe: a.example:443 serves this certificate at 192.0.2.1, 5m after it was logged",
        ),
        (
            Finding("nothing", 1.0, "refused at connect", "2001:db8::1"),
            0,
            "probe: a.example:443 shows no certificate yet at 2001:db8::1 (refused at connect)",
        ),
        (Finding("unresolved", 1.0, "NXDOMAIN"), 0, "probe: a.example:443 does not resolve (NXDOMAIN)"),
    ],
)
def test_for_people(found: Finding, stage: int, said: str) -> None:
    assert text(probe("a.example")._replace(stage=stage), found) == said


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("stage", STAGES)
def test_for_programs(outcome: str, stage: str) -> None:
    one = probe("a.example")._replace(stage=STAGES[stage])
    made = record(one, Finding(outcome, 1_795_000_000.5, "", "192.0.2.1", bytes(32)))
    Draft202012Validator(schema()).validate(json.loads(render.json_text(made)))
    assert (made["event"], made["stage"], made["id"]) == ("probe", stage, one.match.key.hex())
    assert made["at"] == "2026-11-18T11:06:40.500Z"
