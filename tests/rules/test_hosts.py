import pytest

from certhia.rules import hosts
from certhia.rules.complaint import RuleError


@pytest.mark.parametrize(
    "name, plain",
    [
        ("example.com", True),
        ("_x.example-1.com", True),
        ("localhost", False),
        ("example.c0m1", False),
        ("xn--a.example", False),
        ("Example.com", False),
        ("example.com.", False),
        (f"{'a' * 64}.com", False),
        (".".join(["a" * 63] * 4), False),
    ],
)
def test_most_names_are_told_at_a_glance(name: str, plain: bool) -> None:
    assert hosts.is_plain(name) is plain


def test_networks_are_told_from_names() -> None:
    assert hosts.network("192.0.2.0/24", "192.0.2.0/24") == ("192.0.2.0/24", "")
    assert hosts.network("example.com", "example.com") is None
    with pytest.raises(RuleError, match="is no address or network"):
        hosts.network("1::2::3", "1::2::3")


def test_the_host_of_a_pasted_url_is_given_back_inert() -> None:
    with pytest.raises(RuleError) as caught:
        hosts.refuse_pasted("https://a\u202e.example/", "=https://a\u202e.example/")
    assert str(caught.value).endswith("write its host: a\\u202e.example")
    assert caught.value.column == 2


def test_a_suffix_is_wide() -> None:
    assert "is a suffix" in hosts.width("co.uk", "*.co.uk", None)
    assert hosts.width("example.co.uk", "example.co.uk", None) == ""
