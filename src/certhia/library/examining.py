"""From settings to what judges certificates: roots, logs that are known, and who may be asked."""

from __future__ import annotations

from certhia._core import build_info
from certhia.clock import Clock
from certhia.config.scanning import ScanOptions
from certhia.logs.heads import check_signature
from certhia.logs.loglist import LogList
from certhia.scanner.aia import Issuers
from certhia.scanner.examining import Examiner
from certhia.scanner.guard import Guard
from certhia.scanner.revocation import Revocation
from certhia.scanner.scts import Timestamps
from certhia.scanner.trust import Roots
from certhia.scanner.verdicts import Judge


def roots_of(options: ScanOptions) -> Roots:
    """Those that are trusted. Raises ConfigError."""
    return Roots.from_file(options.roots) if options.roots is not None else Roots.shipped()


def guard_of(options: ScanOptions, clock: Clock) -> Guard | None:
    """What fetches from addresses that certificates name; None where nobody is to be asked. To be closed."""
    if not (options.revocation or options.aia):
        return None
    from certhia.net import user_agent  # noqa: PLC0415  (a scan that asks nobody does without aiohttp)

    # Whatever may be scanned: a stranger's certificate sends nobody to addresses of one's own network.
    return Guard(clock=clock, user_agent=user_agent(build_info["version"], None))


def examiner_of(options: ScanOptions, guard: Guard | None, clock: Clock) -> Examiner:
    """What judges. Raises ConfigError."""
    judge = Judge(roots_of(options), verify=options.verify)
    return Examiner(
        judge,
        clock,
        timestamps=_timestamps() if options.verify else None,
        issuers=Issuers(guard, judge.chains.seen, clock) if guard is not None and options.aia else None,
        revoked=Revocation(clock, guard) if options.revocation else None,
        profile=options.verify,
    )


def _timestamps() -> Timestamps:
    return Timestamps({log.id: log for log in LogList.shipped().logs}, check_signature)
