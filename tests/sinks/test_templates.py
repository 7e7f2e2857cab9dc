"""Templates: whatever a certificate says, the message keeps its shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sinks.conftest import delivery

from certhia.errors import ConfigError
from certhia.sinks.record import record
from certhia.sinks.templates import MAX_DEPTH, MAX_TEMPLATE, Template

SOURCE = json.dumps(
    {"plain": "${issuer}", "in": "[${issuer:slack}|${issuer:markdown}|${issuer:html}|${rules}]", "n": [1, "${index}"]}
)


def filled(source: str, **changes: object) -> object:
    one = delivery(1, **changes)  # type: ignore[arg-type]
    return Template(source, "t.json").filled({**record(one), "severity": "high"})


def test_values_keep_their_kind_and_texts_are_inert() -> None:
    assert filled(SOURCE, issuer="CN=<a> & *b*") == {
        "plain": "<a> & *b*",
        "in": "[&lt;a&gt; &amp; *b*|\\<a\\> \\& \\*b\\*|&lt;a&gt; &amp; *b*|example.com]",
        "n": [1, 1001],
    }
    assert filled('{"a": "${verified}-${program_name}-${fault}-${severity}"}') == {"a": "true-Acme--high"}
    assert filled('"x $ {issuer} ${matched_domain}"') == "x $ {issuer} www.example.com"


@given(issuer=st.text(max_size=40))
def test_nothing_in_a_certificate_changes_the_shape(issuer: str) -> None:
    made = filled(SOURCE, issuer=issuer)
    assert isinstance(made, dict)
    assert made.keys() == {"plain", "in", "n"}
    inside = made["in"]
    assert inside.isprintable()
    slack, _, rest = inside[1:].partition("|")
    html = rest.rpartition("|")[0].rpartition("|")[2]
    if "|" not in issuer:
        assert not set("<>") & set(slack + html)


@pytest.mark.parametrize(
    "source, message",
    [
        ("{", "is not JSON"),
        ('{"a": "${nothing}"}', r"\$\{nothing\} is no field of a match"),
        ('["${issuer:loud}"]', "is no manner; there are slack, html, markdown"),
        ("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), "is nested more than 32 deep"),
    ],
)
def test_what_makes_no_sense_is_told_at_the_start(source: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Template(source, "t.json")


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    with pytest.raises(ConfigError, match="cannot be read"):
        Template.load(file)
    file.write_bytes(b'"\xff"')
    with pytest.raises(ConfigError, match="is not UTF-8"):
        Template.load(file)
    file.write_bytes(b'"' + b"a" * MAX_TEMPLATE + b'"')
    with pytest.raises(ConfigError, match="is larger than 64 KiB"):
        Template.load(file)
    file.write_text('"${index}"')
    assert Template.load(file).filled(record(delivery(2))) == 1002
