"""`certhia scan`: what do the servers out there really show?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer

from certhia.cli import options as opt
from certhia.cli.options import Option

TARGETS_PANEL = "Targets"
PROBING_PANEL = "Asking"
MANNERS_PANEL = "Rate and manners"

TARGETS = (
    Option(
        "targets",
        list[str],
        "scan.targets",
        "Addresses, networks, ranges (192.0.2.1-99), hosts, URLs.",
        metavar="[TARGET]...",
    ),
    Option("--cidr --url", list[str], "scan.targets", "A target, likewise; repeatable.", TARGETS_PANEL, "TARGET"),
    Option(
        "--file -f --ip-file --url-file --hostname-file",
        list[str],
        "scan.targets_from",
        "File of targets, - for input; repeatable.",
        TARGETS_PANEL,
        "FILE",
    ),
    Option("--ports -p --port", str, "scan.ports", "443,8443,465-466,smtp.", TARGETS_PANEL, "LIST"),
    Option(
        "--exclude",
        list[str],
        "scan.exclude",
        "Addresses, networks, hosts to leave out, or a file of them.",
        TARGETS_PANEL,
        "FILE|LIST",
    ),
    Option("--allow-private", bool, "scan.allow_private", "Private and local addresses, too.", TARGETS_PANEL),
    Option("--resolver", list[str], "scan.resolver", "Name servers instead of the system's.", TARGETS_PANEL, "LIST"),
    Option("--all-ips", bool, "scan.all_ips", "All addresses of a host.", TARGETS_PANEL),
    Option("--ipv6", bool, "scan.ipv6", "Prefer a host's IPv6 addresses.", TARGETS_PANEL),
    Option("--ptr", bool, "scan.ptr", "Look up names of addresses.", TARGETS_PANEL),
)
PROBING = (
    Option("--full", bool, "scan.full", "Complete every handshake.", PROBING_PANEL),
    Option("--sni", str, "scan.sni", "Names to ask for, none, or ptr.", PROBING_PANEL, "LIST"),
    Option("--starttls", str, "scan.starttls", "Protocol that leads to TLS: smtp, imap, ...", PROBING_PANEL, "PROTO"),
    Option("--fingerprints", bool, "scan.fingerprints", "JARM and JA3S.", PROBING_PANEL),
    Option("--enumerate", bool, "scan.enumerate", "All versions and suites that are spoken.", PROBING_PANEL),
)
CONTENT = (
    Option("--http --fetch-csp", bool, "scan.http", "Ask for /, and read its policies (CSP).", PROBING_PANEL),
    Option("--scripts", bool, "scan.scripts", "Read scripts of the same site, too.", PROBING_PANEL),
    Option("--follow --follow-redirects", bool, "scan.follow", "Follow redirects, also to other hosts.", PROBING_PANEL),
    Option(
        "--follow-host --follow-host-redirects",
        bool,
        "scan.follow_host",
        "Follow redirects on the same host.",
        PROBING_PANEL,
    ),
    Option("--max-redirects", int, "scan.max_redirects", "The most redirects.", PROBING_PANEL),
)
TRUST = (
    Option("--verify", bool, "scan.verify", "Check signatures of chains and timestamps.", PROBING_PANEL),
    Option("--roots", Path, "scan.roots", "Trusted roots, PEM, instead of Mozilla's.", PROBING_PANEL, "FILE"),
    Option("--aia", bool, "scan.aia", "Fetch issuers that servers left out.", PROBING_PANEL),
    Option("--revocation", bool, "scan.revocation", "Find out whether certificates were revoked.", PROBING_PANEL),
)
EXPANDING = (
    Option("--expand", int, "scan.expand", "Ask hosts that certificates name, so many steps.", TARGETS_PANEL, "DEPTH"),
    Option("--scope", list[str], "scan.scope", "Rule that such hosts must meet; repeatable.", TARGETS_PANEL, "RULE"),
    Option("--expand-most", int, "scan.expand_most", "The most such hosts.", TARGETS_PANEL),
)
NAMES = (
    Option(
        "--include --include-domains",
        list[str],
        "scan.include",
        "Tell only names that meet these rules, or rules of a file.",
        opt.OUTPUT_PANEL,
        "LIST|FILE",
    ),
    Option(
        "--exclude-domains",
        list[str],
        "scan.exclude_domains",
        "Tell no names that meet these.",
        opt.OUTPUT_PANEL,
        "LIST|FILE",
    ),
    Option(
        "--no-default-exclusions",
        bool,
        "scan.default_exclusions",
        "Names of delivery networks and analytics, too.",
        opt.OUTPUT_PANEL,
        sets=False,
    ),
)
MANNERS = (
    Option("--rate --rate-limit", float, "scan.rate", "Connections a second.", MANNERS_PANEL),
    Option("--concurrency --threads -t", int, "scan.concurrency", "Targets at once.", MANNERS_PANEL),
    Option("--per-host", int, "scan.per_host", "Connections at once to an address or domain.", MANNERS_PANEL),
    Option("--timeout", str, "scan.timeout", "For all of a target, each attempt, such as 5s.", MANNERS_PANEL),
    Option("--retry", int, "scan.retry", "Further attempts where they may help.", MANNERS_PANEL),
)
OUTPUT = (
    Option("--format", str, "scan.format", "jsonl, csv, domains, human, silent or tlsxtractor.", opt.OUTPUT_PANEL),
    Option("--output -o", list[str], "scan.files", "File, format by extension; repeatable.", opt.OUTPUT_PANEL, "FILE"),
    Option("--pipeline", bool, "", "Sets nothing: results always come as they are found.", opt.OUTPUT_PANEL),
    Option("--keep", bool, "scan.keep", "Keep what is found where in the state.", opt.OUTPUT_PANEL),
    Option("--resume", bool, "scan.resume", "Go on with an unfinished scan of these targets.", opt.OUTPUT_PANEL),
    opt.WATCHLIST.saying("File of watch rules that mark results; repeatable.")._replace(panel=opt.OUTPUT_PANEL),
    opt.STATS,
    opt.LOUDNESS[0].saying("Only results, warnings and errors."),
    opt.LOUDNESS[1],
    opt.LOG_FORMAT,
    Option("--log-level", str, "scan.log_level", "debug, info, warning or error.", opt.OUTPUT_PANEL, "LEVEL"),
    Option("--log-file", Path, "scan.log_file", "File for messages.", opt.OUTPUT_PANEL, "FILE"),
)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("scan")(scan)


@opt.sets(*TARGETS, *EXPANDING, *PROBING, *CONTENT, *TRUST, *MANNERS, *NAMES, *OUTPUT, opt.STATE)
def scan(*, given: opt.Given, config: opt.Config = None) -> None:
    """Ask servers for their certificates, and tell what they show.

    Exit status: 0 done, whatever the servers said; 1 something of ours failed; 2 the command makes no sense; 130 ended
    by a second Ctrl-C. A first one ends it in order: what is written is whole, and --resume goes on.
    """
    from certhia.cli.scanning import Scanning
    from certhia.config import load

    raise typer.Exit(asyncio.run(Scanning(load(given, config)).run()))
