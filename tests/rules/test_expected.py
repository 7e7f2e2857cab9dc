"""One's own certificates: read from what people keep, and known again in whatever form a log has them."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from certhia import decode
from certhia._core import Certificate, Issuers, Page
from certhia.errors import ConfigError
from certhia.model import Match, RuleHit
from certhia.rules.expected import NONE, Expected, changes
from certhia.testing import CA, Issued, World

HIT = RuleHit("example.com", "www.example.com", "san", "below")


def read(issued: Issued) -> Certificate:
    return Certificate.from_der(issued.der)


def kept(folder: Path, **files: bytes) -> Expected:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return Expected.load([folder])


@pytest.mark.parametrize("form", ["der", "pem", "chain", "windows", "precert"])
def test_a_certificate_in_a_directory_in_any_form(certhia_ca: CA, tmp_path: Path, form: str) -> None:
    precert, final = certhia_ca.pair(["www.example.com"])
    content = {
        "der": final.der,
        "pem": final.pem.encode(),
        "chain": b"subject=CN = www.example.com\n" + final.pem.encode() + certhia_ca.root_pem.encode(),
        "windows": final.pem.replace("\n", "\r\n").encode(),
        "precert": precert.der,
    }[form]
    own = kept(tmp_path / "own", file=content)
    for one in (precert, final):
        assert own.by(read(one), one.sha256) == "certificate"
    stranger = certhia_ca.issue(["www.example.com"])
    assert own.by(read(stranger), stranger.sha256) == ""
    assert own.notices == ()


def test_an_unproven_fingerprint_makes_nothing_ones_own(certhia_ca: CA, tmp_path: Path) -> None:
    """A log could show any precertificate beside another's TBS."""
    own = certhia_ca.issue(["www.example.com"])
    listed = kept(tmp_path / "own", one=own.der)
    other = read(certhia_ca.issue(["www.example.com"]))
    assert listed.by(other, own.sha256) == "certificate"
    assert listed.by(other, b"") == ""


def test_folders_inside_and_files_that_hold_none(certhia_ca: CA, tmp_path: Path) -> None:
    inner = tmp_path / "own" / "www"
    inner.mkdir(parents=True)
    (inner / "cert1.pem").write_text(certhia_ca.issue(["www.example.com"]).pem)
    (inner / "cert.pem").symlink_to("cert1.pem")
    (inner / "privkey\x1b.pem").write_text("-----BEGIN PRIVATE KEY-----\nMEECAQ==\n-----END PRIVATE KEY-----\n")
    (inner / "key.der").write_bytes(bytes.fromhex("30410201003013"))
    (inner / "large").write_bytes(bytes(1 << 21))
    (inner / "loop").symlink_to(inner.parent)
    own = Expected.load([tmp_path / "own"])
    (notice,) = own.notices
    assert notice == f"{tmp_path / 'own'}: no certificates in www/key.der, www/large, www/privkey\\x1b.pem"
    assert len(own) == 2 * 2, "the certificate, and its issuer behind it: hash and TBS hash"


def test_an_empty_directory_is_no_fault_but_said(tmp_path: Path) -> None:
    assert kept(tmp_path / "own").notices == (
        f"{tmp_path / 'own'}: holds no certificate: nothing is expected by it yet",
    )


def test_lines(certhia_ca: CA, tmp_path: Path) -> None:
    one, other = (certhia_ca.issue([f"{name}.example.com"]) for name in ("one", "two"))
    file = tmp_path / "own.txt"
    file.write_text(f"# ours\n\ncert:{one.tbs_sha256.hex()}\n  issuer:O==Nobody Known  # comment\n")
    own = Expected.load([file])
    assert (own.by(read(one), b""), own.by(read(other), b"")) == ("certificate", "")
    file.write_text(f"cert:{one.sha256.hex().upper()}\n")
    assert Expected.load([file]).by(read(one), one.sha256) == "certificate"
    file.write_text(f"key:{read(one).spki_sha256.hex()}\n")
    own = Expected.load([file])
    assert own.by(read(other), b"") == "key"
    assert own.paths == (file,)
    assert len(own) == 1


