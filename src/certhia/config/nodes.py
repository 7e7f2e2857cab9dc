"""YAML as nodes with their places, bounded before anything is built from it.

The C loader composes nodes by recursion in C: a few ten thousand brackets in each other end the process. Its events
come one by one, so the nesting is counted on these first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from certhia import render
from certhia.errors import ConfigError

if TYPE_CHECKING:
    import yaml

MAX_NESTING: Final = 64  # lists and mappings in each other; what we read has four


def compose(source: str, place: str) -> yaml.Node | None:
    """The document's node; None where it is empty. `place`: the file's name, for people.

    Raises ConfigError, with line and column: for what is no YAML, is nested too deep, or has a key twice or one that is
    no text (YAML 1.2.2 section 3.2.1.3 asks keys to be unique; the library lets the last one win).
    """
    import yaml  # noqa: PLC0415  (most people never need it)

    loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_nesting(source, place, loader)
        node: yaml.Node | None = yaml.compose(source, Loader=loader)
    except yaml.YAMLError as error:
        raise not_yaml(place, error) from error
    except (ValueError, RecursionError, OverflowError) as error:
        raise ConfigError(f"{place}: is not YAML: {render.terminal(str(error))}") from error
    if node is not None:
        _check_keys(node, place)
    return node


def not_yaml(place: str, error: yaml.YAMLError) -> ConfigError:
    """What to tell of YAML's own complaint."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = getattr(error, "problem", None) or " ".join(str(error).split())
    if "alias" in what + (getattr(error, "context", None) or ""):
        what += '; what begins with a star needs quotes: "*.example.com"'
    return ConfigError(f"{at(place, mark)}: is not YAML: {render.terminal(what)}")


def at(place: str, mark: Any) -> str:
    """File, line and column as complaints begin with them."""
    return f"{place}:{mark.line + 1}:{mark.column + 1}" if mark else place


def too_deep(where: str) -> ConfigError:
    """What to tell of lists and mappings in each other without end."""
    return ConfigError(f"{where}: is nested too deep (more than {MAX_NESTING} levels); sections and lists need two")


def _check_nesting(source: str, place: str, loader: type[yaml.SafeLoader]) -> None:
    import yaml  # noqa: PLC0415

    depth = 0
    for event in yaml.parse(source, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_NESTING:
                raise too_deep(at(place, event.start_mark))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _check_keys(top: yaml.Node, place: str) -> None:
    left, known = [top], {id(top)}
    while left:
        inner: str | list[Any] = left.pop().value
        if isinstance(inner, str):
            continue
        keys: dict[str, yaml.Node] = {}
        for one in inner:
            if isinstance(one, tuple):
                _check_key(one[0], keys, place)
            node = one[1] if isinstance(one, tuple) else one
            if id(node) not in known:  # an alias leads to a node that was looked at
                known.add(id(node))
                left.append(node)


def _check_key(key: yaml.Node, keys: dict[str, yaml.Node], place: str) -> None:
    where = at(place, key.start_mark)
    if not isinstance(key.value, str):
        raise ConfigError(f"{where}: a list or mapping stands where a key must; what begins with [ or {{ needs quotes")
    before = keys.setdefault(key.value, key)
    if before is not key:
        line = before.start_mark.line + 1
        shown = render.quoted(key.value)
        raise ConfigError(f"{where}: the key {shown} stands in line {line} already; join the two, or take one out")
