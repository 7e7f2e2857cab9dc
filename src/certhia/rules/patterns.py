"""Rules that are more than a name: parts of names, regular expressions, look-alikes, fields of the certificate."""

from __future__ import annotations

import base64
import binascii
import difflib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from certhia import _core, render
from certhia.errors import Malformed
from certhia.rules import hosts
from certhia.rules.complaint import RuleError

if TYPE_CHECKING:
    from certhia._core import Suffixes

TRICKS: Final = ("homoglyph", "keyboard", "edit", "added", "tld")  # kinds of look-alikes
SHORT: Final = 3  # characters: anything shorter is in too many names to be meant

_NO_LABEL = re.compile(r"[\s.*/\\:@]")
# As tools print it before a hash: `SHA256:`, `sha256 Fingerprint=`, and `sha256//` of curl's pins.
_ALGORITHM = re.compile(r"\s*sha-?256(?: fingerprint)?[:=/]\s*", re.IGNORECASE)
_PIN = re.compile(r"\s*sha256//", re.IGNORECASE)
_WHOLE = re.compile(r"(?:CN|C|L|ST|O|OU)?=", re.IGNORECASE)  # of an attribute's value, not a part of it
_SCORE = re.compile(r"score=(\d{1,3})", re.IGNORECASE | re.ASCII)
# Names with nothing in common: what matches all of them matches every name.
_PROBES: Final = ("q.z", "x0-1.2y", f"{'m' * 40}.{'9' * 20}.n", "--8.k_")

Read = tuple[str, str, str]  # kind, value, notice


def keyword(text: str, written: str, _suffixes: Suffixes | None) -> Read:
    """`kw:acme`: part of a label."""
    begin = len(written) - len(text) + 1
    if not text:
        raise RuleError(written, "has no keyword", "write kw:acme", begin)
    if (bad := _NO_LABEL.search(text)) is not None:
        what = f"has {render.quoted(bad[0])} in it, which no label of a name has"
        raise RuleError(written, what, "write kw:acme for a part of a label, or re:... for more", begin + bad.start())
    return _checked("keyword", text.lower(), text, written, _short(text, written))


def regex(text: str, written: str, _suffixes: Suffixes | None) -> Read:
    """`re:^acme-[0-9]+\\.`: a regular expression on each name."""
    begin = len(written) - len(text) + 1
    if not text:
        raise RuleError(written, "has no regular expression", r"write re:acme[0-9]+\.example$", begin)
    checked = _checked("regex", text, text, written)
    matcher = _core.Matcher([("regex", text)])
    if len({name for _, name, *_ in matcher.match(_PROBES)}) == len(_PROBES):
        what = "matches every name, as one that matches the empty string does"
        raise RuleError(written, what, "narrow it, or write . for every certificate", begin)
    return checked


def lookalike(text: str, written: str, suffixes: Suffixes | None) -> Read:
    """`typo:example.com,KIND,-KIND,score=N`: names that look like one."""
    begin = len(written) - len(text) + 1
    name, *options = text.split(",")
    at = begin + len(name) + 1
    bare = name.strip()
    hosts.refuse_pasted(bare, written[: begin - 1] + bare)
    value = hosts.domain(bare, written[: begin - 1] + bare)
    if hosts.is_suffix(value, suffixes):
        raise RuleError(written, "asks for look-alikes of a suffix", "write typo:example.com", begin)
    chosen = []
    for option in options:
        chosen.append(_option(option.strip().lower(), written, at))
        at += len(option) + 1
    return _checked("typo", ",".join([value, *chosen]), text, written)


def _option(option: str, written: str, at: int) -> str:
    if option.removeprefix("-") in TRICKS:
        return option
    if option.startswith("score"):
        score = _SCORE.fullmatch(option.replace(" ", ""))
        if score is None or not 1 <= int(score[1]) <= 100:
            raise RuleError(written, f"has no score in {render.quoted(option)}", "write score=80 (1 to 100)", at)
        return f"score={int(score[1])}"
    near = difflib.get_close_matches(option.removeprefix("-"), TRICKS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(TRICKS)} and score=N"
    raise RuleError(written, f"has an unknown kind of look-alike, {render.quoted(option)}", hint, at)


def issuer(text: str, written: str, _suffixes: Suffixes | None) -> Read:
    """`issuer:Let's Encrypt`: text in the issuer's name."""
    return _attribute("issuer", text, written, "issuer:Let's Encrypt")


def organization(text: str, written: str, _suffixes: Suffixes | None) -> Read:
    """`org:Acme Inc`: text in the subject's organisation."""
    return _attribute("organization", text, written, "org:Acme Inc")


def _attribute(kind: str, text: str, written: str, example: str) -> Read:
    whole = _WHOLE.match(text)
    content = text[whole.end() :] if whole else text
    if not content.strip():
        raise RuleError(written, "has no text to look for", f"write {example}", len(written) - len(text) + 1)
    return _checked(kind, text, text, written, "" if whole else _short(text, written))


def _checked(kind: str, value: str, text: str, written: str, notice: str = "") -> Read:
    """What the core takes; what it refuses is told. `text`: what was written for `value`."""
    try:
        _core.Rules().add(kind, value)
    except Malformed as error:
        offset = len(value.encode()[: error.offset].decode(errors="ignore")) if value == text else 0
        what, _, instead = error.reason.rpartition("; ")
        reason = render.terminal(" ".join((what or error.reason).split())[:300])
        column = len(written) - len(text) + 1 + min(offset, len(text))
        told = f"cannot be used: {reason} (character {column})"
        raise RuleError(written, told, render.terminal(instead) if what else "correct it", column) from error
    return kind, value, notice


def _short(text: str, written: str) -> str:
    if len(text) >= SHORT or not text.isascii():  # a Chinese word may well be two characters
        return ""
    return f"{render.quoted(written)} is shorter than {SHORT} characters: many certificates will match"


def key(text: str, written: str, _suffixes: Suffixes | None) -> Read:
    """`key:HASH`: SHA-256 of the SubjectPublicKeyInfo."""
    return "key", _sha256(text, written), ""


def certificate(text: str, written: str, _suffixes: Suffixes | None) -> Read:
    """`cert:HASH`: SHA-256 of the certificate."""
    return "certificate", _sha256(text, written), ""


def _sha256(text: str, written: str) -> str:
    """64 lower-case hex digits of a SHA-256: from hex, with or without colons, or base64."""
    begin = len(written) - len(text) + 1
    for bare in dict.fromkeys((text, _ALGORITHM.sub("", text), _PIN.sub("", text))):
        digits = bare.replace(":", "").replace(" ", "").lower()
        if re.fullmatch(r"[0-9a-f]{64}", digits):
            return digits
        if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{32}", digits):
            what = f"is {'a SHA-1' if len(digits) == 40 else 'an MD5'}, no SHA-256"
            raise RuleError(written, what, "write the SHA-256: 64 hex digits", begin)
        plain = bare.replace("-", "+").replace("_", "/").rstrip("=")
        try:
            raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
        if len(raw) == 32:
            return raw.hex()
    raise RuleError(written, "is no SHA-256", "write 64 hex digits, or 44 characters of base64", begin)


PREFIXES: Final[dict[str, Callable[[str, str, Suffixes | None], Read]]] = {
    "kw": keyword,
    "re": regex,
    "typo": lookalike,
    "issuer": issuer,
    "org": organization,
    "key": key,
    "cert": certificate,
}
