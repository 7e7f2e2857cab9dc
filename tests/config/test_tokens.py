import pytest

from certhia.config.nodes import MAX_NESTING
from certhia.config.tokens import Places, parse
from certhia.errors import ConfigError


@pytest.mark.parametrize("source", ["x = " + "[" * 100_000, "x = " + "{a = " * 100_000, "a." * 100_000 + "a = 1"])
def test_nesting_is_bounded(source: str) -> None:
    with pytest.raises(ConfigError, match=r"^f:1:\d+: is nested too deep \(more than 64 levels\)"):
        parse(source, "f")


def test_nesting_up_to_the_bound() -> None:
    assert parse("x = " + "[" * MAX_NESTING + "]" * MAX_NESTING, "f")
    assert parse('x = ["' + "[" * 1000 + '"] # ' + "[." * 1000, "f")


@pytest.mark.parametrize(
    "source, told",
    [
        ("x = 1\ny = " + "1" * 5000, "f: is not TOML: Exceeds the limit"),
        ("x = 1\ny == 2", "f:2:4: is not TOML"),
        ("x = 1\nx = 2", "is not TOML: Cannot overwrite a value"),
        ('x = """' + '"" \\' * 1000, "is not TOML"),
    ],
)
def test_what_is_no_toml(source: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(source, "f")
    assert told in str(caught.value)


def test_places() -> None:
    source = '# "a" and b\nb = ["c" , # a\n  "\\u0061", \'a\', """\na"""]\n"q\\"r".s = "x # y"\n'
    places = Places(source)
    asked = ["b", "c", "a", "a", "a", 'q"r', "s", "x # y", "b", "none"]
    assert [places.find(text) for text in asked] == [
        (2, 1), (2, 7), (3, 4), (3, 14), (3, 21), (5, 2), (5, 8), (5, 13), (0, 0), (0, 0),
    ]  # fmt: skip
