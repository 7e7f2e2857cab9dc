"""Writes docs/faults.md anew from the registry of faults and the tests named after them.

Run by `make reference`; tests/test_docs.py checks that nothing is left to write.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from certhia.testing.faults import FAULTS, PROMISES, NamedFault

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "faults.md"
TESTS = ROOT / "tests" / "faults"
HEADINGS = {
    "L": "Logs and their lists",
    "D": "Certificates",
    "C": "Clients of the stream",
    "T": "Servers that are scanned",
    "W": "Where matches go",
    "P": "What people add",
}
DOES = {
    "L": "What the server does",
    "D": "What happens",
    "C": "What the client does",
    "T": "What the server does",
    "W": "What the other side does",
    "P": "What a module does",
}
BEGIN, END = "<!-- begin: faults -->", "<!-- end: faults -->"


def tests() -> dict[str, tuple[str, str]]:
    """Every test of tests/faults by its name: its file, and what its docstring says."""
    found = {}
    for path in sorted(TESTS.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                said = " ".join((ast.get_docstring(node) or "").split())
                found[node.name] = (str(path.relative_to(ROOT)), said)
    return found


def _shown_by(fault: NamedFault, known: dict[str, tuple[str, str]]) -> list[str]:
    named = [(name, *known[name]) for name in known if name.startswith(fault.test)]
    return [f"- `{file}::{name}`" + (f": {said}" if said else "") for name, file, said in named]


def _section(fault: NamedFault, known: dict[str, tuple[str, str]]) -> list[str]:
    kinds = "" if len(fault.kinds) == 3 else f" ({', '.join(sorted(fault.kinds))})"
    try_it = f" `certhia demo --fault {fault.id}` shows it." if fault.how is not None else ""
    return [
        f"### {fault.id} {fault.name}{kinds}",
        "",
        f"**{DOES[fault.id[0]]}**: {fault.does}.{try_it}",
        "",
        f"**What you see**: {fault.seen}.",
        "",
        f"**Promised**: {', '.join(fault.keeps)}. **Proof**: {fault.proof}. Shown by:",
        "",
        *_shown_by(fault, known),
        "",
    ]


def body() -> str:
    """The promises, then each fault."""
    known = tests()
    lines = ["## Promises", "", "| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in PROMISES.items()), ""]
    for letter, title in HEADINGS.items():
        lines += [f"## {title}", ""]
        for fault in FAULTS:
            lines += _section(fault, known) if fault.id.startswith(letter) else []
    return "\n".join(lines).strip()


def written() -> tuple[str, str]:
    """The text of docs/faults.md as it is, and as it should be."""
    now = PAGE.read_text(encoding="utf-8")
    new = f"{BEGIN}\n\n{body()}\n\n{END}"
    return now, re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: new, now, flags=re.DOTALL)


def main() -> None:
    """Writes what differs."""
    now, new = written()
    if now != new:
        PAGE.write_text(new, encoding="utf-8")
        sys.stdout.write("docs/faults.md written\n")


if __name__ == "__main__":
    main()
