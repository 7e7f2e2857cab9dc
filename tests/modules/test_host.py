"""All modules of a run: started together or not at all, replaced by difference."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.modules.hosts import hosted

from certhia.errors import ConfigError
from certhia.modules.batch import Matches
from certhia.modules.failing import Failed, Off
from certhia.sinks.sample import sample

MODULE = """
from certhia.config.values import Section
from certhia.modules import Finding, Info, Sees

class Keys(Section):
    days: int = 7

class Mine:
    info = Info("{name}", "1", "Mine", Sees.{sees}, config=Keys, needs={needs})

    def setup(self, config):
        if config.days < 0:
            raise ValueError("less than no days")
        self.days, self.calls = config.days, 0

    {reconfigure}

    def process(self, batch):
        self.calls += 1
        return [Finding("seen", f"{{self.days}} days, call {{self.calls}}")]

    def flush(self):
        return [Finding("held", "held back")]
"""
RECONFIGURE = "def reconfigure(self, config): self.days = config.days if config.days >= 0 else 1 / 0"


def text(name: str = "mine", sees: str = "ENTRIES", *, needs: tuple[str, ...] = (), reconfigure: str = "") -> str:
    return MODULE.format(name=name, sees=sees, needs=needs, reconfigure=reconfigure)


@pytest.mark.parametrize("trusted", [True, False])
async def test_by_difference(tmp_path: Path, trusted: bool) -> None:
    async with hosted(tmp_path) as one:
        one.write("mine", text())
        one.write("other", text("other"))
        one.write("agile", text("agile", reconfigure=RECONFIGURE))
        three = {"mine": {"trusted": trusted}, "other": {"trusted": trusted}, "agile": {"trusted": trusted}}
        assert await one.host.replace(one.settings(**three)) == [
            "module mine is new",
            "module other is new",
            "module agile is new",
        ]

        async def page() -> list[tuple[str, str]]:
            one.events.clear()
            await one.host.pages.accept(one.arrival("a.example"))
            running = asyncio.get_running_loop().create_task(one.host.pages.run())
            await one.host.pages.drained()
            running.cancel()
            return one.found()

        first = await page()
        assert sorted(first) == [("agile", "7 days, call 1"), ("mine", "7 days, call 1"), ("other", "7 days, call 1")]
        for name in ("mine", "agile"):
            three[name]["days"] = 9  # type: ignore[assignment]
        told = await one.host.replace(one.settings(**three))
        assert told == ["module mine has changed", "module agile has changed"]
        assert ("mine", "held back") in one.found()  # the old one is let go with what it held
        # A new one; the same, with other keys; the very same.
        assert sorted(await page()) == [
            ("agile", "9 days, call 2"),
            ("mine", "9 days, call 1"),
            ("other", "7 days, call 2"),
        ]
        del three["other"]
        assert await one.host.replace(one.settings(**three)) == ["module other is no longer in use"]
        assert ("module.disabled", {"module": "other", "why": "it is no longer configured"}) in one.events
        assert len(await page()) == 2


HOLDS = """
from certhia.config.values import Section
from certhia.modules import Finding, Info, Sees

class Keys(Section):
    days: int = 7

class Holds:
    info = Info("{name}", "1", "Tells at the end", Sees.ENTRIES, config=Keys)

    def setup(self, config):
        self.days, self.held = config.days, []

    def process(self, batch):
        self.held += [entry.certificate.names[0] for _, entry in batch]

    def flush(self):
        return [Finding("held", f"{{self.days}}: {{' '.join(self.held)}}")]
