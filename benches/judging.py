"""What it costs to say what holds against a server: verdicts by names alone, with signatures, with timestamps.

python benches/judging.py [ROUNDS]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from rows import Figure, Row
from table import table

from certhia.logs.heads import check_signature
from certhia.scanner.examining import Examiner
from certhia.scanner.records import Served, Target
from certhia.scanner.scts import Timestamps
from certhia.scanner.trust import Roots
from certhia.scanner.verdicts import Judge
from certhia.testing import World
from certhia.testing.authority import Authority, self_signed

SERVERS = 1000  # each with a certificate of its own, from one issuer, with two timestamps
STRANGERS = 300

Shown = Sequence[tuple[Target, Served]]


def rows(rounds: int) -> Iterator[Row]:
    """Every row about verdicts."""
    world = World()
    logs = world.rfc6962("alpha"), world.static("beta")
    known = {log.model.id: log.model for log in logs}
    servers: list[tuple[Target, Served]] = []
    for number in range(SERVERS):
        name = f"host{number}.example.com"
        precert = world.ca.issue([name, f"www.{name}"], precert=True)
        final = world.ca.finish(precert, [log.sct(log.add(precert)[0]) for log in logs])
        servers.append((_target(name), _served(final.der, world.ca.intermediate)))
    own = [self_signed([f"box{number}.example"]) for number in range(STRANGERS)]
    strangers = [(_target("box.example"), _served(one.der)) for one in own]
    roots = Roots([world.ca.root, *(Authority.root(f"Bench {number}").der for number in range(100))])

    def examiner(*, verify: bool, timestamps: bool = False) -> Callable[[], Examiner]:
        return lambda: Examiner(
            Judge(roots, verify=verify),
            world.clock,
            timestamps=Timestamps(known, check_signature) if timestamps else None,
        )

    floor = [_bare() for _ in range(rounds)]
    for title, make, shown, floors in (
        ("verdicts, no signature checked", examiner(verify=False), servers, 0),
        ("verdicts of the self-signed", examiner(verify=False), strangers, 0),
        ("verdicts with --verify, without timestamps", examiner(verify=True), servers, 1),
        ("verdicts with --verify", examiner(verify=True, timestamps=True), servers, 3),
    ):
        spent = [_cost(make(), shown) for _ in range(rounds)]
        bare = floors * min(floor) or None
        yield Row(title, "ECDSA P-256", [Figure("CPU", "us/server", spent, floor=bare)])


def _target(name: str) -> Target:
    return Target(name, None, name, "192.0.2.1", 443)


def _served(*certificates: bytes) -> Served:
    return Served(0x0303, 0xC02B, 23, None, certificates)


def _cost(examiner: Examiner, shown: Shown) -> float:
    """Microseconds of CPU a server, all of them seen for the first time."""
    begun = time.process_time()
    for target, served in shown:
        examiner.look(target, served)
    return (time.process_time() - begun) / len(shown) * 1e6


def _bare() -> float:
    """One signature, in microseconds."""
    key, how = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(SHA256())
    public, signature = key.public_key(), key.sign(bytes(1000), how)
    begun = time.process_time()
    for _ in range(SERVERS):
        public.verify(signature, bytes(1000), how)
    return (time.process_time() - begun) / SERVERS * 1e6


if __name__ == "__main__":
    print(table(list(rows(int(sys.argv[1]) if len(sys.argv) > 1 else 3))))
