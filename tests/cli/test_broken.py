"""The alarm of a broken promise, where its evidence goes, and what it is when there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.logs.test_pledge import told

from certhia._core import Certificate
from certhia.cli.broken import raise_alarm
from certhia.config import load
from certhia.logs.evidence import Evidence, decode
from certhia.logs.promises import Outcome, Verdict
from certhia.testing import World


def outcome(world: World, evidence: Evidence) -> Outcome:
    precert = world.ca.issue(["www.example.com"], precert=True)
    log = next(iter(world.logs.values()))
    (entry,) = log.add(precert)
    sct = Certificate.from_der(world.ca.finish(precert, [log.sct(entry)]).der).scts[0]
    return Outcome(sct, Verdict.BROKEN, "a reason", log.model, evidence=evidence)


async def test_without_a_state_it_goes_here(
    certhia_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load({"state.name": str(tmp_path / "none")}, None)
    evidence = told(certhia_world, "rfc6962")
    raised = await raise_alarm(outcome(certhia_world, evidence), settings, None)
    assert raised.file is not None
    assert raised.file.parent == tmp_path
    assert decode(raised.file.read_bytes()).pledge == evidence.pledge
    assert raised.line.startswith(f"alarm: alpha: {evidence.reason}; evidence (observation): {tmp_path}")


async def test_evidence_that_shows_nothing_is_not_kept(certhia_world: World, tmp_path: Path) -> None:
    settings = load({"state.name": str(tmp_path / "none")}, None)
    evidence = replace(told(certhia_world, "rfc6962"), heads=())
    raised = await raise_alarm(outcome(certhia_world, evidence), settings, tmp_path / "nowhere")
    assert raised.file is None
    assert raised.line.endswith("no evidence: the log did not give what it takes; ask again")
