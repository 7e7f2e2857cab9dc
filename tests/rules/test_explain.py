import pytest

from certhia.model import RuleHit
from certhia.rules.explain import excluded, sentence, whose
from certhia.rules.language import Rule


@pytest.mark.parametrize(
    "rule, name, why, detail, score, told",
    [
        ("example.com", "example.com", "apex", "", 0, "example.com is example.com itself"),
        ("=www.example.com", "www.example.com", "exact", "", 0, "www.example.com is www.example.com itself"),
        (".example.com", "www.example.com", "below", "", 0, "www.example.com is below example.com"),
        ("*.example.com", "a.example.com", "below", "", 0, "a.example.com is below example.com"),
        ("exact:www.example.com", "*.example.com", "wildcard", "", 0, "*.example.com reaches www.example.com"),
        ("192.0.2.0/24", "192.0.2.7", "cidr", "", 0, "192.0.2.7 is in 192.0.2.0/24"),
        ("192.0.2.7", "192.0.2.7", "cidr", "", 0, "192.0.2.7 is the address 192.0.2.7"),
        (".", "a.example", "everything", "", 0, "every certificate is asked for"),
        ("kw:acme", "acme-login.example", "keyword", "acme", 0, 'acme-login.example has "acme" in it'),
        ("re:a+", "aa.example", "regex", "aa", 0, 'aa.example has "aa" in it'),
        (
            "typo:paypal.com,-tld",
            "xn--pypal-4ve.com",
            "lookalike",
            "homoglyph",
            95,
            "xn--pypal-4ve.com (p\u0430ypal.com) looks like paypal.com: homoglyph, score 95",
        ),
        ("issuer:encrypt", "", "issuer", "Let's Encrypt", 0, "its issuer's name has \"Let's Encrypt\" in it"),
        ("org:acme", "", "organization", "", 0, "its subject's organisation has what org:acme looks for in it"),
        ("key:ab", "", "key", "", 0, "its key is the one that is asked for"),
        ("cert:ab", "", "certificate", "", 0, "it is the certificate that is asked for"),
        (
            "example.com",
            "?.example.com",
            "possible",
            "",
            0,
            "?.example.com may be meant for example.com: nobody can read all of it",
        ),
        ("x.example", "x.example", "later", "", 0, "x.example matches x.example"),
    ],
)
def test_every_why_has_its_sentence(rule: str, name: str, why: str, detail: str, score: int, told: str) -> None:
    assert sentence(RuleHit(rule, name, "san", why, detail=detail, score=score)) == told


def test_nothing_of_a_stranger_acts_on_a_terminal() -> None:
    told = sentence(RuleHit("kw:a\x1b[31m", "a\u202e.example", "san", "keyword", detail="\x1b[31m" * 100))
    assert told.isprintable()
    assert len(told) < 800


def test_what_is_left_out() -> None:
    assert excluded(Rule("tree", "a.example", "!a.example", excludes=True)) == "excluded by !a.example"
    mine = Rule("tree", "a.example", "a.example", "Acme", "h1", excludes=True)
    assert excluded(mine) == "excluded for Acme by a.example"


def test_out_of_scope_is_another_thing() -> None:
    rule = Rule("tree", "a.example", "a.example", "Acme", "h1", excludes=True, out_of_scope=True)
    assert excluded(rule) == "out of scope of Acme: a.example"


def test_whose() -> None:
    assert (whose("", ""), whose("Acme", ""), whose("Acme\x07", "h1")) == ("", " (Acme)", " (Acme\\x07, h1)")
