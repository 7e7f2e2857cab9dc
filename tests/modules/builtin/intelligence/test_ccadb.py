"""A report of CCADB's shape; its data are none of ours to ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.modules.builtin.intelligence import ccadb
from certhia.modules.builtin.intelligence.ccadb import Ccadb, common_name

HEAD = '"CA Owner","Record ID","Certificate Name","Subordinate CA Owner","SHA-256 Fingerprint","JSON Array"\n'


def report(path: Path, *rows: str) -> Path:
    path.write_text("\ufeff" + HEAD + "".join(f"{row}\n" for row in rows))
    return path


def test_owners_by_certificate_and_by_name(tmp_path: Path) -> None:
    found = Ccadb.from_file(
        report(
            tmp_path / "all.csv",
            f'"Owner A","1","Issuing CA 1","","{"AA" * 32}","x"',
            f'"Owner A","2","Issuing CA, 2","Sub B","{"BB:" * 31}BB","x"',
            f'"Owner C","3","Twice","","{"CC" * 32}","x"',
            f'"Owner D","4","Twice","","{"DD" * 32}","x"',
            '"Owner E","5","No fingerprint","","zz","x"',
            '"Owner F","6","Short"',
        )
    )
    assert len(found) == 4
    assert found.owner("C=US,O=X,CN=Issuing CA 1") == "Owner A"
    assert found.owner("CN=Issuing CA\\, 2,O=X") == "Sub B"
    assert found.owner("CN=Twice") == ""
    assert found.owner("CN=Twice", bytes([0xDD] * 32)) == "Owner D"
    assert found.owner("CN=Issuing CA 1", bytes(32)) == "Owner A"
    assert found.owner("O=nameless") == ""


@pytest.mark.parametrize(
    "issuer, name",
    [
        ("CN=R1,O=A", "R1"),
        ("C=US,CN=a\\,b\\2Bc", "a,b+c"),
        ("O=x\\,CN=no", ""),
        ("OU=a+CN=b", "b"),
        ("", ""),
    ],
)
def test_common_names(issuer: str, name: str) -> None:
    assert common_name(issuer) == name


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match="the column 'CA Owner' is missing"):
        Ccadb.from_file(tmp_path / "other.csv")
    with pytest.raises(ConfigError, match="can't be read"):
        Ccadb.from_file(tmp_path / "none.csv")
    (tmp_path / "huge.csv").write_text(HEAD + '"' + "x" * (2 << 20) + '"')
    with pytest.raises(ConfigError, match="can't be read"):
        Ccadb.from_file(tmp_path / "huge.csv")


def test_rows_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ccadb, "MAX_ROWS", 3)
    rows = [f'"Owner","{number}","CA {number}","","{number:064x}","x"' for number in range(9)]
    assert len(Ccadb.from_file(report(tmp_path / "all.csv", *rows))) == 3
