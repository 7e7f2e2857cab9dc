"""Lints what matches, and holds it to one's own rules.

pkilint takes about 5 ms a certificate, some thousand times what all else takes: it has a process of its own, and this
module a queue of its own among the outbox's. Where too many wait in it they are skipped, counted and told.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from certhia._core import Certificate
from certhia.config.modules.policy import PolicySection
from certhia.errors import Malformed
from certhia.modules.api import CERTIFICATES, STATE, Info, Outside, Sees
from certhia.modules.batch import Matches
from certhia.modules.builtin.authorities import Ownership
from certhia.modules.builtin.policy.linting import Violation
from certhia.modules.builtin.policy.rules import Rules
from certhia.modules.builtin.policy.worker import Linted, Worker
from certhia.modules.finding import Finding, Severity

MAX_FINDINGS: Final = 20  # of one certificate
QUEUE: Final = "module:policy"  # its own, of the outbox
DEADLINE: Final = 5.0  # seconds of a call, where the settings give none
SHARE: Final = 0.8  # of it that pkilint may take
SILENCE: Final = 600.0  # seconds between two words on what was skipped
_RANKS: Final = ("FATAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG")
_SEVERITIES: Final[dict[str, Severity]] = {"FATAL": "high", "ERROR": "medium", "WARNING": "low"}


class Policy:
    """The module. `skipped` counts matches that were not linted, `linted` the others."""

    info = Info(
        name="policy",
        version="1",
        summary="Certificates against the Baseline Requirements, and against rules of your own",
        sees=Sees.MATCHES,
        config=PolicySection,
        needs=(STATE, CERTIFICATES, "pkilint"),
    )

    async def setup(self, config: PolicySection, outside: Outside) -> None:
        """Begins the process that lints. Raises OSError where it does not begin."""
        self._outside = outside
        self._clock = outside.clock
        self.linted = self.skipped = self._told = 0
        self._unkept = 0  # matches whose certificate is not kept
        self._told_at = -SILENCE
        self._behind = False
        self._take(config)
        self._worker = Worker(outside.clock, config.patience)
        if config.lint:
            await self._worker.start()

    async def reconfigure(self, config: PolicySection) -> None:
        """The rules change at once; a process is begun anew."""
        await self._worker.close()
        self._take(config)
        self._worker = Worker(self._clock, config.patience)

    async def process(self, batch: Matches) -> list[Finding]:
        """One certificate after the other, as long as there is time; rules of one's own hold for all."""
        found: list[Finding] = []
        ends = self._clock.monotonic() + SHARE * (self._settings.deadline or DEADLINE)
        self._look_back()
        for number, match in batch:
            der = batch.der(match)
            found += self._rules.of(number, match, _read(der))
            if der is None:
                self._unkept += 1
            elif not self._settings.lint:
                continue
            elif self._behind or self._clock.monotonic() >= ends:
                self.skipped += 1
            else:
                self.linted += 1
                found += self._of(number, match.names[:10], await self._worker.lint(der))
        if self._clock.monotonic() - self._told_at >= SILENCE:
            self._tell_skipped()
        return found

    def flush(self) -> None:
        """Says what was not linted."""
        self._tell_skipped()
        if self._unkept:
            many = f"{self._unkept:,} matches were" if self._unkept > 1 else "1 match was"
            self._outside.tell(f"{many} not linted: from before this module was in use, so no certificate is kept")
            self._unkept = 0

    async def close(self) -> None:
        """Ends the process."""
        await self._worker.close()

    def _look_back(self) -> None:
        """Whether too many wait, so that they are skipped until only half as many do."""
        if self._outside.state is None:
            return
        waiting, most = self._outside.state.writer.waiting(QUEUE).rows, self._settings.max_waiting
        self._behind = waiting > (most // 2 if self._behind else most)

    def _tell_skipped(self) -> None:
        many = self.skipped - self._told
        if many:
            self._outside.tell(
                f"{many:,} certificates were not linted, as more than {self._settings.max_waiting:,} waited or they "
                "took too long; give it `only`, or a larger `max_waiting`",
                level="warning",
            )
            self._told, self._told_at = self.skipped, self._clock.monotonic()

    def _take(self, config: PolicySection) -> None:
        self._settings = config
        self._rules = Rules(config, Ownership())
        self._least = _RANKS.index(config.least.upper())

    def _of(self, number: int, names: tuple[str, ...], linted: Linted) -> Iterator[Finding]:
        shown = f"{names[0]}: " if names else ""
        if linted.fault:
            yield Finding("unlintable", f"{shown}can't be linted: {linted.fault}", "low", number, names)
            return
        told = [one for one in linted.violations if self._wanted(one)]
        for severity, code, message, where in told[:MAX_FINDINGS]:
            text = f"{shown}{severity.lower()}: {code}" + (f": {message}" if message else "")
            data = {
                "code": code,
                "severity": severity.lower(),
                "message": message,
                "where": where,
                "type": linted.type,
                "requirements": linted.requirements,
            }
            yield Finding("lint", text, _SEVERITIES.get(severity, "info"), number, names, data)
        if len(told) > MAX_FINDINGS:
            yield Finding("lint", f"{shown}{len(told) - MAX_FINDINGS} more violations", "low", number, names)

    def _wanted(self, violation: Violation) -> bool:
        severity, code = violation[:2]
        rank = _RANKS.index(severity) if severity in _RANKS else 0
        return rank <= self._least and not any(fnmatchcase(code, glob) for glob in self._settings.ignore)


def _read(der: bytes | None) -> Certificate | None:
    try:
        return Certificate.from_der(der) if der else None
    except Malformed:
        return None
