"""Settings from flags, the environment and a file, and the commands that look at logs."""

from __future__ import annotations

import json

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.worlds import Served

pytestmark = pytest.mark.e2e


def test_a_file_the_environment_and_flags_in_this_order(certhia: Certhia, small: Served) -> None:
    (certhia.directory / "certhia.toml").write_text(
        f'[logs]\nlog_list = ["{small.list_url}"]\ndeny = ["gamma"]\n'
        '[read]\nfrom = "beginning"\nuntil = "now"\npatience = 0\n'
        '[watch]\nrules = ["=host1.example.com"]\nfiles = ["rules.txt"]\n'
        '[output]\nformat = "silent"\nfiles = ["told.csv"]\n[state]\nname = "./state"\n'
    )
    (certhia.directory / "rules.txt").write_text("# two more\n=host2.example.com\n=host3.example.com\n")
    environment = {"CERTHIA_WATCH__RULES": "=host4.example.com", "CERTHIA_OUTPUT__FORMAT": "json"}
    program = certhia.done("watch", "--config", "certhia.toml", "--format", "jsonl", environment=environment)
    assert {r["matched_domain"] for r in program.records} == {f"host{number}.example.com" for number in (2, 3, 4)}
    assert (certhia.directory / "told.csv").read_text().count("\n") == 4
    assert (certhia.directory / "state" / "state.db").exists()
    assert "in 2 logs" in program.err


def test_the_default_file_is_read(certhia: Certhia, small: Served) -> None:
    place = certhia.directory / "config" / "certhia" / "certhia.toml"
    place.parent.mkdir(parents=True)
    place.write_text('[watch]\nrules = ["=host9.example.com"]\n')
    program = certhia.read(small, environment={"XDG_CONFIG_HOME": str(certhia.directory / "config")})
    assert [record["matched_domain"] for record in program.records] == ["host9.example.com"]


def test_only_these_logs(certhia: Certhia, small: Served) -> None:
    alpha = small.world.logs["alpha"].url
    program = certhia.done(
        "watch", "example.com", "--log", alpha, "--from", "-3", "--until", "now", "-f", "jsonl", "--state", "./s"
    )
    assert {record["index"] for record in program.records} == {37, 38, 39}
    allowed = certhia.read(small, "example.com", "--allow", "alph*")
    assert {record["log"] for record in allowed.records} == {"alpha"}


@pytest.mark.parametrize("log", ["alpha", "beta", "gamma"])
def test_one_entry_and_its_proof(certhia: Certhia, small: Served, log: str) -> None:
    url = small.world.logs[log].url
    shown = certhia.done("entry", url, "7", "--log-list", small.list_url, "--json", "--chain")
    fields = json.loads(shown.out)
    assert fields["index"] == 7
    assert fields["names"] == ["host7.example.com"]
    assert fields["is_precert"] is True
    assert fields["included_in"]["tree_size"] == 40
    assert all(fields["chain"])
    pem = certhia.done("entry", log, "7", "--log-list", small.list_url, "--pem", "--chain")
    assert pem.out.count("BEGIN CERTIFICATE") == 3
    beyond = certhia.done("entry", log, "40", "--log-list", small.list_url, status=2)
    assert "the last index is 39" in beyond.err


def test_known_logs_as_a_table(certhia: Certhia, small: Served) -> None:
    program = certhia.done("logs", "--log-list", small.list_url, "--state", str(certhia.state))
    assert "3 followed, 0 not, 3 known" in program.out
    for name, kind in (("alpha", "rfc6962"), ("beta", "static")):
        assert any(name in line and kind in line for line in program.out.splitlines())


def test_contact_and_version_go_to_the_logs(certhia: Certhia, small: Served) -> None:
    program = certhia.read(small, "example.com", "--contact", "ops@certhia.test")
    assert "no contact" not in program.err
    agents = {request.headers.get("user-agent", "") for request in small.world.logs["alpha"].recent}
    assert any(agent.startswith("certhia/") and agent.endswith("(+ops@certhia.test)") for agent in agents)
