from __future__ import annotations

from pathlib import Path

from certhia.config.gathering import ENVIRONMENT, FILE, FLAG, Gathered, gather, take_values


def test_all_that_is_given_weakest_first(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('[read]\nmemory = "1MB"\n[sinks.to-chat]\nurl = "x"\n[logs."https://ct.example/x"]\nrate = 1\n')
    environment = {
        "CERTHIA_READ__MEMORY": "2MB",
        "CERTHIA_SINKS__TO_CHAT__URL": "y",
        "CERTHIA_SINKS__OTHER__URL": "z",
        "CERTHIA_SINKS__EMPTY__URL": "",
    }
    found = gather({"read.memory": "3MB", "sinks.to-chat.url": "w"}, path, environment)
    assert found.problems == []
    told = {parts: [(one.value, one.where, one.rank) for one in given] for parts, given in found.given.items()}
    assert told == {
        ("read", "memory"): [
            ("1MB", f"{path}:2", FILE),
            ("2MB", "CERTHIA_READ__MEMORY", ENVIRONMENT),
            ("3MB", "--memory", FLAG),
        ],
        ("sinks", "to-chat", "url"): [
            ("x", f"{path}:4", FILE),
            ("y", "CERTHIA_SINKS__TO_CHAT__URL", ENVIRONMENT),
            ("w", "sinks.to-chat.url", FLAG),
        ],
        ("logs", "https://ct.example/x", "rate"): [(1, f"{path}:6", FILE)],
        ("sinks", "other", "url"): [("z", "CERTHIA_SINKS__OTHER__URL", ENVIRONMENT)],
    }
    assert found.tables == {
        ("sinks", "to-chat"): f"{path}:3",
        ("logs", "https://ct.example/x"): f"{path}:5",
        ("sinks", "other"): "CERTHIA_SINKS__OTHER__URL",
    }


def test_what_is_wrong_with_keys_and_tables(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('[sinks]\nchat = 1\n[sinks.Chat]\nurl = "x"\n[logs.each]\nrate = 1\n[sink.x]\nurl = "y"\n')
    environment = {"CERTHIA_SINKS__CHAT": "x", "CERTHIA_SINKS__2__URL": "z"}
    found = gather({"nonsense": 1, "sinks.A.url": "x"}, path, environment)
    assert found.problems == [
        f"{path}:2: sinks.chat must be a table: [sinks.chat] with keys below it",
        f'{path}:3: "Chat" is no name of a sink; write a letter, then at most 31 of a-z, 0-9, _ and -',
        f'{path}:5: "each" is no URL of a log; write [logs."https://ct.example/2026h1/"]',
        f"{path}:7: [sink] is an unknown section; did you mean sinks?",
        'CERTHIA_SINKS__2__URL: "2" is no name of a sink; write a letter, then at most 31 of a-z, 0-9, _ and -',
        "CERTHIA_SINKS__CHAT: is an unknown variable; write CERTHIA_SINKS__NAME__KEY",
        '"nonsense" is no key; write section.key, sinks.NAME.key or logs."URL".key',
        '"A" is no name of a sink; write a letter, then at most 31 of a-z, 0-9, _ and -',
    ]


def test_values_by_key_alone() -> None:
    found = Gathered()
    take_values({"read.memory": "1MB", "read.contact": None, "watch.rules": []}, found)
    assert found.given.keys() == {("read", "memory")}
    assert found.given["read", "memory"][0].where == "read.memory"
