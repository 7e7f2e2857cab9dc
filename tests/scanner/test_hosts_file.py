from __future__ import annotations

from pathlib import Path

from certhia.scanner.hosts_file import MAX_FILE, read_hosts_file


def test_addresses_by_name(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text(
        "127.0.0.1 localhost # us\n10.0.0.7\tLab.example lab bücher.example\n2001:db8::7 lab.example\n"
        "10.0.0.7 lab.example\n# 1.1.1.1 off.example\nnonsense a.example\n10.0.0.8 bad_*\n\n"
    )
    assert read_hosts_file(path) == {
        "localhost": ("127.0.0.1",),
        "lab.example": ("10.0.0.7", "2001:db8::7"),
        "lab": ("10.0.0.7",),
        "xn--bcher-kva.example": ("10.0.0.7",),
    }


def test_without_a_file_the_machine_knows_itself(tmp_path: Path) -> None:
    assert read_hosts_file(tmp_path / "none") == {"localhost": ("127.0.0.1", "::1")}


def test_a_huge_file_is_read_in_part(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"10.0.0.1 a.example\n" + b"#" * MAX_FILE + b"\n10.0.0.2 b.example\n")
    assert set(read_hosts_file(path)) == {"localhost", "a.example"}
