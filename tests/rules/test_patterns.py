import base64

import pytest

from certhia.rules.complaint import RuleError
from certhia.rules.language import parse_rule

HASH = bytes(range(200, 232))


@pytest.mark.parametrize(
    "text",
    [
        HASH.hex(),
        HASH.hex(":").upper(),
        f"SHA256:{HASH.hex()}",
        f"sha256 Fingerprint={HASH.hex(':').upper()}",
        base64.b64encode(HASH).decode(),
        base64.b64encode(HASH).decode().rstrip("="),
        base64.urlsafe_b64encode(HASH).decode(),
        f"sha256//{base64.b64encode(HASH).decode()}",
    ],
)
@pytest.mark.parametrize("prefix, kind", [("key", "key"), ("cert", "certificate")])
def test_hashes_as_tools_print_them(prefix: str, kind: str, text: str) -> None:
    rule = parse_rule(f"{prefix}:{text}")
    assert (rule.kind, rule.value) == (kind, HASH.hex())


def test_a_base64_that_begins_with_a_slash_is_whole() -> None:
    slashed = bytes((0xFF, 0xFF)) + bytes(30)
    text = base64.b64encode(slashed).decode()
    assert text.startswith("//")
    assert parse_rule(f"key:sha256//{text}").value == parse_rule(f"key:{text}").value == slashed.hex()


@pytest.mark.parametrize(
    "text, problem",
    [
        (f"key:{'ab' * 20}", "is a SHA-1, no SHA-256; write the SHA-256: 64 hex digits"),
        (f"cert:{'ab:' * 15}ab", "is an MD5, no SHA-256"),
        ("key:", "is no SHA-256; write 64 hex digits"),
        (f"key:{'ab' * 31}", "is no SHA-256"),
        ("cert:https://crt.example/?id=1", "is no SHA-256"),
        ("issuer:", "has no text to look for; write issuer:Let's Encrypt"),
        ("issuer:O=", "has no text to look for"),
        ("org:= ", "has no text to look for; write org:Acme Inc"),
        ("re:", "has no regular expression"),
        ("typo:", "has an empty label"),
        ("typo:a b.example", "has a space in it"),
        ("typo:https://a.example/,edit", "is a URL; write its host: a.example"),
        ("typo:example.com,homoglif", 'unknown kind of look-alike, "homoglif"; did you mean homoglyph?'),
        ("typo:example.com,", 'unknown kind of look-alike, ""; there are homoglyph, keyboard, edit, added, tld and'),
        ("typo:example.com,score=0", 'has no score in "score=0"; write score=80'),
        ("typo:example.com,score=101", "has no score"),
        ("typo:example.com,score:80", "has no score"),
    ],
)
def test_what_is_none_is_told(text: str, problem: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rule(text)
    assert problem in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["kw:ab", "issuer:US", "org:x", "!kw:a"])
def test_what_is_short_is_taken_with_a_notice(text: str) -> None:
    assert parse_rule(text).notice == f'"{text}" is shorter than 3 characters: many certificates will match'


@pytest.mark.parametrize("text", ["kw:abc", "kw:\u94f6\u884c", "issuer:C=US", "org:O=x"])
def test_what_is_not_short_has_none(text: str) -> None:
    assert parse_rule(text).notice == ""


@pytest.mark.parametrize("pattern", [r"^acme-[0-9]+\.", r"(?:pay|bank)\d*\.example$", r"[a-z]{30,}"])
def test_regular_expressions_are_compiled_by_the_core(pattern: str) -> None:
    rule = parse_rule(f"re:{pattern}")
    assert (rule.kind, rule.value, rule.notice) == ("regex", pattern, "")


@pytest.mark.parametrize("pattern", [".*", "", "x*", ".", "a?", "^", r"\b", "(a|)"])
def test_those_that_match_everything_are_refused(pattern: str) -> None:
    with pytest.raises(RuleError, match=r"matches every name|has no regular expression"):
        parse_rule(f"re:{pattern}")


@pytest.mark.parametrize("pattern", ["(", "a{1000}{1000}{1000}", "(?=a)b", "[z-a]"])
def test_those_that_cannot_be_compiled_are_refused(pattern: str) -> None:
    with pytest.raises(RuleError, match="cannot be used") as caught:
        parse_rule(f"!re: {pattern}")
    assert 1 <= caught.value.column <= len(f"!re: {pattern}") + 1
