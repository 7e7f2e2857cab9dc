"""The section `scan`: what is asked of servers, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from certhia.config.values import Files, Interval, Listed, Made, Source


class ScanOptions(Made):
    """What `certhia scan` and `certhia.scan` ask of servers, and how."""

    targets: tuple[str, ...] = Field(
        (), description="Addresses, networks, ranges (`192.0.2.1-99`), hosts and URLs to ask"
    )
    targets_from: tuple[Source, ...] = Field((), description="Files of such targets, one a line; `-` is standard input")
    ports: str = Field("443", description="Where nothing else is said: `443,8443,465-466,smtp,2525/smtp`")
    exclude: tuple[Source, ...] = Field(
        (), description="Addresses, networks and ranges that are left out, or files of them"
    )
    allow_private: bool = Field(
        False, description="Ask private, local and reserved addresses too, and names that resolve to such"
    )
    resolver: tuple[str, ...] = Field(
        (), description="Name servers instead of the system's: `9.9.9.9`, with a port or not"
    )
    all_ips: bool = Field(False, description="Ask all addresses of a host, not the first alone")
    ipv6: bool = Field(False, description="Prefer IPv6 addresses of a host")
    ptr: bool = Field(False, description="Look up the names that addresses have by their PTR records")
    full: bool = Field(False, description="Complete every handshake, also where a shorter one shows the certificate")
    sni: str = Field("host", description="The name asked for: `host` (the target's), `none`, `ptr`, or a list of names")
    starttls: str | None = Field(
        None, description="The protocol that leads to TLS on every port; else the port says: `smtp`, `imap`, `none`"
    )
    fingerprints: bool = Field(False, description="Find out JARM and JA3S: ten further connections to each target")
    enumerate: bool = Field(
        False, description="Find out all versions and suites that are spoken: up to 120 further connections"
    )
    http: bool = Field(False, description="Ask for `/`, and read its policies (CSP) and where it leads")
    scripts: bool = Field(False, description="Read scripts of the same site, too: 20 of at most 5 MB; does as `http`")
    follow: bool = Field(
        False, description="Follow redirects, also to other hosts, which are then asked as targets are; does as `http`"
    )
    follow_host: bool = Field(False, description="Follow redirects on the same host; does as `http`")
    max_redirects: int = Field(10, ge=0, le=50, description="The most redirects, one after the other")
    verify: bool = Field(
        False, description="Check signatures: of chains, and of the timestamps of logs, against the shipped log list"
    )
    roots: Path | None = Field(None, description="PEM file of trusted roots, instead of Mozilla's")
    aia: bool = Field(False, description="Fetch issuers that servers left out from where certificates say")
    revocation: bool = Field(
        False, description="Find out whether certificates were revoked: by staples, OCSP responders, lists"
    )
    include: tuple[Listed, ...] = Field((), description="Rules, or files of them, that names must meet to be told")
    exclude_domains: tuple[Listed, ...] = Field(
        (), description="Rules, or files of them: names that meet them are left out of what was found"
    )
    default_exclusions: bool = Field(
        True, description="Leave out names of delivery networks, analytics and the like, as the shipped list has them"
    )
    expand: int = Field(
        0, ge=0, le=10, description="Ask hosts that certificates name, too, and those that theirs name: so many steps"
    )
    scope: tuple[str, ...] = Field((), description="Rules, as of a watch list, that such hosts must meet")
    expand_most: int = Field(10_000, ge=1, le=1_000_000, description="The most such hosts")
    rate: float | None = Field(None, gt=0, description="The most connections a second")
    concurrency: int | None = Field(
        None, ge=1, description="Targets at once; found out, up to the limit of open files, unless given"
    )
    per_host: int | None = Field(None, ge=1, description="The most connections at once to one address or domain")
    timeout: Interval = Field(10.0, description="How long an attempt at a target may take, all of it together")
    retry: int = Field(
        0, ge=0, le=20, description="Further attempts at a target whose failure may pass, each with its own deadline"
    )
    format: Literal["jsonl", "csv", "domains", "human", "silent", "tlsxtractor", "json"] | None = Field(
        None,
        description="What standard output shows: jsonl, or nothing where files are written, unless given; and files "
        "whose names do not say; `json` is `tlsxtractor`, one document at the end",
    )
    keep: bool = Field(
        False, description="Keep in the state which names were found where, with which certificate, from when to when"
    )
    resume: bool = Field(False, description="Go on with an unfinished scan of the same targets, as the state has it")

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        """`--log-level ERROR`, as TLSXtractor and others have it."""
        return value.lower() if isinstance(value, str) else value

    log_level: Literal["debug", "info", "warning", "error"] | None = Field(
        None, description="The least of what messages tell; else by `output.quiet` and `output.verbose`"
    )
    log_file: Path | None = Field(None, description="File for messages instead of standard error")
    files: Files = Field(
        (), description="Files of results: .jsonl, .ndjson, .csv, .txt (names) or .json (TLSXtractor's document)"
    )
