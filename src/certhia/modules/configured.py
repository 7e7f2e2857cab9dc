"""What a module is started with, and its own keys made what it says that they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from certhia.config.masking import without_password, without_value
from certhia.config.modules import ModuleSection, OtherModule, Own
from certhia.config.nearness import near
from certhia.errors import ConfigError
from certhia.modules.api import Info
from certhia.modules.places import Place
from certhia.render import quoted, terminal


@dataclass(frozen=True, slots=True)
class Spec:
    """A module to be started.

    Attributes:
        place: where it is.
        own: its own keys, as they were given.
        directory: its own, there to be written in.
        ttl: seconds that results are kept for.
        rules: the watch rules of the run.
        files: those in files.
        section: of a built-in module, its settings: they are checked already.
        look: only look at what it says of itself.
    """

    place: Place
    own: Mapping[str, Own] = field(default_factory=dict)
    directory: str = ""
    ttl: float = 0.0
    rules: Sequence[str] = ()
    files: Sequence[str] = ()
    section: ModuleSection | None = None
    look: bool = False

    @classmethod
    def of(
        cls, place: Place, section: ModuleSection, directory: Path, rules: Sequence[str], files: Sequence[Path]
    ) -> Spec:
        """By a module's settings."""
        own = section.own if isinstance(section, OtherModule) else {}
        known = None if isinstance(section, OtherModule) else section
        return cls(place, own, str(directory), section.cache_ttl, [*rules], [*map(str, files)], known)

    def tell(self) -> dict[str, Any]:
        """For another process."""
        return {
            "place": [self.place.name, self.place.kind, self.place.where],
            "own": {name: [one.value, one.where, one.hidden] for name, one in self.own.items()},
            "directory": self.directory,
            "ttl": self.ttl,
            "rules": [*self.rules],
            "files": [*self.files],
            "look": self.look,
        }

    @classmethod
    def told(cls, raw: Mapping[str, Any]) -> Spec:
        """What `tell` said."""
        own = {name: Own(value, where, hidden=hidden) for name, (value, where, hidden) in raw["own"].items()}
        return cls(
            Place(*raw["place"]), own, raw["directory"], raw["ttl"], raw["rules"], raw["files"], look=raw["look"]
        )


def configured(spec: Spec, info: Info) -> BaseModel:
    """A module's settings, as it wants them. Raises ConfigError, with the place of each that makes no sense."""
    if spec.section is not None:
        return spec.section
    known = {field.alias or name for name, field in info.config.model_fields.items()}
    problems = [_wrong(spec, name, f"is an unknown key{_meant(name, known)}") for name in spec.own if name not in known]
    if not problems:
        try:
            return info.config.model_validate({name: one.value for name, one in spec.own.items()})
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                name = str(detail["loc"][0]) if detail["loc"] else ""
                message = str(detail["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
                problems.append(_wrong(spec, name, message))
    raise ConfigError("\n".join(problems))


def _meant(name: str, known: set[str]) -> str:
    return near(name, sorted(known)) if known else "; it has none of its own"


def _wrong(spec: Spec, name: str, message: str) -> str:
    key = terminal(f"modules.{spec.place.name}.{name}" if name else f"modules.{spec.place.name}")
    one = spec.own.get(name)
    if one is None:
        return f"{key}: {message}"
    shown = ""
    if one.hidden:
        message = without_value(message)
    elif message.startswith("must") and isinstance(one.value, str | int | float):
        shown = f"{quoted(without_password(str(one.value)))} "
    where = f"{one.where}: " if one.where not in ("", key) else ""
    return f"{where}{key}: {shown}{message}"
