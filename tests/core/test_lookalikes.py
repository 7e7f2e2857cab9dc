"""Look-alikes: each trick found under its name, near misses left alone, whatever the spelling."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from certhia._core import Matcher, Rules
from certhia.errors import Malformed

TRICKS = ("homoglyph", "keyboard", "edit", "added", "tld")
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def matcher(*values: str) -> Matcher:
    rules = Rules()
    for value in values:
        rules.add("typo", value)
    return rules.build()


def judged(value: str, name: str) -> tuple[str, int] | None:
    """Trick and score of the one hit; None without."""
    hits = matcher(value).match([name])
    assert len(hits) <= 1
    for _, _, where, why, trick, score in hits:
        assert (where, why) == ("san", "lookalike")
        assert trick in TRICKS
        assert 1 <= score <= 100
        return trick, score
    return None


@pytest.mark.parametrize(
    "watched, name",
    [
        pytest.param("paypal.com", "p\u0430ypal.com", id="cyrillic a"),
        pytest.param("paypal.com", "xn--pypal-4ve.com", id="cyrillic a in punycode"),
        pytest.param("paypal.com", "www.XN--PYPAL-4VE.com", id="upper case"),
        pytest.param("paypal.com", "\u0440\u0430\u0443\u0440\u0430\u04cf.com", id="all cyrillic"),
        pytest.param("paypal.com", "\u03c1aypal.com", id="greek rho"),
        pytest.param("paypal.com", "\uff50\u0430ypal.com", id="fullwidth p beside a cyrillic a"),
        pytest.param("paypal.com", "pa\u0301ypal.com", id="combining acute"),
        pytest.param("paypal.com", "p\u0335aypal.com", id="combining stroke"),
        pytest.param("paypal.com", "paypa\u0142.com", id="l with stroke"),
        pytest.param("paypal.com", "pay\u202epal.com", id="right-to-left override"),
        pytest.param("paypal.com", "pay\u200bp\u0430l.com", id="zero width space"),
        pytest.param("paypal.com", "paypa1.com", id="1 for l"),
        pytest.param("paypal.com", "paypai.com", id="i for l"),
        pytest.param("paypal.com", "p4ypal.com", id="4 for a"),
        pytest.param("paypal.com", "paypa1-login.com", id="with a word"),
        pytest.param("paypal.com", "p\u0430ypal.com.evil.example", id="below a foreign domain"),
        pytest.param("twitter.com", "tw\u0131tter.com", id="dotless i"),
        pytest.param("microsoft.com", "rnicrosoft.com", id="rn for m"),
        pytest.param("wellsfargo.com", "vvellsfargo.com", id="vv for w"),
        pytest.param("dropbox.com", "clropbox.com", id="cl for d"),
        pytest.param("google.com", "g00gle.net", id="zeros, under another suffix"),
        pytest.param("xn--mnchen-3ya.de", "munchen.de", id="without the umlaut"),
        pytest.param("xn--mnchen-3ya.de", "m\u00fcnch\u0435n.de", id="umlaut kept, cyrillic e"),
    ],
)
def test_homoglyphs(watched: str, name: str) -> None:
    found = judged(watched, name)
    assert found is not None
    assert found[0] == "homoglyph"
    assert found[1] >= 60


@pytest.mark.parametrize(
    "value, name, expected",
    [
        ("paypal.com", "oaypal.com", ("keyboard", 72)),
        ("paypal.com", "payypal.com", ("keyboard", 72)),
        ("paypal.com", "payapl.com", ("keyboard", 72)),
        ("paypal.com", "paypl.com", ("edit", 57)),
        ("wellsfargo.com", "welsfrgo.com", ("edit", 50)),
        ("microsoft.com,score=40", "micrsft.com", ("edit", 46)),
        ("paypal.com", "secure-paypal.com", ("added", 72)),
        ("paypal.com", "securepaypal.com", ("added", 68)),
        ("paypal.com", "paypal-flowers.com", ("added", 58)),
        ("paypal.com", "paypal.evil.example", ("added", 52)),
        ("paypal.com", "paypal.com.evil.example", ("added", 76)),
        ("paypal.com", "paypal.co", ("tld", 70)),
        ("paypal.com", "paypal.co.uk", ("tld", 58)),
        ("www.paypal.com", "paypal.co.uk", ("tld", 58)),
        ("bbc.co.uk,score=1", "bbc.org.uk", ("tld", 46)),
    ],
)
def test_other_tricks(value: str, name: str, expected: tuple[str, int]) -> None:
    assert judged(value, name) == expected


@pytest.mark.parametrize(
    "value, name",
    [
        ("paypal.com,score=1", "paypal.com"),
        ("paypal.com,score=1", "*.PayPal.com"),
        ("paypal.com,score=1", "paypal-login.paypal.com"),
        ("paypal.com,score=1", "\uff50aypal.com"),
        ("www.paypal.com,score=1", "mail.paypal.com"),
        ("paypal.com,score=1", "pay.pal.com"),
        ("paypal.com", "micropay.com"),
        ("apple.com,score=1", "pineapple.com"),
        ("apple.com,score=1", "applesauce.com"),
        ("chase.com,score=1", "purchase.com"),
        ("ing.com,score=1", "king.com"),
        ("visa.com,score=1", "blue-visa.com"),
        ("citi.com,score=1", "dti.com"),
        ("microsoft.com", "micrsft.com"),
    ],
)
def test_near_misses(value: str, name: str) -> None:
    assert judged(value, name) is None


@pytest.mark.parametrize(
    "trick, name",
    [
        ("homoglyph", "examp1ename.com"),
        ("keyboard", "examplwname.com"),
        ("edit", "examplenme.com"),
        ("added", "examplename-login.com"),
        ("tld", "examplename.net"),
    ],
)
def test_each_kind_is_switched(trick: str, name: str) -> None:
    def kind(value: str) -> str | None:
        found = judged(value, name)
        return found[0] if found else None

    assert kind("examplename.com") == trick
    assert kind(f"examplename.com,{trick}") == trick
    assert kind(f"examplename.com,-{trick}") != trick
    others = ",".join(other for other in TRICKS if other != trick)
    assert kind(f"examplename.com,{others}") != trick
    assert kind("examplename.com,score=100") is None


@pytest.mark.parametrize(
    "value, message",
    [
        ("example.com,typo", "homoglyph, keyboard, edit, added, tld"),
        ("example.com,score=0", "a score of 1 to 100"),
        ("example.com,edit,-edit", "leave at least one on"),
        ("Example.com", "lower case"),
        ("192.0.2.1", "addresses have no look-alikes"),
    ],
)
def test_values_that_make_no_sense(value: str, message: str) -> None:
    with pytest.raises(Malformed, match=message):
        Rules().add("typo", value)


def test_one_hit_for_each_rule_and_name() -> None:
    hits = matcher("paypal.com", "paypal.de", "ebay.com").match(["paypal.de", "paypa1.de", "example.org"])
    assert [(rule, name, trick) for rule, name, _, _, trick, _ in hits] == [
        (0, "paypal.de", "tld"),
        (0, "paypa1.de", "homoglyph"),
        (1, "paypa1.de", "homoglyph"),
    ]


@given(st.from_regex(r"[a-z]{6,14}", fullmatch=True), st.data())
def test_what_is_made_is_found(brand: str, data: st.DataObject) -> None:
    """Each trick played on any label is found under its name, or that of a stronger one."""
    at = data.draw(st.integers(1, len(brand) - 1))
    head, key, tail = brand[:at], brand[at], brand[at + 1 :]
    row = next(row for row in ROWS if key in row)
    neighbour = row[row.index(key) - 1] if row.index(key) else row[1]
    made = {
        "keyboard": [head + neighbour + tail, head + key + key + tail, head + neighbour + key + tail],
        "edit": [head + tail, head + "x" + tail],
        "added": [f"{brand}-login", f"my{brand}", f"{brand}.evil", f"{brand}.com.evil"],
    }
    cyrillic = brand.translate(str.maketrans("aeopcxy", "\u0430\u0435\u043e\u0440\u0441\u0445\u0443"))
    if cyrillic != brand:
        made["homoglyph"] = [cyrillic]
    for trick, labels in made.items():
        for label in labels:
            assume(label != brand)
            found = judged(f"{brand}.com,score=1", f"{label}.com")
            assert found is not None, (trick, label)
            assert TRICKS.index(found[0]) <= TRICKS.index(trick), (trick, label, found)


@given(st.text(max_size=300))
def test_any_text_is_survived(name: str) -> None:
    matcher("paypal.com,score=1", "x.com,score=1").match([name, f"paypal.{name}", f"{name}.com"])
