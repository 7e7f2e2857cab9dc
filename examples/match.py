"""Tries watch rules on certificates and names: python examples/match.py -r .example.com www.example.com cert.pem"""

import argparse
import ssl
from pathlib import Path

import certhia


def hits(watchlist: certhia.Watchlist, text: str) -> tuple[certhia.RuleHit, ...]:
    """What the rules find in a certificate file (DER or PEM), or in a name."""
    if not Path(text).is_file():
        return watchlist.match_names([text])
    data = Path(text).read_bytes()
    return watchlist.match(ssl.PEM_cert_to_DER_cert(data.decode()) if data.startswith(b"-----") else data)


def main() -> None:
    """Prints which rule matches what, where it stood, and why."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-r", "--rule", action="append", default=[], help="a watch rule")
    parser.add_argument("-w", "--file", action="append", default=[], type=Path, help="a file of rules")
    parser.add_argument("tried", nargs="+", help="certificate files, names or addresses")
    given = parser.parse_args()

    watchlist = certhia.Watchlist(*given.rule, files=given.file)
    for text in given.tried:
        found = hits(watchlist, text)
        print(f"{text}: {'nothing matches' if not found else ''}")
        for hit in found:
            score = f", {hit.detail} {hit.score} of 100" if hit.score else ""
            print(f"  {hit.rule} matches {hit.name!a} in {hit.where}: {hit.why}{score} {hit.programme}".rstrip())


if __name__ == "__main__":
    main()
