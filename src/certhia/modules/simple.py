"""The simple case: a function of one certificate, or of one match, is a whole module.

@certhia.module(version="1")
def short(certificate: Certificate) -> str | None:
    days = (certificate.not_after - certificate.not_before) / 86_400
    return f"lives for {days:.0f} days" if days < 8 else None
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, TypeAlias, overload

from certhia._core import Certificate
from certhia.errors import ConfigError, Malformed
from certhia.model import Match
from certhia.modules.api import Info, Sees
from certhia.modules.batch import Entries, Handed
from certhia.modules.finding import Drop, Finding, Name, Note, Result

Given: TypeAlias = str | Result | Iterable[str | Result] | None
Function: TypeAlias = Callable[..., Given | Awaitable[Given] | AsyncIterator[str | Result]]

_SEEN: Final = {"Certificate": Sees.ENTRIES, "Match": Sees.MATCHES}
_ONE: Final = (Finding, Name, Note, Drop)
SHOWN: Final = 20  # names of a certificate that go into a finding


class Simple:
    """A function as a module. Calling it calls the function."""

    def __init__(self, function: Function, info: Info) -> None:
        self.info = info
        self._function = function
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            self.process: Callable[[Handed], Any] = self._awaited
        else:
            self.process = self._called

    def __call__(self, one: Certificate | Match) -> Given | Awaitable[Given] | AsyncIterator[str | Result]:
        return self._function(one)

    def called(self, name: str) -> None:
        """Takes the name of the file that it stands in, as it has none of its own."""
        if not self.info.name:
            self.info = replace(self.info, name=name)

    def _called(self, batch: Handed) -> Iterator[Result]:
        for position, one in _ones(batch):
            yield from self._results(self._function(one), position, one)

    async def _awaited(self, batch: Handed) -> list[Result]:
        found: list[Result] = []
        for position, one in _ones(batch):
            given: Any = self._function(one)
            several = [each async for each in given] if hasattr(given, "__aiter__") else await given
            found += self._results(several, position, one)
        return found

    def _results(self, given: Any, position: int, one: Certificate | Match) -> Iterator[Result]:
        if given is None:
            return
        for result in [given] if isinstance(given, str | Finding | Name | Note | Drop) else given:
            if isinstance(result, str):
                yield Finding(self.info.name, result, position=position, names=tuple(one.names[:SHOWN]))
            elif isinstance(result, Note | Drop) or (isinstance(result, _ONE) and result.position is None):
                yield replace(result, position=position)
            else:
                yield result


def _ones(batch: Handed) -> Iterator[tuple[int, Certificate | Match]]:
    if not isinstance(batch, Entries):
        yield from batch
        return
    for position, entry in batch:
        try:
            certificate = entry.certificate
        except Malformed:  # a leaf without a certificate in it: there is nothing to ask about
            continue
        yield position, certificate


@overload
def module(function: Function, /) -> Simple: ...
@overload
def module(
    *, name: str = "", version: str = "1", summary: str = "", inline: bool = False
) -> Callable[[Function], Simple]: ...
def module(
    function: Function | None = None,
    /,
    *,
    name: str = "",
    version: str = "1",
    summary: str = "",
    inline: bool = False,
) -> Simple | Callable[[Function], Simple]:
    """Makes a module of a function of one `Certificate` or one `Match`, told apart by its annotation. It gives None, a
    text, a `Finding` or several. A module without a name is called like its file.

    Results for a certificate are kept: change `version` when they change. Raises ConfigError for a function of
    anything else.
    """

    def made(one: Function) -> Simple:
        sees = _seen(one)
        about = summary or (inspect.getdoc(one) or one.__name__).partition("\n")[0]
        return Simple(one, Info(name, version, about, sees, inline=inline, cached=sees is Sees.ENTRIES))

    return made if function is None else made(function)


def _seen(function: Function) -> Sees:
    """What a function is of. Annotations may be texts, of names that are imported for type checkers alone."""
    parameters = list(inspect.signature(function).parameters.values())
    annotation = parameters[0].annotation if parameters else None
    word = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    sees = _SEEN.get(str(word).strip("'\"").rpartition(".")[2])
    if sees is None or len(parameters) != 1:
        raise ConfigError(
            f"{function.__name__}: a module is a function of one certificate or one match; write "
            f"`def {function.__name__}(certificate: Certificate)` or `(match: Match)`"
        )
    return sees
