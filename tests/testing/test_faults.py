"""The registry of faults: each can be installed, each has its test, none is called what another is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.testing import World
from certhia.testing.faults import FAULTS, PROMISES, NamedFault, find, listing
from certhia.testing.request import Hook

HERE = Path(__file__).resolve().parent.parent


def by_id(fault: NamedFault) -> str:
    return fault.id


def test_ids_and_names_are_their_own() -> None:
    kinds = {"L": 23, "D": 5, "C": 4, "T": 3, "W": 5, "P": 1}
    assert [fault.id for fault in FAULTS] == [f"{kind}{n:02}" for kind in kinds for n in range(1, kinds[kind] + 1)]
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert {promise for fault in FAULTS for promise in fault.keeps} <= PROMISES.keys()


@pytest.mark.parametrize("fault", FAULTS, ids=by_id)
def test_each_has_a_test_named_after_it(fault: NamedFault) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (HERE / "faults").glob("test_*.py")]
    assert re.search(rf"(?m)^(?:async )?def {fault.test}", "\n".join(texts)), f"tests/faults has no {fault.test}…"


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.how is not None], ids=by_id)
def test_each_comes_over_every_log_that_can_have_it_and_goes_away(certhia_world: World, fault: NamedFault) -> None:
    for kind in sorted(fault.kinds):
        log = getattr(certhia_world, str(kind))(str(kind))
        log.add(certhia_world.ca.issue(["a.example.com"]))
        log.publish()
        before = (log.size, list[Hook](log.hooks), log.settings, len(certhia_world.pages), log.state)
        heal = fault.install(certhia_world, log)
        after = (log.size, list[Hook](log.hooks), log.settings, len(certhia_world.pages), log.state)
        assert after != before
        assert (heal is not None) is fault.heals
        if heal is not None:
            heal()
            healed = (list[Hook](log.hooks), log.settings, len(certhia_world.pages), log.state)
            assert healed == before[1:]


def test_a_log_that_cannot_have_it(certhia_world: World) -> None:
    with pytest.raises(ConfigError, match="L05 flipped-tile: for a log that is static, and argon is rfc6962"):
        find("L05").install(certhia_world, certhia_world.rfc6962("argon"))
    with pytest.raises(ConfigError, match="nothing that a server could do"):
        find("D05").install(certhia_world, certhia_world.rfc6962("wyvern"))


@pytest.mark.parametrize("text", ["L04", "l04", "flipped-leaf", "Flipped-Leaf"])
def test_found_by_id_and_by_name(text: str) -> None:
    assert find(text).id == "L04"


@pytest.mark.parametrize("text, meant", [("L4", "L04"), ("flip-leaf", "L04"), ("gzipbomb", "L13"), ("?", "")])
def test_what_there_is_instead(text: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"there is no fault called '{text}'")) as raised:
        find(text)
    assert (f"did you mean {meant}" in str(raised.value)) is bool(meant)


def test_listed() -> None:
    lines = listing().splitlines()
    assert len(lines) == sum(fault.how is not None for fault in FAULTS)
    assert lines[3].startswith("L04  flipped-leaf   serves")
