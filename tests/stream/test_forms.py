"""What a client asks for, by query and by message."""

from __future__ import annotations

import json

import pytest

from certhia._core import Filter
from certhia.errors import ConfigError
from certhia.stream.forms import Asked, Defaults, Wanted, of_message, of_query
from certhia.testing import World

DEFAULTS = Defaults()


def asked(*query: tuple[str, str], defaults: Defaults = DEFAULTS) -> Asked:
    return of_query("lite", "websocket", query, defaults)


def message(before: Asked, **options: object) -> Asked:
    again = of_message(json.dumps({"subscribe": options}).encode(), before, DEFAULTS)
    assert again is not None
    return again


def test_nothing_asked_for() -> None:
    assert asked().wanted == Wanted()
    assert asked().since == ""


def test_everything_asked_for() -> None:
    got = asked(
        ("stream", "FULL"),
        ("profile", "calidog"),
        ("cursor", "1"),
        ("rule", "example.com"),
        ("rule", "!test.example.com"),
        ("issuer", "Let's Encrypt"),
        ("tld", "com"),
        ("type", "precert"),
        ("verified", "1"),
        ("dedupe", "1"),
        ("log", "Argon*"),
        ("operator", "Google"),
        ("since", "-10m"),
    )
    wanted = Filter([("tree", "example.com")], [("tree", "test.example.com")], ["Let's Encrypt"], ["com"], "precert")
    assert got.wanted == Wanted(
        "full", "calidog", True, "websocket", wanted, "proof", True, logs=("argon*",), operators=("google",)
    )
    assert got.since == "-10m"


def test_equal_wishes_are_one_in_whatever_order() -> None:
    one = asked(("rule", "a.com"), ("rule", "b.com")).wanted
    other = asked(("rule", "b.com"), ("rule", "a.com"), ("dedupe", "0")).wanted
    assert (one, hash(one)) == (other, hash(other))


def test_defaults_of_the_server() -> None:
    assert asked(defaults=Defaults("calidog", verified_only=True)).wanted == Wanted(profile="calidog", order="proof")
    own = asked(("profile", "certhia"), ("verified", "0"), defaults=Defaults("calidog", verified_only=True))
    assert own.wanted == Wanted(order="proof")


@pytest.mark.parametrize(
    "profile, cursor, gaps",
    [("certhia", None, True), ("certhia", False, True), ("calidog", None, False), ("calidog", True, True)],
)
def test_who_has_words_for_gaps(profile: str, cursor: bool | None, gaps: bool) -> None:
    assert Wanted(profile=profile, cursor=cursor).gaps is gaps


def test_options_of_others_are_left_to_them() -> None:
    assert asked(("token", "secret"), ("_", "1700000000"), ("x", "")).wanted == Wanted()


