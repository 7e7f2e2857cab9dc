"""The files are made after the example and the documents of ct-scout 3.0."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia.config import load
from certhia.config.sinks import WebhookSink
from certhia.errors import ConfigError
from certhia.library.importing.ctscout import PASSWORD, SECRET, read
from certhia.library.importing.scopes import TOKENS
from certhia.rules.watchlist import Watchlist

WHOLE = """
[ct_logs]
poll_interval_secs = 10
batch_size = 256
max_concurrent_logs = 100
parse_precerts = false
include_readonly_logs = false
include_pending = true
additional_logs = ["https://ct.example.com/2026h1/ct/v1/"]
state_file = "ct-scout-state.toml"
[database]
enabled = true
url = "postgresql://scout:hunter2@db.example/ctscout?sslmode=require"
max_connections = 20
[webhook]
url = "https://hooks.example/matches"
secret = "hunter2"
timeout_secs = 5
[logging]
level = "debug"
[watchlist]
domains = ["*.example.com", ".example.org"]
hosts = ["www.example.net"]
ips = ["192.0.2.7"]
cidrs = ["198.51.100.0/24"]
[[programs]]
name = "Acme"
domains = [".acme.example"]
[output]
format = "json"
destination = "file"
file_path = "matches.json"
[platforms.hackerone]
enabled = true
username = "me"
api_token = "hunter2"
"""


def test_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(WHOLE)
    found = read(path)
    assert found.values == {
        "watch.files": [str(path)],
        "read.poll_static": 10,
        "read.poll_rfc6962": 10,
        "watch.precerts": False,
        "logs.add_log": ["https://ct.example.com/2026h1/ct/v1/"],
        "logs.include": ["pending"],
        "output.verbose": 1,
        "output.format": "silent",
        "output.files": ["matches.jsonl"],
        "sinks.webhook.type": "webhook",
        "sinks.webhook.url": "https://hooks.example/matches",
        "sinks.webhook.ctscout_secret": f"${{{SECRET}}}",
        "sinks.webhook.timeout": 5,
        "platforms.hackerone.username": "me",
        "platforms.hackerone.token": f"${{{TOKENS['hackerone']}}}",
        "state.name": f"postgresql://scout:${{{PASSWORD}}}@db.example/ctscout?sslmode=require&pool=20",
    }
    assert [note.split(":")[0] for note in found.notes] == [
        "ct_logs.include_readonly_logs",
        "positions",
        "output.file_path",
        "webhook.secret is not copied",
        "the password in database.url is not copied",
        "platforms.hackerone.api_token is not copied",
        "platforms",
        "ct_logs.batch_size",
        "ct_logs.max_concurrent_logs",
    ]
    assert "hunter2" not in found.written("x") + "".join(found.notes)
    found.check({SECRET: "x", PASSWORD: "y", **dict.fromkeys(TOKENS.values(), "z")})


def test_what_is_written_holds(tmp_path: Path) -> None:
    theirs, ours = tmp_path / "config.toml", tmp_path / "certhia.toml"
    theirs.write_text(WHOLE)
    ours.write_text(read(theirs).written("config.toml"))
    settings = load({}, ours, {SECRET: "hunter2", PASSWORD: "hunter2", TOKENS["hackerone"]: "hunter2"})
    webhook = settings.sinks["webhook"]
    assert isinstance(webhook, WebhookSink)
    assert webhook.ctscout_secret is not None
    assert webhook.ctscout_secret.get_secret_value() == "hunter2"
    rules = Watchlist(files=settings.watch.files)
    assert len(rules.rules) == 6


@pytest.mark.parametrize(
    "text, values",
    [
        ('[logging]\nlevel = "info"\n', {}),
        ('[logging]\nlevel = "error"\n', {"output.quiet": True}),
        ("[ct_logs]\ninclude_all_logs = true\ninclude_pending = true\n", {"logs.include": ["all"]}),
        ('[ct_logs]\ncustom_logs = ["https://a.example/"]\n', {"logs.log": ["https://a.example/"]}),
        ('[ct_logs]\nlog_list_url = "https://a.example/l.json"\n', {"logs.log_list": ["https://a.example/l.json"]}),
        ('[ct_logs]\nlog_list_url = "https://www.gstatic.com/ct/log_list/v3/all_logs_list.json"\n', {}),
        ('[output]\nformat = "csv"\n', {"output.format": "csv"}),
        ('[output]\nformat = "silent"\n', {"output.format": "silent"}),
        ('[database]\nenabled = false\nurl = "x"\n', {}),
        ("[database]\nenabled = true\n", {"state.name": "postgresql://localhost/ctscout"}),
    ],
)
def test_its_keys(tmp_path: Path, text: str, values: dict[str, object]) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    assert read(path).values == values


@pytest.mark.parametrize("text, problem", [("x = 1\n", "config.toml:1: x is no table"), ("[x]\n", "has none of")])
def test_what_is_not_its_configuration(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=problem):
        read(path)


def test_given_to_us_as_it_is_it_is_told_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(WHOLE)
    with pytest.raises(ConfigError, match=f"is ct-scout's; make ours of it: certhia config import ct-scout {path}"):
        load({}, path, {})


def test_what_nobody_knows_is_told_and_breaks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[ct_logs]\nnew_key = 1\n[database]\nenabled = true\nurl = "postgresql://u:p@ss/w@h/db"\n'
        'max_connections = "x"\n'
    )
    found = read(path)
    assert "ct_logs.new_key: is left out" in found.notes
    assert found.values["state.name"] == f"postgresql://u:${{{PASSWORD}}}@h/db"
    for text in ('database = "x"\n', "[[logging]]\nlevel = 1\n"):
        path.write_text(text)
        with pytest.raises(ConfigError, match="is no table"):
            read(path)
