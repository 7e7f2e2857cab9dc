from __future__ import annotations

import json
import tomllib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from certhia.config import nodes
from certhia.config.lines import line_of, toml_lines, yaml_lines

TOML = '''\
# [not.a.table]
[watch]
rules = ["a", # b = 1
  "b",

  """c
d""", "e"]
dotted . "key" = 2026-03-01T00:00:00.5Z
"quoted = key" = -1.5

[ logs . "https://ct.example/x/" ]
rate = 2
inline = { a = 1, "b.c" = [1, 2], d = { e = "#" } }
[[programs]]
name = 'x'
[[programs]]
name = "y"
[programs.more]
z = true
'''


def test_where_keys_of_toml_stand() -> None:
    tomllib.loads(TOML)
    assert dict(toml_lines(TOML)) == {
        ("watch",): 2,
        ("watch", "rules"): 3,
        ("watch", "rules", 0): 3,
        ("watch", "rules", 1): 4,
        ("watch", "rules", 2): 6,
        ("watch", "rules", 3): 7,
        ("watch", "dotted"): 8,
        ("watch", "dotted", "key"): 8,
        ("watch", "quoted = key"): 9,
        ("logs",): 11,
        ("logs", "https://ct.example/x/"): 11,
        ("logs", "https://ct.example/x/", "rate"): 12,
        ("logs", "https://ct.example/x/", "inline"): 13,
        ("logs", "https://ct.example/x/", "inline", "a"): 13,
        ("logs", "https://ct.example/x/", "inline", "b.c"): 13,
        ("logs", "https://ct.example/x/", "inline", "b.c", 0): 13,
        ("logs", "https://ct.example/x/", "inline", "b.c", 1): 13,
        ("logs", "https://ct.example/x/", "inline", "d"): 13,
        ("logs", "https://ct.example/x/", "inline", "d", "e"): 13,
        ("programs",): 14,
        ("programs", 0): 14,
        ("programs", 0, "name"): 15,
        ("programs", 1): 16,
        ("programs", 1, "name"): 17,
        ("programs", 1, "more"): 18,
        ("programs", 1, "more", "z"): 19,
    }


def test_the_nearest_line_is_told() -> None:
    lines = toml_lines(TOML)
    assert line_of(lines, ("watch", "rules", 1)) == 4
    assert line_of(lines, ("watch", "rules", 9)) == 3
    assert line_of(lines, ("watch", "unheard")) == 2
    assert line_of(lines, ("serve", "unheard")) is None
    assert toml_lines("[a.b]\n[a]\n") == {("a",): 1, ("a", "b"): 1}


def test_where_keys_of_yaml_stand() -> None:
    text = 'watch:\n  rules:\n    - a\n    - "b"\nsinks: {chat: {type: webhook,\n  url: x}}\n'
    assert dict(yaml_lines(nodes.compose(text, "x"))) == {
        ("watch",): 1,
        ("watch", "rules"): 2,
        ("watch", "rules", 0): 3,
        ("watch", "rules", 1): 4,
        ("sinks",): 5,
        ("sinks", "chat"): 5,
        ("sinks", "chat", "type"): 5,
        ("sinks", "chat", "url"): 6,
    }
    assert yaml_lines(nodes.compose("", "x")) == {}


names = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=8)
values = st.recursive(
    st.one_of(st.integers(-9, 9), st.booleans(), names),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


def written(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {written(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[\n" + ",\n".join(map(written, value)) + "\n]"
    return json.dumps(value)


@given(st.dictionaries(names, st.dictionaries(names, values, max_size=4), max_size=4))
def test_every_key_of_any_toml_has_its_line(tables: dict[str, dict[str, object]]) -> None:
    text = ""
    expected: dict[tuple[str, ...], int] = {}
    for table, content in tables.items():
        text += f"[{json.dumps(table)}]\n"
        expected[(table,)] = text.count("\n")
        for key, value in content.items():
            expected[(table, key)] = text.count("\n") + 1
            text += f"{json.dumps(key)} = {written(value)}\n"
    try:
        assert tomllib.loads(text) == tables
    except tomllib.TOMLDecodeError:
        return  # JSON writes what TOML does not know: pairs of surrogates
    found = toml_lines(text)
    assert {path: line for path, line in found.items() if len(path) < 3} == expected


@given(st.dictionaries(names, st.dictionaries(names, values, max_size=4), max_size=4))
def test_every_key_of_any_yaml_has_its_line(tables: dict[str, dict[str, object]]) -> None:
    text = yaml.safe_dump(tables, allow_unicode=True, default_flow_style=False, sort_keys=False)
    found = yaml_lines(nodes.compose(text, "x"))
    for table, content in tables.items():
        assert (str(table),) in found
        for key in content:
            assert (str(table), str(key)) in found


@pytest.mark.parametrize("text", ["", "\n\n", "# x", "a = 1 # b = 2\n"])
def test_documents_of_little(text: str) -> None:
    assert dict(toml_lines(text)) == ({("a",): 1} if text.startswith("a") else {})
