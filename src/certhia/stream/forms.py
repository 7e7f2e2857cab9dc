"""What a client asks for: by the path and query of its request, and by {"subscribe": {...}} later."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from certhia._core import Filter
from certhia.errors import ConfigError
from certhia.model import Log
from certhia.render import quoted
from certhia.stream import filters, globs

KINDS: Final = ("lite", "full", "domains")
PROFILES: Final = ("certhia", "calidog")
MAX_OPTION: Final = 4096  # characters of one value
MAX_GLOB: Final = 200  # characters of what logs and operators are named by
MAX_GLOBS: Final = 50  # of a client, of logs and of operators each

Options = dict[str, list[str]]
"""What a client gave, by the options' names."""

# What else an option may be called: lists have their plural in JSON.
_ALSO: Final = {"rules": "rule", "logs": "log", "operators": "operator", "issuers": "issuer", "tlds": "tld"}
_MANY: Final = frozenset(_ALSO.values())
_OURS: Final = frozenset({"stream", "profile", "cursor", "type", "verified", "dedupe", "since"}) | _MANY
_FLAGS: Final = frozenset({"cursor", "verified", "dedupe"})
_NAMES: Final = _OURS | _ALSO.keys()
_OTHERS: Final = frozenset({"token"})  # read elsewhere
_TRUE: Final = frozenset({"1", "true", "yes", "on", ""})
_FALSE: Final = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What clients share: those whose are equal get the same bytes."""

    kind: str = "lite"
    profile: str = "certhia"
    cursor: bool | None = None  # whether messages have one; None: as the profile has it
    framing: str = "websocket"
    filter: Filter | None = None
    order: Literal["arrival", "proof"] = "arrival"
    dedupe: bool = False  # of the entries that pass, first sightings only
    logs: tuple[str, ...] = ()  # globs of description, URL or id; none: all
    operators: tuple[str, ...] = ()  # globs
    _known: dict[bytes, bool] = field(default_factory=dict, compare=False, repr=False)  # which logs it takes, by id

    @property
    def gaps(self) -> bool:
        """Whether the stream has words for what is missing in it."""
        return self.profile != "calidog" or bool(self.cursor)

    def takes(self, log: Log) -> bool:
        """Whether entries of this log are wanted. Looked at once: for many patterns it takes a while."""
        known = self._known.get(log.id)
        if known is None:
            names = (log.description, log.url, log.url.rstrip("/"), log.id.hex())
            known = _fits(self.logs, names) and _fits(self.operators, (log.operator,))
            self._known[log.id] = known
        return known


@dataclass(frozen=True, slots=True)
class Defaults:
    """What counts where a client says nothing."""

    profile: str = "certhia"
    verified_only: bool = False  # nothing else is sent, whatever clients say
    kinds: tuple[str, ...] = KINDS  # of streams that there are
    names_only: bool = False  # there is nothing but names: what needs more is refused


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what is wanted, and from where on (`since`, as it was written)."""

    wanted: Wanted
    since: str = ""
    options: Mapping[str, list[str]] = field(default_factory=dict)  # as the request gave them


def of_query(kind: str, framing: str, query: Iterable[tuple[str, str]], defaults: Defaults) -> Asked:
    """What a request asks for. `kind`: that of its path; `stream=` names another.

    Options that are none of ours are left to others, unless they look like a slip. Raises ConfigError.
    """
    options: Options = {}
    for name, value in query:
        lowered = _ALSO.get(name.lower(), name.lower())
        if lowered in _OURS:
            options.setdefault(lowered, []).append(value)
        elif lowered not in _OTHERS and (near := difflib.get_close_matches(lowered, _NAMES, n=1, cutoff=0.7)):
            raise ConfigError(f"{quoted(name)} is no option; did you mean {near[0]}?")
    return _asked(kind, framing, options, defaults)


