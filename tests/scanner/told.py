"""What `openssl verify` says to the same certificates."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from certhia._core import Certificate
from certhia.scanner.trust import Roots
from certhia.scanner.verdicts import Judge, Judged
from certhia.testing.authority import Made

OK = 0
EXPIRED, NOT_YET, SELF_SIGNED_LEAF, SELF_SIGNED_ROOT, NO_ISSUER, BAD_SIGNATURE = 10, 9, 18, 19, 20, 7
NOT_A_CA, NO_SIGNER, PATH_LENGTH, PURPOSE, NAME, EXCLUDED, NOT_PERMITTED, WEAK_KEY, WEAK_DIGEST = (
    79,
    32,
    25,
    26,
    62,
    48,
    47,
    66,
    68,
)


def openssl(folder: Path, roots: Sequence[Made], sent: Sequence[Made], *options: str) -> set[int]:
    """Numbers of the errors that `openssl verify` has for a server's certificates, leaf first, asked as a TLS client
    would (`-purpose sslserver`); none where it is content."""
    (folder / "roots.pem").write_text("".join(made.pem for made in roots))
    (folder / "sent.pem").write_text("".join(made.pem for made in sent[1:]))
    (folder / "leaf.pem").write_text(sent[0].pem)
    command = ["openssl", "verify", "-no-CApath", "-no-CAstore", "-CAfile", "roots.pem", "-purpose", "sslserver"]
    command += ["-untrusted", "sent.pem"] if sent[1:] else []
    done = subprocess.run(
        [*command, *options, "leaf.pem"], cwd=folder, capture_output=True, text=True, check=False, timeout=20
    )
    errors = {int(number) for number in re.findall(r"error (\d+) at", done.stdout + done.stderr)}
    assert (done.returncode == 0) is (not errors), done.stderr
    return errors


def judged(
    roots: Sequence[Made], sent: Sequence[Made], now: float, name: str | None = None, *, verify: bool = True
) -> Judged:
    """What we say."""
    judge = Judge(Roots([made.der for made in roots]), verify=verify)
    return judge.judge([Certificate.from_der(made.der) for made in sent], now, name=name)


def kinds(found: Judged) -> set[str]:
    """Kinds of verdicts, but for those that are only told."""
    return {verdict.kind for verdict in found.verdicts if verdict.severity != "info"}
