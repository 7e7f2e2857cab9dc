"""The settings of modules, `[modules]` and `[modules.NAME]`: one file a built-in module, by its name."""

from collections.abc import Mapping
from typing import Final

from pydantic import Field, SerializeAsAny

from certhia.config.modules.domains import DomainsSection
from certhia.config.modules.expiry import ExpirySection
from certhia.config.modules.intelligence import IntelligenceSection
from certhia.config.modules.policy import PolicySection
from certhia.config.modules.revocation import RevocationSection
from certhia.config.modules.section import OWN, ModuleSection, ModulesSection, OtherModule, Own
from certhia.config.modules.typosquat import TyposquatSection
from certhia.config.modules.watch import WatchSection

BUILT_IN: Final[Mapping[str, type[ModuleSection]]] = {
    "domains": DomainsSection,
    "expiry": ExpirySection,
    "intelligence": IntelligenceSection,
    "policy": PolicySection,
    "revocation": RevocationSection,
    "typosquat": TyposquatSection,
    "watch": WatchSection,
}


class Modules(ModulesSection):
    """Modules: what people add."""

    each: dict[str, SerializeAsAny[ModuleSection]] = Field({}, description="The modules: tables with their names")


__all__ = ["BUILT_IN", "OWN", "ModuleSection", "Modules", "OtherModule", "Own"]
