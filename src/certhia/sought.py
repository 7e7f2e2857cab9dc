"""What others than the watch list want of a page: had in the one walk over its names that the watch list has anyway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from certhia._core import Matcher, Page, Scan, scan_together
from certhia.model import Watched

MOST: Final = 60  # besides the watch list's: further ones go over the page by themselves


@dataclass(frozen=True, slots=True)
class Sought:
    """What is wanted.

    Attributes:
        matchers: rules that are held against the page besides; at most MOST.
        names: whether the page is to keep where its names stand, for somebody who goes over all of them.
    """

    matchers: tuple[Matcher, ...] = ()
    names: bool = False


NOTHING: Final = Sought()


def scanned(page: Page, rules: Watched, sought: Sought, *, precerts: bool) -> tuple[Scan, Mapping[Matcher, Scan]]:
    """What the watch list finds in a page, and what the others do. `precerts`: whether it is for precertificates, too;
    theirs always are."""
    if sought == NOTHING:
        return rules.matcher.scan(page, precerts=precerts), {}
    others = sought.matchers
    first, *more = scan_together(
        page, [(rules.matcher, precerts), *((matcher, True) for matcher in others)], keep_names=sought.names
    )
    return first, dict(zip(others, more, strict=True))
