"""What cryptography reads, where it decides: stricter than the core, and with errors of many kinds."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from certhia.errors import Malformed

P = ParamSpec("P")
T = TypeVar("T")

# All that it raises for bytes that it does not take: some of it only when a field is asked for.
UNREADABLE: Final = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.UnsupportedGeneralNameType,
)


def quiet(function: Callable[P, T]) -> Callable[P, T]:
    """Without cryptography's warnings (serial numbers of zero, old encodings): they are no news, servers show worse."""

    @wraps(function)
    def silenced(*args: P.args, **kwargs: P.kwargs) -> T:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*args, **kwargs)

    return silenced


@quiet
def certificate(der: bytes) -> x509.Certificate:
    """A certificate as cryptography has it. Raises Malformed."""
    try:
        found = x509.load_der_x509_certificate(der)
        found.serial_number, found.extensions  # noqa: B018  (read when asked for)
    except UNREADABLE as error:
        raise Malformed(f"cryptography can't read it ({type(error).__name__})") from error
    return found
