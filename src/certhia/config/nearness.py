"""What may have been meant by a word that is unknown."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from certhia.render import terminal


def near(word: str, known: Iterable[str]) -> str:
    """The end of a complaint: what may have been meant, or what there is. Only the last part is compared: what keys
    share would make all of them alike."""
    known = list(known)
    within, _, last = word.rpartition("__" if "__" in word else ".")
    lasts = {one: one.removeprefix(within).lstrip("._") for one in known if one.startswith(within)}
    found = difflib.get_close_matches(last, lasts.values(), n=1)
    if found:
        return f"; did you mean {next(one for one, part in lasts.items() if part == found[0])}?"
    return f"; known are {', '.join(map(terminal, lasts or known))}"
