"""From settings to what is visited: the plan, and who is asked for addresses."""

from __future__ import annotations

from collections.abc import Sequence

from certhia.clock import Clock
from certhia.config.scanning import ScanOptions
from certhia.errors import ConfigError
from certhia.render import quoted
from certhia.scanner.dns import Resolver
from certhia.scanner.exclude import read_excluded
from certhia.scanner.hosts import read_host
from certhia.scanner.hosts_file import read_hosts_file
from certhia.scanner.nameservers import Nameservers, read_servers
from certhia.scanner.plan import Plan
from certhia.scanner.ports import read_ports
from certhia.scanner.reading import check_file, read_arguments
from certhia.scanner.starttls import PROTOCOLS
from certhia.scanner.targets import Block


def plan_of(options: ScanOptions, key: bytes | None = None) -> Plan:
    """What is visited. `key`: of the order; a new one unless given. Raises ConfigError."""
    if not options.targets and not options.targets_from:
        raise ConfigError(
            "there is nothing to scan: name addresses, networks, hosts or URLs, or a file of them with -f"
        )
    for name in options.targets_from:
        check_file(name)
    return Plan(
        texts=options.targets,
        files=options.targets_from,
        ports=read_ports(options.ports),
        excluded=read_excluded(options.exclude, allow_private=options.allow_private),
        starttls=starttls_of(options.starttls),
        server_names=names_of(options.sni),
        pointed=options.sni == "ptr",
        every=options.all_ips,
        **({} if key is None else {"key": key}),
    )


def kinds_of(options: ScanOptions) -> frozenset[str]:
    """What there is among the targets: "address", "host"; both where files of them are read."""
    if options.targets_from:
        return frozenset({"address", "host"})
    targets = read_arguments(options.targets).targets
    return frozenset("address" if isinstance(one, Block) else "host" for one in targets)


def starttls_of(text: str | None) -> str | None:
    """None as the port says, "" for none. Raises ConfigError."""
    if text is None:
        return None
    if text == "none":
        return ""
    if text not in PROTOCOLS:
        raise ConfigError(f"--starttls {quoted(text)} is not known; write none, or one of {', '.join(PROTOCOLS)}")
    return text


def names_of(text: str) -> Sequence[str | None]:
    """What SNI says at each address, one after another: "" as the host says, None for no SNI. Raises ConfigError."""
    if text in ("host", "ptr"):
        return ("",)
    if text == "none":
        return (None,)
    return tuple(dict.fromkeys(read_host(name.strip()) for name in text.split(",") if name.strip())) or (None,)


def resolver_of(options: ScanOptions, clock: Clock) -> tuple[Resolver, Nameservers]:
    """Who is asked for addresses; the second is to be closed. Raises ConfigError."""
    servers = Nameservers(read_servers(",".join(options.resolver)) if options.resolver else ())
    resolver = Resolver(
        servers.ask,
        versions=(6, 4) if options.ipv6 else (4, 6),
        every=options.all_ips,
        fixed=read_hosts_file(),
        clock=clock,
    )
    return resolver, servers
