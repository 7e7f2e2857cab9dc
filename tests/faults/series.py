"""Run as a program, with disk.c preloaded: series of lives of followers, told as JSON lines.

python -m tests.faults.series killed DIRECTORY KILLS SEED
python -m tests.faults.series failing DIRECTORY KIND
python -m tests.faults.series making DIRECTORY KIND
python -m tests.faults.series accusing DIRECTORY KIND
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.faults.lives import STATE, Fate, Lives
from tests.faults.preload import Kind

from certhia.freezing import FOLDER
from certhia.logs.evidence import decode
from certhia.logs.judging import judge
from certhia.testing.false_heads import split_view

EVIDENCE = f"{STATE}/{FOLDER}"


def killed(directory: Path, kills: int, seed: int) -> None:
    """Kills so many lives at random moments, then lets one end well. Those that were over before count for nothing."""
    choose, lives = random.Random(seed), Lives(directory)
    lives.warm()
    changes, done = Counter[str](), 0
    while done < kills:
        lives.add(choose.randint(1, 9))
        status = lives.live(_fate(choose, changes))
        changes |= Counter(map(kind_of, lives.calls.lines))
        done += status == -signal.SIGKILL
        report(status=status, at=kind_of(lives.calls.struck), said=lives.said)
    end(lives)


def _fate(choose: random.Random, changes: Counter[str]) -> Fate:
    """Most die at a change of a file, each kind of change as often as the others; some at a request, or whenever it
    may be. `changes`: how many of each kind a life made."""
    kind = choose.choice([Kind.KILL, Kind.KILL_HALF, Kind.KILL_AFTER, None])
    if kind is None or not changes:
        return choose.choice([Fate(request=choose.randint(1, 12)), Fate(seconds=choose.uniform(0.02, 0.2))])
    part = choose.choice(sorted(changes))
    return Fate(kind, part, choose.randint(1, changes[part]))


def failing(directory: Path, kind: int) -> None:
    """Each kind of change of a file fails in turn, of a state that goes on."""
    lives = made(directory, "old")
    lives.warm()
    changes = Counter[str]()
    for _ in range(3):
        report(fault="", status=lives.live(Fate()), said=lives.said)
        changes |= Counter(map(kind_of, lives.calls.lines))
        lives.add(9)
    for fate in _faults(changes, Kind(kind)):
        _fails(lives, fate)
        lives.add(5)
    end(lives)


def making(directory: Path, kind: int) -> None:
    """Each kind of change of the database fails in turn, while a state is made: always a new one."""
    fresh = made(directory, "fresh")
    fresh.warm()
    fresh.live(Fate())
    changes = Counter(map(kind_of, fresh.calls.lines))
    only = Counter({part: count for part, count in changes.items() if "db-journal" in part or "db-wal" in part})
    for number, fate in enumerate(_faults(only, Kind(kind))):
        new = made(directory, str(number))
        _fails(new, fate)
        end(new)


def accusing(directory: Path, kind: int) -> None:
    """Each kind of change fails in turn while evidence is kept: always of a new state; the log shows one tree again."""
    fresh = made(directory, "fresh")
    fresh.warm()
    _accused(fresh, Fate())
    changes = Counter(map(kind_of, fresh.calls.lines))
    only = Counter({part: count for part, count in changes.items() if EVIDENCE in part})
    for number, fate in enumerate(_faults(only, Kind(kind))):
        new = made(directory, str(number))
        _accused(new, fate)
        status, calls = new.status, new.calls
        report(fault=fate.kind.name, at=kind_of(calls.struck), before="", status=status, said=new.said)
        report(status=new.live(Fate()), said=new.said)
        files = sorted((new.directory / EVIDENCE).iterdir())
        verdicts = [judge(decode(file.read_bytes())).verdict for file in files]
        report(unsound=new.unsound(), frozen=asyncio.run(new.frozen()) == list(map(str, files)), verdicts=verdicts)


def _accused(lives: Lives, fate: Fate) -> None:
    """A life without anything, then one in which a log signs two trees, and what `fate` has for it happens."""
    assert lives.live(Fate()) == 0, lives.said
    lives.add(3)
    accused = lives.logs[0]
    accused.hooks.append(split_view())
    lives.status = lives.live(fate)
    accused.hooks.clear()
    lives.add(3)


def made(directory: Path, name: str) -> Lives:
    """A state of its own that is not there yet, and a world to follow."""
    (directory / name).mkdir()
    lives = Lives(directory / name)
    lives.add(9)
    return lives


def _faults(changes: Counter[str], kind: Kind) -> list[Fate]:
    """A fault of that kind at every kind of change: the first, the last, and where it is a commit one between."""
    return [
        Fate(kind, part, number)
        for part, count in sorted(changes.items())
        if kind is not Kind.SHORT or part.startswith("write")
        for number in sorted({1, count, *([1 + count // 2] if "db-wal" in part else [])})
    ]


def _fails(lives: Lives, fate: Fate) -> None:
    status, calls = lives.live(fate), lives.calls
    report(fault=fate.kind.name, at=kind_of(calls.struck), before=kind_of(calls.before), status=status, said=lives.said)


def end(lives: Lives) -> None:
    """One more life, without a fault, and how it stands then."""
    lives.add(3)
    report(fault="", at="", status=lives.live(Fate()), said=lives.said)
    report(unsound=lives.unsound(), **asyncio.run(lives.story()))


def kind_of(line: str) -> str:
    """What lines of this kind have in common: all, but for a file whose name is another one each time."""
    operation, _, path = line.partition(" ")
    if path.startswith(f"{EVIDENCE}/"):  # named by log, time and content; before it is whole, with a dot
        name = path.removeprefix(f"{EVIDENCE}/")
        return f"{operation} {EVIDENCE}/{name[:1] if name.startswith('.') else ''}"
    whole = f"{operation} {path}\n" if ".loglist." not in path else f"{operation} {path.partition('.loglist.')[0]}."
    return whole if line else ""


def report(**line: object) -> None:
    """A line for whoever started this."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    works: dict[str, Callable[..., None]] = {
        "killed": killed,
        "failing": failing,
        "making": making,
        "accusing": accusing,
    }
    works[sys.argv[1]](Path(sys.argv[2]), *map(int, sys.argv[3:]))
