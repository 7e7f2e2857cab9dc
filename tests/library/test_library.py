"""The guide's programs run as they are shown, against logs and a certificate of ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.worlds import Served, served

from certhia.testing import CA, World

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "library.md"
PROGRAMS = dict(re.findall(r"<!-- runs: (\w+) -->\n```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL))

# What each prints, in part. The logs are those of our world: calls that take a list are given it.
PRINTS = {
    "watch": " 3 host3.example.com below ",  # of whichever log answers first
    "follow": "0 to 19: 20 entries, ",
    "match": "=www.example.org matches www.example.org in san: exact",
    "scan": "127.0.0.1 refused connect",
    "events": "domain.discovered {'name': 'www.example.com', 'source': 'san', ",
    "testing": "[('www.example.com',)]",
    "logs": "Certhia Test beta static http",
}
HERE = {
    'until="now")': 'until="now", log_lists=["{list}"])',
    '["192.0.2.0/24", "www.example.com"]': '["127.0.0.1"]',
    'ports="443,8443"': 'ports="1", allow_private=True',  # where nobody listens
    "LogList.load()": 'LogList.load("{list}")',
}


@pytest.fixture(scope="module")
def there() -> Iterator[Served]:
    world = World()
    world.rfc6962("alpha")
    world.static("beta")
    world.grow(20)
    with served(world) as there:
        yield there


def test_each_program_of_the_page_is_run() -> None:
    assert set(PROGRAMS) == set(PRINTS)
    assert GUIDE.read_text("utf-8").count("```python") == len(PROGRAMS)


@pytest.mark.parametrize("name", PRINTS)
def test_the_guide(there: Served, tmp_path: Path, name: str) -> None:
    (tmp_path / "certificate.der").write_bytes(CA().issue(["a.example.com", "www.example.org"]).der)
    program = PROGRAMS[name]
    for shown, ours in HERE.items():
        program = program.replace(shown, ours.format(list=there.list_url))
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert PRINTS[name] in done.stdout