def test_an_expected_issuer(certhia_ca: CA, tmp_path: Path) -> None:
    file = tmp_path / "own.txt"
    file.write_text("issuer:Certhia Test\n")
    own = Expected.load([file])
    assert own.by(read(certhia_ca.issue(["www.example.com"])), b"") == "issuer"
    assert own.by(read(CA(1, organization="Other").issue(["www.example.com"])), b"") == ""


def test_what_is_wrong_is_told_with_its_place(tmp_path: Path) -> None:
    file, broken, gone = tmp_path / "own.txt", tmp_path / "own.pem", tmp_path / "gone"
    file.write_text("example.com\nkey:12\n!cert:" + "ab" * 32 + "\n")
    broken.write_text("\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(ConfigError) as caught:
        Expected.load([file, broken, gone])
    first, second, third, fourth, fifth = str(caught.value).splitlines()
    assert first.startswith(f'{file}:1: "example.com" is nothing to expect a certificate by; write key:SHA256, ')
    assert second.startswith(f"{file}:2: ")
    assert third.startswith(f"{file}:3: ")
    assert fourth.startswith(f"{broken}:2: is no certificate: ")
    assert fifth.startswith(f"{gone}: cannot be read: No such file")


def test_a_directory_beyond_all_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certhia.rules.expected.MAX_FILES", 2)
    with pytest.raises(ConfigError, match="more than 2 files or 256 MiB; is it the directory"):
        kept(tmp_path / "own", a=b"", b=b"", c=b"")
    monkeypatch.setattr("certhia.rules.expected.MAX_BYTES", 100)
    with pytest.raises(ConfigError, match="is it the directory"):
        kept(tmp_path / "other", a=bytes(101))


def test_a_file_that_holds_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("# nothing yet\n")
    assert Expected.load([tmp_path / "own.txt"]).notices == (
        f"{tmp_path / 'own.txt'}: holds nothing: nothing is expected by it",
    )


def test_no_base64_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no base64"):
        kept(tmp_path / "own", a=b"-----BEGIN CERTIFICATE-----\nAAAAA\n-----END CERTIFICATE-----\n")


def match_of(world: World, issued: Issued) -> Match:
    log = world.rfc6962(f"log{issued.serial & 0xFFFF}")
    log.add(issued)
    log.publish()
    body = world.handle("GET", f"{log.url}ct/v1/get-entries?start=0&end=0").body
    return decode.match(log.model, Page.from_get_entries([body], 0, Issuers())[0], (HIT,), verified=True, seen=0)


def test_renewals(certhia_world: World, tmp_path: Path) -> None:
    ca = certhia_world.ca
    own = ca.issue(["www.example.com", "example.com"])
    known = kept(tmp_path / "own", one=own.der)
    assert known.renewal(match_of(certhia_world, own)) == "", "it is that certificate"
    again = match_of(certhia_world, ca.issue(["example.com", "www.example.com"]))
    assert known.renewal(again) == "key"
    other_key = replace(again, spki_sha256=hashlib.sha256(b"another").digest())
    assert known.renewal(other_key) == "names and issuer"
    assert known.renewal(replace(other_key, issuer_organization="Other")) == ""
    assert known.renewal(replace(other_key, names=("www.example.com",))) == ""
    assert known.renewal(replace(again, fault="why")) == ""
    assert NONE.renewal(again) == ""


def test_what_changed_is_said(certhia_ca: CA, tmp_path: Path) -> None:
    old = kept(tmp_path / "own")
    new = kept(tmp_path / "own", one=base64.b64encode(b"nothing"), two=certhia_ca.issue(["a.example"]).der)
    told = changes(old, new)
    assert told == (
        "own certificates reloaded: 2 hashes and issuers, 0 before",
        f"{tmp_path / 'own'}: no certificates in one",
    )


def test_a_file_that_goes_between_two_looks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.pem").write_bytes(b"x")
    looks = Path.is_file

    def go(path: Path) -> bool:
        there = looks(path)
        path.unlink(missing_ok=True)
        return there

    monkeypatch.setattr(Path, "is_file", go)
    assert len(Expected.load([tmp_path])) == 0
