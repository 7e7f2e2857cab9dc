"""What is told about a rule that is none: what is wrong, where, and what to write instead."""

from __future__ import annotations

from certhia import render
from certhia.errors import ConfigError


class RuleError(ConfigError):
    """A rule that can't be read.

    Attributes:
        column: where in the rule's text, in characters from 1.
    """

    def __init__(self, written: str, what: str, instead: str, column: int = 1) -> None:
        """`written`: the whole rule. The message is: the rule "WRITTEN" WHAT; INSTEAD."""
        super().__init__(f"the rule {render.quoted(written)} {what}; {instead}")
        self.column = column
