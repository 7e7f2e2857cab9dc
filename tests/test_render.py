import csv
import io
import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia import render

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x9b2J",
    "a\nb\r\nc\td",
    "moc.lapyap\u202e",
    "zero\u200bwidth\ufeff",
    "tag\U000e0041",
    "lone\udc80surrogate",
    "z\u0300\u0301\u0302\u0303\u0304\u0305a",
    "\u05d0\u05d1.example",
    "\u3164filler",
    "heart\ufe0f",
    "nul\x00",
]
text = st.text() | st.sampled_from(HOSTILE) | st.text(alphabet="=+-@;,|\t\r\n'\" aZ0\uff1d\x1b\u202e")


def steers(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or unicodedata.bidirectional(
        character
    ) in ("R", "AL", "AN")


@given(text)
def test_nothing_that_reaches_the_terminal_steers_it(value: str) -> None:
    shown = render.terminal(value)
    assert not any(map(steers, shown))
    assert shown.isprintable()
    assert render.terminal(shown) == shown
    shown.encode("utf-8")


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_text_is_shown_as_escapes(value: str) -> None:
    shown = render.terminal(value)
    assert shown != value
    assert "\\" in shown


@pytest.mark.parametrize(
    "value, shown",
    [
        ("plain example.com", "plain example.com"),
        ("Bücher GmbH", "Bücher GmbH"),
        ("日本語", "日本語"),
        ("e\u0301", "e\u0301"),
        ("a\nb", "a\\nb"),
        ("\x1b[0m", "\\x1b[0m"),
        ("\u202e", "\\u202e"),
        ("\U000e0041", "\\U000e0041"),
        ("\u0301a", "\\u0301a"),
        ("\u05d0", "\\u05d0"),
    ],
)
def test_what_people_can_read_stays(value: str, shown: str) -> None:
    assert render.terminal(value) == shown


@given(text, st.integers(min_value=4, max_value=60))
def test_short_fits(value: str, columns: int) -> None:
    assert render.width(render.short(value, columns)) <= columns
    assert render.width(render.column(value, columns)) >= columns


def test_wide_characters_take_two_columns() -> None:
    assert render.width("日本") == 4
    assert render.column("日本", 6) == "日本  "
    assert render.short("日本日本", 6) == "日..."


@given(text)
def test_quoted_is_bounded(value: str) -> None:
    assert len(render.quoted(value, 10)) <= 10 * len("\\U00000000") + len('"..."')


@pytest.mark.parametrize(
    "name, shown",
    [
        ("example.com", "example.com"),
        ("*.xn--bcher-kva.example", "*.xn--bcher-kva.example (*.bücher.example)"),
        ("xn--pypal-4ve.com", "xn--pypal-4ve.com (pаypal.com)"),
        ("xn--4dbcagdahymbxekheh6e0a7fei0b.com", "xn--4dbcagdahymbxekheh6e0a7fei0b.com"),  # right to left
        ("xn--a.com", "xn--a.com"),
        ("xn--.com", "xn--.com"),
        ("xn--99999999999.com", "xn--99999999999.com"),
        ("xn--abc-.com", "xn--abc-.com"),
        ("evil\x1b[0m.com", "evil\\x1b[0m.com"),
    ],
)
def test_a_labels_are_shown_with_their_u_labels(name: str, shown: str) -> None:
    assert render.domain(name) == shown


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-", max_size=59))
def test_any_a_label_can_be_shown(rest: str) -> None:
    shown = render.domain(f"xn--{rest}.example")
    assert shown.startswith(f"xn--{rest}.example")
    assert not any(map(steers, shown))


@given(text | st.text(alphabet="<>&@[]()`|~#:/*_a"), st.integers(min_value=4, max_value=60))
def test_no_chat_takes_it_for_more_than_text(value: str, columns: int) -> None:
    shown = render.chat(value, columns)
    assert not any(map(steers, shown))
    assert not set("<>&@[]`|~#") & set(shown)
    assert "://" not in shown
    assert render.width(shown) <= columns


@given(st.lists(text, min_size=2, max_size=5))
def test_no_csv_cell_is_a_formula_whatever_it_is_split_at(cells: list[str]) -> None:
    line = render.csv_line(cells)
    assert line.endswith("\n")
    assert line.count("\n") == 1
    (parsed,) = csv.reader(io.StringIO(line), strict=True)
    assert len(parsed) == len(cells)
    for delimiter in ",;\t|":
        for cell in line[:-1].split(delimiter):
            assert re.match(r"""["\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]""", cell) is None
    for cell in parsed:
        assert not cell.lstrip(' "').startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize(
    "value, cell",
    [
        ("plain", "plain"),
        ("=cmd()", '"\'=cmd()"'),
        (" =cmd()", '"\' =cmd()"'),
        ('"=cmd()', '"\'""=cmd()"'),
        ("a;@x", '"a;\'@x"'),
        ("a,b", '"a,b"'),
        ("CN=a", "CN=a"),
        ("-1", '"\'-1"'),
        ("\t=x", "\\t=x"),
        ("a-b", "a-b"),
        ("", ""),
    ],
)
def test_csv_cells(value: str, cell: str) -> None:
    assert render.csv_cell(value) == cell


@given(st.recursive(text | st.integers() | st.none() | st.booleans(), lambda inner: st.lists(inner, max_size=3)))
def test_json_is_printable_ascii(value: object) -> None:
    line = render.json_text({"x": value})
    assert all(" " <= character <= "~" for character in line)
    assert json.loads(line) == {"x": value}
    assert all(" " <= character <= "~" for character in render.json_text({"x": value}, indent=2).replace("\n", ""))


def test_json_has_no_nan() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        render.json_text(float("nan"))


@pytest.mark.parametrize(
    "name, environment, charset",
    [
        ("utf-8", {"LANG": "en_GB.UTF-8"}, "utf-8"),
        ("utf-8", {"LANG": "C.UTF-8"}, "utf-8"),
        ("utf-8", {"LC_ALL": "C"}, "ascii"),
        ("utf-8", {"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, "ascii"),
        ("utf-8", {"LC_ALL": "POSIX"}, "ascii"),
        ("utf-8", {"LC_CTYPE": "C.UTF-8"}, "ascii"),  # what Python makes of an empty locale
        ("utf-8", {"LC_CTYPE": "C.UTF-8", "LANG": "C"}, "ascii"),
        ("utf-8", {}, "ascii"),
        ("utf-8", {"LC_ALL": "C", "PYTHONIOENCODING": "utf-8"}, "utf-8"),
        ("utf-8", {"LC_ALL": "C", "PYTHONUTF8": "1"}, "utf-8"),
        ("iso8859-1", {"LANG": "de_DE"}, "iso8859-1"),
        (None, {"LANG": "de_DE"}, "ascii"),
    ],
)
def test_the_locale_says_what_can_be_shown(name: str | None, environment: dict[str, str], charset: str) -> None:
    assert render.encoding(name, environment) == charset


@given(text)
def test_every_text_can_be_encoded(value: str) -> None:
    assert render.encode(value, "ascii").isascii()
    render.encode(value, "utf-8")
    render.encode(value, "iso8859-1")
