"""`[modules.intelligence]`: what is unusual about a certificate for a watched domain."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from certhia.config.modules.section import ModuleSection
from certhia.config.values import Interval


class IntelligenceSection(ModuleSection):
    """What is unusual about a certificate, by what is known of its domain."""

    deadline: Interval | None = Field(
        30.0, le=600, description="How long a call may take; names whose CAA records are not there in time are left out"
    )
    history: int = Field(
        50_000, ge=0, le=1_000_000, description="How many of the newest stored matches it learns from when it starts"
    )
    least: int = Field(
        5, ge=1, le=100, description="How many certificates of a domain must be known before one is called unusual"
    )
    issued: bool = Field(True, description="Findings `issued`: who issued it, who owns that authority, for how long")
    first_certificate: bool = Field(True, description="Findings `first-certificate`: the first one for a name")
    unusual_issuer: bool = Field(True, description="Findings `unusual-issuer`: the domain had none of its owner's yet")
    key_reuse: bool = Field(True, description="Findings `key-reuse`: its key is in earlier certificates")
    wildcard: bool = Field(True, description="Findings `wildcard`: it is for all names below one")
    validity: bool = Field(
        True, description="Findings `validity`: longer than the Baseline Requirements allow, dated back, over already"
    )
    short_lived: bool = Field(True, description="Findings `short-lived`: so short that it need not be revocable")
    rhythm: bool = Field(True, description="Findings `rhythm`: issued again much sooner than usual")
    caa: bool = Field(True, description="Findings `caa`: its authority is not in the domain's CAA record")
    resolver: tuple[str, ...] = Field((), description="Name servers that are asked for CAA records; none: the system's")
    caa_domains: dict[str, tuple[str, ...]] = Field(
        {}, description="What stands for an authority in CAA records besides what is known, by its organisation"
    )
    ccadb: Path | None = Field(
        None, description="File with CCADB's report of all certificate records (CSV): who owns which authority"
    )
