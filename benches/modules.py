"""Modules: what all that are built in cost a follower together, what each has of that, and what the host itself has.

python benches/modules.py [ROUNDS] [COUNT]

Whole runs of `certhia watch`, in turn and from the same feed, where one entry in a thousand matches. What a module asks
of other people's servers is left out: there are none here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from feeds import Entries, Feed, entries, world
from process import nothing, once, state
from rows import Figure, Row
from table import table

PAGE: Final = 1024
RULE: Final = "kw:yoga"  # 1.1 in a thousand entries of the corpus
ALLOWED: Final = ("--allow", "*/static/*")
MOST: Final = 1.5  # times what it costs bare

TABLES: Final[Mapping[str, str]] = {
    "domains": "[modules.domains]\n",
    "watch": '[modules.watch]\nrules = ["kw:yoga"]\n',
    "typosquat": '[modules.typosquat]\ndomains = ["example.com"]\ncontext = false\n',
    "expiry": "[modules.expiry]\n",
    "intelligence": "[modules.intelligence]\ncaa = false\n",
    "revocation": "[modules.revocation]\nmax_certificates = 1\n",  # nobody is to be asked from here
}
POLICY: Final = "[modules.policy]\n"
# Two of other people's, in a worker process: pages go there and are decoded; one is handed few entries of them.
_OWN: Final = '[modules]\nautoload = ["{folder}"]\n[modules.counting]\n'
OTHERS: Final[Mapping[str, str]] = {
    "a module in the worker, all entries": f"{_OWN}queue = 4096\n",
    "a module in the worker, only 0.1 %": f'{_OWN}only = ["kw:yoga"]\n',
}
COUNTING: Final = """
from certhia.modules import Info, Sees


class Counting:
    info = Info("counting", "1", "Counts names", Sees.ENTRIES)

    def process(self, batch):
        names = batch.columns["names"]
        self.count = sum(len(names[position]) for position in batch.positions)
        return []
"""


def rows(source: Entries, rounds: int, count: int, policy: bool = True) -> Iterator[Row]:
    """Every row about modules."""
    with world(source, count=count, page=PAGE) as feed, state() as folder:
        folder.mkdir(exist_ok=True)
        (folder / "counting.py").write_text(COUNTING)
        yield _together(feed, rounds, folder)
        yield _alone(feed, rounds, folder)
        if policy:
            yield _policy(feed, rounds, folder)


def _together(feed: Feed, rounds: int, folder: Path) -> Row:
    settings = _file(folder, "".join(TABLES.values()))
    bare, full = list[float](), list[float]()
    for _ in range(rounds):
        bare.append(_each(feed))
        full.append(_each(feed, "--config", str(settings)))
    figures = [
        Figure("CPU with all modules but policy, to CPU without", "x", _ratios(full, bare), MOST),
        Figure("CPU with them", "us/entry", full),
        Figure("CPU without", "us/entry", bare),
    ]
    return Row("all built-in modules but policy, 100 rules, verified, 0.1 % matching", "world", figures)


def _alone(feed: Feed, rounds: int, folder: Path) -> Row:
    """Each by itself: what it adds to a run without any."""
    runs = {**TABLES, **{name: text.format(folder=folder) for name, text in OTHERS.items()}}
    added: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        bare = _each(feed)
        for name, text in runs.items():
            added[name].append(_each(feed, "--config", str(_file(folder, text))) - bare)
    figures = [Figure(f"{name}: CPU besides", "us/entry", values) for name, values in added.items()]
    return Row("each module by itself", "world", figures)


def _policy(feed: Feed, rounds: int, folder: Path) -> Row:
    settings = _file(folder, POLICY)
    bare, full = list[float](), list[float]()
    for _ in range(rounds):
        bare.append(_each(feed))
        full.append(_each(feed, "--config", str(settings)))
    more = [a - b for a, b in zip(full, bare, strict=True)]
    figures = [Figure("CPU besides, of the main process and its worker", "us/entry", more)]
    return Row("policy, in a process of its own, 0.1 % matching", "world", figures)


def _file(folder: Path, text: str) -> Path:
    path = folder / "certhia.toml"
    path.write_text(text)
    return path


def _each(feed: Feed, *more: str) -> float:
    """CPU of one run with all its processes, us an entry, without what starting and ending cost."""
    line = ("--every-sighting", *ALLOWED, *more)
    start = nothing(feed, *line)
    return 1e6 * (once(feed, RULE, *line).cpu - start.cpu) / feed.count


def _ratios(more: Sequence[float], less: Sequence[float]) -> list[float]:
    return [a / b for a, b in zip(more, less, strict=True)]


def main() -> None:
    """Prints the rows."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    print(table([*rows(entries(), rounds, count)]))


if __name__ == "__main__":
    main()
