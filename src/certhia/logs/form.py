"""Fields of a JSON object that anybody may have written, each taken by its kind and within its bounds."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Self

from certhia.errors import CerthiaError

MAX_HASHES: Final = 128  # of a proof; a tree of 2**63 entries needs 126
MAX_TEXT: Final = 2000  # characters


class BadEvidence(CerthiaError):
    """A file that is no evidence of Certhia's."""


class Form:
    """One JSON object. All methods raise BadEvidence, which names the field and what it must be."""

    def __init__(self, fields: Mapping[str, object], where: str = "") -> None:
        """`where`: the way to this object, in dots."""
        self._fields = fields
        self.where = where

    def inner(self, name: str) -> Self:
        """An object in it."""
        return type(self)(self._one(name, dict, "an object"), f"{self.where}{name}.")

    def each(self, name: str, most: int) -> Sequence[Self]:
        """A list of objects."""
        forms = []
        for number, one in enumerate(self.list(name, most)):
            if not isinstance(one, dict):
                raise self.wrong(f"{name}[{number}]", "an object")
            forms.append(type(self)(one, f"{self.where}{name}[{number}]."))
        return forms

    def list(self, name: str, most: int) -> list[Any]:
        """A list of whatever."""
        value: list[Any] = self._one(name, list, f"a list of at most {most}", lambda value: len(value) <= most)
        return value

    def text(self, name: str) -> str:
        """Text of at most `MAX_TEXT` characters."""
        wanted = f"text of at most {MAX_TEXT} characters"
        text: str = self._one(name, str, wanted, lambda text: len(text) <= MAX_TEXT)
        return text

    def truth(self, name: str) -> bool:
        """True or false, and not a number."""
        value: bool = self._one(name, bool, "true or false")
        return value

    def number(self, name: str, most: int) -> int:
        """A whole number from 0 on."""
        wanted = f"a number from 0 to {most}"
        value: int = self._one(name, int, wanted, lambda value: type(value) is int and 0 <= value <= most)
        return value

    def time(self, name: str) -> float:
        """Unix seconds of a date."""
        value = self._one(name, int | float, "a time in Unix seconds", lambda value: 0 <= value < 253_402_300_800)
        return float(value)

    def bytes(self, name: str, most: int) -> bytes:
        """Base64 of at most `most` bytes."""
        text = self._one(name, str, "base64", lambda text: len(text) <= 4 * (most // 3 + 1))
        try:
            data = b64decode(text, validate=True)
        except ValueError:
            raise self.wrong(name, "base64") from None
        if len(data) > most:
            raise self.wrong(name, f"at most {most} bytes")
        return data

    def _one(self, name: str, kind: Any, wanted: str, fits: Callable[[Any], bool] = lambda _: True) -> Any:
        value = self._fields.get(name)
        if not isinstance(value, kind) or not fits(value):
            raise self.wrong(name, wanted)
        return value

    def wrong(self, name: str, wanted: str) -> BadEvidence:
        """The error for a field that is not what it must be."""
        return BadEvidence(f"{self.where}{name} is not {wanted}: the file was changed, or is not whole")


def hashes(form: Form, name: str) -> tuple[bytes, ...]:
    """A list of at most `MAX_HASHES` hashes of 32 bytes. Raises BadEvidence."""
    where = [Form({"hash": node}, f"{form.where}{name}: ") for node in form.list(name, MAX_HASHES)]
    nodes = tuple(one.bytes("hash", 32) for one in where)
    if any(len(node) != 32 for node in nodes):
        raise form.wrong(name, "hashes of 32 bytes")
    return nodes
