"""What is freed goes back where the C library can be told so."""

import ctypes
import platform
import subprocess
import sys

import pytest

from certhia.memory import give_back, keep_memory

GLIBC = platform.libc_ver()[0] == "glibc" and hasattr(ctypes.CDLL(None), "mallinfo2")
FRAGMENTED = """
from certhia.memory import give_back, keep_memory

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

assert keep_memory()
pieces = [bytes(100_000) for _ in range(1000)]  # 100 MB, and something small that stays after each of them
held = pieces[::50]
full = resident()
del pieces
kept = resident()
free = give_back()
print(full, kept, free, resident())
"""


def test_memory_is_kept_where_the_c_library_can_be_told() -> None:
    assert keep_memory(1 << 20) is GLIBC


@pytest.mark.skipif(not GLIBC, reason="only glibc can be told")
def test_what_lies_free_between_what_is_in_use_is_given_back() -> None:
    """In a process of its own: how a heap looks depends on all that was in it."""
    ran = subprocess.run([sys.executable, "-c", FRAGMENTED], capture_output=True, text=True, check=True, timeout=60)
    full, kept, free, left = (int(word) for word in ran.stdout.split())
    assert full - kept < 20_000_000  # nothing, or nearly, went by itself
    assert free > 80_000_000
    assert full - left > 60_000_000


def test_little_is_left_alone() -> None:
    assert give_back(1 << 62) == 0
