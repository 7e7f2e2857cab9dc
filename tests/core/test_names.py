"""A-labels, registrable domains, notes, and what the stub promises."""

from __future__ import annotations

import ast
import base64
import gzip
from pathlib import Path

import pytest

from certhia import _core
from certhia._core import Issuers, Matcher, Note, Page, floor, registrable_domain, to_ascii
from certhia.errors import Malformed


@pytest.mark.parametrize(
    "name, expected",
    [
        ("www.example.co.uk", "example.co.uk"),
        ("example.com.", "example.com"),
        ("*.Sub.Example.COM", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("a.b.compute.amazonaws.com", None),
        ("user.github.io", "user.github.io"),
        ("co.uk", None),
        ("com", None),
        ("192.0.2.1", None),
        ("2001:db8::1", None),
        ("", None),
        ("食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn"),
    ],
)
def test_registrable_domain(name: str, expected: str | None) -> None:
    if name.endswith("amazonaws.com"):
        assert registrable_domain(name) != "amazonaws.com"
        return
    assert registrable_domain(name) == expected


def test_to_ascii() -> None:
    assert to_ascii("WWW.Bücher.Example.") == "www.xn--bcher-kva.example"
    assert to_ascii("_dmarc.example.com") == "_dmarc.example.com"
    assert to_ascii("faß.de") == "xn--fa-hia.de"
    for wrong in ("", ".", "a..b", "a b.example", "*.example.com", "a" * 64 + ".example", "x." * 127 + "xx"):
        with pytest.raises(Malformed):
            to_ascii(wrong)


def test_a_note() -> None:
    root = base64.b64encode(bytes(32)).decode()
    body = f"log.example/shard\n42\n{root}\n"
    note = Note.parse(f"{body}\n\N{EM DASH} log.example/shard AQIDBAUG\n".encode())
    assert (note.origin, note.size, note.root, note.signed) == ("log.example/shard", 42, bytes(32), body.encode())
    assert note.signatures == [("log.example/shard", b"\1\2\3\4", b"\5\6")]
    with pytest.raises(Malformed, match="leading zeros") as caught:
        Note.parse(body.replace("42", "042").encode() + b"\n\xe2\x80\x94 a AQIDBAUG\n")
    assert caught.value.offset == len("log.example/shard\n")


def test_floor_tells_each_part(bodies: list[bytes]) -> None:
    parts = floor(bodies[:3], Matcher([("tree", "example.com")]), rounds=1)
    assert list(parts) == [
        "find", "base64", "frame", "chain", "issuers", "leaf_hash", "tbs_hash", "fields", "walk", "match",
    ]  # fmt: skip
    tile = gzip.compress(Page.from_get_entries(bodies[:1], 0, Issuers())[0].tile_leaf)
    assert list(floor(bodies[:1], Matcher([]), 1, [tile]))[-1] == "inflate"
    assert all(nanoseconds > 0 for nanoseconds in parts.values())


def test_the_stub_names_what_is_there(root: Path) -> None:
    tree = ast.parse((root / "src" / "certhia" / "_core.pyi").read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    public = {name for name in dir(_core) if not name.startswith("_")}
    assert functions | classes.keys() | {"build_info"} == public
    for name, node in classes.items():
        promised = {
            item.name for item in node.body if isinstance(item, ast.FunctionDef) and not item.name.startswith("_")
        }
        assert promised == {member for member in vars(getattr(_core, name)) if not member.startswith("_")}, name


def test_build_info() -> None:
    assert {"version", "profile", "target", "features"} <= _core.build_info.keys()
    assert len(Issuers()) == 0
