"""From a place to what is there: imports it, finds the module in it. This runs other people's code."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from certhia.errors import ConfigError
from certhia.modules.api import Info
from certhia.modules.places import Place
from certhia.modules.plugged import Plugged
from certhia.modules.simple import Simple
from certhia.render import terminal


def load(place: Place) -> Plugged:
    """Raises ConfigError where what is there is no module, or is called otherwise; and whatever importing it raises."""
    if place.kind == "file":
        plugin = _found(_imported(Path(place.where)), place)
    else:
        name, _, inside = place.where.partition(":")
        plugin = importlib.import_module(name)
        for part in inside.split(".") if inside else ():
            plugin = getattr(plugin, part)
        plugin = _found(plugin, place) if isinstance(plugin, ModuleType) else _made(plugin)
    if isinstance(plugin, Simple):
        plugin.called(place.name)
    plugged = Plugged(plugin)
    if plugged.info.name != place.name:
        raise ConfigError(
            f"{terminal(place.where)}: holds module {plugged.info.name}, and is called {place.name}: call both the same"
        )
    return plugged


def _imported(path: Path) -> ModuleType:
    """A file, or a package's directory, under a name that no other has."""
    file = path / "__init__.py" if path.is_dir() else path
    name = f"certhia_module_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{terminal(str(path))}: is no Python file; name one that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickles look for it there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _found(module: ModuleType, place: Place) -> Any:
    """The one module in a Python module: itself, a class of it, an object, or a function that was made one."""
    if isinstance(getattr(module, "info", None), Info):
        return module
    own = [one for one in vars(module).values() if _is_module(one) and _is_of(one, module)]
    if len(own) != 1:
        what = "no module" if not own else f"{len(own)} modules"
        raise ConfigError(
            f"{terminal(place.where)}: has {what} in it; write one class with `info`, or one function with "
            "@certhia.module"
        )
    return _made(own[0])


def _is_module(one: object) -> bool:
    return isinstance(getattr(one, "info", None), Info)


def _is_of(one: object, module: ModuleType) -> bool:
    """Whether it was written there, and not imported."""
    return not inspect.isclass(one) or one.__module__ == module.__name__


def _made(plugin: Any) -> Any:
    return plugin() if inspect.isclass(plugin) else plugin
