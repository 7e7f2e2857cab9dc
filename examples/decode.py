"""Shows what is in certificates, however odd they are: python examples/decode.py FILE... (DER or PEM)"""

import argparse
import base64
import re
from datetime import UTC, datetime
from pathlib import Path

import certhia

PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


def certificates(data: bytes) -> list[bytes]:
    """The DER of each certificate in a file."""
    return [base64.b64decode(body) for body in PEM.findall(data)] or [data]


def main() -> None:
    """Prints each certificate's fields, or where it stops making sense."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    for file in parser.parse_args().files:
        for der in certificates(file.read_bytes()):
            try:
                found = certhia.Certificate.from_der(der)
            except certhia.Malformed as error:
                print(f"{file}: {error.reason}, at byte {error.offset} of {len(der)}")
                continue
            begins, ends = (datetime.fromtimestamp(at, UTC) for at in (found.not_before, found.not_after))
            print(f"{file}: {found.subject!a}, issued by {found.issuer!a}")
            print(f"  names     {', '.join(map(ascii, found.names))}")
            print(f"  valid     {begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC, serial {found.serial}")
            print(f"  key       {found.key_algorithm} {found.key_bits} bits, SHA-256 {found.spki_sha256.hex()}")
            print(f"  logged in {len(found.scts)} logs, as its SCTs say; SHA-256 {found.sha256.hex()}")


if __name__ == "__main__":
    main()
