"""What is looked for in a page: `<meta http-equiv>` policies, `<script src>`, `<base href>`, and the text of scripts.

A page is read in pieces and little of it is kept. Every byte is looked at a bounded number of times, which
`html.parser` does not promise of a page that was written for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Final

MAX_TAG: Final = 65_536  # characters of one tag; a longer one is skipped
MAX_META: Final = 32  # policies of a page
MAX_SCRIPTS: Final = 1000  # whose URLs are kept

_RAW: Final = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")  # text, no tags
_OPEN: Final = re.compile(rf"<(?:!--|(meta|base|{'|'.join(_RAW)})(?=[\s/>]))", re.IGNORECASE)
_TAIL: Final = 16  # longer than any beginning of a tag that is looked for
_STOP: Final = re.compile(r"""[>"']""")
_ATTRIBUTE: Final = re.compile(r"""([^\s"'<>/=]{1,64})(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]*)))?""")
_CLOSING: Final = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW}
_POLICIES: Final = frozenset(("content-security-policy", "content-security-policy-report-only"))


class Markup:
    """Reads a page.

    Attributes:
        policies: of `<meta>`.
        scripts: URLs of scripts as they are written.
        base: what these are relative to, as written; None for the page itself.
    """

    def __init__(self, inline: Callable[[str], None] = lambda _: None) -> None:
        """`inline`: gets the text of scripts that are in the page, in pieces; "" at the end of each."""
        self.policies: list[str] = []
        self.scripts: list[str] = []
        self.base: str | None = None
        self._inline = inline
        self._text = ""
        self._at = 0  # how far a tag was looked through for its end
        self._quote = ""  # in which of its values that is
        self._in = ""  # "": text; "!": a comment; "<NAME": a tag; NAME: what is in such an element

    def feed(self, data: bytes) -> None:
        """More of the page; its letters beyond ASCII don't matter here."""
        self._text += data.decode("latin-1")
        while self._advance():
            pass

    def _advance(self) -> bool:
        """Takes from the text; whether there may be more to take."""
        if self._in == "":
            return self._search()
        if self._in == "!":
            return self._pass(self._text.find("-->"), 3, 2)
        if self._in.startswith("<"):
            return self._tag(self._in[1:])
        closing = _CLOSING[self._in].search(self._text)
        return self._pass(closing.start() if closing else -1, 0, _TAIL)

    def _search(self) -> bool:
        found = _OPEN.search(self._text)
        if found is None:
            self._text = self._text[-_TAIL:]
            return False
        self._text = self._text[found.end() if found[1] else found.end() - 2 :]  # `<!-->` is a whole comment
        self._in = f"<{found[1].lower()}" if found[1] else "!"
        return True

    def _pass(self, end: int, beyond: int, tail: int) -> bool:
        """Goes to where something ends, if it is there; else all but `tail` characters are passed."""
        passed = self._text[: max(0, end if end >= 0 else len(self._text) - tail)]
        self._text = self._text[len(passed) + (beyond if end >= 0 else 0) :]
        if self._in == "script":
            if passed:
                self._inline(passed)
            if end >= 0:
                self._inline("")
        if end >= 0:
            self._in = ""
        return end >= 0

    def _ends(self) -> bool:
        """Whether the tag's end is there: `_at` is behind it, else behind all that there is."""
        while self._at < len(self._text):
            if self._quote:
                closing = self._text.find(self._quote, self._at)
                self._at, self._quote = (closing + 1, "") if closing >= 0 else (len(self._text), self._quote)
                continue
            found = _STOP.search(self._text, self._at)
            self._at = found.end() if found else len(self._text)
            if found and found[0] == ">":
                return True
            self._quote = found[0] if found else ""
        return False

    def _tag(self, name: str) -> bool:
        ended = self._ends()
        size = self._at
        if not ended and size <= MAX_TAG:
            return False
        self._at, self._quote = 0, ""
        if size > MAX_TAG:
            self._text, self._in = self._text[MAX_TAG:], ""
            return True
        attributes = _attributes(self._text[: size - 1])
        self._text, self._in = self._text[size:], name if name in _RAW else ""
        if name == "meta":
            if attributes.get("http-equiv", "").strip().lower() in _POLICIES and len(self.policies) < MAX_META:
                self.policies.append(attributes.get("content", ""))
        elif name == "base":
            self.base = attributes.get("href") if self.base is None else self.base
        elif name == "script" and attributes.get("src") and len(self.scripts) < MAX_SCRIPTS:
            self.scripts.append(attributes["src"])
        return True


def _attributes(text: str) -> dict[str, str]:
    """Of several of one name the first counts."""
    found: dict[str, str] = {}
    for one in _ATTRIBUTE.finditer(text):
        found.setdefault(one[1].lower(), unescape(one[2] or one[3] or one[4] or ""))
    return found