def of_message(text: bytes, before: Asked, defaults: Defaults) -> Asked | None:
    """What a client's message asks for; None where it is no subscription: then it asks for nothing.

    What it doesn't name is as the request had it (`before`). Raises ConfigError.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        if text.lstrip()[:1] == b"{":
            raise ConfigError('a message is not JSON; write {"subscribe": {"rules": ["example.com"]}}') from None
        return None
    if not isinstance(message, dict) or "subscribe" not in message:
        return None
    given = message["subscribe"]
    if not isinstance(given, dict):
        raise ConfigError('subscribe must hold options: {"subscribe": {"rules": ["example.com"]}}')
    options: Options = dict(before.options)
    options.pop("since", None)  # it has come so far already
    named = set[str]()
    for name, value in given.items():
        key = _ALSO.get(name.lower(), name.lower())
        if key not in _OURS:
            near = difflib.get_close_matches(key, _NAMES, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(_OURS))}"
            raise ConfigError(f"subscribe: {quoted(name)} is no option; {hint}")
        texts = _texts(name, value, numbers=key == "since", flags=key in _FLAGS)
        options[key] = [*options[key], *texts] if key in named else texts
        named.add(key)
    wanted = before.wanted
    return _asked(wanted.kind, wanted.framing, options, defaults, request=before.options)


def _texts(name: str, value: object, *, numbers: bool = False, flags: bool = False) -> list[str]:
    """A JSON value as the query would have it. `numbers`: whether it may be one; `flags`: whether it may be 0 or 1."""
    if isinstance(value, bool):
        return ["1" if value else "0"]
    if value is None:
        return []
    if (numbers and isinstance(value, int | float)) or (flags and value in (0, 1)):
        return [str(value)]
    values: list[object] = value if isinstance(value, list) else [value]
    texts = [one for one in values if isinstance(one, str)]
    if len(texts) < len(values):
        raise ConfigError(f"subscribe: {quoted(name)} takes texts, or true and false")
    return texts


def _asked(
    kind: str,
    framing: str,
    options: Options,
    defaults: Defaults,
    request: Mapping[str, list[str]] | None = None,
) -> Asked:
    for name, values in options.items():
        if len(values) > 1 and name not in _MANY:
            raise ConfigError(f"{name} is given {len(values)} times; give it once")
        if any(len(value) > MAX_OPTION for value in values):
            raise ConfigError(f"{name} is longer than {MAX_OPTION:,} characters")
        if not all(map(_is_text, values)):
            raise ConfigError(f"{name} is no text: it holds half a character (a lone surrogate); write it as UTF-8")
    kind = _one_of("stream", options, defaults.kinds, kind)
    if defaults.names_only:
        _check_names(options)
    verified = defaults.verified_only or bool(_flag("verified", options))
    wanted = Wanted(
        kind=kind,
        profile=_one_of("profile", options, PROFILES, defaults.profile),
        cursor=_flag("cursor", options),
        framing=framing,
        filter=filters.read(
            options.get("rule", ()),
            options.get("issuer", ()),
            options.get("tld", ()),
            _one("type", options),
        ),
        order="proof" if verified else "arrival",
        dedupe=bool(_flag("dedupe", options)),
        logs=_globs(options.get("log", ())),
        operators=_globs(options.get("operator", ())),
    )
    return Asked(wanted, _one("since", options), options if request is None else request)


def _is_text(value: str) -> bool:
    """Whether it can be written as UTF-8: half of a surrogate pair can't."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_names(options: Options) -> None:
    """Raises ConfigError for what names don't tell."""
    if lacking := [name for name in ("issuer", "type") if options.get(name)]:
        raise ConfigError(f"{lacking[0]}: this server reads names alone, which don't tell; leave it out")
    if _flag("verified", options):
        raise ConfigError("verified: this server reads names alone, of which nothing is proven; leave it out")
    filters.check_names(options.get("rule", ()))


def _one(name: str, options: Options) -> str:
    return (options.get(name) or [""])[0].strip()


def _one_of(name: str, options: Options, known: Sequence[str], default: str) -> str:
    value = _one(name, options).lower() or default
    if value not in known:
        raise ConfigError(f"{name}: {quoted(value)} is none; there are {', '.join(known)}")
    return value


def _flag(name: str, options: Options) -> bool | None:
    if not options.get(name):
        return None
    value = _one(name, options).lower()
    if value not in _TRUE | _FALSE:
        raise ConfigError(f"{name}: {quoted(value)} is neither 1 nor 0")
    return value in _TRUE


def _globs(texts: Sequence[str]) -> tuple[str, ...]:
    if len(texts) > MAX_GLOBS:
        raise ConfigError(
            f"there are more than {MAX_GLOBS} logs or operators; name them with fewer patterns, as argon*"
        )
    if any(len(text) > MAX_GLOB for text in texts):
        raise ConfigError(f"a log or operator is longer than {MAX_GLOB} characters")
    return tuple(dict.fromkeys(text.strip().lower() for text in texts if text.strip()))


def _fits(wanted: Sequence[str], names: Sequence[str]) -> bool:
    lowered = {name.lower() for name in names}
    return not wanted or any(globs.fits(name, glob) for glob in wanted for name in lowered)
