"""What cryptography reads, where it decides: stricter than the core, and with errors of many kinds."""

from __future__ import annotations

import warnings
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from certhia.errors import Malformed

# All that it raises for bytes that it does not take: some of it only when a field is asked for.
UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.UnsupportedGeneralNameType,
)


def certificate(der: bytes) -> x509.Certificate:
    """A certificate as cryptography has it. Raises Malformed.

    What it warns of (serial numbers of zero, old encodings) is no news here: servers show worse.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = x509.load_der_x509_certificate(der)
            found.serial_number, found.extensions  # noqa: B018  (read when asked for)
        except UNREADABLE as error:
            raise Malformed(f"cryptography can't read it ({type(error).__name__})") from error
    return found
