"""A new module from a template, and the test that it passes."""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path
from typing import Final

from certhia.errors import ConfigError
from certhia.modules.builtin import BUILTIN
from certhia.render import quoted, terminal

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")

_ENTRIES: Final = '''"""Certificates that live for DAYS days or less."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from certhia.config.values import Section
from certhia.modules import Entries, Finding, Info, Sees


class Keys(Section):
    """Its own keys of [modules.{name}]."""

    days: int = Field(7, ge=1, description="The most that a certificate of interest lives for")


class {title}:
    """Sees every entry of every log, or those that `only` chooses."""

    info = Info(
        "{name}",
        "1",  # change it when results change: those of other versions are forgotten
        "Certificates that live for a few days only",
        Sees.ENTRIES,
        config=Keys,
        cached=True,  # what it finds depends on the certificate alone: each is looked at once
    )

    def setup(self, config: Keys) -> None:
        self.reconfigure(config)

    def reconfigure(self, config: Keys) -> None:
        self.most = config.days * 86_400

    def process(self, batch: Entries) -> Iterator[Finding]:
        columns = batch.columns  # the whole page, decoded once for all modules
        names, begins, ends = columns["names"], columns["not_before"], columns["not_after"]
        for position in batch.positions:
            begin, end = begins[position], ends[position]
            if begin is not None and end is not None and names[position] and 0 <= end - begin <= self.most:
                days = round((end - begin) / 86_400)
                name = names[position][0]
                yield Finding("short", f"{{name}} lives for {{days}} days", position=position, names=(name,))
'''
_ENTRIES_TEST: Final = '''"""Certificates that live for a few days only."""

from __future__ import annotations

import sys
from pathlib import Path

from certhia.testing import CA, entries_of, results_of

sys.path.insert(0, str(Path(__file__).parent))

from {file} import {title}  # noqa: E402

CERTIFICATES = CA()
BATCH = entries_of(
    CERTIFICATES.issue(["short.example"], days=6),
    CERTIFICATES.issue(["usual.example"], days=90),
)


def test_short_ones_are_found() -> None:
    found = results_of({title}(), BATCH)
    assert [(one.text, one.position) for one in found] == [("short.example lives for 6 days", 0)]


def test_how_short_is_a_setting() -> None:
    found = results_of({title}(), BATCH, config={{"days": 100}})
    assert [one.names for one in found] == [("short.example",), ("usual.example",)]
'''
_MATCHES: Final = '''"""Certificates of one's names that are wildcards."""

from __future__ import annotations

from certhia import Finding, Match, module


@module(version="1", summary="Certificates of one's names that are wildcards")
def {function}(match: Match) -> Finding | None:
    """Called with each certificate that a watch rule matched."""
    wild = tuple(name for name in match.names if name.startswith("*."))
    if not wild:
        return None
    return Finding("wildcard", f"{{wild[0]}} from {{match.issuer_organization}}", severity="low", names=wild)
'''
_MATCHES_TEST: Final = '''"""Certificates of one's names that are wildcards."""

from __future__ import annotations

import sys
from pathlib import Path

from certhia.testing import matches_of, results_of

sys.path.insert(0, str(Path(__file__).parent))

from {file} import {function}  # noqa: E402


def test_wildcards_are_found() -> None:
    found = results_of({function}, matches_of("www.example.com", "*.example.com"))
    assert [(one.names, one.position) for one in found] == [(("*.example.com",), 1)]
'''

TEMPLATES: Final = {"entries": (_ENTRIES, _ENTRIES_TEST), "matches": (_MATCHES, _MATCHES_TEST)}


def write(name: str, folder: Path, sees: str) -> tuple[Path, Path]:
    """Writes a module that works, and a test that passes; gives both files. Raises ConfigError."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{quoted(name)} is no name of a module; write a letter, then at most 31 of a-z, 0-9, _ and -"
        )
    if name in BUILTIN:
        raise ConfigError(f"{name}: is the name of a module that is built in; give yours another")
    file = name.replace("-", "_")
    if keyword.iskeyword(file) or file in sys.stdlib_module_names or file in ("certhia", "pytest", "test"):
        raise ConfigError(f"{name}: means something else in Python, and its test could not import it; choose another")
    title = "".join(part.capitalize() for part in file.split("_"))
    paths = (folder / f"{file}.py", folder / f"test_{file}.py")
    try:
        for path in paths:
            if path.exists():
                raise ConfigError(f"{terminal(str(path))}: is there already; give the module another name")
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in zip(paths, TEMPLATES[sees], strict=True):
            path.write_text(text.format(name=name, file=file, title=title, function=file), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{error.filename}: cannot be written: {error.strerror}; name another directory") from error
    return paths
