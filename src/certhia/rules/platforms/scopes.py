"""From a programme's assets to its scope, and from scopes to rules that name programme and platform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from certhia.rules.language import Rule
from certhia.rules.platforms.assets import ruled
from certhia.rules.platforms.networks import Unusable
from certhia.rules.platforms.records import MAX_ASSETS, Asset, Ruled, Scope

if TYPE_CHECKING:
    from certhia._core import Suffixes

SHOWN: Final = 3  # assets of a programme that could not be used, and are named


def scope_of(
    handle: str,
    name: str,
    assets: Iterable[Asset],
    *,
    subdomains: bool = False,
    platform: str = "",
    suffixes: Suffixes | None = None,
) -> tuple[Scope, list[str]]:
    """A programme's scope, and what of its assets could not be used."""
    rules, out, wrong = dict[Ruled, None](), dict[Ruled, None](), list[str]()
    for count, asset in enumerate(assets):
        if count == MAX_ASSETS:
            wrong.append(f"has more than {MAX_ASSETS} assets; the rest is left out")
            break
        for one in ruled(asset, subdomains=subdomains and asset.in_scope, suffixes=suffixes):
            if isinstance(one, Unusable):
                wrong.append(str(one))
            else:
                (rules if asset.in_scope else out)[one] = None
    more = len(wrong) - SHOWN
    notes = [f"{name}: {text}" for text in wrong[:SHOWN]]
    if more > 0:
        notes.append(f"{name}: {more} more assets are no names or networks")
    # What is told to be in scope and out of it, in the same words, is out.
    return Scope(handle, name, tuple(one for one in rules if one not in out), tuple(out), platform), notes


def rules_of(platform: str, scopes: Iterable[Scope]) -> Iterator[Rule]:
    """The rules of a platform's scopes, those that exclude too: each takes away from its own programme alone."""
    for scope, name in called(scopes):
        tag = scope.platform or platform
        for one in scope.rules:
            yield Rule(one.kind, one.value, one.text, name, tag)
        if scope.rules:  # with nothing to take away from, they only make notices
            for one in scope.out:
                yield Rule(one.kind, one.value, one.text, name, tag, excludes=True, out_of_scope=True)


def called(scopes: Iterable[Scope]) -> Iterator[tuple[Scope, str]]:
    """Each scope with what its programme is called: with the handle, where two have one name."""
    held = list(scopes)
    counts: dict[tuple[str, str], int] = {}
    for scope in held:
        key = scope.platform, scope.name
        counts[key] = counts.get(key, 0) + 1
    for scope in held:
        twice = counts[scope.platform, scope.name] > 1
        yield scope, f"{scope.name} ({scope.handle})" if twice else scope.name
