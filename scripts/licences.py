"""Writes LICENCES: the licence texts of all crates linked into the extension. With --check: says if it is stale.

Of several licences to choose from it is the MIT one, else the first text that the crate brings.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "LICENCES"
NAMES = (
    "LICENSE-MIT",
    "LICENSE-MIT.md",
    "LICENSE-ZLIB.md",
    "LICENSE",
    "LICENSE.txt",
    "LICENSE-UNICODE",
    "LICENSE-APACHE",
    "COPYING",
)
# Crates under several licences at once: what their first text only points to.
FURTHER = {"ring": ("LICENSE-other-bits", "LICENSE-BoringSSL", "third_party/fiat/LICENSE")}
HEAD = "Licence texts of the Rust crates that are linked into certhia._core. NOTICE says what else is shipped.\n"


def linked() -> list[dict[str, Any]]:
    """The packages that certhia-py is built from, without those that only its tests or build scripts need."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--quiet"]
    found = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    packages = {package["id"]: package for package in found["packages"]}
    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
    left = [key for key, package in packages.items() if package["name"] == "certhia-py"]
    seen: set[str] = set()
    while left:
        key = left.pop()
        if key in seen:
            continue
        seen.add(key)
        left += [each["pkg"] for each in nodes[key]["deps"] if any(kind["kind"] is None for kind in each["dep_kinds"])]
    return sorted((packages[key] for key in seen if packages[key]["source"]), key=lambda one: str(one["name"]))


def text(package: dict[str, Any]) -> str:
    """Its licence text; where the crate brings none, what it declares."""
    folder = Path(package["manifest_path"]).parent
    found = [name for name in NAMES if (folder / name).is_file()][:1]
    if found:
        texts = (
            (folder / name).read_text(encoding="utf-8", errors="replace")
            for name in (*found, *FURTHER.get(package["name"], ()))
        )
        lines = "\n\n".join(texts).splitlines()
        return "\n".join(line.rstrip() for line in lines).strip()
    authors = ", ".join(package["authors"]) or "its authors"
    return f"{package['license']}, by {authors}: {package['repository']} has the text; the crate brings none."


def written() -> str:
    """The whole file: each text once, behind the crates that are under it."""
    crates: dict[str, list[str]] = defaultdict(list)
    for package in linked():
        crates[text(package)].append(f"{package['name']} {package['version']}")
    parts = [f"{'=' * 100}\n{', '.join(names)}\n{'=' * 100}\n\n{each}\n" for each, names in crates.items()]
    return "\n".join([HEAD, *parts])


def main() -> int:
    """Writes or checks."""
    if "--check" not in sys.argv:
        OUT.write_text(written(), encoding="utf-8")
        print(f"{OUT.name} written")
        return 0
    if OUT.is_file() and OUT.read_text(encoding="utf-8") == written():
        return 0
    print(f"{OUT.name} is not what the linked crates bring: python scripts/licences.py writes it", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
