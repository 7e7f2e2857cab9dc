"""The docs tell of all there is, of nothing that isn't, and are what the code says."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
BUILD_ONLY = {
    *("cc", "find-msvc-tools", "shlex", "autocfg", "pyo3-build-config", "target-lexicon", "heck"),  # build scripts
    *("displaydoc", "pyo3-macros", "pyo3-macros-backend", "proc-macro2", "quote", "syn", "synstructure"),  # macros
    *("unicode-ident", "yoke-derive", "zerofrom-derive", "zerovec-derive"),
    *("proptest", "serde_json"),  # tests
}
# Bounds that no table needs, each with the reason.
UNLISTED = {
    **{
        f"crates/certhia-core/src/lookalike/{place}": "beyond it nothing is a look-alike; tests of that folder"
        for place in (
            "edit.rs MAX_LABEL",
            "forms.rs MAX_NAME",
            "index.rs MAX_TEXT",
            "mod.rs MAX_LABELS",
            "search.rs MAX_WORD",
            "sieve.rs MAX_LABEL",
            "sieve.rs MAX_PART",
        )
    },
    "crates/certhia-core/src/together.rs MAX_TOGETHER": "further ones go over the page by themselves: certhia.sought",
    "crates/certhia-core/src/recent.rs MAX_END": "longer ends of names are looked up each time; a cache and no bound",
    "crates/certhia-core/src/kept.rs MAX_NAMES": "certificates beyond it are walked each time; a cache and no bound",
    "crates/certhia-core/src/hello/jarm.rs MAX_FRAGMENT_LENGTH": "the number of an extension (RFC 6066)",
    "crates/certhia-core/src/matches.rs MAX_PAGE_TRIES": "64 times what one certificate may",
    "crates/certhia-core/src/rules/attributes.rs MAX_DETAIL": "characters that people are shown",
    "crates/certhia-core/src/rules/tables.rs MAX_TABLE": "larger ones are searched without a table",
    **{
        f"certhia.logs.evidence.{name}": "inside a file of evidence; tests/logs/test_evidence.py"
        for name in ("MAX_HEAD", "MAX_HEADS", "MAX_LEAVES", "MAX_NUMBER", "MAX_SIGNATURE")
    },
    **{
        f"certhia.logs.form.{name}": "inside a file of evidence; tests/logs/test_form.py"
        for name in ("MAX_HASHES", "MAX_TEXT")
    },
    "certhia.logs.heads.MAX_TIMESTAMP": "the last time that is a date",
    "certhia.logs.loglist.MAX_MMD": "a value that makes sense",
    "certhia.logs.lists.MAX_DROP": "a part of the logs, in the page on logs",
    "certhia.logs.kept._MAX_FILE": "follows from that of a log list",
    "certhia.logs.learned.MAX_ENTRY": "what of a description is kept; a longer one is asked for again",
    "certhia.rules.gathering.MAX_NOTICES": "lines that people are shown",
    "certhia.rules.files.MAX_WIDE": "lines that people are shown",
    "certhia.reload.MAX_LINKS": "links that a system follows",
    "crates/certhia-core/src/batch/build.rs MAX_DEFECTS": "defects of ours in one page, not what is taken in",
    "crates/certhia-core/src/hello/client.rs MAX_HELLO": "what we say, not what is taken in; tests/core/test_hello.py",
    "crates/certhia-core/src/leaf.rs MAX_CHAIN": "what a TileLeaf can hold; tests/core/test_bounds.py",
    "crates/certhia-core/src/merkle.rs MAX_SIZE": "entries of any log, as the core has it; tests/core/test_merkle.py",
    "crates/certhia-core/src/names.rs MAX_COMPOSED": "longer labels can't be any; crates/certhia-core/src/linear.rs",
    "crates/certhia-core/src/page.rs MAX_DATA": "what offsets of 32 bits reach, beyond 31 answers of the largest size",
    "crates/certhia-core/src/rules/lines.rs MAX_ODD": "what is given back at once; more are told of",
    "crates/certhia-core/src/rules/lines.rs MAX_WIDE": "lines that people are shown",
    "crates/certhia-core/src/rules/lines.rs MAX_LINE": "that of certhia.rules.lines",
    "crates/certhia-core/src/suffixes.rs MAX_LIST": "that of certhia.rules.suffixes",
    "crates/certhia-core/src/text.rs MAX_PIECES_DEPTH": "strings in pieces; deeper ones are read as they stand",
    "crates/certhia-core/src/tile.rs MAX_RATIO": "what deflate can make of a byte",
    **{
        f"crates/certhia-core/src/certstream/{place}": "inside a message, which is bounded; tests/messages.rs"
        for place in (
            "certificate.rs MAX_SERIAL",
            "extensions.rs MAX_EXTRA",
            "message.rs MAX_FAULT",
            "source.rs MAX_TEXT",
            "values.rs MAX_KEY_ID",
            "values.rs MAX_SCTS",
            "values.rs MAX_TEXT",
        )
    },
    **{
        f"crates/certhia-core/src/certstream/{place}": "what is remembered, not what is taken in"
        for place in ("certificate.rs MAX_MADE", "chain.rs MAX_KEPT", "extensions.rs MAX_MADE")
    },
    "crates/certhia-core/src/certstream/messages.rs MAX_ENTRIES": "of a page: what positions of 16 bits reach",
    "crates/certhia-core/src/certstream/messages.rs MAX_BYTES": "of a page's messages, each of them bounded",
}
METRICS = {"Counter", "Gauge", "Histogram", "Summary", "Info"}  # prometheus_client's


def by_path(path: Path) -> str:
    return str(path.relative_to(ROOT))


def script(name: str) -> ModuleType:
    """A script of scripts/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    return script("reference")


