"""The modules that come with the program, by name: `file:Class`. They are imported when they are wanted."""

from collections.abc import Mapping
from typing import Final

BUILTIN: Final[Mapping[str, str]] = {
    "domains": "certhia.modules.builtin.domains.module:Domains",
    "expiry": "certhia.modules.builtin.expiry.module:Expiry",
    "intelligence": "certhia.modules.builtin.intelligence.module:Intelligence",
    "policy": "certhia.modules.builtin.policy.module:Policy",
    "revocation": "certhia.modules.builtin.revocation.module:Revocation",
    "typosquat": "certhia.modules.builtin.typosquat.module:Typosquat",
    "watch": "certhia.modules.builtin.watch:Watch",
}
