"""Whatever somebody wrote as a module, behind pluggy: what it says of itself is checked, its functions are called with
those arguments that they want."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import pluggy
from pydantic import BaseModel

from certhia._core import Matcher
from certhia.errors import ConfigError
from certhia.model import Watched
from certhia.modules import hooks
from certhia.modules.api import Info, Sees
from certhia.render import quoted

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
RESULTS: Final = 10_000  # of one call
VERSION: Final = 64  # characters


class _Manager(pluggy.PluginManager):
    """Takes functions by their names: a mark (`certhia.modules.hookimpl`) is needed only for its options."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        """See pluggy."""
        if name not in hooks.HOOKS:
            return None
        marked = super().parse_hookimpl_opts(plugin, name)
        if marked is None and callable(getattr(plugin, name, None)):
            return pluggy.HookimplOpts(
                wrapper=False, hookwrapper=False, optionalhook=False, tryfirst=False, trylast=False, specname=None
            )
        return marked


class Plugged:
    """One module.

    Attributes:
        info: what it says of itself.
    """

    def __init__(self, plugin: object) -> None:
        """Raises ConfigError for what is no module."""
        self.info = checked(plugin)
        self._plugin = plugin
        self._manager = _Manager(hooks.PROJECT)
        self._manager.add_hookspecs(hooks)
        try:
            self._manager.register(plugin, name=self.info.name)
        except pluggy.PluginValidationError as error:
            raise ConfigError(f"module {self.info.name}: {' '.join(str(error).split())}") from error
        wanted = "extract" if self.info.sees is Sees.VISITS else "process"
        if not self.has(wanted):
            raise ConfigError(f"module {self.info.name}: sees {self.info.sees.value}, and has no `{wanted}`; write one")

    @property
    def rules(self) -> Watched | None:
        """Its own rules, by which it is handed pages; see `certhia.modules.api.Module`."""
        found = getattr(self._plugin, "rules", None)
        return found if isinstance(getattr(found, "matcher", None), Matcher) else None

    def has(self, hook: str) -> bool:
        """Whether it implements a function."""
        return bool(getattr(self._manager.hook, hook).get_hookimpls())

    def waits(self, hook: str) -> bool:
        """Whether that is a coroutine, for an event loop."""
        function = getattr(self._plugin, hook, None)
        return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)

    def call(self, hook: str, **given: object) -> Any:
        """Calls a function with those of these that it wants; what it gives may have to be awaited. None where it
        doesn't have it."""
        return getattr(self._manager.hook, hook)(**given)


def gathered(given: Iterable[object] | None) -> list[Any]:
    """What a call gave, made into a list here and now: generators run now. Raises ValueError for too many."""
    found: list[Any] = []
    for result in given or ():
        found.append(result)
        if len(found) > RESULTS:
            raise ValueError(f"more than {RESULTS:,} results of one call")
    return found


def checked(plugin: object) -> Info:
    """What a module says of itself. Raises ConfigError where that is nothing that makes sense."""
    info = getattr(plugin, "info", None)
    if not isinstance(info, Info):
        shown = getattr(plugin, "__name__", type(plugin).__name__)
        raise ConfigError(f"{quoted(shown)} has no `info`; write info = Info(NAME, VERSION, SUMMARY, Sees.ENTRIES)")
    if not is_name(info.name):
        raise ConfigError(
            f"{quoted(str(info.name))} is no name of a module; write a letter, then at most 31 of a-z, 0-9, _, -"
        )
    for wrong in _wrong(info):
        raise ConfigError(f"module {info.name}: {wrong}")
    return info


def is_name(text: object) -> bool:
    """Whether a module may be called so."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def _wrong(info: Any) -> Iterator[str]:
    """What makes no sense in what a module says of itself: it was written by hand, and nobody checked its types."""
    if not isinstance(info.version, str) or not 1 <= len(info.version) <= VERSION:
        yield f"its version must be a text of 1 to {VERSION} characters"
    if not isinstance(info.summary, str):
        yield "its summary must be a text"
    if not isinstance(info.sees, Sees):
        yield "what it sees must be Sees.ENTRIES, Sees.MATCHES or Sees.VISITS"
    if not isinstance(info.needs, tuple | list) or not all(isinstance(one, str) and one.strip() for one in info.needs):
        yield 'its needs must be a tuple of texts, as ("certificates",)'
    if not (inspect.isclass(info.config) and issubclass(info.config, BaseModel)):
        yield "its config must be a class of pydantic's BaseModel, such as certhia.config.values.Section"
    if info.inline and info.sees is not Sees.MATCHES:
        yield "says that it is inline, and only those that see matches can be"
