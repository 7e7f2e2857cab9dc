"""Roots from files, and what is kept of the issuers that servers send."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from certhia._core import Certificate
from certhia.errors import ConfigError
from certhia.scanner.trust import MAX_NAMESAKES, Issuer, Roots, Seen, certificates_in, plain, shown
from certhia.testing.authority import Authority

ROOT = Authority.root("Root of trust")


def core(made: Authority) -> Certificate:
    return Certificate.from_der(made.der)


def test_mozillas_roots() -> None:
    roots = Roots.shipped()
    assert len(roots) > 100
    issuer = roots.named(plain("CN=ISRG Root X1,O=Internet Security Research Group,C=US"))[0]
    assert issuer.sha256 in roots
    assert issuer.certificate.is_ca


def test_roots_from_pem_and_der(tmp_path: Path) -> None:
    other = Authority.root("Other root")
    file = tmp_path / "roots.pem"
    file.write_text(f"# words between\n{ROOT.pem}\nmore\n{other.pem}{ROOT.pem}")
    roots = Roots.from_file(file)
    assert len(roots) == 2
    assert [one.certificate.common_name for one in roots.named("cn=root of trust")] == ["Root of trust"]
    (tmp_path / "root.der").write_bytes(ROOT.der)
    assert core(ROOT).sha256 in Roots.from_file(tmp_path / "root.der")


@pytest.mark.parametrize("content", [b"", b"nothing", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"])
def test_files_without_a_root(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "roots.pem").write_bytes(content)
    with pytest.raises(ConfigError, match="no certificate in it"):
        Roots.from_file(tmp_path / "roots.pem")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        Roots.from_file(tmp_path / "missing.pem")
    with pytest.raises(ConfigError, match="can't be read"):
        Roots.from_file(tmp_path)


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certhia.scanner.trust.MAX_ROOTS_FILE", 10)
    (tmp_path / "roots.pem").write_text(ROOT.pem)
    with pytest.raises(ConfigError, match="more than"):
        Roots.from_file(tmp_path / "roots.pem")


def test_pem_of_any_kind() -> None:
    text = base64.b64encode(b"0abc").decode()
    pem = f"-----BEGIN CERTIFICATE-----\r\n{text}\r\n-----END CERTIFICATE-----\r\n".encode()
    assert certificates_in(pem * 3) == [b"0abc"] * 3
    assert certificates_in(b"0raw") == [b"0raw"]
    assert certificates_in(b"-----BEGIN CERTIFICATE-----\n" * 50_000) == []  # without an end, in linear time


def test_names_are_compared_without_case_and_blanks() -> None:
    assert plain("CN=A  Root,O=x") == plain("cn=a root,o=X")
    assert shown("") == '"(no name)"'
    assert "\x1b" not in shown("\x1b[31m")


def test_only_authorities_are_kept() -> None:
    seen = Seen()
    seen.add(Certificate.from_der(ROOT.leaf(["a.example"]).der))
    assert (len(seen), seen.generation) == (0, 0)
    issuing = ROOT.authority("Seen issuing")
    assert seen.add(core(issuing)) is seen.add(core(issuing))
    assert (len(seen), seen.generation) == (1, 1)
    assert [one.sha256 for one in seen.named("cn=seen issuing")] == [core(issuing).sha256]


def test_what_is_kept_is_bounded_in_number_bytes_and_namesakes() -> None:
    few = Seen(most=3)
    made = [core(ROOT.authority(f"Kept {number}")) for number in range(5)]
    for certificate in made:
        few.add(certificate)
    assert len(few) == 3
    assert not few.named("cn=kept 0")
    small = Seen(most_bytes=5 * len(made[0].der) // 2)
    for certificate in made:
        small.add(certificate)
    assert len(small) == 2
    same = Seen()
    for days in range(MAX_NAMESAKES + 3):
        same.add(core(ROOT.authority("Namesake", not_after=100 + days)))
    assert len(same.named("cn=namesake")) == len(same) == MAX_NAMESAKES


def test_what_was_fetched_is_told_apart() -> None:
    seen = Seen(most=1)
    fetched = seen.add(core(ROOT.authority("Fetched")), fetched=True)
    assert seen.was_fetched(fetched.sha256)
    seen.add(core(ROOT.authority("Pushes it out")))
    assert not seen.was_fetched(fetched.sha256)


def test_an_issuers_validity() -> None:
    issuer = Issuer(core(ROOT))
    assert issuer.valid(issuer.not_before)
    assert not issuer.valid(issuer.not_after + 1)
    assert "Root of trust" in repr(issuer)
