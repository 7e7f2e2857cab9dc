"""`certhia.store`: names that are imported when they are used."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import certhia.store


def test_all_names_are_there() -> None:
    assert [name for name in certhia.store.__all__ if not hasattr(certhia.store, name)] == []
    assert sorted(certhia.store._HOME) == sorted(certhia.store.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Stat'"):
        certhia.store.Stat  # noqa: B018


def test_where_a_state_is_needs_no_database() -> None:
    code = "import sys, json, certhia.store; certhia.store.state_dir; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=True)
    assert "sqlalchemy" not in json.loads(done.stdout)
