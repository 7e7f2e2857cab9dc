from __future__ import annotations

import json
from pathlib import Path

import pytest

from certhia.config import load
from certhia.config.judging import tables
from certhia.config.keys import variable
from certhia.config.named import sink_types
from certhia.config.showing import show
from certhia.config.sinks import FileSink, WebhookSink
from certhia.config.sources import examine
from certhia.errors import ConfigError

TYPES = ", ".join(sink_types())
HOME = {"HOME": "/nowhere"}


def problems(text: str, tmp_path: Path, flags: dict[str, object] | None = None, **environment: str) -> list[str]:
    path = tmp_path / "c.toml"
    path.write_text(text)
    return [one.replace(str(path), "c.toml") for one in examine(flags, path, {**HOME, **environment}).problems]


def test_sinks_and_logs_have_tables_with_names(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(
        '[sinks.chat]\ntype = "webhook"\nurl = "https://a.example/"\nrate = 2\n'
        '[sinks.file]\npath = "out.jsonl"\n'
        '[logs]\ndeny = ["*x*"]\n[logs."https://ct.example/x/"]\nrate = 0.5\npoll = "1m"\n'
    )
    environment = {"CERTHIA_SINKS__CHAT__RATE": "3", "CERTHIA_SINKS__MORE__TYPE": "file", **HOME}
    settings = load({"sinks.more.path": "more.csv"}, path, environment)
    chat = settings.sinks["chat"]
    assert isinstance(chat, WebhookSink)
    assert (chat.url, chat.rate) == ("https://a.example/", 3)
    assert settings.sinks["file"] == FileSink(path=tmp_path / "out.jsonl")
    assert settings.sinks["more"] == FileSink(path=Path("more.csv"))
    assert settings.logs.each["https://ct.example/x/"].rate == 0.5
    assert settings.logs.each["https://ct.example/x/"].poll == 60
    assert settings.logs.deny == ("*x*",)
    found = [parts for parts, _ in tables(settings)]
    assert found[:3] == [("logs",), ("logs", "https://ct.example/x/"), ("read",)]
    assert found[-3:] == [("sinks", "chat"), ("sinks", "file"), ("sinks", "more")]


def test_every_problem_of_tables_with_its_line(tmp_path: Path) -> None:
    found = problems(
        '[sinks.chat]\ntype = "webhok"\n[sinks.other]\nurl = "x"\n'
        '[sinks.hook]\ntype = "webhook"\nulr = "https://a.example/"\n'
        '[sinks.hooks]\ntype = "webhook"\nurl = "ftp://a.example/"\nrate = 0\nevents = [\n  "match",\n  "nonsense"\n]\n'
        '[logs."https://ct.example/"]\nrat = 1\nrate = "quick"\n',
        tmp_path,
        CERTHIA_SINKS__HOOKS__BATCH="0",
        CERTHIA_SINKS__HOOKS__BACH="1",
    )
    assert sorted(one.partition("; known are match,")[0] for one in found) == sorted(
        [
            'c.toml:2: sinks.chat.type: "webhok" is no type of sink; did you mean webhook?',
            f'c.toml:3: [sinks.other] has no type; write one of {TYPES}: type = "webhook"',
            "c.toml:7: sinks.hook.ulr is an unknown key; did you mean sinks.hook.url?",
            "c.toml:5: [sinks.hook] needs url: Where they are sent",
            'c.toml:10: sinks.hooks.url: "ftp://a.example/..." is no URL to send to; write https://HOST/PATH',
            'c.toml:11: sinks.hooks.rate: "0" must be greater than 0',
            'c.toml:14: sinks.hooks.events: "nonsense" is no event, and no glob of events such as scan.*',
            'CERTHIA_SINKS__HOOKS__BATCH: sinks.hooks.batch: "0" must be greater than or equal to 1',
            "CERTHIA_SINKS__HOOKS__BACH: sinks.hooks.bach is an unknown key; did you mean sinks.hooks.batch?",
            'c.toml:17: logs."https://ct.example/".rat is an unknown key; did you mean logs."https://ct.example/".rate?',
            'c.toml:18: logs."https://ct.example/".rate: "quick" must be a valid number, unable to parse string as a '
            "number",
        ]
    )


def test_what_makes_sense_is_kept_beside_what_does_not(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[read]\nmemory = "2MB"\npatience = "soon"\n[watch]\nrules = ["a.example"]\n')
    examined = examine({}, path, HOME)
    assert len(examined.problems) == 1
    assert examined.file == path
    assert (examined.settings.read.memory, examined.settings.read.patience) == (2_000_000, 60)
    assert examined.settings.watch.rules == ("a.example",)


SECRET = "whsec_" + "c2VjcmV0" * 6


def test_secrets_stand_in_files_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET + "\n")
    path = tmp_path / "c.toml"
    path.write_text('[sinks.webhook]\nurl = "https://a.example/"\nctscout_secret_file = "key"\nsecret = ["${KEY}"]\n')
    examined = examine({}, path, {**HOME, "KEY": SECRET})
    assert examined.problems == ()
    sink = examined.settings.sinks["webhook"]
    assert isinstance(sink, WebhookSink)
    assert sink.ctscout_secret is not None
    assert sink.ctscout_secret.get_secret_value() == SECRET
    assert examined.where("sinks.webhook.ctscout_secret") == f"{path}:3"
    assert SECRET not in repr(examined)
    stronger = load({}, path, {**HOME, "KEY": SECRET, "CERTHIA_SINKS__WEBHOOK__CTSCOUT_SECRET": "other"})
    assert stronger.sinks["webhook"].ctscout_secret.get_secret_value() == "other"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "key, value",
    [
        ("sinks.webhook.url", "https://user:hidden@a.example/services/hidden?hidden=1"),
        ("sinks.webhook.url", "htps://user:hid/den@a.example/hidden"),
        ("sinks.webhook.headers", "Bearer hidden"),
        ("serve.token", '["hidden-but-long-enough'),
        ("read.certstream", "wss://user:hidden@a.example/#"),
        ("sinks.webhook.secret", "a hidden one ${"),
    ],
)
def test_no_complaint_quotes_what_may_be_secret(key: str, value: str, tmp_path: Path) -> None:
    table, _, name = key.rpartition(".")
    url = "" if name == "url" else 'url = "https://a.example/"\n'
    text = f"[{table}]\n{url}" if table == "sinks.webhook" else f"[{table}]\n"
    found = [
        *problems(f"{text}{name} = {json.dumps(value)}\n", tmp_path),
        *problems(f'{text}{name} = "${{VAR}}"\n', tmp_path, VAR=value),
        *problems(text, tmp_path, None, **{variable(key): value}),
    ]
    assert found
    assert not any("hid" in one for one in found), found


