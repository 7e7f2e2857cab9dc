"""Data shipped with Certhia. ORIGIN.md says where each file is from, of which date, and how to renew it."""

from __future__ import annotations

import gzip
from importlib.resources import files


def google_list() -> tuple[bytes, bytes]:
    """Google's list of all logs, as old as this version of Certhia: its exact bytes and their signature."""
    here = files(__name__)
    return gzip.decompress((here / "all_logs_list.json.gz").read_bytes()), (here / "all_logs_list.sig").read_bytes()


def google_key() -> bytes:
    """The public key (PEM, RSA 4096) that Google signs its log lists with."""
    return (files(__name__) / "log_list_pubkey.pem").read_bytes()


def third_parties() -> list[str]:
    """Rules for names of delivery networks, analytics and the like, which say nothing about whose they are."""
    lines = (files(__name__) / "third_parties.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def top_level_domains() -> frozenset[str]:
    """All of the public suffix list, A-labels."""
    lines = (files(__name__) / "top_level_domains.txt").read_text(encoding="ascii").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
