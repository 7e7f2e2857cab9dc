"""Certificate Transparency logs to test against: real trees, real signatures, served in process or over HTTP.

    from certhia.testing import World

    async def test_sees_the_certificate(certhia_world: World) -> None:
        log = certhia_world.static("alpha")
        log.add(certhia_world.ca.issue(["www.example.com"]))
        log.publish()
        async with certhia_world.serve() as url:
            ...                                  # url + "log_list.json" is a log list v3 that names `alpha`

General layout: `World` makes the logs and lists them, and serves them over HTTP (`serve`) or as a
`certhia.net.Transport` (`transport`). `CA` issues the certificates. `FakeLog` grows on command (`add`, `publish`) and
can be made to do what honest servers do (`hooks`, with `fail`, `lag`, `short`, `slow`, `silent`, `old_head` and
`RateLimit`). `FakeDns` is a name server that can be made to misbehave. `run_simulated` runs a coroutine in simulated
time; `in_simulated_time` makes a test of one. The pytest plugin is found by itself and brings the fixtures
`certhia_world`, `certhia_ca`, `certhia_clock` and `simulated`.
`python -m certhia.testing.feed` is a world in a process of its own, which grows by itself.

Names are imported when they are first used: the plugin is part of every test run, and costs those nothing that don't
use it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from certhia.testing.ca import CA, Issued
    from certhia.testing.dns import FakeDns
    from certhia.testing.entries import Entry, RawEntry, Submission, Template, templates
    from certhia.testing.heads import SignedHead
    from certhia.testing.logs import FakeLog
    from certhia.testing.modules import entries_of, matches_of, results_of
    from certhia.testing.request import Answer, Hook, Request
    from certhia.testing.scripted import Fault, RateLimit, fail, lag, old_head, short, silent, slow
    from certhia.testing.simulated import START, SimClock, SimulatedLoop, in_simulated_time, run_simulated
    from certhia.testing.transport import InProcess
    from certhia.testing.tree import Tree
    from certhia.testing.world import World

__all__ = [
    "CA",
    "START",
    "Answer",
    "Entry",
    "FakeDns",
    "FakeLog",
    "Fault",
    "Hook",
    "InProcess",
    "Issued",
    "RateLimit",
    "RawEntry",
    "Request",
    "SignedHead",
    "SimClock",
    "SimulatedLoop",
    "Submission",
    "Template",
    "Tree",
    "World",
    "entries_of",
    "fail",
    "in_simulated_time",
    "lag",
    "matches_of",
    "old_head",
    "results_of",
    "run_simulated",
    "short",
    "silent",
    "slow",
    "templates",
]

_HOMES = {
    "ca": "CA Issued",
    "dns": "FakeDns",
    "entries": "Entry RawEntry Submission Template templates",
    "heads": "SignedHead",
    "logs": "FakeLog",
    "modules": "entries_of matches_of results_of",
    "request": "Answer Hook Request",
    "scripted": "Fault RateLimit fail lag old_head short silent slow",
    "simulated": "START SimClock SimulatedLoop in_simulated_time run_simulated",
    "transport": "InProcess",
    "tree": "Tree",
    "world": "World",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