@pytest.mark.parametrize("name", ["cli", "configuration", "match", "scan", "limits", "metrics"])
def test_generated_tables_are_up_to_date(reference: ModuleType, name: str) -> None:
    now, new = reference.written(name)
    assert now == new, f"docs/reference/{name}.md is not what the code says: run make reference"
    assert f"<!-- begin: {name} -->" in now


def test_the_page_on_faults_is_up_to_date() -> None:
    now, new = script("faults").written()
    assert now == new, "docs/faults.md is not what the code says: run make reference"
    assert "### L23" in now


def test_every_bound_is_shown_by_a_test(reference: ModuleType) -> None:
    missing = []
    for one in reference.bounds():
        file, _, name = one.test.partition("::")
        if not re.search(rf"(?m)^\s*(?:async )?(?:def|fn) {name}\(", (ROOT / file).read_text(encoding="utf-8")):
            missing.append(f"{one.place}: {one.test}")
    assert missing == []


def test_every_bound_is_in_the_table(reference: ModuleType) -> None:
    """A constant called MAX_… is in scripts/limits.tsv, or in UNLISTED here with the reason."""
    listed = {one.place for one in reference.bounds()}
    found = set()
    for path in (ROOT / "crates").glob("certhia-*/src/**/*.rs"):
        text = path.read_text(encoding="utf-8")
        found |= {f"{by_path(path)} {name}" for name in re.findall(r"\bconst (MAX_\w+): (?:usize|u\d+) =", text)}
    for path in (ROOT / "src").rglob("*.py"):
        module = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
        text = path.read_text(encoding="utf-8")
        found |= {f"{module}.{name}" for name in re.findall(r"(?m)^(_?MAX_\w+)(?:: \w+)? = ", text)}
    assert found - listed - UNLISTED.keys() == set()
    assert {place for place in UNLISTED if place not in found or place in listed} == set()


def test_every_option_is_in_the_reference(reference: ModuleType) -> None:
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    sections = dict(zip(*[iter(re.split(r"(?m)^## certhia (.+)$", text)[1:])] * 2, strict=True))
    commands: list[tuple[str, Any]] = reference.commands()
    assert set(sections) == {name for name, _ in commands}
    missing = [
        f"certhia {name} {switch}"
        for name, command in commands
        for option in reference.options(command)
        for switch in (*option.opts, *option.secondary_opts)
        if not re.search(rf"`{re.escape(switch)}[ `]", sections[name])
    ]
    assert missing == []


def test_every_option_explains_itself(reference: ModuleType) -> None:
    mute = [
        f"certhia {name} {option.opts}"
        for name, command in reference.commands()
        for option in reference.options(command)
        if not option.help
    ]
    assert mute == []
    assert [name for name, command in reference.commands() if not command.help] == []


def test_every_setting_is_in_the_reference() -> None:
    from certhia.config import keys

    text = (DOCS / "reference" / "configuration.md").read_text(encoding="utf-8")
    missing = [key for key in keys.fields() if f"`{keys.variable(key)}`" not in text]
    assert missing == []