def test_no_complaint_shows_a_secret(tmp_path: Path) -> None:
    found = problems(
        '[sinks.webhook]\nurl = "https://a.example/"\nctscout_secret = 7654321\nctscout_secret_file = "key"\n'
        'secret = [1234567]\nheaders = [1234567]\n[read]\nmax_rate = "${RATE}"\n'
        'contact = "${NOT_SET}"\n',
        tmp_path,
        RATE="secret words",
    )
    assert sorted(found) == sorted(
        [
            "c.toml:9: read.contact: the variable NOT_SET is not set; set it, or write ${NOT_SET:-default}",
            "c.toml:4: sinks.webhook.ctscout_secret is given as ctscout_secret_file too; leave one of them out",
            "c.toml:5: sinks.webhook.secret: must be a valid string",
            "c.toml:6: sinks.webhook.headers: must be a valid string",
            'c.toml:8: read.max_rate: "${RATE}" must be a valid number, unable to parse string as a number',
        ]
    )


def test_the_environment_names_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET)
    path = tmp_path / "c.toml"
    path.write_text('[sinks.webhook]\nurl = "https://a.example/"\nsecret = "weaker"\n')
    settings = load({}, path, {**HOME, "CERTHIA_SINKS__WEBHOOK__SECRET_FILE": str(tmp_path / "key")})
    assert settings.sinks["webhook"].secret[0].get_secret_value() == SECRET  # type: ignore[union-attr]
    with pytest.raises(ConfigError, match=r"SECRET_FILE: sinks\.webhook\.secret_file: /none cannot be read: No such"):
        load({}, path, {**HOME, "CERTHIA_SINKS__WEBHOOK__SECRET_FILE": "/none"})


def test_a_sink_that_is_only_off_is_none(tmp_path: Path) -> None:
    assert load({"sinks.webhook.enabled": False}, None, HOME).sinks == {}
    path = tmp_path / "c.toml"
    path.write_text('[sinks.webhook]\nurl = "https://a.example/"\n')
    assert load({"sinks.webhook.enabled": False}, path, HOME).sinks["webhook"].enabled is False
    with pytest.raises(ConfigError, match=r"--webhook-secret: \[sinks.webhook\] needs url"):
        load({"sinks.webhook.ctscout_secret": "x"}, None, HOME)


def test_a_database_with_its_password_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text("postgresql://me:secret@db.example/certhia\n")
    path = tmp_path / "c.toml"
    path.write_text('[state]\nname_file = "dsn"\n')
    for file, environment in ((path, {}), (None, {"CERTHIA_STATE__NAME_FILE": str(tmp_path / "dsn")})):
        examined = examine({}, file, {**HOME, **environment})
        assert examined.problems == ()
        assert examined.settings.state.name == "postgresql://me:secret@db.example/certhia"
        assert "secret@" not in "\n".join(show(examined))
    assert "state.name is given as name_file too" in problems('[state]\nname = "x"\nname_file = "dsn"\n', tmp_path)[0]
