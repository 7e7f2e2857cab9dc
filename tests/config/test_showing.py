from __future__ import annotations

import tomllib
from pathlib import Path

from certhia.config.keys import fields
from certhia.config.showing import show
from certhia.config.sources import examine

HOME = {"HOME": "/nowhere"}
SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0"


def test_every_key_with_its_value_and_place(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(
        f'[read]\nmemory = "32MB"\n[sinks.chat]\ntype = "webhook"\nurl = "https://a.example/{SECRET}"\n'
        f'secret = "{SECRET}"\nheaders = ["X-Key: {SECRET}"]\n[serve]\ntoken = "{SECRET}"\n'
        '[logs."https://ct.example/"]\nrate = 2\n'
    )
    examined = examine({}, path, {**HOME, "CERTHIA_READ__PATIENCE": "5s"})
    lines = list(show(examined))
    text = "\n".join(lines)
    read = tomllib.loads(text)
    assert {f"{section}.{key}" for section in ("read", "watch", "serve") for key in read[section]} <= {*fields()}
    assert read["read"]["memory"] == "32MB"
    assert read["logs"]["https://ct.example/"] == {"rate": 2}
    assert f'memory = "32MB"                                   # {path}:2' in lines
    assert 'patience = "5s"                                   # CERTHIA_READ__PATIENCE' in lines
    assert "# contact is not set                              # default" in lines
    assert f"# secret is set, and not shown                    # {path}:6" in lines
    assert f"# token is set, and not shown                     # {path}:9" in lines
    assert SECRET not in text
    assert examine({}, path, HOME).problems == ()


def test_what_a_variable_gave_a_module_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[modules.mine]\nword = "${WORD}"\nplain = "shown"\ntoken = "plain"\n')
    lines = list(show(examine({}, path, {**HOME, "WORD": SECRET}), changed=True))
    assert [line.partition("  ")[0] for line in lines if "module" not in line and line] == [
        "# word is set, and not shown",
        'plain = "shown"',
        "# token is set, and not shown",
    ]


def test_only_what_was_set(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[read]\nmemory = "32MB"\n')
    assert list(show(examine({}, path, HOME), changed=True)) == [
        "[read]",
        f'memory = "32MB"                                   # {path}:2',
        "",
    ]