def test_every_metric_is_in_the_reference() -> None:
    """A metric is what is made with one of prometheus_client's classes and a literal name."""
    names = set()
    for path in (ROOT / "src").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)) if "prometheus_client" in source else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in METRICS and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    names.add(first.value)
    text = "".join(path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md"))
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_no_option_or_setting_is_made_up(reference: ModuleType) -> None:
    """What the docs call an option of certhia's is one."""
    known = {
        switch
        for _, command in reference.commands()
        for one in command.params
        for switch in (*one.opts, *one.secondary_opts)
    }
    known |= {"--help", "--version", "--install-completion", "--show-completion"}
    known |= {
        "--watch-config",
        "--reconnect-delay",
        "--export-scope",
        "--dry-run-sync",
    }  # ct-scout's: docs/guide/migrate.md
    others = re.compile(r"\b(cargo|pip|uv|git|apt|rustup|rustfmt|pytest|docker|mkdocs|maturin|xcode-select|openssl)\b")
    made_up = []
    for path in PAGES:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not others.search(line):
                made_up += [
                    f"{by_path(path)}:{number} {switch}"
                    for switch in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", line)
                    if switch not in known
                ]
    assert made_up == []


def test_no_missing_file_is_mentioned() -> None:
    """Paths in backquotes that begin with one of our folders, and relative links, lead somewhere."""
    folders = "|".join(("src", "crates", "docs", "tests", "benches", "scripts", r"\.github", r"\.ci"))
    wrong = []
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        mentioned = re.findall(rf"`((?:{folders})/[\w./*-]+)`", text)
        wrong += [f"{by_path(path)}: {name}" for name in mentioned if not any(ROOT.glob(name.rstrip("/")))]
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            file = target.partition("#")[0]
            if file and "://" not in target and not target.startswith("mailto:") and not (path.parent / file).exists():
                wrong.append(f"{by_path(path)}: link to {target}")
    assert wrong == []


def test_troubleshooting_quotes_messages_that_exist() -> None:
    """Headings in quotes are parts of messages, as they stand in the code or the build scripts."""
    headings = re.findall(r'(?m)^### "(.+)"$', (DOCS / "troubleshooting.md").read_text(encoding="utf-8"))
    files = [*(ROOT / "src").rglob("*.py"), *(path for path in (ROOT / "scripts").iterdir() if path.is_file())]
    code = " ".join(path.read_text(encoding="utf-8") for path in files)
    joined = re.sub(r'"\s*\n\s*f?"', "", code)  # a string that goes on in the next line
    assert headings
    assert [heading for heading in headings if heading not in joined] == []


def test_notice_names_the_data_that_is_shipped() -> None:
    """Versions of the crates that carry data are those of Cargo.lock; dates of the log list those of ORIGIN.md."""
    notice = " ".join((ROOT / "NOTICE").read_text(encoding="utf-8").split())
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))
    versions = {package["name"]: package["version"] for package in lock["package"]}
    for name in ("psl", "idna", "icu_normalizer_data", "icu_properties_data", "libdeflate-sys"):
        assert f"{name} {versions[name]}" in notice, name
    origin = (ROOT / "src/certhia/data/ORIGIN.md").read_text(encoding="utf-8")
    version, date = re.findall(r"version ([\d.]+).*\| (\d{4}-\d\d-\d\d) \|", origin)[0]
    assert f"{version} of {date}" in notice


def test_the_licence_of_every_linked_crate_is_there() -> None:
    """All of Cargo.lock that certhia-py leads to, but for what only runs while it is built or tested."""
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))
    # A dependency is said with its version where there are several of that name.
    full = {one["name"]: f"{one['name']} {one['version']}" for one in lock["package"]}
    needs = {f"{one['name']} {one['version']}": one.get("dependencies", []) for one in lock["package"]}
    ours = {full["certhia-py"], full["certhia-core"]}
    found, left = set[str](), [*ours]
    while left:
        name = left.pop()
        crate = full.get(name, name)
        if crate not in found and crate.split()[0] not in BUILD_ONLY:
            found.add(crate)
            left += needs[crate]
    named = set(re.split(r", |\n", (ROOT / "LICENCES").read_text(encoding="utf-8")))
    assert found - ours - named == set(), "scripts/licences.py writes it anew"


def test_every_page_is_in_the_manual() -> None:
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [by_path(path) for path in DOCS.rglob("*.md") if str(path.relative_to(DOCS)) not in nav] == []
    decisions = (DOCS / "adr" / "index.md").read_text(encoding="utf-8")
    assert [path.name for path in (DOCS / "adr").glob("2*.md") if path.name not in decisions] == []


def test_every_decision_is_dated() -> None:
    for path in (DOCS / "adr").glob("2*.md"):
        assert path.read_text(encoding="utf-8").splitlines()[2] == path.name[:10], by_path(path)


def test_every_recipe_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.findall(r"(?m)^\.PHONY: (.*)$", makefile)[0].split()
    assert [name for name in phony if not re.search(rf"(?m)^{name}:.* ## .", makefile)] == []


@pytest.mark.slow
def test_the_manual_builds_without_a_warning(tmp_path: Path) -> None:
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=50, check=False)
    assert (built.returncode, built.stdout) == (0, ""), built.stdout + built.stderr
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    fetched = re.findall(r'(?:src|href)="(https?://[^"]+\.(?:js|css|woff2?))"', page)
    assert fetched == [], "the manual must work without a network"


def test_every_test_that_the_page_on_faults_names_is_there() -> None:
    for file, name in re.findall(r"`(tests/[a-z0-9_/]+\.py)::(\w+)`", (DOCS / "faults.md").read_text(encoding="utf-8")):
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{name}"