@pytest.mark.parametrize(
    "query, said",
    [
        ([("rul", "x.com")], '"rul" is no option; did you mean rule?'),
        ([("verify", "1")], "did you mean verified?"),
        ([("stream", "heavy")], 'stream: "heavy" is none; there are lite, full, domains'),
        ([("dedupe", "2")], 'dedupe: "2" is neither 1 nor 0'),
        ([("since", "-1m"), ("since", "-2m")], "since is given 2 times"),
        ([("rule", "x" * 5000)], "longer than 4,096 characters"),
        ([("log", "x" * 201)], "longer than 200 characters"),
        ([("log", f"log{number}") for number in range(51)], "more than 50 logs"),
        ([("rule", f"{number}.com") for number in range(1001)], "1,000 rules"),
        ([("rule", "re:\ud800")], "rule is no text"),
        ([("since", "\udcff")], "since is no text"),
    ],
)
def test_what_makes_no_sense(query: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        asked(*query)
    assert said in str(caught.value)


def test_logs_by_description_url_id_and_operator() -> None:
    log = World().rfc6962("one", description="Big Log 2026", operator="Ops Inc").model
    takes = [Wanted(logs=(text,)).takes(log) for text in ("big log*", log.url, log.url[:-1], log.id.hex(), "log")]
    assert takes == [True, True, True, True, False]
    assert Wanted(operators=("ops*",)).takes(log)
    assert not Wanted(operators=("ops",)).takes(log)
    assert not Wanted(logs=("big*",), operators=("else",)).takes(log)


def test_a_message_changes_what_it_names() -> None:
    before = asked(("rule", "a.com"), ("verified", "1"), ("since", "-1h"))
    again = message(before, rules=["b.com"], type="certificate")
    assert again.wanted == Wanted(order="proof", filter=Filter([("tree", "b.com")], kind="certificate"))
    assert again.since == ""
    assert message(before, stream="domains", verified=False).wanted == Wanted(
        "domains", filter=Filter([("tree", "a.com")])
    )


def test_each_message_counts_from_the_request() -> None:
    before = asked(("rule", "a.com"))
    again = message(message(before, type="precert"), tlds="com")
    assert again.wanted.filter == Filter([("tree", "a.com")], tlds=["com"])


@pytest.mark.parametrize("since, read", [(1795265414, "1795265414"), (1795265414.25, "1795265414.25")])
def test_a_time_may_be_a_number(since: float, read: str) -> None:
    assert message(asked(), since=since).since == read


def test_null_and_empty_lists_ask_for_nothing() -> None:
    assert message(asked(("rule", "a.com"), ("dedupe", "1")), rule=None, dedupe=False).wanted == Wanted()
    assert message(asked(("rule", "a.com")), rules=[]).wanted == Wanted()


@pytest.mark.parametrize("text", [b"ping", b"", b"17", b'["subscribe"]', b'{"hello": 1}', b"\xff", b"[" * 100_000])
def test_what_is_no_subscription_asks_for_nothing(text: bytes) -> None:
    assert of_message(text, asked(), DEFAULTS) is None


@pytest.mark.parametrize(
    "text, said",
    [
        (b'{"subscribe": ', "not JSON"),
        (b"{" * 100_000, "not JSON"),
        (b'{"subscribe": []}', "must hold options"),
        (b'{"subscribe": {"rools": []}}', 'subscribe: "rools" is no option; did you mean rules?'),
        (b'{"subscribe": {"nothing like it": 1}}', "there are cursor"),
        (b'{"subscribe": {"rules": [1]}}', "takes texts, or true and false"),
        (b'{"subscribe": {"rules": {"a": 1}}}', "takes texts, or true and false"),
        (b'{"subscribe": {"type": "both"}}', "precert or certificate"),
        (b'{"subscribe": {"rules": ["a\\ud800.com"]}}', "rule is no text"),
        (b'{"subscribe": {"logs": ["\\udfff*"]}}', "log is no text"),
        (b'{"subscribe": {"\\ud800": 1}}', "is no option"),
        (b'{"subscribe": {"rules": 5}}', "takes texts"),
    ],
)
def test_messages_that_make_no_sense(text: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        of_message(text, asked(), DEFAULTS)
    assert said in str(caught.value)


def test_a_stream_that_is_off_is_none() -> None:
    here = Defaults(kinds=("lite", "domains"))
    for off in ("full", "heavy"):
        with pytest.raises(ConfigError, match=f'stream: "{off}" is none; there are lite, domains'):
            asked(("stream", off), defaults=here)
        with pytest.raises(ConfigError, match=f'stream: "{off}" is none'):
            of_message(json.dumps({"subscribe": {"stream": off}}).encode(), asked(), here)
    assert asked(("stream", "domains"), defaults=here).wanted.kind == "domains"
    with pytest.raises(ConfigError, match='"lite" is none; there are full'):
        asked(defaults=Defaults(kinds=("full",)))


@pytest.mark.parametrize(
    "query, said",
    [
        (("issuer", "Acme"), "issuer: this server reads names alone"),
        (("type", "precert"), "type: this server reads names alone"),
        (("verified", "1"), "of which nothing is proven"),
        (("rule", "org:Acme"), "needs more than names"),
    ],
)
def test_names_alone_don_t_tell_all(query: tuple[str, str], said: str) -> None:
    names = Defaults(names_only=True)
    with pytest.raises(ConfigError, match=said):
        of_query("domains", "websocket", [query], names)
    before = of_query("domains", "websocket", [("rule", "example.com"), ("verified", "0")], names)
    text = json.dumps({"subscribe": {query[0]: [query[1]] if query[0] == "rule" else query[1]}}).encode()
    with pytest.raises(ConfigError, match=said):
        of_message(text, before, names)


def test_flags_in_a_message_may_be_numbers_as_in_the_query() -> None:
    again = message(asked(), verified=1, dedupe=0, cursor=1)
    assert (again.wanted.order, again.wanted.dedupe, again.wanted.cursor) == ("proof", False, True)
    with pytest.raises(ConfigError, match="takes texts"):
        message(asked(), verified=2)


def test_both_names_of_an_option_add_up_as_in_the_query() -> None:
    both = message(asked(), rule="a.example", rules=["b.example"])
    assert both.wanted == message(asked(), rules=["a.example", "b.example"]).wanted
