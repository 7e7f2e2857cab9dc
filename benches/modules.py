"""Modules: what all that are built in cost a follower together, what each has of that, and what the host itself has.

python benches/modules.py [ROUNDS] [COUNT]

Whole runs of `certhia watch`, in turn and from the same feed, where one entry in a thousand matches. What a module asks
of other people's servers is left out: there are none here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import module_blocks
from feeds import Entries, Feed, entries, world
from process import Run, nothing, once, paged, state
from rows import Figure, Row
from table import table

PAGE: Final = 1024
RULE: Final = "kw:yoga"  # 1.1 in a thousand entries of the corpus
ALLOWED: Final = ("--allow", "*/static/*")
MOST: Final = 1.5  # times what it costs bare
MATCHES: Final = re.compile(r"([\d,]+) matches")
SKIPPED: Final = re.compile(r"([\d,]+) (?:entries were skipped|certificates were not linted)")

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
WHOLE: Final = "bare, as a whole"
WORKERS: Final = (WHOLE, "policy", *OTHERS)  # of which the whole run is measured
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
    yield from module_blocks.rows(rounds)


def _together(feed: Feed, rounds: int, folder: Path) -> Row:
    runs = {"bare": "", "full": "".join(TABLES.values())}
    spent = _spent(feed, 2 * rounds + 1, folder, runs)  # of runs that differ by a tenth from each other
    bare, full = ([run.cpu for run in spent[name]] for name in runs)
    figures = [
        Figure("CPU with all modules but policy, to CPU without", "x", _ratios(full, bare), MOST),
        Figure("CPU with them", "us/entry", full),
        Figure("CPU without", "us/entry", bare),
        Figure("entries that a module skipped", "", [run.skipped for run in spent["full"]], 0),
    ]
    return Row("all built-in modules but policy, 100 rules, verified, 0.1 % matching", "world", figures)


def _alone(feed: Feed, rounds: int, folder: Path) -> Row:
    """Each by itself: what it adds to a run without any."""
    ours = _spent(feed, 2 * rounds + 1, folder, {"bare": "", **TABLES})
    others = {name: text.format(folder=folder) for name, text in OTHERS.items()}
    theirs = _spent(feed, rounds, folder, {WHOLE: "", **others})
    added = _added(ours, ours.pop("bare")) | _added(theirs, theirs.pop(WHOLE))
    figures = [Figure(f"{name}: CPU besides", "us/entry", values) for name, values in added.items()]
    skipped = [sum(one.skipped for one in each) for each in zip(*ours.values(), strict=True)]
    figures.append(Figure("entries that one of ours skipped", "", skipped, 0))
    return Row("each module by itself", "world", figures)


def _added(spent: Mapping[str, Sequence[Spent]], bare: Sequence[Spent]) -> dict[str, list[float]]:
    return {
        name: [one.cpu - without.cpu for one, without in zip(runs, bare, strict=True)] for name, runs in spent.items()
    }


def _policy(feed: Feed, rounds: int, folder: Path) -> Row:
    spent = _spent(feed, rounds, folder, {WHOLE: "", "policy": POLICY})
    added, full = _added(spent, spent.pop(WHOLE)), spent["policy"]
    figures = [
        Figure("CPU besides, of the main process and its worker, with its start", "us/entry", added["policy"]),
        Figure("of some matches, certificates that were linted", "", [one.matches - one.skipped for one in full]),
        Figure("that were skipped, as too many waited", "", [one.skipped for one in full]),
    ]
    return Row("policy, in a process of its own, 0.1 % matching", "world", figures)


class Spent(NamedTuple):
    """What one run came to."""

    cpu: float  # us an entry, of all its processes, without what starting costs
    matches: float
    skipped: float  # what modules said that they skipped


def _spent(feed: Feed, rounds: int, folder: Path, tables: Mapping[str, str]) -> dict[str, list[Spent]]:
    """Runs by their settings, in turn."""
    runs: dict[str, list[Spent]] = {name: [] for name in tables}
    for _ in range(rounds):
        for name, text in tables.items():
            line = ("--every-sighting", *ALLOWED, *(("--config", str(_file(folder, text))) if text else ()))
            # Of workers we know what they cost as a whole: what they need to start is measured, and taken away.
            start = nothing(feed, *line).cpu if name in WORKERS else 0.0
            run = (once if name in WORKERS else paged)(feed, RULE, *line)
            runs[name].append(_one(run, start))
    return runs


def _one(run: Run, start: float) -> Spent:
    found = MATCHES.search(run.said)
    if found is None:
        raise SystemExit(f"no number of matches in what was said:\n{run.said}")
    skipped = sum(int(many.replace(",", "")) for many in SKIPPED.findall(run.said))
    return Spent(1e6 * (run.cpu - start) / run.entries, int(found[1].replace(",", "")), skipped)


def _file(folder: Path, text: str) -> Path:
    path = folder / "certhia.toml"
    path.write_text(text)
    return path


def _ratios(more: Sequence[float], less: Sequence[float]) -> list[float]:
    return [a / b for a, b in zip(more, less, strict=True)]


def main() -> None:
    """Prints the rows."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    print(table([*rows(entries(), rounds, count)]))


if __name__ == "__main__":
    main()
