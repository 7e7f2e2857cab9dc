import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia._core import Matcher
from certhia.errors import ConfigError
from certhia.rules.complaint import RuleError
from certhia.rules.language import MAX_TEXT, parse_rule


@pytest.mark.parametrize(
    "text, kind, value",
    [
        ("example.com", "tree", "example.com"),
        (".example.com", "tree", "example.com"),
        ("*.example.com", "below", "example.com"),
        ("=www.example.com", "exact", "www.example.com"),
        ("exact:www.example.com", "exact", "www.example.com"),
        ("EXACT:www.example.com", "exact", "www.example.com"),
        (" Example.COM. ", "tree", "example.com"),
        ("_dmarc.example.com", "tree", "_dmarc.example.com"),
        ("bücher.example", "tree", "xn--bcher-kva.example"),
        ("*.BÜCHER.example.", "below", "xn--bcher-kva.example"),
        ("пример.example", "tree", "xn--e1afmkfd.example"),
        ("bücher。example", "tree", "xn--bcher-kva.example"),
        ("192.0.2.7", "cidr", "192.0.2.7"),
        ("=192.0.2.7", "cidr", "192.0.2.7"),
        ("192.0.2.7/32", "cidr", "192.0.2.7"),
        ("192.0.2.0/24", "cidr", "192.0.2.0/24"),
        ("192.0.2.0/255.255.255.0", "cidr", "192.0.2.0/24"),
        ("2001:DB8::1", "cidr", "2001:db8::1"),
        ("2001:db8::/32", "cidr", "2001:db8::/32"),
        ("::ffff:192.0.2.7", "cidr", "192.0.2.7"),
        ("::ffff:192.0.2.0/120", "cidr", "192.0.2.0/24"),
        (".", "all", ""),
        ("kw:Acme", "keyword", "acme"),
        ("KW: acme ", "keyword", "acme"),
        ("issuer:Let's Encrypt", "issuer", "Let's Encrypt"),
        ("org:Acme: a@b.example, https://x", "organization", "Acme: a@b.example, https://x"),
        ("typo:Example.com , -TLD,score=80", "typo", "example.com,-tld,score=80"),
        (f"key:{'AB:' * 31}AB", "key", "ab" * 32),
        (f"cert:{'ab' * 32}", "certificate", "ab" * 32),
    ],
)
def test_rules(text: str, kind: str, value: str) -> None:
    rule = parse_rule(text, programme="Acme", platform="hackerone")
    assert (rule.kind, rule.value, rule.text) == (kind, value, text.strip())
    assert (rule.programme, rule.platform, rule.notice) == ("Acme", "hackerone", "")
    assert not rule.excludes
    Matcher([(rule.kind, rule.value)])


@pytest.mark.parametrize("mark", ["!", "! ", "not:", "NOT: "])
@pytest.mark.parametrize(
    "text", ["example.com", "=www.example.com", "192.0.2.0/24", "kw:acme", "issuer:O=Let's Encrypt"]
)
def test_any_rule_can_exclude(mark: str, text: str) -> None:
    rule, plain = parse_rule(f" {mark}{text} "), parse_rule(text)
    assert rule.excludes
    assert (rule.kind, rule.value, rule.text) == (plain.kind, plain.value, f"{mark}{text}")