"""


@pytest.mark.parametrize("trusted", [True, False])
async def test_pages_that_wait_for_one_that_is_let_go(tmp_path: Path, trusted: bool) -> None:
    async with hosted(tmp_path) as one:
        both: dict[str, dict[str, object]] = {}
        for name in ("mine", "other"):
            one.write(name, HOLDS.format(name=name))
            both[name] = {"trusted": trusted}
        await one.host.replace(one.settings(**both))
        for number in range(4):
            await one.host.pages.accept(one.arrival(f"host{number}.example"))
        both["mine"] = {"trusted": trusted, "days": 9}
        await one.host.replace(one.settings(**both))
        everything = "7: " + " ".join(f"host{number}.example" for number in range(4))
        assert one.found() == [("mine", everything)]
        await one.host.flush()
        assert one.found() == [("mine", everything), ("mine", "9: "), ("other", everything)]
        assert len(one.said) == len(one.found())  # nothing but that
        assert "module.disabled" not in one.types()


@pytest.mark.parametrize("trusted", [True, False])
async def test_all_or_nothing(tmp_path: Path, trusted: bool) -> None:
    async with hosted(tmp_path) as one:
        one.write("agile", text("agile", reconfigure=RECONFIGURE))
        one.write("bad", text("bad"))
        good = {"trusted": trusted}
        await one.host.replace(one.settings(agile=good))
        before = {*one.host.seats}
        for tables, problem in (
            ({"agile": {**good, "days": 9}, "bad": {**good, "days": -1}}, "module bad: ValueError: less than no days"),
            ({"agile": {**good, "days": -1}}, "module agile: ZeroDivisionError"),
            ({"agile": {**good, "day": 1}}, r"modules.agile.day: is an unknown key; did you mean days\?"),
            ({"agile": good, "gone": {}}, "modules.gone: there is no such module"),
            ({"agile": good, "bad": {"only": ["no rule!"]}}, "modules.bad.only: "),
        ):
            with pytest.raises(ConfigError, match=problem):
                await one.host.replace(one.settings(**tables))
            assert {*one.host.seats} == before
        await one.host.flush()
        assert one.found() == [("agile", "held back")]


async def test_what_is_prepared_and_never_used_is_undone(tmp_path: Path) -> None:
    async with hosted(tmp_path) as one:
        one.write("mine", text())
        await one.host.prepared(one.settings(mine={}))
        assert await one.host.replace(one.settings()) == []
        assert (len(one.host.seats), one.host.queues) == (0, [])


@pytest.mark.parametrize(
    "needs, trusted, problem",
    [
        (("network",), False, "needs 'network', which a worker process is not given: write trusted = true"),
        (("state",), False, "needs 'state'"),
        (("no-such-distribution",), True, "needs no-such-distribution; install it: pip install no-such-distribution"),
        (("no-such-distribution",), False, "pip install"),
    ],
)
async def test_what_it_needs_and_cannot_have(
    tmp_path: Path, needs: tuple[str, ...], trusted: bool, problem: str
) -> None:
    async with hosted(tmp_path) as one:
        one.write("mine", text(needs=needs))
        with pytest.raises(ConfigError, match=problem):
            await one.host.replace(one.settings(mine={"trusted": trusted}))


async def test_matches(tmp_path: Path) -> None:
    async with hosted(tmp_path) as one:
        one.write("mine", text(sees="MATCHES", needs=("certificates", "network", "state")))
        await one.host.replace(one.settings(mine={"trusted": True, "only": ["other.example"]}))
        host, match = one.host, sample(0.0)
        assert (host.queues, host.keeps_certificates, host.needs(match)) == (["module:mine"], True, False)
        assert host.routes(match) == []
        await host.replace(one.settings(mine={"trusted": True}))
        assert (host.routes(match), host.needs(match)) == (["module:mine"], True)
        assert await host.certificates("module:mine", [match]) == {}
        await host.deliver("module:mine", Matches([match]))
        assert ("mine", "7 days, call 1") in one.found()
        with pytest.raises(Off):
            await host.deliver("module:other", Matches([match]))


async def test_one_that_is_switched_off_is_an_alarm_until_its_settings_change(tmp_path: Path) -> None:
    async with hosted(tmp_path) as one:
        one.write("mine", text(sees="MATCHES").replace("self.calls += 1", "1 / 0"))
        await one.host.replace(one.settings(mine={"trusted": True}))
        assert await one.host.look() == []
        for _ in range(3):
            with pytest.raises(Failed):
                await one.host.deliver("module:mine", Matches([sample(0.0)]))
        (found,) = await one.host.look()
        assert found.alarm.key == "module:mine"
        assert "is switched off: ZeroDivisionError" in found.alarm.text
        with pytest.raises(Off):
            await one.host.deliver("module:mine", Matches([sample(0.0)]))
        assert one.host.routes(sample(0.0)) == []
        await one.host.replace(one.settings(mine={"trusted": True}))
        assert await one.host.look() == []
        assert one.types().count("module.loaded") == 2
