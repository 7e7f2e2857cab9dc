from __future__ import annotations

import stat
import tomllib
from pathlib import Path

from tests.cli.conftest import Command


def test_ct_scout(certhia: Command, tmp_path: Path) -> None:
    theirs, ours = tmp_path / "config.toml", tmp_path / "ours" / "certhia.toml"
    theirs.write_text(
        '[watchlist]\ndomains = [".example.com"]\nhosts = []\nips = []\ncidrs = []\n[logging]\nlevel = "info"\n'
    )
    done = certhia("config", "import", "ct-scout", theirs)
    assert done.status == 0
    assert tomllib.loads(done.out) == {"watch": {"files": [str(theirs)]}}
    assert certhia("config", "import", "ct-scout", theirs, "-o", ours).status == 0
    assert stat.S_ISREG(ours.stat().st_mode)
    assert certhia("config", "check", ours).status == 0
    assert certhia("config", "import", "ct-scout", theirs, "-o", ours).status == 2


def test_certspotter(certhia: Command, tmp_path: Path) -> None:
    theirs = tmp_path / "watchlist"
    theirs.write_text("example.com\n.example.org\n")
    done = certhia("config", "import", "certspotter", theirs)
    assert tomllib.loads(done.out) == {"watch": {"rules": ["=example.com", "example.org"]}}
    assert "wildcard" in done.err


def test_tlsxtractor(certhia: Command, tmp_path: Path) -> None:
    done = certhia("config", "import", "tlsxtractor", "--cidr", "192.0.2.0/24", "-t", "50", "-o", "results.json")
    assert tomllib.loads(done.out) == {
        "scan": {"targets": ["192.0.2.0/24"], "concurrency": 50, "files": ["results.json"]}
    }
    ours = tmp_path / "scan.toml"
    assert certhia("config", "import", "tlsxtractor", "--save", ours, "--cidr", "192.0.2.0/24").status == 0
    assert certhia("config", "check", ours).status == 0
    assert certhia("config", "import", "tlsxtractor", "--nonsense").status == 2
