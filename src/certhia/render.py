"""The one way out for text that comes from certificates, logs and other servers.

Each channel has a fixed alphabet, so that nothing a stranger wrote can act on whoever reads it:

- terminal: printable characters without anything that moves the cursor, hides itself or changes reading order; what is
  left out is shown as an escape (`\\x1b`, `\\u202e`). Right-to-left letters count as such: they would reorder the
  columns beside them.
- CSV: the terminal's alphabet, and no cell, however the line is split, begins like a formula.
- JSON: printable ASCII.
- messages to people (mail, chats): the terminal's alphabet without what marks links, mentions or formatting there.
"""

from __future__ import annotations

import json
import json.encoder
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from certhia.model import RuleHit

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Letters and symbols by category, yet drawn as nothing: Hangul fillers and the empty Braille cell.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_RIGHT_TO_LEFT = frozenset(("R", "AL", "AN"))
_STACK = 3  # combining marks in a row; more would climb over neighbouring lines
_FORMULA = re.compile(r"""(^|[;,|\t])(['"\s]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")
# What chats and HTML take for links, mentions, commands or code, and what stands in its place.
_CHAT = str.maketrans(
    {"<": "‹", ">": "›", "&": "+", "@": "(at)", "[": "(", "]": ")", "`": "'", "|": "/", "~": "-", "#": "№"}
)
_QUOTE = re.compile(r"[,;|\"'\s]")


def terminal(text: str) -> str:
    """`text` made inert for a terminal: one line, nothing invisible, nothing that steers."""
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    stacked = 0
    for character in text:
        mark = unicodedata.category(character)[0] == "M"
        stacked = stacked + 1 if mark else 0
        inert = _inert(character) and stacked <= _STACK and not (mark and not out)
        out.append(character if inert else _escape(character))
    return "".join(out)


def _inert(character: str) -> bool:
    if not character.isprintable() or character in _BLANK:
        return False
    if unicodedata.bidirectional(character) in _RIGHT_TO_LEFT:
        return False
    # Enclosing marks and variation selectors change what they follow without being seen themselves.
    return unicodedata.category(character) != "Me" and not _selector(ord(character))


def _selector(code: int) -> bool:
    return code == 0x034F or 0x180B <= code <= 0x180F or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF


def _escape(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def quoted(text: str, limit: int = 80) -> str:
    """`text` for an error message: inert, in double quotes, cut after `limit` characters."""
    return f'"{terminal(text[:limit])}{"..." if len(text) > limit else ""}"'


def width(text: str) -> int:
    """Terminal columns that an inert text takes."""
    if text.isascii():
        return len(text)
    columns = 0
    for character in text:
        if not unicodedata.category(character).startswith("M"):
            columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return columns


def column(text: str, columns: int) -> str:
    """`text` made inert and padded to `columns`; a longer one is left as long as it is."""
    shown = terminal(text)
    return shown + " " * max(0, columns - width(shown))


def short(text: str, columns: int) -> str:
    """`text` made inert, cut with `...` where it takes more than `columns`."""
    shown = terminal(text)
    if width(shown) <= columns:
        return shown
    kept = shown[: columns - 3]
    while width(kept) > columns - 3:
        kept = kept[:-1]
    return kept + "..."


def domain(name: str) -> str:
    """A name for people: A-labels as they stand in the certificate, with the U-labels beside them where they can be
    shown (`xn--bcher-kva.example (bücher.example)`). Look-alikes are so never shown as Unicode alone."""
    shown = terminal(name)
    readable = ".".join(_u_label(label) for label in name.split("."))
    if readable == name or terminal(readable) != readable:
        return shown
    return f"{shown} ({readable})"


def _u_label(label: str) -> str:
    """The U-label (RFC 5890 section 2.3.2.1) of an A-label; anything else as it is."""
    if label[:4].lower() != "xn--" or len(label) > 63:
        return label
    try:
        readable = label[4:].encode("ascii").decode("punycode")
        again = readable.encode("punycode").decode("ascii")
    except (UnicodeError, IndexError, OverflowError):
        return label
    return readable if again.lower() == label[4:].lower() and not readable.isascii() else label


def chat(text: str, columns: int) -> str:
    """`text` for a message to people, cut to `columns`: one line in which no mail header, tag, link, mention or command
    can be."""
    return short(text.translate(_CHAT).replace("://", ": //"), columns)


def csv_cell(text: str) -> str:
    """`text` as one CSV cell (RFC 4180). What a spreadsheet would take for a formula gets an apostrophe before it, also
    behind `;`, `,`, `|` and tab, since spreadsheets split at other separators in other countries."""
    shown = _FORMULA.sub(r"\1'\2", terminal(text))
    if _QUOTE.search(shown):
        return '"' + shown.replace('"', '""') + '"'
    return shown


def csv_line(cells: Sequence[str]) -> str:
    """One CSV line, with its newline."""
    return ",".join(csv_cell(cell) for cell in cells) + "\n"


# One text as JSON, in printable ASCII: what `json_text` gives for it, in a third of the time.
json_string: Callable[[str], str] = json.encoder.encode_basestring_ascii
_line = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode  # made once: it is dear


def rule_hits(hits: Sequence[RuleHit]) -> list[dict[str, object]]:
    """Rules that matched, as every record has them: of a match and of a scan's result. Their texts are yet to be made
    inert: `json_text` does."""
    return [
        {
            "rule": hit.rule,
            "name": hit.name,
            "where": hit.where,
            "why": hit.why,
            "programme": hit.programme or None,
            "platform": hit.platform or None,
            "detail": hit.detail or None,
            "score": hit.score or None,
        }
        for hit in hits
    ]


def json_text(value: object, indent: int | None = None) -> str:
    """JSON (RFC 8259) in printable ASCII; on one line unless `indent` is given. No newline at the end."""
    if indent is None:
        return _line(value)
    return json.dumps(value, ensure_ascii=True, allow_nan=False, indent=indent, separators=(",", ": "))


def encoding(name: str | None, environment: Mapping[str, str]) -> str:
    """The encoding in which to write to a stream that calls itself `name`.

    Python writes UTF-8 even in the C locale (PEP 538, PEP 540), where the terminal may show it as noise; there, and
    where nothing is known, it is ASCII, and the rest goes out as escapes.
    """
    if environment.get("PYTHONIOENCODING") or environment.get("PYTHONUTF8") == "1":
        return name or "ascii"
    everything = environment.get("LC_ALL", "")
    characters = environment.get("LC_CTYPE", "")
    if characters == "C.UTF-8" and environment.get("LANG", "") in ("", "C", "POSIX"):
        characters = "C"  # Python itself set it (PEP 538)
    locale = everything or characters or environment.get("LANG", "")
    return "ascii" if locale in ("", "C", "POSIX") else name or "ascii"


def encode(text: str, charset: str) -> bytes:
    """`text` in `charset`; what it cannot say becomes an escape."""
    return text.encode(charset, "backslashreplace")
