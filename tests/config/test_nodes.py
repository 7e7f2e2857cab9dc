import pytest

from certhia.config.nodes import MAX_NESTING, compose
from certhia.errors import ConfigError


@pytest.mark.parametrize("begin, middle, end", [("[", "a", "]"), ("{a: ", "a", "}"), ("- ", "a", "")])
def test_nesting_is_bounded_before_anything_is_composed(begin: str, middle: str, end: str) -> None:
    assert compose(begin * MAX_NESTING + middle + end * MAX_NESTING, "f") is not None
    column = MAX_NESTING * len(begin) + 1
    with pytest.raises(ConfigError, match=rf"^f:1:{column}: is nested too deep \(more than {MAX_NESTING} levels\)"):
        compose(begin * 1_000_000, "f")


def test_blocks_are_bounded_too() -> None:
    with pytest.raises(ConfigError, match=r"^f:65:65: is nested too deep"):
        compose("\n".join(" " * depth + "a:" for depth in range(3000)), "f")


@pytest.mark.parametrize(
    "source, told",
    [
        ("a: 1\nb:\n  x: 1\n  x: 2\n", 'f:4:3: the key "x" stands in line 3 already'),
        ("a: 1\n[b, c]: 2\n", "f:2:1: a list or mapping stands where a key must"),
        ("a: 1\n? {b: c}\n: 2\n", "f:2:3: a list or mapping stands where a key must"),
        ("a: [", "f:2:1: is not YAML"),
        ("a: *b", "needs quotes"),
        ("\0", "f: is not YAML"),
    ],
)
def test_complaints_have_their_place(source: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        compose(source, "f")
    assert told in str(caught.value)
    assert str(caught.value).isprintable()


def test_one_mapping_behind_two_aliases_has_its_keys_once() -> None:
    assert compose("a: &x {b: 1}\nc: *x\nd: {b: 2}\n", "f") is not None
    assert compose("", "f") is None