@pytest.mark.parametrize(
    "text, problem",
    [
        ("", "a rule is empty; write example.com"),
        (
            "https://www.example.com:8443/x?y",
            '"https://www.example.com:8443/x?y" is a URL; write its host: www.example.com',
        ),
        ("https://user:pw@example.com/", "is a URL; write its host: example.com"),
        ("http://[2001:db8::1]/", "is a URL; write its host: [2001:db8::1]"),
        ("://", "begins with an unknown kind|has a path"),
        ("example.com:443", "has a port, which certificates do not; write example.com"),
        ("[2001:db8::1]:443", "has a port, which certificates do not; write 2001:db8::1"),
        ("[2001:db8::1]", "has brackets; write 2001:db8::1"),
        ("fe80::1%eth0", "has a zone, which certificates do not; write fe80::1"),
        ("example.com example.org", "has a space in it; write one rule"),
        ("root@example.com", "looks like a mail address; write its domain: example.com"),
        ("mailto:root@example.com", "write its domain: example.com"),
        ("word:acme", 'unknown kind of rule, "word"; write example.com'),
        ("keyword:acme", 'unknown kind of rule, "keyword"; write kw:acme'),
        ("regex: a.*b ", 'unknown kind of rule, "regex"; write re:a.*b'),
        ("!domain:example.com", 'unknown kind of rule, "domain"; write example.com'),
        ("isuer:Acme", "did you mean issuer:Acme?"),
        ("www.example.com:443", "has a port"),
        ("kw:", "has no keyword; write kw:acme"),
        ("kw:acme corp", 'has " " in it, which no label of a name has; write kw:acme'),
        ("kw:acme.com", 'has "." in it, which no label of a name has'),
        ("typo:com", "asks for look-alikes of a suffix; write typo:example.com"),
        ("!!example.com", "excludes what excludes; write one !"),
        ("!", "has an empty label"),
        ("not:.", "takes away every certificate; name what to leave out"),
        ("www.*.com", "has a star where none can stand; write *.example.com"),
        ("*example.com", "has a star where none can stand"),
        ("*", "has a star where none can stand"),
        ("=*.example.com", "has a star where none can stand"),
        ("example.com/login", "has a path; write example.com"),
        ("//example.com", "has a path; write example.com"),
        ("example.com\\x", "has a path; write example.com"),
        ("a..example", "has an empty label"),
        ("..", "has an empty label"),
        ("*.", "has an empty label"),
        ("=", "has an empty label"),
        ("192.0.2.300", "ends in a number but is no address; write 192.0.2.7"),
        ("192.0.2.07", "ends in a number but is no address"),
        ("3232235777", "ends in a number but is no address"),
        ("0x7f.1", "ends in a number but is no address"),
        ("*.192.0.2.7", "ends in a number but is no address"),
        ("192.0.2.0/33", "is no address or network; write 192.0.2.0/24"),
        ("2001:db8::1::2", "is no address or network"),
        ("=192.0.2.0/24", "asks for one name but gives a network; write 192.0.2.0/24"),
        ("xn--a.com", "is no domain name (not a name that UTS 46 can convert); write"),
        ("ex$ample.com", "is no domain name (a name has letters, digits, hyphens and dots); write"),
        (f"{'a' * 64}.com", "is no domain name (a label has 1 to 63 characters); write"),
        (".".join(["a" * 60] * 5), "is no domain name (a name has 1 to 253 characters); write"),
        ("a" * (MAX_TEXT + 1), f"is longer than {MAX_TEXT} characters"),
        ("evil\x1b[31m", "\\x1b"),
        ("\u202eexample.com", "\\u202eexample.com"),
    ],
)
def test_what_is_no_rule_is_told_with_what_to_write(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_rule(text)
    assert any(part in str(caught.value) for part in problem.split("|"))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "text, column",
    [
        ("https://a.example", 1),
        ("a.example b.example", 10),
        ("!a.example b.example", 11),
        ("root@example.com", 5),
        ("=example.com:443", 13),
        ("a..example", 2),
        ("www.*.com", 5),
        ("*.example.com/x", 14),
        ("a.192.0.2.7", 11),
        ("fe80::1%eth0", 8),
        ("kw:ac.me", 6),
        ("! word:acme", 3),
        ("typo:example.com,edit,teld", 23),
    ],
)
def test_errors_say_where(text: str, column: int) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rule(text)
    assert caught.value.column == column


@pytest.mark.parametrize("text", ["com", ".co.uk", "*.github.io", "localhost"])
def test_a_suffix_is_taken_with_a_notice(text: str) -> None:
    assert parse_rule(text).notice == (
        f'"{text}" is a suffix like com or co.uk: any certificate for a name below it matches'
    )


def test_an_exact_suffix_needs_none() -> None:
    assert parse_rule("=github.io").notice == ""


def test_host_bits_are_told() -> None:
    rule = parse_rule("192.0.2.9/24")
    assert rule.value == "192.0.2.0/24"
    assert rule.notice == '"192.0.2.9/24" is read as the network 192.0.2.0/24'


@given(st.text() | st.text(alphabet="=*.:/@[]%exact0129abfx- \u00fc\u202e"))
def test_any_text_is_a_rule_that_compiles_or_a_named_problem(text: str) -> None:
    try:
        rule = parse_rule(text)
    except ConfigError as error:
        told = str(error)
    else:
        told = rule.notice
        Matcher([(rule.kind, rule.value)])
    assert told.isprintable()


@given(st.ip_addresses() | st.ip_addresses(network="192.0.2.0/24"), st.integers(min_value=0, max_value=32))
def test_networks_mean_what_they_say(address: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int) -> None:
    rule = parse_rule(f"{address}/{length}")
    assert Matcher([(rule.kind, rule.value)]).match([str(address)])
