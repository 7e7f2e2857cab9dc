"""Whatever somebody wrote as a module, behind pluggy: what it says of itself is checked, its functions are called with
those arguments that they want."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any, Final

import pluggy

from certhia._core import Matcher
from certhia.errors import ConfigError
from certhia.model import Watched
from certhia.modules import hooks
from certhia.modules.api import Info
from certhia.render import quoted

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
RESULTS: Final = 10_000  # of one call


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
        if not self.has("process") and not self.has("extract"):
            raise ConfigError(f"module {self.info.name}: has neither `process` nor `extract`; write one of them")

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
    if not _NAME.fullmatch(info.name):
        raise ConfigError(
            f"{quoted(info.name)} is no name of a module; write a letter, then at most 31 of a-z, 0-9, _, -"
        )
    if not info.version or len(info.version) > 64:
        raise ConfigError(f"module {info.name}: its version must be a text of 1 to 64 characters")
    return info
