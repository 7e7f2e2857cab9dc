"""What `make fuzz` begins with is there for each target, is what the script makes, and is read by the core."""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from certhia._core import Certificate, Flight, Issuers, Note, Page
from certhia.errors import Malformed

ROOT = Path(__file__).resolve().parent.parent
FUZZ = ROOT / "crates" / "fuzz"
SEEDS = FUZZ / "seeds"


@pytest.fixture(scope="module")
def seeds() -> ModuleType:
    spec = importlib.util.spec_from_file_location("seeds", ROOT / "scripts" / "seeds.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_seeds_are_up_to_date(seeds: ModuleType) -> None:
    made = seeds.made()
    assert {path: path.read_bytes() for path in SEEDS.glob("*/*")} == made, "run scripts/seeds.py"
    assert sum(map(len, made.values())) < 200_000


def test_each_target_is_built_and_has_seeds() -> None:
    targets = {path.stem for path in (FUZZ / "fuzz_targets").glob("*.rs")}
    binaries = {one["name"] for one in tomllib.loads((FUZZ / "Cargo.toml").read_text(encoding="utf-8"))["bin"]}
    assert targets == binaries == {path.name for path in SEEDS.iterdir()}
    assert {path.name for path in (FUZZ / "dictionaries").iterdir()} <= targets


def _flight(seed: bytes) -> None:
    flight = Flight()
    if flight.feed(seed[1:]) != "done":
        raise Malformed(str(flight.fault))


@pytest.mark.parametrize(
    "folder, least", [("certificate", 10), ("note", 4), ("tile", 4), ("get_entries", 5), ("hello", 6)]
)
def test_most_seeds_make_sense(folder: str, least: int) -> None:
    """Those that make none are seeds too, but not the rule."""
    readers: dict[str, Callable[[bytes], object]] = {
        "certificate": Certificate.from_der,
        "note": Note.parse,
        "tile": lambda seed: Page.from_tile(seed, 0),
        "get_entries": lambda seed: Page.from_get_entries([seed], 0, Issuers()),
        "hello": _flight,
    }
    good = 0
    for path in (SEEDS / folder).iterdir():
        try:
            readers[folder](path.read_bytes())
        except Malformed:
            continue
        good += 1
    assert good >= least


def test_the_targets_are_built_from_the_same_crates() -> None:
    """Their own lock file is not that of the workspace: `make fuzz` on the stable toolchain takes it as it is."""

    def versions(path: Path) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for package in tomllib.loads(path.read_text(encoding="utf-8"))["package"]:
            found.setdefault(package["name"], set()).add(package["version"])
        return found

    ours, theirs = versions(ROOT / "Cargo.lock"), versions(FUZZ / "Cargo.lock")
    manifest = tomllib.loads((ROOT / "crates" / "certhia-core" / "Cargo.toml").read_text(encoding="utf-8"))
    needed = {name: ours[name] for name in manifest["dependencies"]}
    told = "run cargo update --manifest-path crates/fuzz/Cargo.toml --workspace"
    assert {name: theirs.get(name) for name in needed} == needed, told
