"""The settings of modules, `[modules]` and `[modules.NAME]`: one file a built-in module, by its name."""

from collections.abc import Mapping
from typing import Final

from pydantic import Field, SerializeAsAny

from certhia.config.modules.intelligence import IntelligenceSection
from certhia.config.modules.section import OWN, ModuleSection, ModulesSection, OtherModule, Own

BUILT_IN: Final[Mapping[str, type[ModuleSection]]] = {
    "intelligence": IntelligenceSection,
}


class Modules(ModulesSection):
    """Modules: what people add."""

    each: dict[str, SerializeAsAny[ModuleSection]] = Field({}, description="The modules: tables with their names")


__all__ = ["BUILT_IN", "OWN", "ModuleSection", "Modules", "OtherModule", "Own"]
