"""What the C library's allocator keeps of freed memory, and what goes back to the kernel. Only glibc can be told."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Final

KEPT: Final = 32 << 20  # bytes of freed memory that stay with the process: bodies come again
MALLOPT: Final = {"trim_threshold": -1, "mmap_threshold": -3, "arena_max": -8}  # malloc.h
SIZES: Final = (
    "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"
)  # fmt: skip


class _Info(ctypes.Structure):
    """struct mallinfo2 of malloc.h."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in SIZES)


@cache
def _library() -> ctypes.CDLL | None:
    """The C library, where it has all that is asked of it (glibc 2.33)."""
    try:
        library = ctypes.CDLL(None)
        library.mallinfo2.restype = _Info
        library.malloc_trim.argtypes = [ctypes.c_size_t]
        library.mallopt.argtypes = [ctypes.c_int, ctypes.c_int]
    except (AttributeError, OSError, TypeError):  # another C library, or Windows: it does as it likes
        return None
    return library


def keep_memory(most: int = KEPT) -> bool:
    """Has the allocator keep up to `most` bytes of freed memory instead of giving each body's back to the kernel and
    asking for it anew: halves what reading a body costs. And has all threads share two heaps: else each of a dozen
    would keep what the largest body took that ever passed through it. Says whether the allocator could be told."""
    library = _library()
    wishes = {"mmap_threshold": min(most, KEPT), "trim_threshold": most, "arena_max": 2}
    return library is not None and all(library.mallopt(MALLOPT[name], value) for name, value in wishes.items())


def give_back(most: int = KEPT) -> int:
    """Gives the pages of freed memory back to the kernel where more than `most` bytes of it lie between what is in use:
    by itself the allocator gives back only the end of its heap. Takes milliseconds. Returns the bytes that were free,
    0 where there was nothing to do."""
    library = _library()
    if library is None or (free := int(library.mallinfo2().fordblks)) <= most:
        return 0
    library.malloc_trim(most)
    return free
