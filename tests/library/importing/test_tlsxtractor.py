from __future__ import annotations

import shlex

import pytest

from certhia.errors import ConfigError
from certhia.library.importing.tlsxtractor import read

LINE = (
    "tlsxtractor --cidr 192.0.2.0/24 --url=https://a.example --file targets.txt --threads 50 --rate-limit 2.5 "
    "--timeout 5 --port 8443 --retry 3 --allow-private --ipv6 --pipeline --log-level INFO --log-file x.log "
    "--quiet --fetch-csp --follow-redirects --max-redirects 5 --exclude-domains a.example,*.b.example "
    "--include-domains c.example --no-default-exclusions --output results.json --format json"
)


def test_a_command_line() -> None:
    found = read(shlex.split(LINE))
    assert found.values == {
        "scan.targets": ["192.0.2.0/24", "https://a.example"],
        "scan.targets_from": ["targets.txt"],
        "scan.concurrency": 50,
        "scan.rate": 2.5,
        "scan.timeout": 5,
        "scan.ports": "8443",
        "scan.retry": 3,
        "scan.allow_private": True,
        "scan.ipv6": True,
        "scan.log_level": "info",
        "scan.log_file": "x.log",
        "output.quiet": True,
        "scan.http": True,
        "scan.follow": True,
        "scan.max_redirects": 5,
        "scan.exclude_domains": ["=a.example", "*.b.example"],
        "scan.include": ["c.example"],
        "scan.default_exclusions": False,
        "scan.files": ["results.json"],
        "scan.format": "tlsxtractor",
    }
    assert len(found.notes) == 2
    found.check({})


@pytest.mark.parametrize(
    "line, problem",
    [
        ("--nonsense", '"--nonsense" is no option of TLSXtractor; known are --cidr'),
        ("--cidr", "--cidr: needs a value"),
        ("--threads many", '--threads: "many" is no number'),
    ],
)
def test_what_is_none(line: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        read(shlex.split(line))
