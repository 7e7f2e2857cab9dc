"""Chains with something or nothing wrong in any place: trusted where `openssl verify` trusts them, and nowhere else."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scanner.told import judged, openssl

from certhia.testing import der
from certhia.testing.authority import CLIENT_AUTH, Authority, Made

NOW = time.time()
ROOTS = [
    Authority.root("Any root"),
    Authority.root("Limited root", path_length=1),
    Authority.root("Old root", version=1),
]
STRANGER = Authority.root("Stranger")
UNKNOWN = der.extension("1.2.3.4", b"\5\0", critical=True)

ISSUER_ODDITIES: list[dict[str, Any]] = [
    *({} for _ in range(6)),  # most of them are as they should be
    {"path_length": 0},
    {"path_length": 1},
    {"is_ca": False},
    {"is_ca": None},
    {"usage": b"\1\2"},
    {"usage": None},
    {"purposes": (der.SERVER_AUTH, CLIENT_AUTH)},
    {"purposes": (CLIENT_AUTH,)},
    {"not_after": -1},
    {"not_before": 1},
    {"permitted": ("example.com",)},
    {"permitted": ("example.org",)},
    {"excluded": ("example.com",)},  # of a name below a wildcard OpenSSL thinks otherwise
    {"excluded": ("example.org", "10.0.0.0/8")},
    {"permitted": ("192.0.2.0/24",)},
    {"key_ids": False},
    {"extensions": (UNKNOWN,)},
]
LEAF_ODDITIES: list[dict[str, Any]] = [
    *({} for _ in range(6)),
    {"not_after": -1},
    {"not_before": 1},
    {"purposes": None},
    {"purposes": (CLIENT_AUTH,)},
    {"usage": None},
    {"usage": b"\1\6"},
    {"ips": ("192.0.2.1",)},
    {"ips": ("198.51.100.1",)},
    {"key_ids": False},
    {"extensions": (UNKNOWN,)},
]


@st.composite
def sent(draw: st.DrawFn) -> list[Made]:
    """What a server sends: a leaf, and issuers of it in some order, perhaps without one, perhaps with a stranger."""
    above: Authority = draw(st.sampled_from(ROOTS))
    issuers: list[Made] = []
    for place in range(draw(st.integers(0, 3))):
        above = above.authority(f"Any {place}", **draw(st.sampled_from(ISSUER_ODDITIES)))
        issuers.insert(0, above)
    leaf = above.leaf(
        [draw(st.sampled_from(["www.example.com", "*.example.com"]))], **draw(st.sampled_from(LEAF_ODDITIES))
    )
    if issuers and draw(st.integers(0, 9)) == 0:
        issuers.pop(draw(st.integers(0, len(issuers) - 1)))
    if draw(st.booleans()):
        issuers.insert(draw(st.integers(0, len(issuers))), STRANGER)
    return [leaf, *(draw(st.permutations(issuers)) if draw(st.booleans()) else issuers)]


@given(sent())
@settings(max_examples=100)
def test_trusted_where_openssl_trusts(chain: list[Made]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        errors = openssl(Path(folder), ROOTS, chain)
    found = judged(ROOTS, chain, NOW)
    assert found.chain.trusted is (not errors), (errors, found.chain.reason)
    assert found.chain.signatures is not False
