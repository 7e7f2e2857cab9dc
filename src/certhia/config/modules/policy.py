"""`[modules.policy]`: certificates against the Baseline Requirements, and against rules of one's own."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from certhia.config.modules.section import ModuleSection
from certhia.config.values import Interval

Least = Literal["error", "warning", "notice", "info"]
KeyKind = Literal["rsa", "ec", "ed25519", "ed448"]


class PolicySection(ModuleSection):
    """Certificates against the Baseline Requirements, and against rules of one's own."""

    deadline: Interval | None = Field(
        60.0, le=600, description="How long a call may take; what pkilint has no time for is skipped, counted and told"
    )
    lint: bool = Field(True, description="Whether pkilint reads them; your own rules hold in any case")
    least: Least = Field("error", description="The least of what pkilint says that becomes a finding")
    ignore: tuple[str, ...] = Field(
        (), description="Codes of pkilint that are no findings, as globs: `cabf.serverauth.dv.*`"
    )
    patience: Interval = Field(
        5.0, le=60, description="How long pkilint may take over one certificate; then its process is begun anew"
    )
    max_waiting: int = Field(
        2_000,
        ge=1,
        le=2_000_000,
        description="How many matches may wait for it; what comes besides is skipped, counted and told",
    )
    allowed_cas: tuple[str, ...] = Field(
        (),
        description="Who may issue: organisations of issuers or their owners, as globs in whatever case; none: anybody",
    )
    max_lifetime: Interval | None = Field(None, description="How long a certificate may be valid at most")
    key_kinds: tuple[KeyKind, ...] = Field((), description="Kinds of keys that are allowed; none: all")
    min_rsa_bits: int = Field(0, ge=0, le=16384, description="The least bits of an RSA key")
    curves: tuple[str, ...] = Field((), description="Curves that are allowed of `ec` keys: `P-256`, `P-384`; none: all")
